// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// deviations change the fixture in one place: each occurrence of the old text, and
// the reason that must come back.
var deviations = []struct{ name, old, new, reason string }{
	// XML
	{"a DOCTYPE", "<soap:Envelope", "<!DOCTYPE x><soap:Envelope", "XML: a DOCTYPE is forbidden"},
	{"a processing instruction", "<soap:Body>", "<?a b?><soap:Body>", "XML: processing instructions are forbidden"},
	{"a second XML declaration", "<soap:Body>", `<?xml version="1.0"?><soap:Body>`, "XML: processing instructions are forbidden"},
	{"a comment", "<soap:Body>", "<!-- --><soap:Body>", "XML: a comment is not part of the message"},
	{"another encoding", `encoding="UTF-8"`, `encoding="ISO-8859-1"`, "XML: not well-formed"},
	{"an undeclared prefix", ` xmlns:wsa="http://www.w3.org/2005/08/addressing"`, "", "XML: an undeclared prefix"},
	{"a doubled attribute", `code="TREAT"`, `code="TREAT" code="TREAT"`, "XML: an attribute is there twice"},
	{"a doubled attribute under two prefixes", `<wsa:Action soap:mustUnderstand="true"`, `<wsa:Action soap:mustUnderstand="true" xmlns:s="http://www.w3.org/2003/05/soap-envelope" s:mustUnderstand="true"`, "XML: an attribute is there twice"},
	{"a doubled namespace declaration", ` xmlns:wsa=`, ` xmlns:wsa="urn:x" xmlns:wsa=`, "XML: an attribute is there twice"},
	{"an emptied prefix", ` xmlns:wsa=`, ` xmlns:p="" xmlns:wsa=`, "XML: a forbidden namespace declaration"},
	{"another meaning of the prefix xml", ` xmlns:wsa=`, ` xmlns:xml="urn:x" xmlns:wsa=`, "XML: a forbidden namespace declaration"},
	{"an end tag that does not match", "</soap:Body>", "</soap:Bodies>", "XML: an end tag does not match"},
	{"the message cut off", "</soap:Envelope>", "", "XML: ends before the message does"},
	{"text after the message", "</soap:Envelope>", "</soap:Envelope>x", "XML: text outside the message"},
	{"a second message", "</soap:Envelope>", "</soap:Envelope><x/>", "XML: a second root element"},
	{"an unknown entity", `code="TREAT"`, `code="&treat;"`, "XML: not well-formed at line 27"},
	{"deep nesting", "<soap:Body>", "<soap:Body>" + strings.Repeat("<a>", 70) + strings.Repeat("</a>", 70), "XML: nested deeper than 64"},

	// Envelope
	{"SOAP 1.1", "http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/", "the root must be Envelope (http://www.w3.org/2003/05/soap-envelope)"},
	{"another root", "soap:Envelope", "soap:Message", "the root must be Envelope (http://www.w3.org/2003/05/soap-envelope)"},
	{"an attribute on the envelope", "<soap:Envelope", `<soap:Envelope a="b"`, "Envelope: must carry no attributes"},
	{"an attribute on the body", "<soap:Body>", `<soap:Body a="b">`, "Envelope/Body: must carry no attributes"},
	{"two headers", "<soap:Body>", "<soap:Header/><soap:Body>", "Envelope: must hold exactly Header"},
	{"two bodies", "<soap:Body>", "<soap:Body/><soap:Body>", "Envelope: must hold exactly Header"},
	{"text between header and body", "<soap:Body>", "x<soap:Body>", "Envelope: must hold exactly Header"},

	// Header
	{"no mustUnderstand", ` soap:mustUnderstand="true"`, "", "Envelope/Header/Action: attribute mustUnderstand is missing"},
	{"mustUnderstand without its namespace", ` soap:mustUnderstand="true"`, ` mustUnderstand="true"`, "Envelope/Header/Action: attribute mustUnderstand is missing"},
	{"mustUnderstand that is false", `mustUnderstand="true"`, `mustUnderstand="false"`, "Envelope/Header/Action: mustUnderstand must be true"},
	{"another action", "XACMLAuthorizationDecisionQueryRequest", "XACMLAuthzDecisionQuery", "Envelope/Header/Action: must be XACMLAuthorizationDecisionQueryRequest"},
	{"white space around the action", "XACMLAuthorizationDecisionQueryRequest", " XACMLAuthorizationDecisionQueryRequest ", "Envelope/Header/Action: must be XACMLAuthorizationDecisionQueryRequest"},
	{"another message id than the header", "urn:uuid:" + fixtureUUID, "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "MessageID: must be urn:uuid: and the value of X-Request-Id"},
	{"a message id that is no URN", "urn:uuid:", "", "Envelope/Header/MessageID: must be urn:uuid: and a uuid"},
	{"an attribute on the message id", "<wsa:MessageID>", `<wsa:MessageID a="b">`, "Envelope/Header/MessageID: must carry no attributes"},
	{"another addressee", "/xacml3</wsa:To>", "/xacml2</wsa:To>", "Envelope/Header/To: must be https://localhost:"},
	{"mustUnderstand that is no boolean", `mustUnderstand="true"`, `mustUnderstand="yes"`, "Envelope/Header/Action: mustUnderstand must be true or false"},
	{"mustUnderstand on the addressee that is no boolean", "<wsa:To>", `<wsa:To soap:mustUnderstand="yes">`, "Envelope/Header/To: mustUnderstand must be true or false"},
	{"mustUnderstand on another header that is no boolean", "</soap:Header>", `<wsa:From soap:mustUnderstand="yes"/></soap:Header>`, "Envelope/Header, another header: mustUnderstand must be true or false"},
	{"another attribute on the addressee", "<wsa:To>", `<wsa:To soap:mustUnderstand="true" a="b">`, "Envelope/Header/To: must carry no attributes but mustUnderstand"},
	{"an attribute on the reply address", "<wsa:ReplyTo>", `<wsa:ReplyTo a="b">`, "Envelope/Header/ReplyTo: must carry no attributes"},
	{"another address for the reply", "addressing/anonymous", "addressing/none", "Envelope/Header/ReplyTo/Address: must be http://www.w3.org/2005/08/addressing/anonymous"},
	{"a reply address with more", "</wsa:Address>", "</wsa:Address><wsa:Metadata/>", "Envelope/Header/ReplyTo: must hold exactly Address"},
	{"text between headers", "</soap:Header>", "x</soap:Header>", "Envelope/Header: must hold elements only"},
	{"two byte order marks", `<?xml version`, "\ufeff\ufeff<?xml version", "XML: text outside the message"},
	{"a byte order mark later", "<soap:Body>", "\ufeff<soap:Body>", "Envelope: must hold exactly Header"},
	{"a header twice", "<wsa:To>", "<wsa:To/><wsa:To>", "Envelope/Header: must hold Action, MessageID, To and ReplyTo"},
	{"no ReplyTo", "<wsa:ReplyTo><wsa:Address>http://www.w3.org/2005/08/addressing/anonymous</wsa:Address></wsa:ReplyTo>", "", "Envelope/Header: must hold Action, MessageID, To and ReplyTo"},

	// Body
	{"an ID on the query", "<XACMLAuthzDecisionQuery ", `<XACMLAuthzDecisionQuery ID="_1" `, "Envelope/Body/XACMLAuthzDecisionQuery: must carry no attributes"},
	{"a Version on the query", "<XACMLAuthzDecisionQuery ", `<XACMLAuthzDecisionQuery Version="2.0" `, "Envelope/Body/XACMLAuthzDecisionQuery: must carry no attributes"},
	{"an IssueInstant on the query", "<XACMLAuthzDecisionQuery ", `<XACMLAuthzDecisionQuery IssueInstant="2026-01-01T00:00:00Z" `, "Envelope/Body/XACMLAuthzDecisionQuery: must carry no attributes"},
	{"the query in another namespace", "protocol:wd-14", "protocol:wd-13", "Envelope/Body: must hold exactly XACMLAuthzDecisionQuery"},
	{"the request in another namespace", "core:schema:wd-17", "core:schema:wd-16", "Envelope/Body/XACMLAuthzDecisionQuery: must hold exactly Request"},
	{"policy ids wanted", `ReturnPolicyIdList="false"`, `ReturnPolicyIdList="true"`, "ReturnPolicyIdList and CombinedDecision must be false"},
	{"a combined decision wanted", `CombinedDecision="false"`, `CombinedDecision="true"`, "ReturnPolicyIdList and CombinedDecision must be false"},
	{"no CombinedDecision", ` CombinedDecision="false"`, "", "attribute CombinedDecision is missing"},
	{"RequestDefaults", "<Attributes Category=\"urn:oasis:names:tc:xacml:3.0:attribute-category:resource\"", "<RequestDefaults/><Attributes Category=\"urn:oasis:names:tc:xacml:3.0:attribute-category:resource\"", "must hold Attributes (urn:oasis:names:tc:xacml:3.0:core:schema:wd-17) only"},
	{"an empty request", "<Request ", `<Request xmlns="urn:oasis:names:tc:xacml:3.0:core:schema:wd-17" ReturnPolicyIdList="false" CombinedDecision="false"/><Request `, "Envelope/Body/XACMLAuthzDecisionQuery: must hold exactly Request"},

	// Attributes
	{"another id of the resource", `xml:id="resource"`, `xml:id="resource0"`, "Attributes resource: xml:id must be resource"},
	{"an id that is not of XML", `xml:id="resource"`, `id="resource"`, "Attributes resource: attribute id is missing"},
	{"actions counted from one", `xml:id="action0"`, `xml:id="action1"`, "Attributes action0: xml:id must be action0"},
	{"another id of the subject", `xml:id="subject"`, `xml:id="Subject"`, "Attributes subject: xml:id must be subject"},
	{"another id of the environment", `xml:id="environment"`, `xml:id="env"`, "Attributes environment: xml:id must be environment"},
	{"the category of XACML 1.0 for the resource", "xacml:3.0:attribute-category:resource", "xacml:1.0:attribute-category:resource", "Attributes resource: Category must be urn:oasis:names:tc:xacml:3.0:attribute-category:resource"},
	{"another category for the subject", "xacml:1.0:subject-category:access-subject", "xacml:3.0:subject-category:access-subject", "Attributes subject: Category must be"},
	{"text in the subject", `xml:id="subject">`, `xml:id="subject">x`, "Attributes subject: must hold elements only"},
	{"an attribute too many", "</Attributes>", "<Attribute/></Attributes>", "Attributes resource: must hold nothing after urn:ihe:iti:appc:2016:author-institution:id"},

	// Attribute
	{"another attribute id for the patient", "resource:resource-id", "resource:patient", "Attributes resource: Attribute 1 must be urn:oasis:names:tc:xacml:2.0:resource:resource-id"},
	{"another attribute id for the requester's type", "consulting-healthcare-facility-type-code", "healthcare-facility-type-code", "Attributes subject: Attribute 4 must be urn:nl:otv:names:tc:1.0:subject:consulting-healthcare-facility-type-code"},
	{"an issuer", `<Attribute AttributeId="urn:oasis:names:tc:xspa`, `<Attribute Issuer="x" AttributeId="urn:oasis:names:tc:xspa`, "must carry no attributes but AttributeId, IncludeInResult"},
	{"a role that is not included", `subject:role" IncludeInResult="true"`, `subject:role" IncludeInResult="false"`, "subject:role: IncludeInResult must be true"},
	{"a purpose that is included", `purposeofuse" IncludeInResult="false"`, `purposeofuse" IncludeInResult="true"`, "purposeofuse: IncludeInResult must be false"},
	{"IncludeInResult as a number", `purposeofuse" IncludeInResult="false"`, `purposeofuse" IncludeInResult="0"`, "purposeofuse: IncludeInResult must be false"},
	{"two values", `codeSystem="2.16.840.1.113883.1.11.20448"/></AttributeValue>`, `codeSystem="2.16.840.1.113883.1.11.20448"/></AttributeValue><AttributeValue/>`, "purposeofuse: must hold exactly AttributeValue"},
	{"a code as an identifier", `DataType="urn:hl7-org:v3#CV"><CodedValue xmlns="urn:hl7-org:v3" code="TREAT"`, `DataType="urn:hl7-org:v3#II"><CodedValue xmlns="urn:hl7-org:v3" code="TREAT"`, "AttributeValue: DataType must be urn:hl7-org:v3#CV"},
	{"an HL7 element without its namespace", `<CodedValue xmlns="urn:hl7-org:v3" code="TREAT"`, `<CodedValue code="TREAT"`, "AttributeValue: must hold exactly CodedValue (urn:hl7-org:v3)"},
	{"a code in words", `codeSystem="2.16.840.1.113883.1.11.20448"/>`, `codeSystem="2.16.840.1.113883.1.11.20448">TREAT</CodedValue>`, "AttributeValue/CodedValue: must hold exactly nothing"},
	{"a display name", `code="TREAT"`, `code="TREAT" displayName="treatment"`, "must carry no attributes but codeSystem, code"},
	{"no code system", ` codeSystem="2.16.840.1.113883.1.11.20448"`, "", "attribute codeSystem is missing"},
	{"an authority for the patient", `extension="900186021"`, `extension="900186021" assigningAuthorityName="NLMINBIZA"`, "must carry no attributes but root, extension"},

	// Values
	{"a patient that fails the eleven test", `extension="900186021"`, `extension="900186022"`, "resource:resource-id: not a BSN"},
	{"another root of the patient", "2.16.840.1.113883.2.4.6.3", "2.16.840.1.113883.2.4.6.1", "root must be 2.16.840.1.113883.2.4.6.3"},
	{"a URA of nine digits", `extension="00000659"`, `extension="000000659"`, "author-institution:id: not a URA"},
	{"another root of the organisations", "2.16.528.1.1007.3.3", "2.16.528.1.1007.3.2", "root must be 2.16.528.1.1007.3.3"},
	{"an organisation type in small letters", `code="V6"`, `code="v6"`, "healthcare-facility-type-code: not an organisation type"},
	{"another system of the organisation types", "2.16.840.1.113883.2.4.15.1060", "2.16.840.1.113883.2.4.15.1061", "codeSystem must be 2.16.840.1.113883.2.4.15.1060"},
	{"a data category of no such form", `code="GGC002"`, `code="GC002"`, "event-code: not a data category"},
	{"another system of the data categories", "2.16.840.1.113883.2.4.3.111.5.10.1", "2.16.840.1.113883.2.4.3.111.5.10.2", "codeSystem must be 2.16.840.1.113883.2.4.3.111.5.10.1"},
	{"a role without its dot", `code="03.000"`, `code="03000"`, "subject:role: not a role code"},
	{"another system of the roles", `"2.16.840.1.113883.2.4.15.111"`, `"2.16.840.1.113883.2.4.15.110"`, "codeSystem must be 2.16.840.1.113883.2.4.15.111"},
	{"an UZI number of eight digits", `extension="000012345"`, `extension="00012345"`, "provider-identifier: not a UZI number"},
	{"an UZI number without its authority", ` assigningAuthorityName="CIBG"`, "", "attribute assigningAuthorityName is missing"},
	{"an UZI number of another authority", `assigningAuthorityName="CIBG"`, `assigningAuthorityName="VEKTIS"`, "assigningAuthorityName must be CIBG"},
	{"the authority of another register", `root="2.16.528.1.1007.3.1"`, `root="2.16.840.1.113883.2.4.6.1"`, "must carry no attributes but root, extension"},
	{"a register that is no OID", `root="2.16.528.1.1007.3.1" extension="000012345" assigningAuthorityName="CIBG"`, `root="uzi" extension="000012345"`, "provider-identifier: not a professional's register"},
	{"a requester's URA of seven digits", `extension="00000123"`, `extension="0000123"`, "provider-institution: not a URA"},
	{"an emergency", `code="TREAT"`, `code="ETREAT"`, "purposeofuse: not a purpose of use"},
	{"another system of the purposes", "2.16.840.1.113883.1.11.20448", "2.16.840.1.113883.1.11.20449", "codeSystem must be 2.16.840.1.113883.1.11.20448"},
}

func TestOneDeviationFromTheFormIsRefused(t *testing.T) {
	s := start(t)
	good := fixture(t, "closed-query.xml")
	for _, test := range deviations {
		t.Run(test.name, func(t *testing.T) {
			require.Contains(t, good, test.old)
			requireRefused(t, s, request(t, s, strings.ReplaceAll(good, test.old, test.new)), test.reason)
		})
	}
}

// requireRefused wants a Sender fault with the reason and nothing in the log.
func requireRefused(t *testing.T, s *Simulator, r *http.Request, reason string) {
	t.Helper()
	s.ResetLog()
	got := send(t, s, r)
	fault := read(t, got)
	assert.Equal(t, http.StatusBadRequest, got.status)
	assert.Equal(t, "s:Sender", fault.Code)
	assert.Contains(t, fault.Reason, reason)
	assert.NotContains(t, got.body, "90018602", "the patient's number came back")
	assert.Empty(t, fault.Results)
	assert.Empty(t, s.Queries())
	assert.Equal(t, 1, s.Received())
	require.Len(t, s.Refusals(), 1)
	assert.Equal(t, fault.Reason, s.Refusals()[0].Reason)
	assert.Equal(t, got.status, s.Refusals()[0].Status)
}

func TestTheOrderOfTheRequestIsFixed(t *testing.T) {
	s := start(t)
	good := fixture(t, "closed-query.xml")
	lines := strings.SplitAfter(good, "\n")
	exchange := func(from, middle, to int) string { // lines [from,middle) after [middle,to)
		return strings.Join(lines[:from], "") + strings.Join(lines[middle:to], "") +
			strings.Join(lines[from:middle], "") + strings.Join(lines[to:], "")
	}
	three := fixture(t, "closed-query-mandate.xml")
	tests := []struct{ name, text, reason string }{
		{"the data holder before its type", exchange(13, 14, 15), "Attributes resource: Attribute 2 must be"},
		{"the action before the resource", exchange(11, 16, 19), "Attributes resource: Category must be"},
		{"the provider before the role", exchange(20, 21, 22), "Attributes subject: Attribute 1 must be"},
		{"no action", strings.Join(lines[:16], "") + strings.Join(lines[19:], ""), "at least one action"},
		{"no environment", strings.Join(lines[:25], "") + strings.Join(lines[28:], ""), "at least one action"},
		{"no role", strings.Join(lines[:20], "") + strings.Join(lines[21:], ""), "Attributes subject: Attribute 1 must be"},
		{"a data category twice", strings.Replace(three, "GGC012", "GGC013", 1), "this data category was asked before"},
		{"an action out of number", strings.Replace(three, `"action2"`, `"action3"`, 1), "Attributes action2: xml:id must be action2"},
		{"a mandated professional who is included", strings.Replace(three, `IncludeInResult="false" AttributeId="urn:nl:otv:names:tc:1.0:subject:mandated"`, `IncludeInResult="true" AttributeId="urn:nl:otv:names:tc:1.0:subject:mandated"`, 1), "subject:mandated: IncludeInResult must be false"},
		{"a mandated professional of another authority", strings.Replace(three, `extension="000054321"`, `extension="000054321" assigningAuthorityName="x"`, 1), "assigningAuthorityName must be CIBG"},
		{"a mandated UZI number of eight digits", strings.Replace(three, `extension="000054321"`, `extension="00054321"`, 1), "subject:mandated: not a UZI number"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.NotEqual(t, three, test.text)
			requireRefused(t, s, request(t, s, test.text), test.reason)
		})
	}
}

