// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package control

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/internal/consentfile"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/internal/sample"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

const patient = "900186021"

// bench is a control with its simulator, and a client of each.
type bench struct {
	*mitztest.Simulator
	identity *mitztest.Identity
	handler  http.Handler
	stopped  int
	log      bytes.Buffer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return newBenchWith(t, func(*mitztest.Config) {})
}

// newBenchWith has a simulator that differs.
func newBenchWith(t *testing.T, change func(*mitztest.Config)) *bench {
	t.Helper()
	identity, err := mitztest.NewIdentity()
	require.NoError(t, err)
	config := identity.Config()
	config.Issuer, err = issuer.New(issuer.Config{URL: "https://mitz.example"})
	require.NoError(t, err)
	change(&config)
	simulator, err := mitztest.Start(config)
	require.NoError(t, err)
	t.Cleanup(simulator.Close)
	b := &bench{Simulator: simulator, identity: identity}
	b.handler = Control{
		Simulator: simulator, Curl: "curl ...\n", Stop: func() { b.stopped++ }, Logger: slog.New(slog.NewTextHandler(&b.log, nil)),
	}.Handler()
	return b
}

// tell sends a request to the control.
func (b *bench) tell(method, path, body string, change ...func(*http.Request)) (int, string) {
	request := httptest.NewRequest(method, "http://127.0.0.1:8086"+path, strings.NewReader(body))
	for _, each := range change {
		each(request)
	}
	answer := httptest.NewRecorder()
	b.handler.ServeHTTP(answer, request)
	return answer.Code, answer.Body.String()
}

// ask sends a query about the patient to the simulator, and returns what came back.
func (b *bench) ask(t *testing.T) (int, string) {
	t.Helper()
	id := uuid.NewString()
	message := strings.Replace(sample.Query(id, b.ClosedQueryURL()), mitztest.PatientAlwaysPermit, patient, 1)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.ClosedQueryURL(), strings.NewReader(message))
	require.NoError(t, err)
	request.Header.Set("Content-Type", `application/soap+xml; charset=UTF-8; action="XACMLAuthorizationDecisionQueryRequest"`)
	request.Header.Set("X-Request-Id", id)
	transport := &http.Transport{TLSClientConfig: b.identity.ClientTLS()}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

func TestConsentsAreRecordedListedAndWithdrawn(t *testing.T) {
	b := newBench(t)
	decided := func() string {
		_, body := b.ask(t)
		return map[bool]string{true: "Permit", false: "Deny"}[strings.Contains(body, "<Decision>Permit")]
	}
	assert.Equal(t, "Deny", decided())
	status, body := b.tell("POST", "/consents", exampleConsent)
	assert.Equal(t, http.StatusOK, status, body)
	assert.Equal(t, "Permit", decided())

	status, listed := b.tell("GET", "/consents", "")
	assert.Equal(t, http.StatusOK, status)
	consents, err := consentfile.Parse([]byte(listed))
	require.NoError(t, err, "what is listed can be given back as a file")
	assert.Equal(t, b.Consents(), consents)

	status, _ = b.tell("POST", "/consents/withdraw", exampleScope)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "Deny", decided())
	status, body = b.tell("POST", "/consents/withdraw", exampleScope)
	assert.Equal(t, http.StatusNotFound, status)
	assert.Contains(t, body, "no consent about this on record")

	b.tell("POST", "/consents", exampleConsent)
	status, _ = b.tell("POST", "/consents/forget", examplePatient)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "Deny", decided())
	status, _ = b.tell("POST", "/consents/forget", examplePatient)
	assert.Equal(t, http.StatusNotFound, status)
}

func TestAConsentWithoutEffectIsRecordedWithAWarning(t *testing.T) {
	b := newBench(t)
	for number, words := range map[string]string{mitztest.PatientAlwaysPermit: "permits everything", mitztest.PatientAlwaysDeny: "refuses everything"} {
		status, body := b.tell("POST", "/consents", strings.Replace(exampleConsent, patient, number, 1))
		assert.Equal(t, http.StatusOK, status)
		assert.Contains(t, body, words)
	}
}

