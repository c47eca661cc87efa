// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// subscribeRequest makes a request of the given form.
func subscribeRequest(t testing.TB, s *Simulator, mediaType, text string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(patience(t), http.MethodPost, s.SubscriptionURL(), strings.NewReader(text))
	require.NoError(t, err)
	r.Header.Set("Content-Type", mediaType)
	return r
}

// subscribe subscribes in due form and returns the id.
func subscribe(t testing.TB, s *Simulator, mediaType, text string) string {
	t.Helper()
	got := send(t, s, subscribeRequest(t, s, mediaType, text))
	require.Equal(t, http.StatusAccepted, got.status, got.body)
	id, found := strings.CutPrefix(got.header.Get("Location"), "Subscription/")
	require.True(t, found)
	return id
}

func endRequest(t testing.TB, s *Simulator, id string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(patience(t), http.MethodDelete, s.SubscriptionURL()+"/"+id, nil)
	require.NoError(t, err)
	return r
}

func TestASubscriptionIsTakenInBothForms(t *testing.T) {
	for mediaType, name := range map[string]string{mediaXML: "subscription.xml", mediaJSON + "; charset=utf-8": "subscription.json"} {
		t.Run(mediaType, func(t *testing.T) {
			s := start(t)
			waited := make(chan error, 1)
			go func() { waited <- s.WaitForSubscriptions(patience(t), 1) }()
			id := subscribe(t, s, mediaType, fixture(t, name))
			require.NoError(t, <-waited)
			require.Len(t, s.Subscriptions(), 1)
			got := s.Subscriptions()[0]
			assert.Equal(t, id, got.ID)
			assert.Regexp(t, uuidShape, got.ID)
			assert.Equal(t, patient, got.PatientNumber())
			assert.WithinDuration(t, time.Now(), got.Time, time.Minute)
			assert.Equal(t, []string{"00000659", "V6", "1980-01-31", "2.999.10", "2.999.10.2", "https://holder.example/mitz/notify/made-up", mediaXML},
				[]string{string(got.DataHolder), string(got.DataHolderType), got.BirthDate, got.Gateway, got.Source, got.Endpoint, got.Payload})
			assert.Empty(t, s.Refusals())
		})
	}
}

func TestTheSameQuestionAgainHasTheSameID(t *testing.T) {
	s := start(t)
	text := fixture(t, "subscription.xml")
	first := subscribe(t, s, mediaXML, text)
	assert.Equal(t, first, subscribe(t, s, mediaXML, text))
	assert.Equal(t, first, subscribe(t, s, mediaJSON, fixture(t, "subscription.json")), "the form makes no difference")
	seen := map[string]bool{first: true}
	for name, change := range map[string]*strings.Replacer{
		"another patient":     strings.NewReplacer(patient, UnaskedPatient),
		"another data holder": strings.NewReplacer("00000659", "00000660"),
		"another type":        strings.NewReplacer("providertype=V6", "providertype=V5"),
		"another endpoint":    strings.NewReplacer("made-up", "another"),
		"another payload":     strings.NewReplacer(`payload value="application/fhir+xml"`, `payload value="application/fhir+json"`),
		"another birthday":    strings.NewReplacer("1980-01-31", "1980-01-30"),
		"the month of birth":  strings.NewReplacer("1980-01-31", "1980-01"),
		"the year of birth":   strings.NewReplacer("1980-01-31", "1980"),
		"another gateway":     strings.NewReplacer(`"urn:oid:2.999.10"`, `"urn:oid:2.999.11"`),
		"another source":      strings.NewReplacer("2.999.10.2", "2.999.10.3"),
	} {
		id := subscribe(t, s, mediaXML, change.Replace(text))
		assert.False(t, seen[id], name)
		seen[id] = true
	}
	assert.Len(t, s.Subscriptions(), len(seen))
	assert.Equal(t, first, s.Subscriptions()[0].ID, "oldest first")
}

