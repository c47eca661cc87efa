// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"encoding/xml"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func TestTheLeastQueryIsAnsweredFromTheConsentsOnRecord(t *testing.T) {
	s := start(t)
	midwife := Consent{Patient: patient, DataHolder: "00000659", Category: "GGC002", RequesterType: "G3", Decision: consent.Permit}
	ask1 := func() string {
		got := read(t, ask(t, s, fixture(t, "closed-query.xml")))
		require.Len(t, got.Results, 1)
		require.Len(t, got.Results[0].Decisions, 1)
		return got.Results[0].Decisions[0]
	}
	assert.Equal(t, "Deny", ask1(), "without a consent")
	require.NoError(t, s.Record(midwife))
	assert.Equal(t, "Permit", ask1(), "with a consent")
	refusal := midwife
	refusal.Decision = consent.Deny
	require.NoError(t, s.Record(refusal))
	assert.Equal(t, "Deny", ask1(), "after a refusal")
	require.NoError(t, s.Record(midwife))
	assert.True(t, s.Withdraw(midwife))
	assert.False(t, s.Withdraw(midwife))
	assert.Equal(t, "Deny", ask1(), "after withdrawal")
	require.NoError(t, s.Record(midwife))
	assert.True(t, s.Forget(patient))
	assert.False(t, s.Forget(patient))
	assert.Equal(t, "Deny", ask1(), "forgotten")
	for name, change := range map[string]func(*Consent){
		"of another patient":           func(c *Consent) { c.Patient = UnaskedPatient },
		"for another data holder":      func(c *Consent) { c.DataHolder = "00000660" },
		"for another data category":    func(c *Consent) { c.Category = "GGC013" },
		"for another requester's type": func(c *Consent) { c.RequesterType = "Z3" },
	} {
		other := midwife
		change(&other)
		require.NoError(t, s.Record(other))
		assert.Equal(t, "Deny", ask1(), "a consent "+name)
	}
}

func TestTheTestPatientsAreDecidedBeforehand(t *testing.T) {
	s := start(t)
	for number, decision := range map[string]string{PatientAlwaysPermit: "Permit", PatientAlwaysDeny: "Deny"} {
		opposite := consent.Deny
		if decision == "Deny" {
			opposite = consent.Permit
		}
		require.NoError(t, s.Record(Consent{Patient: number, DataHolder: "00000659", Category: "GGC002", RequesterType: "G3", Decision: opposite}))
		text := strings.ReplaceAll(fixture(t, "closed-query.xml"), patient, number)
		assert.Equal(t, []string{decision}, read(t, ask(t, s, text)).Results[0].Decisions)
	}
}

func TestAMalformedConsentIsNotRecorded(t *testing.T) {
	s := start(t)
	good := Consent{Patient: patient, DataHolder: "00000659", Category: "GGC002", RequesterType: "G3", Decision: consent.Permit}
	for name, change := range map[string]func(*Consent){
		"patient":        func(c *Consent) { c.Patient = "900186022" },
		"data holder":    func(c *Consent) { c.DataHolder = "659" },
		"category":       func(c *Consent) { c.Category = "GGC" },
		"requester type": func(c *Consent) { c.RequesterType = "midwife" },
		"decision":       func(c *Consent) { c.Decision = consent.Indeterminate },
		"no decision":    func(c *Consent) { c.Decision = consent.NoDecision },
	} {
		bad := good
		change(&bad)
		assert.Error(t, s.Record(bad), name)
	}
	assert.False(t, s.Forget(patient))
}