func TestEveryBehaviourCanBeTold(t *testing.T) {
	b := newBench(t)
	_, body := b.tell("GET", "/behaviours", "")
	var view behavioursView
	require.NoError(t, json.Unmarshal([]byte(body), &view))
	assert.Equal(t, mitztest.BehaviourNames(), view.Behaviours)
	for _, name := range view.Behaviours {
		told, err := json.Marshal(map[string]any{"behaviour": name})
		require.NoError(t, err)
		status, body := b.tell("PUT", "/behaviour", string(told))
		assert.Equal(t, http.StatusOK, status, body)
	}
	asked := func() int { status, _ := b.ask(t); return status }
	b.tell("DELETE", "/behaviour", "")
	b.tell("PUT", "/behaviour", exampleBehaviour)
	assert.Equal(t, []int{503, 503, 200}, []int{asked(), asked(), asked()}, "for two queries")
	b.tell("PUT", "/behaviour", `{"behaviour": "Status 502"}`)
	assert.Equal(t, []int{502, 502, 502}, []int{asked(), asked(), asked()}, "until told otherwise")
	b.tell("DELETE", "/behaviour", "")
	assert.Equal(t, 200, asked())
}

func TestWhatWasAskedAndRefusedIsListed(t *testing.T) {
	b := newBench(t)
	b.ask(t)
	b.MisbehaveOnce(mitztest.SenderFault)
	b.ask(t)
	transport := &http.Transport{TLSClientConfig: b.identity.ClientTLS()}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get(b.ClosedQueryURL())
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())

	_, body := b.tell("GET", "/queries", "")
	var view queriesView
	require.NoError(t, json.Unmarshal([]byte(body), &view))
	assert.Equal(t, 3, view.Received)
	require.Len(t, view.Queries, 2)
	first := view.Queries[0]
	assert.Equal(t, patient, first.Patient)
	assert.Equal(t, organizationView{"00000659", "V6"}, first.DataHolder)
	assert.Equal(t, requesterView{organizationView: organizationView{"00000123", "G3"}, Responsible: professionalView{"2.16.528.1.1007.3.1", "000012345", "03.000"}}, first.Requester)
	assert.Equal(t, map[string]string{"GGC002": "Deny"}, first.Decisions)
	assert.Equal(t, "behaving", first.Behaviour)
	assert.Equal(t, "Sender fault", view.Queries[1].Behaviour)
	assert.Empty(t, view.Queries[1].Decisions)
	require.Len(t, view.Refusals, 1)
	assert.Equal(t, "method: must be POST", view.Refusals[0].Reason)

	b.tell("DELETE", "/queries", "")
	_, body = b.tell("GET", "/queries", "")
	assert.Contains(t, body, `"queries": []`)
	assert.Contains(t, body, `"received": 0`)
}

// TestWhatIsWrongIsRefusedWithoutRepeatingIt gives numbers wherever something is read.
func TestWhatIsWrongIsRefusedWithoutRepeatingIt(t *testing.T) {
	b := newBench(t)
	const bad = "900186022" // fails the eleven test
	tests := map[string]struct {
		method, path, body string
		status             int
		reason             string
	}{
		"a path that is not there":     {"GET", "/consents/" + patient, "", 404, "GET / lists what there is"},
		"another method":               {"PATCH", "/consents", "", 404, "or not with this method"},
		"a number in the URL":          {"GET", "/consents?patient=" + patient, "", 400, "nothing is read from the URL"},
		"a body that is of no use":     {"GET", "/consents", examplePatient, 400, "a body is of no use here"},
		"a body that is too large":     {"POST", "/consents", strings.Repeat(" ", maxBody+1), 400, "more than 64 KiB"},
		"no body":                      {"POST", "/consents", "", 400, "it is empty"},
		"no BSN":                       {"POST", "/consents", strings.Replace(exampleConsent, patient, bad, 1), 400, "patient: not a BSN"},
		"a key that is not known":      {"POST", "/consents", strings.Replace(exampleConsent, "dataHolder", patient, 1), 400, "a key that is not known"},
		"a decision to withdraw":       {"POST", "/consents/withdraw", exampleConsent, 400, "a key that is not known"},
		"more than a patient":          {"POST", "/consents/forget", exampleScope, 400, "a key that is not known: the keys are patient"},
		"a patient without consents":   {"POST", "/consents/forget", examplePatient, 404, "no consent of this patient"},
		"a behaviour of no such name":  {"PUT", "/behaviour", `{"behaviour": "` + patient + `"}`, 400, "GET /behaviours lists the names"},
		"a behaviour that is a number": {"PUT", "/behaviour", `{"behaviour": ` + patient + `}`, 400, "write for example"},
		"a behaviour with another key": {"PUT", "/behaviour", `{"behaviour": "hanging", "` + patient + `": 1}`, 400, "write for example"},
		"no behaviour":                 {"PUT", "/behaviour", `{"times": 1}`, 400, "write for example"},
		"never":                        {"PUT", "/behaviour", `{"behaviour": "hanging", "times": 0}`, 400, "times: from 1 to 1000"},
		"two documents":                {"PUT", "/behaviour", exampleBehaviour + exampleBehaviour, 400, "write for example"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			status, body := b.tell(test.method, test.path, test.body)
			assert.Equal(t, test.status, status)
			assert.Contains(t, body, test.reason)
			for _, number := range []string{patient, bad} {
				assert.NotContains(t, body, number)
			}
		})
	}
	assert.Empty(t, b.Consents())
	assert.Empty(t, b.log.String(), "nothing was done")
}