func TestASubscriptionIsEndedOnce(t *testing.T) {
	s := start(t)
	id := subscribe(t, s, mediaXML, fixture(t, "subscription.xml"))
	for name, other := range map[string]string{"another id": newID(), "no id": "", "something below it": id + "/x", "in capitals": strings.ToUpper(id)} {
		assert.Equal(t, http.StatusNotFound, send(t, s, endRequest(t, s, other)).status, name)
	}
	assert.Len(t, s.Subscriptions(), 1)
	got := send(t, s, endRequest(t, s, id))
	assert.Equal(t, http.StatusNoContent, got.status)
	assert.Empty(t, got.body)
	assert.Empty(t, s.Subscriptions())
	got = send(t, s, endRequest(t, s, id))
	assert.Equal(t, http.StatusNotFound, got.status)
	assert.Contains(t, got.body, `"code":"not-found"`)
	assert.NotEqual(t, id, subscribe(t, s, mediaXML, fixture(t, "subscription.xml")), "it begins anew")
}

// readOutcome reads an OperationOutcome in either form.
func readOutcome(t *testing.T, got reply) (code, diagnostics string) {
	t.Helper()
	type value struct {
		Value string `xml:"value,attr"`
	}
	var inXML struct {
		XMLName     xml.Name `xml:"http://hl7.org/fhir OperationOutcome"`
		Severity    value    `xml:"issue>severity"`
		Code        value    `xml:"issue>code"`
		Diagnostics value    `xml:"issue>diagnostics"`
	}
	if strings.HasPrefix(got.header.Get("Content-Type"), mediaXML) {
		require.NoError(t, xml.Unmarshal([]byte(got.body), &inXML), got.body)
		assert.Equal(t, "error", inXML.Severity.Value)
		return inXML.Code.Value, inXML.Diagnostics.Value
	}
	var inJSON struct {
		ResourceType string
		Issue        []struct{ Severity, Code, Diagnostics string }
	}
	require.NoError(t, json.Unmarshal([]byte(got.body), &inJSON), got.body)
	assert.Equal(t, "OperationOutcome", inJSON.ResourceType)
	require.Len(t, inJSON.Issue, 1)
	assert.Equal(t, "error", inJSON.Issue[0].Severity)
	return inJSON.Issue[0].Code, inJSON.Issue[0].Diagnostics
}

