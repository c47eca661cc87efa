// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
	"github.com/stretchr/testify/require"
)

// good is an answer that must be understood.
type good struct {
	name, file string
	message    string
	decisions  consent.Decisions
}

func goods(t testing.TB) []good {
	permitted := consent.Decisions{"GGC002": consent.Permit}
	plain := answer(permit)
	return []good{
		{"one data category", "permit.xml", plain, permitted},
		{"a refusal", "deny.xml", change(t, plain, "Permit", "Deny"), consent.Decisions{"GGC002": consent.Deny}},
		{"a refusal whose status is not ok", "deny_with_status.xml", change(t, change(t, plain, "Permit", "Deny"), StatusOK, "urn:x"),
			consent.Decisions{"GGC002": consent.Deny}},
		{"a question that could not be judged", "indeterminate.xml", change(t, plain, "Permit", "Indeterminate"),
			consent.Decisions{"GGC002": consent.Indeterminate}},
		{"a question that no policy is about", "not_applicable.xml", change(t, plain, "Permit", "NotApplicable"),
			consent.Decisions{"GGC002": consent.NotApplicable}},
		{"results in another order than asked", "two_categories.xml", answer(deny012, permit),
			consent.Decisions{"GGC002": consent.Permit, "GGC012": consent.Deny}},
		{"without status, requester and RelatesTo", "minimal.xml",
			change(t, change(t, answer(`<Result><Decision>Permit</Decision>`+resourcePart+actionPart+`</Result>`),
				`<wsa:RelatesTo>urn:uuid:`+testMessageID+`</wsa:RelatesTo>`, ``), `<?xml version="1.0" encoding="UTF-8"?>`, ``), permitted},
		{"the decision last, prefixes and quotes of another kind", "other_prefixes.xml",
			strings.NewReplacer("soap:", "s:", ":soap", ":s", "hl7:", "ns4:", "xmlns:hl7", "xmlns:ns4", "wsa:", "a:", ":wsa", ":a", `"`, `'`,
				"<Decision>Permit</Decision>", "", "</Result>", "<!-- x --><Decision >Permit</Decision ></Result>").Replace(plain), permitted},
		{"HL7 elements in a default namespace", "default_namespace.xml",
			strings.NewReplacer("<hl7:InstanceIdentifier", `<InstanceIdentifier xmlns="urn:hl7-org:v3"`,
				"<hl7:CodedValue", `<CodedValue xmlns="urn:hl7-org:v3"`).Replace(plain), permitted},
		{"XACML elements with a prefix", "xacml_prefix.xml", prefixed(plain), permitted},
		{"an attribute that was not asked for", "unasked_attribute.xml", change(t, plain, actionPart, actionPart+
			`<Attributes Category="urn:x"><Attribute AttributeId="urn:x:other"><AttributeValue DataType="urn:x">999996630</AttributeValue></Attribute></Attributes>`), permitted},
		{"further addressing headers", "more_headers.xml", change(t, plain, "</soap:Header>",
			`<wsa:To>http://www.w3.org/2005/08/addressing/anonymous</wsa:To><wsa:From><wsa:Address>urn:x&amp;y</wsa:Address></wsa:From>`+
				`<wsa:New soap:mustUnderstand="0"/></soap:Header>`), permitted},
		{"a byte order mark at the start", "byte_order_mark.xml", "\uFEFF" + plain, permitted},
		{"a byte order mark without a declaration", "byte_order_mark_alone.xml", "\uFEFF" + change(t, plain, `<?xml version="1.0" encoding="UTF-8"?>`+"\n", ``), permitted},
		{"header blocks of others", "headers_of_others.xml", change(t, plain, "</soap:Header>",
			`<o:Security xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" soap:mustUnderstand="0">`+
				`<u:Timestamp xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"><u:Created>2026-11-27T07:00:00Z</u:Created></u:Timestamp></o:Security>`+
				`<ActivityId xmlns="http://schemas.microsoft.com/2004/09/ServiceModel/Diagnostics" CorrelationId="1">2 &amp; 3<![CDATA[ <4> ]]></ActivityId>`+
				`<x:Trace xmlns:x="urn:x" soap:mustUnderstand=" false "/><x:Trace xmlns:x="urn:x"/></soap:Header>`), permitted},
		{"header blocks that others must understand", "headers_for_others.xml", change(t, plain, "</soap:Header>",
			`<x:A xmlns:x="urn:x" soap:mustUnderstand="1" soap:role="urn:gateway"/><x:B xmlns:x="urn:x" soap:mustUnderstand="true" soap:role="`+soap.Namespace+`/role/none"/></soap:Header>`), permitted},
		{"what SOAP says of headers that were not understood", "not_understood_header.xml", change(t, plain, "</soap:Header>",
			`<soap:Upgrade><soap:SupportedEnvelope qname="soap:Envelope"/></soap:Upgrade><soap:NotUnderstood qname="wsa:From"/></soap:Header>`), permitted},
		{"addressing for this node by name", "addressing_roles.xml", change(t, change(t, plain, "<wsa:Action ", `<wsa:Action soap:role="`+soap.Namespace+`/role/ultimateReceiver" `),
			"<wsa:RelatesTo>", `<wsa:RelatesTo soap:role="`+soap.Namespace+`/role/next">`), permitted},
		{"a display name that holds a reference", "display_name.xml", change(t, plain, `code="V6"`, `code="V6" displayName="A &amp; B"`), permitted},
		{"white space around the action", "action_on_its_own_line.xml", change(t, plain, ActionResponse, "\n  "+ActionResponse+"\n"), permitted},
		{"nesting 64 deep", "nested_64_deep.xml", change(t, plain, "</soap:Header>",
			strings.Repeat("<wsa:From>", 62)+strings.Repeat("</wsa:From>", 62)+"</soap:Header>"), permitted},
		{"64 XML attributes of one element", "many_attributes.xml", change(t, plain, "<Status>", "<Status"+many("", 64)+">"), permitted},
		// Not refused: it has no limit of its own, since the answer's size bounds it.
		{"an XML attribute of 100 KB", "huge_attribute.xml", change(t, plain, `code="V6"`, `code="V6" displayName="`+strings.Repeat("x", 100<<10)+`"`), permitted},
		{"a status with a message", "status_message.xml", change(t, plain, "</Status>", "<StatusMessage>ok &#33;</StatusMessage></Status>"), permitted},
	}
}

