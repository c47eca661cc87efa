// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"strings"
	"testing"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
	"github.com/stretchr/testify/require"
)

// hostile is an answer that must be refused, made from a good one by one change.
type hostile struct {
	file     string // in testdata/hostile, without .xml
	old, new string
	code     Code
}

var hostiles = []hostile{
	// XML as such; package strictxml has the rest.
	{"doctype", `<soap:Envelope`, `<!DOCTYPE x [<!ENTITY e "Permit">]><soap:Envelope`, strictxml.Doctype},
	{"second_envelope", `</soap:Envelope>`, `</soap:Envelope><soap:Envelope/>`, strictxml.TrailingContent},
	{"soap_1_1", soap.Namespace, "http://schemas.xmlsoap.org/soap/envelope/", soap.ForeignNamespace},

	// The path.
	{"second_header", `<soap:Body>`, `<soap:Header/><soap:Body>`, soap.DuplicateElement},
	{"second_body", `</soap:Body>`, `</soap:Body><soap:Body/>`, soap.DuplicateElement},
	{"envelope_in_the_body", `<soap:Body>`, `<soap:Body><soap:Envelope/>`, soap.UnexpectedElement},
	{"second_header_after_the_body", `<soap:Body>`, `<soap:Body/><soap:Header/><soap:Body>`, soap.DuplicateElement},
	{"second_response", `</Response>`, `</Response><Response xmlns="` + NamespaceXACML + `"/>`, soap.DuplicateElement},
	{"saml_wrapper", `<Response `, `<saml:R xmlns:saml="urn:oasis:names:tc:SAML:2.0:protocol"/><Response `, soap.ForeignNamespace},
	{"fault_beside_the_response", `</Response>`, `</Response><soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code></soap:Fault>`, soap.UnexpectedElement},
	{"request_instead_of_response", `Response`, `Request`, soap.UnexpectedElement},
	{"empty_response", permit, ``, soap.MissingElement},
	{"something_else_than_a_result", `<Result>`, `<Other/><Result>`, soap.UnexpectedElement},
	{"something_else_than_a_status_code", statusPart, `<Status><StatusCode Value="` + StatusOK + `"><Other Value="` + StatusOK + `"/></StatusCode></Status>`, soap.UnexpectedElement},
	{"something_else_than_an_attribute", actionPart, `<Attributes Category="urn:x"><Other AttributeId="urn:x"/></Attributes>` + actionPart, soap.UnexpectedElement},
	{"something_else_than_a_value", actionPart, `<Attributes Category="urn:x"><Attribute AttributeId="urn:x"><Other/></Attribute></Attributes>` + actionPart, soap.UnexpectedElement},
	{"second_decision", `<Status>`, `<Decision>Deny</Decision><Status>`, soap.DuplicateElement},
	{"second_decision_in_the_status", `<Status>`, `<Status><StatusDetail><Decision>Deny</Decision></StatusDetail>`, soap.UnexpectedElement},
	{"second_status", `<Status>`, `<Status/><Status>`, soap.DuplicateElement},
	{"no_decision", `<Decision>Permit</Decision>`, ``, soap.MissingElement},
	{"nil_decision", `<Decision>`, `<Decision xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true">`, UnexpectedAttribute},
	{"result_about_a_resource", `<Result>`, `<Result ResourceId="x">`, UnexpectedAttribute},
	{"decision_of_no_namespace", `<Decision>`, `<Decision xmlns="">`, soap.ForeignNamespace},
	{"decision_of_hl7", `Decision>`, `hl7:Decision>`, soap.UnexpectedElement},
	{"element_of_another_namespace", `<Result>`, `<Result><x:Note xmlns:x="urn:x"/>`, soap.ForeignNamespace},
	{"response_of_xacml_2", NamespaceXACML, "urn:oasis:names:tc:xacml:2.0:context:schema:os", soap.ForeignNamespace},
	{"value_of_hl7_v2", `xmlns:hl7="urn:hl7-org:v3"`, `xmlns:hl7="urn:hl7-org:v2"`, soap.ForeignNamespace},
	{"text_between_elements", `<Result>`, `<Result>x`, strictxml.UnexpectedText},

	// The header.
	{"another_action", ActionResponse, ActionRequest, soap.WrongAction},
	{"no_action", `<wsa:Action soap:mustUnderstand="1">` + ActionResponse + `</wsa:Action>`, ``, soap.WrongAction},
	{"second_action", `<wsa:MessageID>`, `<wsa:Action/><wsa:MessageID>`, soap.DuplicateElement},
	{"second_relates_to", `<wsa:MessageID>`, `<wsa:RelatesTo>x</wsa:RelatesTo><wsa:MessageID>`, soap.DuplicateElement},
	{"relates_to_nothing", `urn:uuid:` + testMessageID, ` `, soap.MissingElement},
	{"relates_otherwise", `<wsa:RelatesTo>`, `<wsa:RelatesTo RelationshipType="urn:x">`, soap.NotUnderstood},
	{"unknown_header_that_must_be_understood", `</soap:Header>`, `<wsa:New soap:mustUnderstand="true"/></soap:Header>`, soap.NotUnderstood},
	{"header_that_must_be_understood", `</soap:Header>`, `<w:Security xmlns:w="urn:w" soap:mustUnderstand="1"/></soap:Header>`, soap.NotUnderstood},
	{"header_that_must_be_understood_by_the_next", `</soap:Header>`, `<w:S xmlns:w="urn:w" soap:role="` + soap.Namespace + `/role/next" soap:mustUnderstand="true"/></soap:Header>`, soap.NotUnderstood},
	{"header_that_must_be_understood_by_the_last", `</soap:Header>`, `<w:S xmlns:w="urn:w" soap:mustUnderstand=" 1 " soap:role=" ` + soap.Namespace + `/role/ultimateReceiver"/></soap:Header>`, soap.NotUnderstood},
	{"header_that_may_have_to_be_understood", `</soap:Header>`, `<w:S xmlns:w="urn:w" soap:mustUnderstand="no"/></soap:Header>`, soap.NotUnderstood},
	{"header_without_a_namespace", `</soap:Header>`, `<Trace/></soap:Header>`, soap.ForeignNamespace},
	{"header_of_soap_itself", `</soap:Header>`, `<soap:Trace/></soap:Header>`, soap.UnexpectedElement},
	{"response_in_the_header", `</soap:Header>`, `<Response xmlns="` + NamespaceXACML + `"/></soap:Header>`, soap.UnexpectedElement},
	{"decision_as_a_header", `</soap:Header>`, `<w:Decision xmlns:w="urn:w">Permit</w:Decision></soap:Header>`, soap.UnexpectedElement},
	{"decision_in_a_foreign_header", `</soap:Header>`, `<w:T xmlns:w="urn:w"><w:Decision>Permit</w:Decision></w:T></soap:Header>`, soap.UnexpectedElement},
	{"action_of_an_older_addressing", `</soap:Header>`, `<w:Action xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing">urn:x</w:Action></soap:Header>`, soap.ForeignNamespace},
	{"relates_to_of_an_older_addressing", `</soap:Header>`, `<w:RelatesTo xmlns:w="http://www.w3.org/2004/12/addressing">urn:x</w:RelatesTo></soap:Header>`, soap.ForeignNamespace},
	{"action_for_somebody_else", `<wsa:Action `, `<wsa:Action soap:role="urn:gateway" `, soap.NotUnderstood},
	{"relates_to_for_nobody", `<wsa:RelatesTo>`, `<wsa:RelatesTo soap:role="` + soap.Namespace + `/role/none">`, soap.NotUnderstood},
	{"undeclared_prefix_in_a_foreign_header", `</soap:Header>`, `<w:T xmlns:w="urn:w"><x:y/></w:T></soap:Header>`, strictxml.UndeclaredPrefix},
	{"element_of_another_namespace_in_a_header", `</soap:Header>`, `<wsa:From><w:A xmlns:w="urn:w"/></wsa:From></soap:Header>`, soap.ForeignNamespace},
	{"decision_in_a_header", `</soap:Header>`, `<wsa:From><wsa:Decision/></wsa:From></soap:Header>`, soap.UnexpectedElement},

	// Values.
	{"comment_in_the_decision", `>Permit<`, `>Permit<!-- --><`, strictxml.UnreadableValue},
	{"comment_cuts_the_decision", `>Permit<`, `>De<!-- -->ny<`, strictxml.UnreadableValue},
	{"cdata_in_the_decision", `>Permit<`, `><![CDATA[Permit]]><`, strictxml.UnreadableValue},
	{"cdata_after_the_decision", `>Permit<`, `>Permit<![CDATA[]]><`, strictxml.UnreadableValue},
	{"reference_in_the_decision", `>Permit<`, `>&#80;ermit<`, strictxml.UnreadableValue},
	{"cdata_end_in_the_decision", `>Permit<`, `>Permit]]><`, strictxml.Malformed},
	{"instruction_in_the_decision", `>Permit<`, `>Permit<?x?><`, strictxml.UnreadableValue},
	{"element_in_the_decision", `>Permit<`, `>Permit<Deny/><`, strictxml.UnreadableValue},
	{"white_space_in_the_decision", `>Permit<`, "> Permit <", UnknownDecision},
	{"lower_case_decision", `>Permit<`, `>permit<`, UnknownDecision},
	{"empty_decision", `<Decision>Permit</Decision>`, `<Decision/>`, UnknownDecision},
	{"comment_in_the_action", ActionResponse, ActionResponse + `<!-- -->`, strictxml.UnreadableValue},
	{"reference_in_a_number", `extension="900203638"`, `extension="90020363&#56;"`, strictxml.UnreadableValue},
	{"null_flavor", `extension="900203638"`, `extension="900203638" nullFlavor="UNK"`, strictxml.UnreadableValue},
	{"element_in_a_value", `extension="900203638"/>`, `extension="900203638"><hl7:x/></hl7:InstanceIdentifier>`, strictxml.UnreadableValue},
	{"no_root", `root="2.16.840.1.113883.2.4.6.3" `, ``, strictxml.MissingAttribute},
	{"root_of_a_namespace", `root="2.16.840.1.113883.2.4.6.3" `, `hl7:root="2.16.840.1.113883.2.4.6.3" `, strictxml.MissingAttribute},
	{"empty_extension", `extension="900203638"`, `extension=""`, strictxml.MissingAttribute},
	{"no_attribute_id", `AttributeId="urn:oasis:names:tc:xacml:2.0:resource:resource-id" `, ``, strictxml.MissingAttribute},
	{"other_data_type", `"urn:hl7-org:v3#II"`, `"http://www.w3.org/2001/XMLSchema#string"`, WrongDataType},
	{"code_where_an_identifier_belongs", `<hl7:InstanceIdentifier root="2.16.840.1.113883.2.4.6.3" extension="900203638"/>`, `<hl7:CodedValue code="x" codeSystem="y"/>`, soap.UnexpectedElement},
	{"attribute_without_a_value", `<AttributeValue DataType="urn:hl7-org:v3#CV"><hl7:CodedValue code="V6" codeSystem="2.16.840.1.113883.2.4.15.1060"/></AttributeValue>`, ``, soap.MissingElement},
	{"value_without_an_element", `<hl7:CodedValue code="V6" codeSystem="2.16.840.1.113883.2.4.15.1060"/>`, ``, soap.MissingElement},
	{"attribute_twice", actionPart, actionPart + actionPart, RepeatedValue},
	{"attribute_twice_in_capitals", actionPart, actionPart + strings.Replace(actionPart, AttributeDataCategory, strings.ToUpper(AttributeDataCategory), 1), RepeatedValue},
	{"attribute_twice_with_a_space", actionPart, actionPart + strings.Replace(actionPart, AttributeDataCategory, AttributeDataCategory+" ", 1), RepeatedValue},
	{"attribute_value_twice", `<AttributeValue DataType="urn:hl7-org:v3#CV"><hl7:CodedValue code="V6" codeSystem="2.16.840.1.113883.2.4.15.1060"/></AttributeValue>`,
		`<AttributeValue DataType="urn:hl7-org:v3#CV"><hl7:CodedValue code="V4" codeSystem="2.16.840.1.113883.2.4.15.1060"/></AttributeValue>` +
			`<AttributeValue DataType="urn:hl7-org:v3#CV"><hl7:CodedValue code="V6" codeSystem="2.16.840.1.113883.2.4.15.1060"/></AttributeValue>`, RepeatedValue},
	{"identifier_twice", `extension="900203638"/>`, `extension="900203638"/><hl7:InstanceIdentifier root="2.16.840.1.113883.2.4.6.3" extension="999996630"/>`, soap.DuplicateElement},
	{"patient_in_another_category", `"` + CategoryResource + `"`, `"` + CategoryEnvironment + `"`, MisplacedValue},

	// What takes a Permit back.
	{"obligation", `</Status>`, `</Status><Obligations/>`, Obligation},
	{"advice", `</Status>`, `</Status><AssociatedAdvice/>`, Obligation},
	{"status_not_ok", StatusOK, "urn:oasis:names:tc:xacml:1.0:status:processing-error", StatusNotOK},
	{"minor_status_not_ok", statusPart, `<Status><StatusCode Value="` + StatusOK + `"><StatusCode Value="urn:x"/></StatusCode></Status>`, StatusNotOK},
	{"status_without_a_code", statusPart, `<Status/>`, StatusNotOK},

	// Tags.
	{"attribute_doubled", `<hl7:CodedValue code="V6"`, `<hl7:CodedValue code="V4" code="V6"`, strictxml.DuplicateAttribute},
	{"prefix_out_of_scope", `xmlns:hl7="urn:hl7-org:v3"`, ``, strictxml.UndeclaredPrefix},
	{"too_many_namespaces", `<Result>`, `<Result` + many("xmlns:", 65) + `>`, strictxml.Malformed},
	{"less_than_in_an_attribute", `<Result>`, `<Result a="<">`, strictxml.Malformed},
	{"cdata_end_in_skipped_text", `<wsa:MessageID>`, `<wsa:MessageID>]]>`, strictxml.Malformed},
	{"nested_65_deep", `</soap:Header>`, strings.Repeat(`<wsa:From>`, 63) + strings.Repeat(`</wsa:From>`, 63) + `</soap:Header>`, strictxml.TooDeep},
	{"too_many_attributes", `<Status>`, `<Status` + many("", 65) + `>`, strictxml.Malformed},
}

