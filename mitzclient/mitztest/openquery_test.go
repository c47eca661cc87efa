// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// issuedFixture is when the assertions of the fixtures were issued.
var issuedFixture = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// askOpenly sends an open query whose assertion was issued now, under ids of its own.
func askOpenly(t testing.TB, s *Simulator, text string) reply {
	t.Helper()
	return send(t, s, openRequest(t, s, text))
}

func openRequest(t testing.TB, s *Simulator, text string) *http.Request {
	t.Helper()
	const layout = "2006-01-02T15:04:05.000Z"
	now := time.Now().UTC().Add(-time.Second)
	id := newUUID()
	text = strings.NewReplacer(
		fixtureBase, s.Endpoint(), fixtureUUID, id, "_3f6d1b2c9a8e4f70b5c4d3e2f1a09b8c", "_"+newUUID(),
		issuedFixture.Format(layout), now.Format(layout), issuedFixture.Add(10*time.Minute).Format(layout), now.Add(10*time.Minute).Format(layout),
	).Replace(text)
	r, err := http.NewRequestWithContext(patience(t), http.MethodPost, s.OpenQueryURL(), strings.NewReader(text))
	require.NoError(t, err)
	r.Header.Set("Content-Type", `application/soap+xml; charset=UTF-8; action="urn:ihe:iti:2009:PatientLocationQuery"`)
	r.Header.Set("X-Request-Id", id)
	return r
}

func TestAnOpenQueryIsAnsweredFromConsentsAndSubscriptions(t *testing.T) {
	s := start(t)
	record := func(dataHolder consent.URA, category consent.Category, requesterType consent.FacilityType, decision consent.Decision) {
		require.NoError(t, s.Record(Consent{Patient: patient, DataHolder: dataHolder, Category: category, RequesterType: requesterType, Decision: decision}))
	}
	record("00000659", "GGC002", "G3", consent.Permit)
	record("00000659", "GGC012", "G3", consent.Permit)
	record("00000659", "GGC013", "G3", consent.Deny)
	record("00000660", "GGC002", "G3", consent.Permit)
	record("00000661", "GGC002", "Z3", consent.Permit) // another type of requester
	about, err := consent.ParseBSN(patient)
	require.NoError(t, err)
	s.subscribers.add(Subscription{Patient: about, DataHolder: "00000660", Gateway: "urn:oid:2.999.60", Source: "urn:oid:2.999.60.1"})

	got := askOpenly(t, s, fixture(t, "open-query.xml"))
	require.Equal(t, http.StatusOK, got.status, got.body)
	located := []Located{
		{DataHolder: "00000659", Gateway: defaultGateway, Source: defaultSource, Categories: []consent.Category{"GGC002", "GGC012"}},
		{DataHolder: "00000660", Gateway: "urn:oid:2.999.60", Source: "urn:oid:2.999.60.1", Categories: []consent.Category{"GGC002"}},
	}
	queries := s.LocationQueries()
	require.Len(t, queries, 1)
	query := queries[0]
	assert.Equal(t, located, query.Located)
	assert.Equal(t, "urn:oid:2.999.7", query.Issuer)
	assert.False(t, query.Signed)
	assert.Equal(t, consent.URA("00000123"), query.Requester.URA)
	assert.Equal(t, consent.Role("03.000"), query.Requester.Responsible.Role)
	assert.Nil(t, query.Requester.Mandated)
	assert.Equal(t, patient, query.PatientNumber())
	assert.NotContains(t, query.String(), patient)
	assert.Empty(t, s.Queries(), "it is no closed query")
	for _, part := range []string{
		`<a:RelatesTo>` + query.MessageID + `</a:RelatesTo>`, `<event-code code="GGC012" codeSystem="2.16.840.1.113883.2.4.3.111.5.10.1"/>`,
		`<event-code>GGC002</event-code>`, `<HomeCommunityId>urn:oid:2.999.60</HomeCommunityId></PatientLocationResponse>`,
	} {
		assert.Contains(t, got.body, part)
	}
	s.ResetLog()
	assert.Empty(t, s.LocationQueries())
	require.Equal(t, http.StatusOK, askOpenly(t, s, fixture(t, "open-query-mandate.xml")).status)
	assert.Equal(t, "01123456", s.LocationQueries()[0].Requester.Mandated.Extension)
}

func TestThePatientsOfTheTestEnvironmentAreLocatedBySubscriptionsAlone(t *testing.T) {
	s := start(t)
	for _, number := range []string{PatientAlwaysPermit, PatientAlwaysDeny} {
		about, err := consent.ParseBSN(number)
		require.NoError(t, err)
		s.subscribers.add(Subscription{Patient: about, DataHolder: "00000660", Gateway: "urn:oid:2.999.60", Source: "urn:oid:2.999.60.1"})
		askOpenly(t, s, strings.ReplaceAll(fixture(t, "open-query.xml"), patient, number))
	}
	queries := s.LocationQueries()
	require.Len(t, queries, 2)
	assert.Len(t, queries[0].Located, 1)
	assert.Empty(t, queries[1].Located)
}

