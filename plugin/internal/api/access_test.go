// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/access"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

const (
	accessPath = "/internal/mitz/v1/hospital-east/access"
	searchURL  = "https://records.example/fhir/Condition/_search"
	testAccess = `{"authorization": "Bearer live", "method": "POST", "url": "` + searchURL + `",
		"contentType": "application/x-www-form-urlencoded", "body": "a=b"}`
)

// accessesInMemory keeps what it was asked, and answers as a test wants.
type accessesInMemory struct {
	asked   []access.Request
	verdict access.Verdict
	failing error
}

func (a *accessesInMemory) Judge(_ context.Context, request access.Request) (access.Verdict, error) {
	a.asked = append(a.asked, request)
	return a.verdict, a.failing
}

func (w *world) Access(_ string, verdict access.Verdict, err error) {
	w.decided = append(w.decided, access.Outcome(verdict, err))
}

var (
	inHeaders = func(_ *world, request *http.Request) {
		request.Header.Del(echo.HeaderContentType)
		request.Header.Set("Authorization", "Bearer live")
		request.Header.Set("X-Original-Method", http.MethodGet)
		request.Header.Set("X-Original-URL", "https://records.example/fhir/Condition?patient=1")
	}
	refusing    = func(w *world, _ *http.Request) { w.accesses.verdict.Refusal = recordguard.OtherPatient }
	unjudgeable = func(w *world, _ *http.Request) { w.accesses.failing = errors.New("connection refused") }
)

func TestWhatAGatewayTells(t *testing.T) {
	byHeader := access.Request{
		Subject: "hospital-east", DataHolder: "00000659", Authorization: []string{"Bearer live"}, Method: http.MethodGet,
		URL: "https://records.example/fhir/Condition?patient=1", BodyUnseen: true,
	}
	told := func(change func(*access.Request)) *access.Request {
		request := byHeader
		change(&request)
		return &request
	}
	header := func(name string, values ...string) func(*http.Request) {
		return func(request *http.Request) { request.Header[http.CanonicalHeaderKey(name)] = values }
	}
	for _, test := range []struct {
		name, path string
		change     func(*http.Request)
		asked      *access.Request // nil: nobody was asked
		status     int             // then
	}{
		{"in headers", "", nil, &byHeader, 0},
		{"with a proof", "", header("DPoP", "a.b.c"), told(func(r *access.Request) { r.Proofs = []string{"a.b.c"} }), 0},
		{"with two proofs", "", header("DPoP", "a", "b"), told(func(r *access.Request) { r.Proofs = []string{"a", "b"} }), 0},
		{"beside the node's own token", "", header("X-Original-Authorization", "DPoP other"), told(func(r *access.Request) { r.Authorization = []string{"DPoP other"} }), 0},
		{"with the patient and the types", "?told=headers", func(r *http.Request) {
			header("X-Mitz-Patient", testBSN)(r)
			header("X-Mitz-Resource-Types", "Condition, Observation,")(r)
		}, told(func(r *access.Request) {
			r.Told = &access.Told{Patient: testBSN, ResourceTypes: []string{"Condition", "Observation"}}
		}), 0},
		{"with a patient that nobody announced", "", header("X-Mitz-Patient", testBSN), nil, http.StatusForbidden},
		{"with types that nobody announced", "", header("X-Mitz-Resource-Types", "Condition"), nil, http.StatusForbidden},
		{"with two addresses", "", header("X-Original-URL", "https://a.example", "https://b.example"), nil, http.StatusForbidden},
		{"with another method on the way", "", header("X-HTTP-Method-Override", "DELETE"), nil, http.StatusForbidden},
		{"with another method, with underscores", "", header("X_HTTP_Method_Override", "DELETE"), nil, http.StatusForbidden},
		{"with another address on the way", "", header("X-Rewrite-URI", "/fhir/Condition/2"), nil, http.StatusForbidden},
		{"with a packed body", "", header("Content-Encoding", "gzip"), nil, http.StatusForbidden},
		{"over a connection of the gateway's own", "", header("Connection", "X-Something"), &byHeader, 0},
		{"without an address", "", header("X-Original-URL"), nil, http.StatusBadRequest},
		{"without a method", "", header("X-Original-Method"), nil, http.StatusBadRequest},
		{"with another query", "?told=body", nil, nil, http.StatusBadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			request := httptest.NewRequest(http.MethodPost, accessPath+test.path, nil)
			inHeaders(w, request)
			if test.change != nil {
				test.change(request)
			}
			answer := w.send(request)
			if test.asked == nil {
				assert.Equal(t, test.status, answer.Code)
				assert.Empty(t, w.accesses.asked)
				assert.Equal(t, test.status == http.StatusForbidden, len(w.decided) == 1, "a refusal is told, and a gateway's mistake is not one")
				return
			}
			assert.Equal(t, http.StatusOK, answer.Code)
			assert.Equal(t, []access.Request{*test.asked}, w.accesses.asked)
			assert.Equal(t, []string{access.Allowed}, w.decided)
			assert.Equal(t, "no-store", answer.Header().Get(echo.HeaderCacheControl))
			assert.Empty(t, answer.Body.String())
		})
	}
}

