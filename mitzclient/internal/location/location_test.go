// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package location

import (
	"cmp"
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
)

func TestEncodeRequest(t *testing.T) {
	assertion := []byte(`<x:Assertion xmlns:x="urn:x" a="&#13;"/>`)
	message, err := EncodeRequest(Header{MessageID: testMessageID, To: testEndpoint, Assertion: assertion}, patient(t))
	require.NoError(t, err)
	golden(t, "requests", "query.xml", string(message))
	require.Contains(t, string(message), string(assertion), "byte for byte")
	var read struct {
		Patient struct {
			Extension string `xml:"extension,attr"`
		} `xml:"Body>PatientLocationQueryRequest>RequestedPatientId"`
	}
	require.NoError(t, xml.Unmarshal(message, &read))
	require.Equal(t, testBSN, read.Patient.Extension)
}

func TestEncodeRequestRefuses(t *testing.T) {
	valid := Header{MessageID: testMessageID, To: testEndpoint, Assertion: []byte("<a/>")}
	for name, spoil := range map[string]func(*Header, *consent.BSN){
		"a message id that is not a uuid":       func(h *Header, _ *consent.BSN) { h.MessageID = "1" },
		"a message id that is a urn already":    func(h *Header, _ *consent.BSN) { h.MessageID = "urn:uuid:" + testMessageID },
		"no address":                            func(h *Header, _ *consent.BSN) { h.To = "" },
		"nobody who asks":                       func(h *Header, _ *consent.BSN) { h.Assertion = nil },
		"a patient about whom nothing is known": func(_ *Header, p *consent.BSN) { *p = consent.BSN{} },
	} {
		t.Run(name, func(t *testing.T) {
			header, about := valid, patient(t)
			spoil(&header, &about)
			message, err := EncodeRequest(header, about)
			require.Nil(t, message)
			requireCode(t, InvalidRequest, err)
		})
	}
}

// good is an answer that must be understood.
type good struct {
	name, file string
	message    string
	locations  []Location
}

func goods(t testing.TB) []good {
	plain := answer(one)
	changed := func(from, to string) string { return change(t, plain, from, to) }
	with := func(edit func(*Location)) []Location {
		l := first()
		edit(&l)
		return []Location{l}
	}
	categories := func(all ...consent.Category) []Location {
		return with(func(l *Location) { l.Categories = all })
	}
	return []good{
		{"one location", "one.xml", plain, []Location{first()}},
		{"none", "none.xml", answer(), []Location{}},
		{"an answer that is an empty element", "none_self_closing.xml",
			change(t, answer(), "\">\n\n</PatientLocationQueryResponse>", `"/>`), []Location{}},
		{"one source for two data holders", "same_source.xml", answer(one, change(t, one, "00000043", "00000044")),
			append(with(func(*Location) {}), with(func(l *Location) { l.DataHolder = "00000044" })...)},
		{"the parts in another order", "other_order.xml",
			answer(`<PatientLocationResponse>` + holderPart + categoryPart + sourcePart + requestedPart + homePart + correspondingPart + `</PatientLocationResponse>`), []Location{first()}},
		{"a category as a text", "category_text.xml", changed(categoryPart, "<event-code> GGC002\n</event-code>"), categories("GGC002")},
		{"several categories, in both ways, one of them twice", "categories.xml",
			changed(categoryPart, "<event-code>GGC012</event-code>"+categoryPart+categoryPart+"<event-code>GGC002</event-code>"), categories("GGC012", "GGC002")},
		{"no category", "no_category.xml", changed(categoryPart, ""), categories()},
		{"no source", "no_source.xml", changed(sourcePart, ""), with(func(l *Location) { l.Source = "" })},
		{"no data holder", "no_data_holder.xml", changed(holderPart, ""), with(func(l *Location) { l.DataHolder = "" })},
		{"a data holder of another register", "other_register.xml", changed("2.16.528.1.1007.3.3", "2.16.840.1.113883.2.4.6.1"),
			with(func(l *Location) { l.DataHolder = "" })},
		{"Mitz's own elements in the namespace of HL7", "hl7_namespace.xml",
			strings.NewReplacer("<SourceId>", `<SourceId xmlns="urn:hl7-org:v3">`, "<event-code ", `<event-code xmlns="urn:hl7-org:v3" `,
				"<author-institution ", `<author-institution xmlns="urn:hl7-org:v3" `).Replace(plain), []Location{first()}},
		{"a patient whom the gateway numbers in its own way", "own_number.xml",
			changed(correspondingPart, `<CorrespondingPatientId root="2.999.7" extension="A1"/>`), []Location{first()}},
		{"systems without urn:oid:", "bare_oids.xml", changed("urn:oid:", ""), []Location{first()}},
		{"white space around a system", "white_space.xml", changed("urn:oid:2.999.1.2", "\n urn:oid:2.999.1.2\t"), []Location{first()}},
		{"who gives the numbers out, and their types", "authorities.xml",
			changed(requestedPart, `<RequestedPatientId xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="II" root="2.16.840.1.113883.2.4.6.3" extension="900203638" assigningAuthorityName="NLMINBIZA"/>`), []Location{first()}},
		{"a prefix", "prefix.xml", strings.NewReplacer("<s:", "<s:", "</s:", "</s:", "<a:", "<a:", "</a:", "</a:", "<?", "<?",
			"xmlns=", "xmlns:x=", "</", "</x:", "<", "<x:").Replace(plain), []Location{first()}},
		{"a byte order mark and headers of others", "byte_order_mark.xml",
			"\uFEFF" + changed("</s:Header>", `<x:Trace xmlns:x="urn:x" s:mustUnderstand="0">1</x:Trace></s:Header>`), []Location{first()}},
	}
}