// openDeviations change the fixture in one place, and are refused for this reason.
var openDeviations = []struct{ name, old, new, reason string }{
	{"another action", "PatientLocationQuery</a", "PatientQuery</a", "Envelope/Header/Action: must be urn:ihe:iti:2009:PatientLocationQuery"},
	{"an address that need not be understood", `<a:To s:mustUnderstand="1">`, `<a:To>`, "Envelope/Header/To: mustUnderstand must be true"},
	{"no security", "o:Security", "o:Other", "Envelope/Header: holds another header with mustUnderstand"},
	{"security that need not be understood", `secext-1.0.xsd" s:mustUnderstand="1"`, `secext-1.0.xsd"`, "Envelope/Header/Security: attribute mustUnderstand is missing"},
	{"security twice", "</s:Header>", `<o:Security xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"/></s:Header>`, "must hold Security"},
	{"an assertion of SAML 1.1", "urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:1.0:assertion", "Envelope/Header/Security: must hold exactly Assertion"},
	{"an id that begins with a digit", `ID="_`, `ID="1`, "ID must be an underscore"},
	{"an id that is not random", `ID="_3f6d1b2c9a8e4f70b5c4d3e2f1a09b8c"`, `ID="_1"`, "ID must be an underscore"},
	{"another version", `Version="2.0"`, `Version="1.1"`, "Version must be 2.0"},
	{"an issuer that is a name", "<Issuer>urn:oid:2.999.7", "<Issuer>900186021", "Assertion/Issuer: must be an https URL"},
	{"a NameID", "<Subject>", "<Subject><NameID>900186021</NameID>", "Assertion/Subject: must hold exactly SubjectConfirmation"},
	{"another confirmation", "cm:bearer", "cm:sender-vouches", "Method must be urn:oasis:names:tc:SAML:2.0:cm:bearer"},
	{"another audience", "2.4.3.111.2.1<", "2.4.3.111.2.2<", "Audience: must be urn:oid:2.16.840.1.113883.2.4.3.111.2.1"},
	{"a longer validity", `NotOnOrAfter="2026-03-01T10:10:00.000Z"`, `NotOnOrAfter="2027-03-01T10:10:00.000Z"`, "must be valid for 10 minutes"},
	{"another begin of validity", `NotBefore="2026-03-01T10:00:00.000Z"`, `NotBefore="2026-03-01T09:59:00.000Z"`, "must be valid for 10 minutes"},
	{"a time that is none", `NotBefore="2026-03-01T10:00:00.000Z"`, `NotBefore="now"`, "must be times in UTC"},
	{"an assertion of yesterday", "2026-03-01", "2026-02-28", "the assertion is not valid now"},
	{"another time of authentication", `AuthnInstant="2026-03-01T10:00:00.000Z"`, `AuthnInstant="2026-03-01T09:00:00.000Z"`, "AuthnInstant must be the IssueInstant"},
	{"another class of authentication", "classes:X509", "classes:Password", "AuthnContextClassRef: must be"},
	{"attributes in another order", "urn:oasis:names:tc:xacml:2.0:subject:role", "urn:nl:otv:names:tc:1.0:subject:provider-institution", "Attribute 2 must be urn:oasis:names:tc:xacml:2.0:subject:role"},
	{"a missing attribute", "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse", "urn:x", "Attribute 5 must be urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"},
	{"an attribute more", "</AttributeStatement>", `<Attribute Name="urn:x"/></AttributeStatement>`, "must hold nothing after"},
	{"a name format", `<Attribute Name="urn:ihe`, `<Attribute NameFormat="urn:x" Name="urn:ihe`, "must carry no attributes but Name"},
	{"another data type", `xsi:type="CE" code="03.000"`, `xsi:type="CV" code="03.000"`, "xsi:type must be CE"},
	{"no data type", ` xsi:type="CV"`, ``, "xsi:type must be CV"},
	{"a role of another list", "2.16.840.1.113883.2.4.15.111\"", "2.999\"", "codeSystem must be 2.16.840.1.113883.2.4.15.111"},
	{"an organisation of another register", `root="2.16.528.1.1007.3.3"`, `root="2.999"`, "root must be 2.16.528.1.1007.3.3"},
	{"an organisation that nobody numbers", `extension="00000123" assigningAuthorityName="CIBG"`, `extension="00000123"`, "assigningAuthorityName must be CIBG"},
	{"a professional without a number", `extension="000012345"`, `extension=""`, "not a UZI number"},
	{"an attribute that has no place", `code="TREAT"`, `nullFlavor="NI" code="TREAT"`, "carries an attribute that does not belong there"},
	{"another purpose", `"TREAT"`, `"BTG"`, "not a purpose of use"},
	{"another question", "PatientLocationQueryRequest", "PatientQueryRequest", "Envelope/Body: must hold exactly PatientLocationQueryRequest"},
	{"a patient of another register", `root="2.16.840.1.113883.2.4.6.3"`, `root="2.999"`, "root must be 2.16.840.1.113883.2.4.6.3"},
	{"a number that is no BSN", `"900186021"`, `"900186022"`, "not a BSN"},
	{"a patient whom nobody numbers", ` assigningAuthorityName="NLMINBIZA"`, ``, "attribute assigningAuthorityName is missing"},
	{"two patients", "</PatientLocationQueryRequest>", `<RequestedPatientId/></PatientLocationQueryRequest>`, "must hold exactly RequestedPatientId"},
}