func TestOneDeviationOfHTTPIsRefused(t *testing.T) {
	s := start(t)
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = values }
	}
	const contentType = `application/soap+xml; charset=UTF-8; action="XACMLAuthorizationDecisionQueryRequest"`
	tests := []struct {
		name   string
		change func(*http.Request)
		reason string
	}{
		{"another method", func(r *http.Request) { r.Method = http.MethodPut }, "method: must be POST"},
		{"another path", func(r *http.Request) { r.URL.Path = "/tst-us/mitz/geslotenautorisatievraag" }, "path: there is nothing here"},
		{"a slash after the path", func(r *http.Request) { r.URL.Path += "/" }, "path: there is nothing here"},
		{"an encoded path", func(r *http.Request) { r.URL.RawPath = strings.Replace(r.URL.Path, "mitz", "%6ditz", 1) }, "path: there is nothing here"},
		{"a query part", func(r *http.Request) { r.URL.RawQuery = "a=b" }, "path: must have no query part"},
		{"no content type", header("Content-Type"), "Content-Type: must be there once"},
		{"two content types", header("Content-Type", contentType, contentType), "Content-Type: must be there once"},
		{"the content type of SOAP 1.1", header("Content-Type", "text/xml; charset=UTF-8"), "Content-Type: must be application/soap+xml"},
		{"another charset", header("Content-Type", strings.Replace(contentType, "UTF-8", "latin1", 1)), "parameter charset must be UTF-8"},
		{"no action", header("Content-Type", "application/soap+xml; charset=UTF-8"), "parameter action must be XACMLAuthorizationDecisionQueryRequest"},
		{"another parameter", header("Content-Type", contentType+"; q=1"), "no parameters but charset and action"},
		{"a content encoding", header("Content-Encoding", "identity"), "Content-Encoding: must be absent"},
		{"no request id", header("X-Request-Id"), "X-Request-Id: must be there once, a uuid"},
		{"two request ids", header("X-Request-Id", newUUID(), newUUID()), "X-Request-Id: must be there once, a uuid"},
		{"a request id that is no uuid", header("X-Request-Id", "1"), "X-Request-Id: must be there once, a uuid"},
		{"another request id than the message's", header("X-Request-Id", newUUID()), "MessageID: must be urn:uuid: and the value of X-Request-Id"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := request(t, s, fixture(t, "closed-query.xml"))
			test.change(r)
			requireRefused(t, s, r, test.reason)
		})
	}
	t.Run("more than 1 MiB", func(t *testing.T) {
		text := fixture(t, "closed-query.xml") + strings.Repeat(" ", maxMessage)
		requireRefused(t, s, request(t, s, text), "body: more than 1 MiB")
	})
}