func prefixed(message string) string {
	for _, local := range []string{"Response", "Result", "Decision", "Status", "StatusCode", "Attributes", "Attribute", "AttributeValue"} {
		for _, after := range []string{">", " ", "/"} {
			message = strings.ReplaceAll(message, "<"+local+after, "<x:"+local+after)
			message = strings.ReplaceAll(message, "</"+local+after, "</x:"+local+after)
		}
	}
	return strings.ReplaceAll(message, `xmlns="`, `xmlns:x="`)
}

func TestDecodeResponse(t *testing.T) {
	for _, tt := range goods(t) {
		t.Run(tt.name, func(t *testing.T) {
			golden(t, "good", tt.file, tt.message)
			response, err := DecodeResponse([]byte(tt.message))
			require.NoError(t, err)
			var categories []consent.Category
			for category := range tt.decisions {
				categories = append(categories, category)
			}
			decisions, err := response.Match(testMessageID, question(t, categories...))
			require.NoError(t, err)
			require.Equal(t, tt.decisions, decisions)
		})
	}
}

// declaredAtTheValue is a fault whose Value itself declares the prefix of its code;
// around it, x is SOAP's.
func declaredAtTheValue(code, declaration string) string {
	return strings.NewReplacer("<soap:Code>", "<soap:Code xmlns:x='"+soap.Namespace+"'>", "<soap:Value>", "<soap:Value "+declaration+">").
		Replace(fault(code, ""))
}