func TestWhatGoesAroundASubscriptionIsChecked(t *testing.T) {
	s := start(t)
	header := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = values }
	}
	for name, test := range map[string]struct {
		change func(*http.Request)
		status int
		reason string
	}{
		"with a version of FHIR":     {header("Content-Type", "application/fhir+xml; fhirVersion=4.0"), 202, ""},
		"with a request id":          {header("X-Request-Id", newUUID()), 202, ""},
		"no media type":              {header("Content-Type"), 400, "Content-Type: must be there once"},
		"two media types":            {header("Content-Type", mediaXML, mediaXML), 400, "Content-Type: must be there once"},
		"XML that is not FHIR's":     {header("Content-Type", "application/xml"), 400, "Content-Type: must be application/fhir+xml or"},
		"another version":            {header("Content-Type", mediaXML+"; fhirVersion=3.0"), 400, "Content-Type: may have no parameters but"},
		"another encoding":           {header("Content-Type", mediaXML+"; charset=iso-8859-1"), 400, "Content-Type: may have no parameters but"},
		"compressed":                 {header("Content-Encoding", "gzip"), 400, "Content-Encoding: must be absent"},
		"a request id of no form":    {header("X-Request-Id", "1"), 400, "X-Request-Id: must be a uuid"},
		"a query in the URL":         {func(r *http.Request) { r.URL.RawQuery = "a=b" }, 400, "path: must have no query part"},
		"another method":             {func(r *http.Request) { r.Method = http.MethodPut }, 404, "not with this method"},
		"another resource":           {func(r *http.Request) { r.URL.Path = basePath + fhirPath + "/Consent" }, 404, "there is nothing here"},
		"the root":                   {func(r *http.Request) { r.URL.Path = basePath + fhirPath }, 404, "there is nothing here"},
		"a path in other writing":    {func(r *http.Request) { r.URL.RawPath = r.URL.Path[:len(r.URL.Path)-1] + "%6e" }, 404, "there is nothing here"},
		"a body that is too large":   {func(r *http.Request) { r.Body = http.NoBody; setBody(r, strings.Repeat(" ", maxMessage+1)) }, 400, "more than 1 MiB"},
		"an assertion":               {header("Authorization", assertionFor(time.Minute)), 202, ""},
		"an assertion that is old":   {header("Authorization", assertionFor(-time.Second)), 401, "the assertion is not valid now"},
		"two assertions":             {header("Authorization", assertionFor(time.Minute), assertionFor(time.Minute)), 401, "Authorization: must be SAML and an assertion"},
		"another scheme":             {header("Authorization", "Bearer x"), 401, "Authorization: must be SAML and an assertion"},
		"an assertion of no base64":  {header("Authorization", "SAML ?"), 401, "Authorization: not in base64"},
		"something else in base64":   {header("Authorization", "SAML "+base64.StdEncoding.EncodeToString([]byte("<a/>"))), 401, "Authorization: must be an Assertion"},
		"an assertion of nobody":     {header("Authorization", assertion("", "")), 401, "must have an Issuer and Conditions"},
		"an assertion without times": {header("Authorization", assertion("<Issuer>x</Issuer>", "")), 401, "must have NotBefore and NotOnOrAfter"},
	} {
		t.Run(name, func(t *testing.T) {
			r := subscribeRequest(t, s, mediaXML, fixture(t, "subscription.xml"))
			test.change(r)
			got := send(t, s, r)
			assert.Equal(t, test.status, got.status, got.body)
			if test.reason != "" {
				code, diagnostics := readOutcome(t, got)
				assert.Contains(t, diagnostics, test.reason)
				assert.Equal(t, issueTypes[test.status], code)
			}
		})
	}
}

func TestAnOutcomeHasTheFormThatIsAccepted(t *testing.T) {
	s := start(t)
	for accepted, form := range map[string]string{mediaXML: mediaXML, mediaJSON: mediaJSON, "*/*": mediaXML} {
		r := subscribeRequest(t, s, mediaXML, "")
		r.Header.Set("Accept", accepted)
		assert.Equal(t, form+"; charset=utf-8", send(t, s, r).header.Get("Content-Type"), accepted)
	}
}