func TestAnAnswerHasAResultForEachCategoryInAnotherOrder(t *testing.T) {
	s := start(t)
	require.NoError(t, s.Record(Consent{Patient: patient, DataHolder: "00000659", Category: "GGC002", RequesterType: "Z3", Decision: consent.Permit}))
	r := request(t, s, fixture(t, "closed-query-mandate.xml"))
	got := send(t, s, r)
	assert.Equal(t, http.StatusOK, got.status)
	assert.Equal(t, "application/soap+xml; charset=utf-8", got.header.Get("Content-Type"))
	assert.Contains(t, got.body, "<hl7:InstanceIdentifier ")
	assert.Contains(t, got.body, "<hl7:CodedValue ")

	answer := read(t, got)
	assert.Equal(t, "http://schemas.otv.nl/toestemmingsregister/XACMLAuthzDecisionQuery/IGeslotenAutorisatievraagService/XACMLAuthzDecisionQueryResponse", answer.Action)
	assert.Equal(t, "urn:uuid:"+r.Header.Get("X-Request-Id"), answer.RelatesTo)
	require.Len(t, answer.Results, 3)
	decisions := map[string]string{"GGC012": "Deny", "GGC002": "Permit", "GGC013": "Deny"}
	for i, category := range []string{"GGC012", "GGC002", "GGC013"} {
		result := answer.Results[i]
		assert.Equal(t, []string{decisions[category]}, result.Decisions, category)
		assert.Equal(t, i == 1, result.Status != nil, "a status in every other result")
		assert.Equal(t, includedValues(category), echoed(t, result), category)
	}
}

// includedValues are those of the fixture whose IncludeInResult is true.
func includedValues(category string) []string {
	return []string{
		"urn:oasis:names:tc:xacml:3.0:attribute-category:resource",
		"urn:oasis:names:tc:xacml:2.0:resource:resource-id urn:hl7-org:v3#II InstanceIdentifier 2.16.840.1.113883.2.4.6.3 900186021",
		"urn:ihe:iti:appc:2016:document-entry:healthcare-facility-type-code urn:hl7-org:v3#CV CodedValue JGZ 2.16.840.1.113883.2.4.15.1060",
		"urn:ihe:iti:appc:2016:author-institution:id urn:hl7-org:v3#II InstanceIdentifier 2.16.528.1.1007.3.3 00000659",
		"urn:oasis:names:tc:xacml:3.0:attribute-category:action",
		"urn:ihe:iti:appc:2016:document-entry:event-code urn:hl7-org:v3#CV CodedValue " + category + " 2.16.840.1.113883.2.4.3.111.5.10.1",
		"urn:oasis:names:tc:xacml:1.0:subject-category:access-subject",
		"urn:oasis:names:tc:xacml:2.0:subject:role urn:hl7-org:v3#CV CodedValue 01.015 2.16.840.1.113883.2.4.15.111",
		"urn:ihe:iti:xua:2017:subject:provider-identifier urn:hl7-org:v3#II InstanceIdentifier 2.16.840.1.113883.2.4.6.1 01012345",
	}
}

func echoed(t *testing.T, r receivedResult) []string {
	t.Helper()
	var lines []string
	for _, group := range r.Attributes {
		lines = append(lines, group.Category)
		for _, a := range group.Attributes {
			assert.Equal(t, "true", a.Included)
			assert.Equal(t, "urn:hl7-org:v3", a.Value.HL7.XMLName.Space)
			words := []string{a.ID, a.Value.DataType, a.Value.HL7.XMLName.Local, a.Value.HL7.Root, a.Value.HL7.Extension, a.Value.HL7.Code, a.Value.HL7.System, a.Value.HL7.Authority}
			lines = append(lines, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
		}
	}
	return lines
}

func TestAnAnswerNamesTheAuthorityOfAnUZINumber(t *testing.T) {
	s := start(t)
	assert.Contains(t, ask(t, s, fixture(t, "closed-query.xml")).body,
		`root="2.16.528.1.1007.3.1" extension="000012345" assigningAuthorityName="CIBG"/>`)
}

func TestVariantsThatTheDocumentationAllowsAreAnswered(t *testing.T) {
	s := start(t)
	tests := map[string]struct{ fixture, old, new string }{
		"mustUnderstand as a number":                        {"closed-query.xml", `mustUnderstand="true"`, `mustUnderstand="1"`},
		"mustUnderstand on all headers, as .NET marks them": {"closed-query.xml", `<wsa:To>`, `<wsa:To soap:mustUnderstand="1">`},
		"mustUnderstand that is false":                      {"closed-query.xml", `<wsa:MessageID>`, `<wsa:MessageID soap:mustUnderstand="0">`},
		"a header of others":                                {"closed-query.xml", `</soap:Header>`, `<x:Trace xmlns:x="urn:x" soap:mustUnderstand="false"><x:Id>1</x:Id></x:Trace><wsa:From/></soap:Header>`},
		"a security header":                                 {"closed-query.xml", `</soap:Header>`, `<w:Security xmlns:w="urn:w"/></soap:Header>`},
		"a byte order mark":                                 {"closed-query.xml", `<?xml`, "\ufeff<?xml"},
		"presumed consent":                                  {"closed-query.xml", `"TREAT"`, `"COC"`},
		"a code that is not known yet":                      {"closed-query.xml", `"G3"`, `"Q99"`},
		"a professional known to the employer":              {"closed-query.xml", `root="2.16.528.1.1007.3.1" extension="000012345" assigningAuthorityName="CIBG"`, `root="2.16.840.1.113883.2.4.99" extension="abc"`},
		"an authority for the mandated":                     {"closed-query-mandate.xml", `extension="000054321"`, `extension="000054321" assigningAuthorityName="CIBG"`},
		"a character reference":                             {"closed-query.xml", `"TREAT"`, `"&#84;REAT"`},
		"a charset in small letters":                        {"closed-query.xml", "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(fixture(t, test.fixture), test.old, test.new, 1)
			r := request(t, s, text)
			r.Header.Set("Content-Type", strings.Replace(r.Header.Get("Content-Type"), "UTF-8", "utf-8", 1))
			assert.Equal(t, http.StatusOK, send(t, s, r).status, s.Refusals())
		})
	}
}