// many returns n XML attributes or namespace declarations.
func many(prefix string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" " + prefix + "a" + strings.Repeat("x", i) + `="urn:a"`)
	}
	return b.String()
}

func TestDecodeResponseRefuses(t *testing.T) {
	for _, tt := range hostiles {
		t.Run(strings.ReplaceAll(tt.file, "_", " "), func(t *testing.T) {
			message := change(t, answer(permit), tt.old, tt.new)
			golden(t, "hostile", tt.file+".xml", message)
			response, err := DecodeResponse([]byte(message))
			requireCode(t, tt.code, err)
			require.Zero(t, response)
		})
	}
}

func TestDecodeResponseRefusesWhatIsNoMessage(t *testing.T) {
	large := change(t, answer(permit), "<Result>", "<Result>"+strings.Repeat(" ", strictxml.MaxSize))
	exact := large[:strictxml.MaxSize] // cut to the limit: not oversized, but not ended
	for _, tt := range []struct {
		name, message string
		code          Code
	}{
		{"nothing", "", strictxml.Malformed},
		{"text", "hello", strictxml.UnexpectedText},
		{"a byte order mark alone", "\uFEFF", strictxml.Malformed},
		{"UTF-16 with its mark, little end first", utf16(answer(permit), false), strictxml.WrongEncoding},
		{"UTF-16 with its mark, big end first", utf16(answer(permit), true), strictxml.WrongEncoding},
		{"UTF-16 without a mark", utf16(answer(permit), true)[2:], strictxml.WrongEncoding},
		{"an end tag", "</a>", strictxml.Malformed},
		{"a lone angle", "<", strictxml.Malformed},
		{"a declaration alone", `<?xml version="1.0"?>`, strictxml.Malformed},
		{"a declaration without a version", `<?xml encoding="utf-8"?><a/>`, strictxml.Malformed},
		{"a declaration that says nothing", `<?xml ?>` + fault("soap:Sender", ""), strictxml.Malformed},
		{"a declaration not ended", `<?xml version="1.0"`, strictxml.Malformed},
		{"a quote not ended", `<a b="`, strictxml.Malformed},
		{"JSON", `{"Decision":"Permit"}`, strictxml.UnexpectedText},
		{"more than a mebibyte", large, strictxml.Oversized},
		{"a mebibyte exactly is looked at", exact, strictxml.Malformed},
		{"65 results", answer(strings.Repeat(permit, 65)), TooManyResults},
		{"a fault without a code", strings.ReplaceAll(fault("soap:Sender", ""), "Code", "Role"), soap.MissingElement},
		{"a fault without a value", strings.ReplaceAll(fault("soap:Sender", ""), "Value>", "Subcode>"), soap.MissingElement},
		{"a fault with two values", fault("soap:Sender</soap:Value><soap:Value>soap:Receiver", ""), soap.DuplicateElement},
		{"two faults", fault("soap:Sender", "</soap:Fault><soap:Fault>"), soap.DuplicateElement},
		{"a Decision in a fault", fault("soap:Sender", "<soap:Detail><Decision>Permit</Decision></soap:Detail>"), soap.UnexpectedElement},
		{"a header after the body", `<s:Envelope xmlns:s="` + soap.Namespace + `"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code></s:Fault></s:Body><s:Header/></s:Envelope>`, soap.UnexpectedElement},
		{"a body with nothing", `<s:Envelope xmlns:s="` + soap.Namespace + `"><s:Body/></s:Envelope>`, soap.MissingElement},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := DecodeResponse([]byte(tt.message))
			requireCode(t, tt.code, err)
		})
	}
}

// utf16 writes ASCII in two bytes for each character, after a byte order mark.
func utf16(text string, big bool) string {
	encoded := "\xff\xfe"
	if big {
		encoded = "\xfe\xff"
	}
	for i := range len(text) {
		if big {
			encoded += "\x00" + text[i:i+1]
		} else {
			encoded += text[i:i+1] + "\x00"
		}
	}
	return encoded
}