func TestAnOpenQueryOfAnotherFormIsRefused(t *testing.T) {
	s := start(t)
	for _, d := range openDeviations {
		t.Run(d.name, func(t *testing.T) {
			s.ResetLog()
			text := strings.ReplaceAll(fixture(t, "open-query.xml"), d.old, d.new)
			require.NotEqual(t, fixture(t, "open-query.xml"), text)
			got := askOpenly(t, s, text)
			assert.Contains(t, []int{http.StatusBadRequest, http.StatusInternalServerError}, got.status)
			assert.Contains(t, read(t, got).Reason, d.reason)
			assert.NotContains(t, got.body, patient)
			assert.Empty(t, s.LocationQueries())
			assert.Len(t, s.Refusals(), 1)
		})
	}
}

func TestAnOpenQueryIsTakenOnceAndFromWhomItIsKnown(t *testing.T) {
	s := start(t)
	first := openRequest(t, s, fixture(t, "open-query.xml"))
	body, err := first.GetBody()
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, send(t, s, first).status)
	first.Body = body
	assert.Contains(t, read(t, send(t, s, first)).Reason, "was used before")

	s.KnowOrganizations("00000020")
	assert.Contains(t, read(t, askOpenly(t, s, fixture(t, "open-query.xml"))).Reason, "the organisation is not known")
	s.KnowOrganizations("00000020", "00000123")
	assert.Equal(t, http.StatusOK, askOpenly(t, s, fixture(t, "open-query.xml")).status)

	s.RequireSignedAssertions(true)
	assert.Contains(t, read(t, askOpenly(t, s, fixture(t, "open-query.xml"))).Reason, "Assertion: must be signed")
	unsigned := strings.Replace(fixture(t, "open-query.xml"), "</Issuer>", `</Issuer><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>`, 1)
	assert.Contains(t, read(t, askOpenly(t, s, unsigned)).Reason, "Signature: must name the algorithm")
}

func TestTheSimulatorMisbehavesTowardsOpenQueriesAlone(t *testing.T) {
	s := start(t)
	s.Misbehave(Locating{HTTPStatus(503)})
	assert.Equal(t, http.StatusServiceUnavailable, askOpenly(t, s, fixture(t, "open-query.xml")).status)
	assert.Equal(t, http.StatusOK, ask(t, s, fixture(t, "closed-query.xml")).status)
	s.Misbehave(HTTPStatus(502))
	s.MisbehaveOnce(Locating{Denying})
	assert.Equal(t, http.StatusInternalServerError, askOpenly(t, s, fixture(t, "open-query.xml")).status, "which is not for open queries")
	s.Behave()
	assert.Equal(t, http.StatusOK, askOpenly(t, s, fixture(t, "open-query.xml")).status)
	assert.Nil(t, s.LocationQueries()[0].Located)
}

// FuzzReadOpenQuery wants that whatever is accepted is a valid question, and that what is
// refused is not repeated.
func FuzzReadOpenQuery(f *testing.F) {
	for _, name := range []string{"open-query.xml", "open-query-mandate.xml"} {
		f.Add([]byte(fixture(f, name)))
	}
	for _, d := range openDeviations {
		f.Add([]byte(strings.ReplaceAll(fixture(f, "open-query.xml"), d.old, d.new)))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		asked, err := readOpenQuery(document, fixtureBase+openQueryPath, issuedFixture)
		if err != nil {
			if strings.Contains(err.Error(), patient) {
				t.Fatalf("the reason repeats the patient's number: %s", err)
			}
			return
		}
		if err := asked.query.Validate(); err != nil {
			t.Fatalf("accepted, but not valid: %s", err)
		}
		if _, err := parse([]byte(locationsText(asked, []Located{{DataHolder: "00000659", Categories: []consent.Category{"GGC002"}}}))); err != nil {
			t.Fatalf("the answer is no XML: %s", err)
		}
		if asked.signed {
			_ = checkSignature(document, nil)
		}
	})
}
