// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// registerRequest makes a request in due form.
func registerRequest(t testing.TB, s *Simulator, text string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(patience(t), http.MethodPost, s.RegistrationURL()+"/", strings.NewReader(text))
	require.NoError(t, err)
	r.Header.Set("Content-Type", mediaJSON)
	r.Header.Set("X-Request-Id", newUUID())
	return r
}

func statusRequest(t testing.TB, s *Simulator, query string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(patience(t), http.MethodGet, s.RegistrationURL()+statusPath+query, nil)
	require.NoError(t, err)
	r.Header.Set("X-Request-Id", newUUID())
	return r
}

// unprocessed asks how many consents of the data holder of the fixtures are not in force.
func unprocessed(t testing.TB, s *Simulator, want int) {
	t.Helper()
	got := send(t, s, statusRequest(t, s, "?providerid=00000659"))
	require.Equal(t, http.StatusOK, got.status, got.body)
	assert.Contains(t, got.body, fmt.Sprintf(`"valueInteger":%d`, want))
}

func decided(s *Simulator, facility consent.FacilityType) consent.Decision {
	bsn, _ := consent.ParseBSN(patient)
	return s.register.decideOne(bsn, scope{dataHolder: "00000659", category: "GGC002", requesterType: facility})
}

func TestWhatIsRegisteredIsInForceOnceItIsProcessed(t *testing.T) {
	s := start(t)
	waited := make(chan error, 1)
	go func() { waited <- s.WaitForRegistrations(patience(t), 1) }()
	got := send(t, s, registerRequest(t, s, fixture(t, "registration.json")))
	require.Equal(t, http.StatusOK, got.status, got.body)
	assert.Equal(t, 5, strings.Count(got.body, `"201 Created"`))
	require.NoError(t, <-waited)
	unprocessed(t, s, 1)
	assert.Equal(t, consent.Deny, decided(s, "G3"), "accepted is not yet in force")

	again := send(t, s, registerRequest(t, s, fixture(t, "registration.json")))
	require.Equal(t, http.StatusOK, again.status, again.body)
	assert.Equal(t, 5, strings.Count(again.body, `"200 OK"`))
	require.Len(t, s.Registrations(), 1, "the same is one")

	assert.Equal(t, 1, s.Process())
	assert.Zero(t, s.Process())
	unprocessed(t, s, 0)
	for facility, want := range map[consent.FacilityType]consent.Decision{"G3": consent.Permit, "Z3": consent.Permit, "N6": consent.Deny} {
		assert.Equal(t, want, decided(s, facility), facility)
	}
	kept := s.Registrations()[0]
	assert.Equal(t, 2, kept.Sent)
	assert.True(t, kept.InForce)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", kept, kept, kept), patient)
	assert.Equal(t, []any{consent.URA("12345678"), consent.Role("03.000"), "900000009", "wid", "3.8"},
		[]any{kept.Requester, kept.Professional.Role, kept.Professional.ID.Extension, kept.Identification, kept.Agreement})
	assert.Empty(t, s.Refusals())
}

func TestProcessingTakesItsTime(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	config := identity(t).Config()
	config.Processing, config.clock = time.Minute, func() time.Time { return now }
	s, err := Start(config)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.Equal(t, http.StatusOK, send(t, s, registerRequest(t, s, fixture(t, "registration.json"))).status)
	now = now.Add(59 * time.Second)
	unprocessed(t, s, 1)
	now = now.Add(time.Second)
	unprocessed(t, s, 0)
	assert.Equal(t, consent.Permit, decided(s, "G3"))
}