func setBody(r *http.Request, text string) {
	r.Body, r.ContentLength = http.NoBody, int64(len(text))
	r.Body = readCloser{strings.NewReader(text)}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

func assertionFor(left time.Duration) string {
	return assertion("<Issuer>urn:oid:2.999.10</Issuer>", fmt.Sprintf(` NotBefore="%s" NotOnOrAfter="%s"`,
		time.Now().Add(-time.Minute).UTC().Format(time.RFC3339Nano), time.Now().Add(left).UTC().Format(time.RFC3339Nano)))
}

func assertion(issuer, times string) string {
	return "SAML " + base64.StdEncoding.EncodeToString([]byte(`<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion">`+issuer+`<Conditions`+times+`/></Assertion>`))
}

func TestAnEndpointOnLoopbackNeedsNoTLS(t *testing.T) {
	s := start(t)
	for _, host := range []string{"localhost", "127.0.0.1:8080", "[::1]:8080"} {
		subscribe(t, s, mediaXML, strings.Replace(fixture(t, "subscription.xml"), "https://holder.example", "http://"+host, 1))
	}
	assert.Len(t, s.Subscriptions(), 3)
}

func TestWhoSubscribesNeedsAnRSAKey(t *testing.T) {
	s := start(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	certificate, err := identity(t).IssueClient("elliptic", key, time.Now().Add(time.Hour))
	require.NoError(t, err)
	config := &tls.Config{RootCAs: identity(t).CAs(), Certificates: []tls.Certificate{certificate}}
	got, err := do(t, client(t, config), subscribeRequest(t, s, mediaJSON, fixture(t, "subscription.json")))
	require.NoError(t, err)
	assert.Equal(t, http.StatusUnauthorized, got.status)
	code, diagnostics := readOutcome(t, got)
	assert.Equal(t, "security", code)
	assert.Equal(t, "client certificate: the key must be RSA", diagnostics)
}

func TestItMisbehavesTowardsWhoSubscribes(t *testing.T) {
	s := start(t)
	text := fixture(t, "subscription.json")
	s.MisbehaveOnce(Subscribing{HTTPStatus(503)}, Subscribing{TooManyRequests(90 * time.Second)}, Subscribing{Denying}, Subscribing{Slow(time.Millisecond)})
	assert.Equal(t, http.StatusOK, ask(t, s, fixture(t, "closed-query.xml")).status, "queries are answered as ever")

	got := send(t, s, subscribeRequest(t, s, mediaJSON, text))
	code, _ := readOutcome(t, got)
	assert.Equal(t, []any{503, "transient"}, []any{got.status, code})
	got = send(t, s, subscribeRequest(t, s, mediaJSON, text))
	code, _ = readOutcome(t, got)
	assert.Equal(t, []any{429, "throttled", "90"}, []any{got.status, code, got.header.Get("Retry-After")})
	assert.Equal(t, 500, send(t, s, subscribeRequest(t, s, mediaJSON, text)).status)
	assert.Empty(t, s.Subscriptions(), "none was taken")
	subscribe(t, s, mediaJSON, text)

	s.Misbehave(Subscribing{HTTPStatus(404)})
	assert.Equal(t, 404, send(t, s, endRequest(t, s, s.Subscriptions()[0].ID)).status)
	assert.Len(t, s.Subscriptions(), 1)
	assert.Equal(t, 400, send(t, s, subscribeRequest(t, s, mediaJSON, "{}")).status, "what is malformed is refused, however it behaves")
	s.Behave()
	assert.Equal(t, 204, send(t, s, endRequest(t, s, s.Subscriptions()[0].ID)).status)
}

func TestASubscriptionIsTakenThoughItsAnswerIsLost(t *testing.T) {
	s := start(t)
	for _, lost := range []Fault{Dropping, Hanging} {
		t.Run(lost.String(), func(t *testing.T) {
			s.MisbehaveOnce(Subscribing{lost})
			r := subscribeRequest(t, s, mediaJSON, strings.Replace(fixture(t, "subscription.json"), "made-up", fmt.Sprint(int(lost)), 1))
			before := len(s.Subscriptions())
			failed := make(chan error, 1)
			ctx, cancel := context.WithCancel(patience(t))
			certified := identity(t).ClientTLS()
			go func() {
				_, err := do(t, client(t, certified), r.WithContext(ctx))
				failed <- err
			}()
			require.NoError(t, s.WaitForSubscriptions(patience(t), before+1))
			if lost == Hanging {
				cancel()
			}
			require.Error(t, <-failed)
			cancel()
		})
	}
}

func TestASubscriptionIsPrintedWithoutNumberAndSecret(t *testing.T) {
	s := start(t)
	subscribe(t, s, mediaXML, fixture(t, "subscription.xml"))
	got := s.Subscriptions()[0]
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, printed := range []any{got, &got, s.Subscriptions()} {
			assert.NotContains(t, fmt.Sprintf(verb, printed), patient, verb)
			assert.NotContains(t, fmt.Sprintf(verb, printed), "made-up", verb)
		}
	}
	assert.Equal(t, "subscription "+got.ID+" of 00000659 (V6) to [BSN]", fmt.Sprint(got))
}