func TestValuesAreEscaped(t *testing.T) {
	a := &answer{action: `<&"'>`, relatesTo: `]]>`, results: []result{{decisions: []string{"<Permit/>"}, status: `"`, message: "<x>", obligation: `"/>`}}}
	var got received
	require.NoError(t, xml.Unmarshal([]byte(a.String()), &got))
	assert.Equal(t, `<&"'>`, got.Action)
	assert.Equal(t, `]]>`, got.RelatesTo)
	assert.Equal(t, []string{"<Permit/>"}, got.Results[0].Decisions)
	require.NoError(t, xml.Unmarshal([]byte(faultText("Sender", "<&>", "<&>")), &got))
	assert.Equal(t, "<&>", got.Reason)
}

func TestTheLogTellsWhoAskedWhat(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	cfg := identity(t).Config()
	cfg.clock = func() time.Time { return at }
	s, err := Start(cfg)
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Record(Consent{Patient: patient, DataHolder: "00000659", Category: "GGC002", RequesterType: "Z3", Decision: consent.Permit}))
	r := request(t, s, fixture(t, "closed-query-mandate.xml"))
	send(t, s, r)
	bsn, err := consent.ParseBSN(patient)
	require.NoError(t, err)
	want := Query{
		Question: consent.Question{
			Patient:    bsn,
			DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "JGZ"},
			Requester: consent.Requester{
				URA: "00000123", FacilityType: "Z3",
				Responsible: consent.Professional{ID: consent.ProfessionalID{Root: "2.16.840.1.113883.2.4.6.1", Extension: "01012345"}, Role: "01.015"},
				Mandated:    &consent.ProfessionalID{Root: "2.16.528.1.1007.3.1", Extension: "000054321"},
			},
			Categories: []consent.Category{"GGC013", "GGC002", "GGC012"},
			Purpose:    consent.PurposeCoordinated,
		},
		Time:          at,
		RequestID:     r.Header.Get("X-Request-Id"),
		MessageID:     "urn:uuid:" + r.Header.Get("X-Request-Id"),
		ClientSubject: "CN=Mitz simulator client,O=nuts-mitz test",
		Decisions:     consent.Decisions{"GGC013": consent.Deny, "GGC002": consent.Permit, "GGC012": consent.Deny},
		Behaviour:     Behaving{},
	}
	require.Equal(t, []Query{want}, s.Queries())
	require.NoError(t, want.Question.Validate())

	// What a caller changes in its copy changes nothing in the log.
	copied := s.Queries()[0]
	copied.Categories[0], copied.Decisions["GGC002"], copied.Requester.Mandated.Root = "x", consent.Deny, "x"
	require.Equal(t, []Query{want}, s.Queries())
}