func TestDecodeResponse(t *testing.T) {
	for _, tt := range goods(t) {
		t.Run(tt.name, func(t *testing.T) {
			golden(t, "good", tt.file, tt.message)
			response, err := DecodeResponse([]byte(tt.message))
			require.NoError(t, err)
			locations, err := response.Match(testMessageID, patient(t))
			require.NoError(t, err)
			require.Equal(t, tt.locations, locations)
		})
	}
}

func TestTheFormOfAnAnswerThatWasGuessedIsUnderstood(t *testing.T) {
	message := change(t, answer(one), testMessageID, "55555555-5555-4555-8555-555555555555")
	response, err := DecodeResponse([]byte(message))
	require.NoError(t, err)
	_, err = response.Match("55555555-5555-4555-8555-555555555555", patient(t))
	require.NoError(t, err)
}

// hostiles are answers that must be refused, each made from a good one by one change.
var hostiles = []struct {
	file     string // in testdata/hostile, without .xml
	old, new string
	code     Code
}{
	{"doctype", `<s:Envelope`, `<!DOCTYPE x [<!ENTITY e "V6">]><s:Envelope`, strictxml.Doctype},
	{"processing_instruction", `<SourceId>`, `<?x y?><SourceId>`, strictxml.ProcessingInstruction},
	{"nil_system", `<SourceId>`, `<SourceId xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true">`, UnexpectedAttribute},
	{"second_envelope", `</s:Envelope>`, `</s:Envelope><s:Envelope/>`, strictxml.TrailingContent},
	{"doubled_attribute", `extension="00000043"`, `extension="00000043" extension="00000044"`, strictxml.DuplicateAttribute},
	{"action_of_the_question", ActionResponse, ActionRequest, soap.WrongAction},
	{"second_body", `</s:Body>`, `</s:Body><s:Body/>`, soap.DuplicateElement},
	{"second_response", `</s:Body>`, `<PatientLocationQueryResponse xmlns="urn:ihe:iti:xcpd:2009"/></s:Body>`, soap.DuplicateElement},
	{"another_namespace", namespaceXCPD, "urn:ihe:iti:xcpd:2010", soap.ForeignNamespace},
	{"element_beside_the_response", `</s:Body>`, `<x:y xmlns:x="urn:x"/></s:Body>`, soap.ForeignNamespace},
	{"something_else_than_a_location", `PatientLocationResponse`, `PatientResponse`, soap.UnexpectedElement},
	{"unknown_part", sourcePart, sourcePart + `<More/>`, soap.UnexpectedElement},
	{"part_of_a_foreign_namespace", sourcePart, sourcePart + `<x:More xmlns:x="urn:x"/>`, soap.ForeignNamespace},
	{"gateway_in_the_namespace_of_hl7", `<HomeCommunityId>`, `<HomeCommunityId xmlns="urn:hl7-org:v3">`, soap.UnexpectedElement},
	{"location_in_a_header", `</s:Header>`, `<x:T xmlns:x="urn:x"><PatientLocationResponse/></x:T></s:Header>`, soap.UnexpectedElement},
	{"text_in_a_location", sourcePart, sourcePart + `text`, strictxml.UnexpectedText},
	{"nil_location", `<PatientLocationResponse>`, `<PatientLocationResponse nil="true">`, UnexpectedAttribute},
	{"no_gateway", homePart, ``, soap.MissingElement},
	{"no_requested_patient", requestedPart, ``, soap.MissingElement},
	{"no_corresponding_patient", correspondingPart, ``, soap.MissingElement},
	{"second_gateway", homePart, homePart + homePart, soap.DuplicateElement},
	{"second_patient", requestedPart, requestedPart + requestedPart, soap.DuplicateElement},
	{"second_corresponding_patient", correspondingPart, correspondingPart + correspondingPart, soap.DuplicateElement},
	{"second_source", sourcePart, sourcePart + sourcePart, soap.DuplicateElement},
	{"second_source_of_hl7", sourcePart, sourcePart + `<SourceId xmlns="urn:hl7-org:v3">2.999</SourceId>`, soap.DuplicateElement},
	{"second_data_holder", holderPart, holderPart + holderPart, soap.DuplicateElement},
	{"gateway_that_is_no_oid", `urn:oid:2.999.1<`, `https://x.example<`, MalformedSystem},
	{"source_that_is_no_oid", `urn:oid:2.999.1.2`, `900203638`, MalformedSystem},
	{"source_cut_by_a_comment", `2.999.1.2`, `2.999<!-- -->.1.2`, strictxml.UnreadableValue},
	{"patient_without_a_number", requestedPart, `<RequestedPatientId root="2.16.840.1.113883.2.4.6.3"/>`, strictxml.MissingAttribute},
	{"patient_that_is_null", `<RequestedPatientId `, `<RequestedPatientId nullFlavor="NI" `, NullValue},
	{"patient_with_a_content", requestedPart, strings.Replace(requestedPart, "/>", "><x/></RequestedPatientId>", 1), strictxml.UnreadableValue},
	{"data_holder_that_is_no_ura", `"00000043"`, `"43"`, MalformedHolder},
	{"category_of_another_shape", `"GGC002"`, `"900203638"`, MalformedCategory},
	{"category_of_another_list", `codeSystem="2.16.840.1.113883.2.4.3.111.5.10.1"`, `codeSystem="2.999"`, MalformedCategory},
	{"category_without_a_list", ` codeSystem="2.16.840.1.113883.2.4.3.111.5.10.1"`, ``, MalformedCategory},
	{"category_with_a_code_and_a_text", categoryPart, strings.Replace(categoryPart, "/>", ">GGC012</event-code>", 1), strictxml.UnexpectedText},
	{"category_without_anything", categoryPart, `<event-code/>`, MalformedCategory},
	{"category_as_a_text_of_another_list", categoryPart, `<event-code codeSystem="2.999">GGC002</event-code>`, MalformedCategory},
	{"category_that_is_null", `<event-code `, `<event-code nullFlavor="NI" `, NullValue},
}