func TestABodyTellsAllOrNothing(t *testing.T) {
	w := newWorld(t)
	send := func(body string, name, value string) int {
		request := httptest.NewRequest(http.MethodPost, accessPath, strings.NewReader(body))
		request.Header.Set(echo.HeaderContentType, "application/json")
		request.Header.Set(name, value)
		return w.send(request).Code
	}
	assert.Equal(t, http.StatusOK, send(testAccess, "Authorization", "Bearer of-the-gateway"))
	assert.Equal(t, []access.Request{{
		Subject: "hospital-east", DataHolder: "00000659", Authorization: []string{"Bearer live"}, Method: http.MethodPost, URL: searchURL,
		ContentType: "application/x-www-form-urlencoded", Body: []byte("a=b"), CanAskAgain: true,
	}}, w.accesses.asked)
	for _, name := range []string{"X-Original-Method", "X-Original-URL", "X-Original-Authorization"} {
		assert.Equal(t, http.StatusForbidden, send(testAccess, name, "GET"), "a requester sent it too")
	}
	assert.Equal(t, http.StatusBadRequest, send(strings.Replace(testAccess, `"method"`, `"url": "https://other.example", "method"`, 1), "Accept", "*/*"))
	assert.Len(t, w.accesses.asked, 1)
}

// TestWhatIsMissingIsToldToWhoCanAskAgain: to a gateway that told in a body, and as part of a refusal.
func TestWhatIsMissingIsToldToWhoCanAskAgain(t *testing.T) {
	read := `{"authorization": "Bearer live", "method": "GET", "url": "https://records.example/fhir/Condition/1"%s}`
	send := func(w *world, path, body string, change func(*http.Request)) *httptest.ResponseRecorder {
		method := http.MethodPost
		if strings.HasPrefix(path, accessPath+"/") {
			method = http.MethodGet
		}
		request := httptest.NewRequest(method, path, strings.NewReader(body))
		request.Header.Set(echo.HeaderContentType, "application/json")
		if change != nil {
			change(request)
		}
		return w.send(request)
	}
	for name, test := range map[string]struct {
		path, body string
		change     func(*http.Request)
		canAsk     bool
	}{
		"in a body":                   {accessPath, fmt.Sprintf(read, ""), nil, true},
		"in a body, with the patient": {accessPath, fmt.Sprintf(read, `, "patient": "`+testBSN+`"`), nil, false},
		"in a body, with types":       {accessPath, fmt.Sprintf(read, `, "resourceTypes": []`), nil, false},
		"in headers": {accessPath, "", func(r *http.Request) {
			r.Header.Del(echo.HeaderContentType)
			r.Header.Set("X-Original-Method", "GET")
			r.Header.Set("X-Original-URL", "https://records.example/fhir/Condition/1")
		}, false},
		"by the request itself": {accessPath + "/fhir/Condition/1", "", func(r *http.Request) { r.Host = "records.example" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.accesses.verdict = access.Verdict{Refusal: recordguard.PatientUnknown, PatientNeeded: true}
			answer := send(w, test.path, test.body, test.change)
			assert.Equal(t, http.StatusForbidden, answer.Code)
			assert.Equal(t, "patient", answer.Header().Get("Mitz-Needs"))
			assert.Equal(t, []string{access.PatientNeeded}, w.decided)
			if assert.Len(t, w.accesses.asked, 1) {
				assert.Equal(t, test.canAsk, w.accesses.asked[0].CanAskAgain)
			}
			w.accesses.verdict.PatientNeeded = false
			assert.Empty(t, send(w, test.path, test.body, test.change).Header().Values("Mitz-Needs"))
			w.accesses.verdict = access.Verdict{}
			assert.Empty(t, send(w, test.path, test.body, test.change).Header().Values("Mitz-Needs"))
		})
	}
}