func TestDecodeResponseOfAFault(t *testing.T) {
	for _, tt := range []struct {
		name, message string
		code          soap.FaultCode
		text          string
	}{
		{"the question is at fault", fault("soap:Sender", ""), soap.FaultSender, "Sender"},
		{"Mitz is at fault", fault(" soap:Receiver\n", "<soap:Detail><x:a xmlns:x='urn:x' b='&lt;'/></soap:Detail>"), soap.FaultReceiver, "Receiver"},
		{"another code of SOAP", fault("soap:MustUnderstand", ""), soap.FaultOther, "Other"},
		{"a code of another namespace", fault("x:Sender", ""), soap.FaultOther, "Other"},
		{"a code without prefix is of no namespace", fault("Sender", ""), soap.FaultOther, "Other"},
		{"a header of ours was not understood, and it says which", strings.Replace(fault("soap:MustUnderstand", ""), "<soap:Body>",
			`<soap:Header><soap:NotUnderstood qname="a:To" xmlns:a="`+soap.NamespaceAddressing+`"/><x:Trace xmlns:x="urn:x"/></soap:Header><soap:Body>`, 1), soap.FaultOther, "Other"},
		{"a subcode does not matter", strings.Replace(fault("soap:Sender", ""), "</soap:Code>",
			"<soap:Subcode><soap:Value>soap:Receiver</soap:Value></soap:Subcode></soap:Code>", 1), soap.FaultSender, "Sender"},
		{"the prefix is declared where it is used", declaredAtTheValue("a:Sender", "xmlns:a='"+soap.Namespace+"'"), soap.FaultSender, "Sender"},
		{"the prefix is redeclared where it is used", declaredAtTheValue("x:Sender", "xmlns:x='urn:x'"), soap.FaultOther, "Other"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := DecodeResponse([]byte(tt.message))
			found, ok := errors.AsType[*soap.Fault](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, tt.code, found.Code)
			require.Equal(t, "soap: fault ("+tt.text+")", err.Error())
		})
	}
}

// TestDecodeResponseInBoundedMemory has a whole mebibyte of what must not cost more than
// its own copy: one value, many values, many elements, deep ones.
func TestDecodeResponseInBoundedMemory(t *testing.T) {
	const fixed = 64 << 10 // for the results, of which there are at most 64, and the rest
	huge := func(size int) string { return strings.Repeat("x", size) }
	for name, message := range map[string]string{
		"a plain answer":              answer(permit),
		"one XML attribute":           change(t, answer(permit), `code="V6"`, `code="V6" displayName="`+huge(1000<<10)+`"`),
		"an identifier":               change(t, answer(permit), testBSN, huge(1000<<10)),
		"the name of an attribute":    change(t, answer(permit), `code="V6"`, `code="V6" `+huge(1000<<10)+`=""`),
		"the name of an element":      change(t, answer(permit), "</soap:Header>", "<wsa:"+huge(1000<<10)+"/></soap:Header>"),
		"64 XML attributes":           change(t, answer(permit), "<Status>", "<Status"+strings.ReplaceAll(many("", 64), "urn:a", huge(15<<10))+">"),
		"a declaration":               change(t, answer(permit), "<Result>", `<Result xmlns:a="`+huge(1000<<10)+`">`),
		"the text of a header":        change(t, answer(permit), "</soap:Header>", "<wsa:To>"+huge(1000<<10)+"</wsa:To></soap:Header>"),
		"very many elements":          change(t, answer(permit), "</soap:Header>", strings.Repeat("<wsa:A></wsa:A>", 60_000)+"</soap:Header>"),
		"very many attributes unused": change(t, answer(permit), actionPart, actionPart+`<Attributes Category="a">`+strings.Repeat(`<Attribute AttributeId="b"/>`, 30_000)+`</Attributes>`),
	} {
		t.Run(name, func(t *testing.T) {
			require.Less(t, len(message), strictxml.MaxSize)
			allocated := allocatedBy(func() {
				_, err := DecodeResponse([]byte(message))
				require.NoError(t, err)
			})
			require.Less(t, allocated, uint64(2*len(message)+fixed)) // the test's own copy is one
		})
	}
}

// allocatedBy counts bytes: the least of some rounds, for whatever else runs counts too.
func allocatedBy(do func()) uint64 {
	least := uint64(math.MaxUint64)
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

func TestAResponseDoesNotPrintWhatItHolds(t *testing.T) {
	response, err := DecodeResponse([]byte(answer(permit)))
	require.NoError(t, err)
	holder := struct{ inner Response }{response}
	for _, text := range []string{fmt.Sprintf("%+v", response), fmt.Sprintf("%#v", response), fmt.Sprintf("%+v", holder), fmt.Sprint(response)} {
		require.NotContains(t, text, testBSN)
		require.NotContains(t, text, "Permit")
	}
}

func TestAResponseOutlivesItsBytes(t *testing.T) {
	message := []byte(answer(permit))
	response, err := DecodeResponse(message)
	require.NoError(t, err)
	clear(message)
	_, err = response.Match(testMessageID, question(t, "GGC002"))
	require.NoError(t, err)
}

func BenchmarkDecodeResponse(b *testing.B) {
	message, q := []byte(answer(permit)), question(b, "GGC002")
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		response, err := DecodeResponse(message)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := response.Match(testMessageID, q); err != nil {
			b.Fatal(err)
		}
	}
}