// TestAHeaderThatMustBeUnderstoodIsRefused keeps to SOAP: the fault has a code of its own.
func TestAHeaderThatMustBeUnderstoodIsRefused(t *testing.T) {
	s := start(t)
	const end = "</soap:Header>"
	for name, change := range map[string][2]string{
		"of WS-Addressing":          {end, `<wsa:From soap:mustUnderstand="1"/>` + end},
		"of WS-Security":            {end, `<w:Security xmlns:w="urn:w" soap:mustUnderstand="true"/>` + end},
		"with a name that is known": {end, `<w:Action xmlns:w="urn:w" soap:mustUnderstand="true"/>` + end},
		"of an older WS-Addressing": {`"http://www.w3.org/2005/08/addressing"`, `"http://schemas.xmlsoap.org/ws/2004/08/addressing"`},
	} {
		t.Run(name, func(t *testing.T) {
			s.ResetLog()
			got := ask(t, s, strings.Replace(fixture(t, "closed-query.xml"), change[0], change[1], 1))
			assert.Equal(t, http.StatusInternalServerError, got.status)
			assert.Equal(t, "s:MustUnderstand", read(t, got).Code)
			assert.Contains(t, read(t, got).Reason, "Envelope/Header: holds another header with mustUnderstand")
			assert.Empty(t, s.Queries())
			require.Len(t, s.Refusals(), 1)
			assert.Equal(t, http.StatusInternalServerError, s.Refusals()[0].Status)
		})
	}
}

func TestARequestIDIsGoodForOneQuery(t *testing.T) {
	s := start(t)
	r := request(t, s, fixture(t, "closed-query.xml"))
	again := r.Clone(r.Context())
	again.Body, _ = r.GetBody()
	require.Equal(t, http.StatusOK, send(t, s, r).status)
	requireRefused(t, s, again, "X-Request-Id: was used before")
}