func TestDecodeResponseRefuses(t *testing.T) {
	for _, tt := range hostiles {
		t.Run(tt.file, func(t *testing.T) {
			message := change(t, answer(one), tt.old, tt.new)
			golden(t, "hostile", tt.file+".xml", message)
			response, err := DecodeResponse([]byte(message))
			require.Zero(t, response)
			requireCode(t, tt.code, err)
		})
	}
}

func TestAnAnswerIsBounded(t *testing.T) {
	_, err := DecodeResponse([]byte(answer(strings.Repeat(one, maxLocations))))
	require.NoError(t, err)
	_, err = DecodeResponse([]byte(answer(strings.Repeat(one, maxLocations+1))))
	requireCode(t, TooManyLocations, err)
	var many strings.Builder
	for i := range maxCategories + 1 {
		many.WriteString("<event-code>GGC" + string([]byte{'0', byte('0' + i/10), byte('0' + i%10)}) + "</event-code>")
	}
	_, err = DecodeResponse([]byte(answer(change(t, one, categoryPart, many.String()))))
	requireCode(t, TooManyLocations, err)
	_, err = DecodeResponse([]byte(answer(change(t, one, "2.999.1.2", "2"+strings.Repeat(".1", maxOID)))))
	requireCode(t, MalformedSystem, err)
	_, err = DecodeResponse([]byte(answer(one) + strings.Repeat(" ", strictxml.MaxSize)))
	requireCode(t, strictxml.Oversized, err)
}

func TestMatchRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		old, new string
		code     Code
	}{
		"an answer to another message":         {testMessageID, "00000000-0000-4000-8000-000000000000", MismatchRelatesTo},
		"an answer to nobody in particular":    {"<a:RelatesTo>urn:uuid:" + testMessageID + "</a:RelatesTo>", "", MismatchRelatesTo},
		"another patient":                      {testBSN, otherBSN, MismatchPatient},
		"another patient at the gateway":       {correspondingPart, strings.Replace(correspondingPart, testBSN, otherBSN, 1), MismatchPatient},
		"a patient of another register":        {requestedPart, strings.Replace(requestedPart, rootBSN, "2.999", 1), MismatchPatient},
		"a second location of another patient": {one, one + strings.ReplaceAll(one, testBSN, otherBSN), MismatchPatient},
	} {
		t.Run(name, func(t *testing.T) {
			response, err := DecodeResponse([]byte(change(t, answer(one), tt.old, tt.new)))
			require.NoError(t, err)
			locations, err := response.Match(testMessageID, patient(t))
			require.Nil(t, locations)
			requireCode(t, tt.code, err)
		})
	}
	_, err := Response{}.Match(testMessageID, patient(t))
	requireCode(t, soap.MissingElement, err)
}

func TestAFaultIsToldApart(t *testing.T) {
	for code, want := range map[string]soap.FaultCode{"s:Sender": soap.FaultSender, "s:Receiver": soap.FaultReceiver, "x:Y": soap.FaultOther} {
		_, err := DecodeResponse([]byte(fault(code)))
		found, ok := errors.AsType[*soap.Fault](err)
		require.True(t, ok)
		require.Equal(t, want, found.Code)
	}
}

func TestEveryCodeHasItsText(t *testing.T) {
	seen := map[string]Code{}
	for code, text := range texts {
		require.NotEmpty(t, text)
		require.Regexp(t, "^[a-z]+(_[a-z]+)*$", string(code))
		require.Empty(t, seen[text], "the same text twice")
		seen[text] = code
	}
}

func requireCode(t *testing.T, code Code, err error) {
	t.Helper()
	refusal, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, code, refusal.Code)
	text := cmp.Or(texts[code], soap.Text(code))
	require.NotEmpty(t, text)
	require.Equal(t, "location: "+text, err.Error())
	require.NotRegexp(t, "[0-9]{8}", err.Error())
}