// TestARegistrationThatDeviatesIsRefused changes one thing.
func TestARegistrationThatDeviatesIsRefused(t *testing.T) {
	s := start(t)
	form := fixture(t, "registration.json")
	for _, tc := range []struct{ name, from, to string }{
		{"no JSON", `{"resourceType": "Bundle"`, `"resourceType": "Bundle"`},
		{"a name twice", `"type": "transaction"`, `"type": "transaction", "type": "transaction"`},
		{"another resource", `"resourceType": "Bundle"`, `"resourceType": "bundle"`},
		{"a batch", `"transaction"`, `"batch"`},
		{"an identifier that is no uuid", `000000000001"`, `00000000001x"`},
		{"more than there is", `"status": "active"`, `"status": "active", "language": "nl"`},
		{"an inactive consent", `"active"`, `"inactive"`},
		{"a refusal", `"permit"`, `"deny"`},
		{"another purpose", `"TREAT"`, `"COC"`},
		{"a patient without a number", `"900186021"`, `"900186022"`},
		{"another naming system", `NamingSystem/bsn`, `NamingSystem/bsm`},
		{"no URA", `"00000659"`, `"659"`},
		{"another category's system", `gegevenscategorie`, `categorie`},
		{"a category that is none", `"GGC002"`, `"GGC2"`},
		{"a type that is none", `"G3"`, `"g!"`},
		{"a patient elsewhere", `"patient": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000020"}`, `"patient": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000021"}`},
		{"a data holder that is the recorder", `"reference": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000030"}`, `"reference": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000040"}`},
		{"a recorder that is the data holder", `"onBehalfOf": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000040"}`, `"onBehalfOf": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000030"}`},
		{"created whatever there is", `, "ifNoneExist": "identifier=urn:ietf:rfc:3986|urn:uuid:00000000-0000-4000-8000-000000000010"`, ``},
		{"another method", `"POST", "url": "Patient"`, `"PUT", "url": "Patient"`},
		{"a time without a zone", `"dateTime": "2026-03-01T12:00:00Z"`, `"dateTime": "2026-03-01T12:00:00"`},
		{"another time", `"recorded": "2026-03-01T12:00:00Z"`, `"recorded": "2026-03-01T12:00:01Z"`},
		{"no method of identification", `"wid"`, `""`},
		{"no version of the agreements", `"3.8"`, `" "`},
		{"no role", `"03.000"`, `"3"`},
		{"a professional of no register", `"urn:oid:2.16.528.1.1007.3.1"`, `"2.16.528.1.1007.3.1"`},
		{"a provenance of something else", `"target": [{"reference": "urn:uuid:00000000-0000-4000-8000-000000000010"}]`, `"target": [{"reference": "urn:uuid:00000000-0000-4000-8000-000000000020"}]`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, 1, strings.Count(form, tc.from))
			got := send(t, s, registerRequest(t, s, strings.Replace(form, tc.from, tc.to, 1)))
			assert.Contains(t, []int{http.StatusBadRequest, http.StatusUnprocessableEntity}, got.status)
			assert.Contains(t, got.body, "OperationOutcome")
			assert.NotContains(t, got.body, patient)
		})
	}
	assert.Empty(t, s.Registrations())
	require.Equal(t, http.StatusOK, send(t, s, registerRequest(t, s, form)).status)
	other := send(t, s, registerRequest(t, s, strings.Replace(form, `"G3"`, `"N6"`, 1)))
	assert.Equal(t, http.StatusUnprocessableEntity, other.status, "another registration with its identifier")
}

func TestRequestsAboutRegistrationsThatDeviate(t *testing.T) {
	s := start(t)
	form := fixture(t, "registration.json")
	for name, change := range map[string]func(*http.Request){
		"no X-Request-Id":          func(r *http.Request) { r.Header.Del("X-Request-Id") },
		"XML":                      func(r *http.Request) { r.Header.Set("Content-Type", mediaXML) },
		"no media type":            func(r *http.Request) { r.Header.Del("Content-Type") },
		"a bearer token":           func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") },
		"a query":                  func(r *http.Request) { r.URL.RawQuery = "a=b" },
		"another method":           func(r *http.Request) { r.Method = http.MethodPut },
		"a path of something else": func(r *http.Request) { r.URL.Path += "Consent" },
	} {
		t.Run(name, func(t *testing.T) {
			r := registerRequest(t, s, form)
			change(r)
			assert.GreaterOrEqual(t, send(t, s, r).status, 400)
		})
	}
	for _, query := range []string{"", "?", "?providerid=", "?providerid=659", "?providerid=00000659&a=b", "?patientid=900186021"} {
		assert.Equal(t, http.StatusBadRequest, send(t, s, statusRequest(t, s, query)).status, query)
	}
	assert.Empty(t, s.Registrations())
}

func TestRegisteringGoesWrongAsItIsTold(t *testing.T) {
	s := start(t)
	form := fixture(t, "registration.json")
	s.MisbehaveOnce(Registering{HTTPStatus(503)}, Registering{TooManyRequests(time.Minute)}, Registering{Dropping})
	assert.Equal(t, 503, send(t, s, registerRequest(t, s, form)).status)
	throttled := send(t, s, registerRequest(t, s, form))
	assert.Equal(t, "429 60", fmt.Sprint(throttled.status, " ", throttled.header.Get("Retry-After")))
	assert.Empty(t, s.Registrations())
	_, err := do(t, client(t, identity(t).ClientTLS()), registerRequest(t, s, form))
	require.Error(t, err)
	assert.Len(t, s.Registrations(), 1, "the client cannot know")
	unprocessed(t, s, 1)
	s.Misbehave(Registering{Slow(time.Hour)})
	assert.Equal(t, http.StatusAccepted, send(t, s, subscribeRequest(t, s, mediaXML, fixture(t, "subscription.xml"))).status, "it is about registrations alone")
	s.Behave()
	unprocessed(t, s, 1)
}