func TestOnlyProgramsOnThisMachineAreServed(t *testing.T) {
	b := newBench(t)
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	for name, test := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"an address of loopback":        {host("127.0.0.1:8086"), 200},
		"an address without a port":     {host("127.0.0.1"), 200},
		"an address of IPv6":            {host("[::1]:8086"), 200},
		"localhost":                     {host("localhost:8086"), 200},
		"a name that leads here":        {host("attacker.example:8086"), 403},
		"no name":                       {host(""), 403},
		"another address":               {host("192.0.2.1:8086"), 403},
		"a page of another origin":      {func(r *http.Request) { r.Header.Set("Origin", "https://attacker.example") }, 403},
		"a page that hides where it is": {func(r *http.Request) { r.Header.Set("Origin", "null") }, 403},
	} {
		t.Run(name, func(t *testing.T) {
			status, _ := b.tell("GET", "/consents", "", test.change)
			assert.Equal(t, test.status, status)
		})
	}
}

func TestWhatACallerLeavesOutIsNotThere(t *testing.T) {
	b := newBench(t)
	handler := Control{Simulator: b.Simulator}.Handler()
	for path, method := range map[string]string{"/stop": http.MethodPost, "/curl": http.MethodGet} {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(method, "http://127.0.0.1"+path, nil))
		assert.Equal(t, http.StatusNotFound, answer.Code)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodDelete, "http://127.0.0.1/queries", nil))
	assert.Equal(t, http.StatusOK, answer.Code, "without a logger")
}

func TestItListensOnLoopbackAlone(t *testing.T) {
	before := goleak.IgnoreCurrent()
	b := newBench(t)
	for _, address := range []string{"127.0.0.1", "127.0.0.1:none"} {
		_, _, err := Control{Simulator: b.Simulator}.Serve(address)
		require.Error(t, err)
	}
	url, end, err := Control{Simulator: b.Simulator, Logger: slog.New(slog.DiscardHandler)}.Serve("localhost:0")
	require.NoError(t, err)
	transport := &http.Transport{}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/consents", nil)
	require.NoError(t, err)
	response, err := transport.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusOK, response.StatusCode)
	transport.CloseIdleConnections()
	end()
	_, err = transport.RoundTrip(request) //nolint:bodyclose // there is no response
	require.Error(t, err, "it still listens")
	b.Close()
	leaks.VerifyNone(t, before)
}

func TestTheOverviewHasEveryRouteAndItsExamplesWork(t *testing.T) {
	b := newBench(t)
	status, overview := b.tell("GET", "/", "")
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, overview, b.Endpoint())
	for _, route := range (Control{Curl: "curl", Stop: func() {}}).routes() {
		assert.Regexp(t, route.method+` +`+route.path+` +`+route.does[:10], overview)
		assert.Contains(t, overview, route.body)
		status, body := b.tell(route.method, route.path, route.body)
		expected := http.StatusOK
		if route.path == "/consents/forget" {
			expected = http.StatusNotFound // it was withdrawn before
		}
		assert.Equal(t, expected, status, body)
	}
	assert.Equal(t, 1, b.stopped)
	_, command := b.tell("GET", "/curl", "")
	assert.Equal(t, "curl ...\n", command)
	assert.Contains(t, b.log.String(), `did="record a consent"`)
	assert.NotContains(t, b.log.String(), patient)
}