func TestOriginalRequests(t *testing.T) {
	for _, test := range []struct {
		name, method, path, host string
		header                   http.Header
		want                     string // the URL; empty: refused
	}{
		{"a read", http.MethodGet, "/fhir/Condition/1", "records.example", nil, "https://records.example/fhir/Condition/1"},
		{"of its head", http.MethodHead, "/fhir/Condition/1", "records.example", nil, "https://records.example/fhir/Condition/1"},
		{"a search", http.MethodPost, "/fhir/Condition/_search?a=%2F", "records.example", nil, "https://records.example/fhir/Condition/_search?a=%2F"},
		{"as it was escaped", http.MethodGet, "/fhir/Condition%2F1/..//x", "records.example", nil, "https://records.example/fhir/Condition%2F1/..//x"},
		{"at a host in capitals", http.MethodGet, "/fhir/Condition/1", "RECORDS.example", nil, "https://records.example/fhir/Condition/1"},
		{"at another host", http.MethodGet, "/fhir/Condition/1", "other.example", nil, ""},
		{"that names another address", http.MethodGet, "/fhir/Condition/1", "records.example", http.Header{"X-Original-Url": {"https://records.example/fhir"}}, ""},
		{"that names a patient", http.MethodGet, "/fhir/Condition/1", "records.example", http.Header{"X-Mitz-Patient": {testBSN}}, ""},
		{"that is compressed", http.MethodPost, "/fhir/Condition/_search", "records.example", http.Header{"Content-Encoding": {"gzip"}}, ""},
		{"of another address on the way", http.MethodGet, "/fhir/Condition/1", "records.example", http.Header{"X-Original-Uri": {"/fhir/Condition/2"}}, ""},
		{"of another type, with an underscore", http.MethodPost, "/fhir/Condition/_search", "records.example", http.Header{"Content_type": {"text/plain"}}, ""},
		{"of another method on the way", http.MethodPost, "/fhir/Condition/_search", "records.example", http.Header{"X-Http-Method": {"PUT"}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			send := func() int {
				request := httptest.NewRequest(test.method, accessPath+test.path, strings.NewReader("a=b"))
				request.Host = test.host
				for name, values := range test.header {
					request.Header[name] = values
				}
				return w.send(request).Code
			}
			if test.want == "" {
				assert.Equal(t, http.StatusForbidden, send())
				assert.Empty(t, w.accesses.asked)
				return
			}
			assert.Equal(t, http.StatusOK, send())
			assert.Equal(t, test.want, w.accesses.asked[0].URL)
			assert.Equal(t, test.method, w.accesses.asked[0].Method)
			assert.Equal(t, "a=b", string(w.accesses.asked[0].Body))
			w.accesses.failing = errors.New("connection refused")
			assert.Equal(t, http.StatusServiceUnavailable, send())
		})
	}
}
