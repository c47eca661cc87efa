// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/openapi"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/localization"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/subscriptions"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// failing has the databases answer nothing, off has nobody to be subscribed, and holding has a
// subscription.
var (
	failing = func(w *world, _ *http.Request) { w.failing = errors.New("gone") }
	// unlocatable has Mitz fail.
	unlocatable = func(err error) func(w *world, _ *http.Request) {
		return func(w *world, _ *http.Request) { w.localizer.failing = err }
	}
	located = func(w *world, _ *http.Request) {
		w.localizer.found = localization.Found{RequestID: idOf(0), DataHolders: []localization.DataHolder{
			{URA: "00000660", Categories: []consent.Category{"GGC002"}, Systems: []localization.System{{Gateway: "2.999.1"}}, Nodes: []localization.Node{{DID: "did:web:a.example"}}},
			{Systems: []localization.System{{Gateway: "2.999.1", Source: "2.999.2"}}},
		}}
	}
	off     = func(w *world, _ *http.Request) { w.Subscriptions = nil }
	holding = func(w *world, _ *http.Request) {
		w.kept.all = []subscriptions.Subscription{
			{ID: idOf(0), Subject: "hospital-east", State: subscriptions.Waiting, Since: since, Attempts: 1, Failure: "timeout"},
			{ID: idOf(1), Subject: "hospital-east", State: subscriptions.Subscribed, Since: since},
		}
	}
)

// exchange is a request to one operation that ends with a status.
type exchange struct {
	operation   string
	status      int
	method      string
	path        string
	body        string
	spoil       func(w *world, request *http.Request)
	isNoRequest bool // the request is not as the document has it
}

// exchanges has every status of every operation.
var exchanges = []exchange{
	{"revoke", 204, http.MethodPost, path, `{"patient": "` + testBSN + `"}`, nil, false},
	{"revoke", 204, http.MethodPost, path, `{"token": "live"}`, nil, false},
	{"revoke", 400, http.MethodPost, path, `{"patient": "123456789"}`, nil, false},
	{"revoke", 400, http.MethodPost, path, `{"patient": "` + testBSN + `", "token": "live"}`, nil, true},
	{"revoke", 404, http.MethodPost, "/internal/mitz/v1/hospital-west/revocations", `{"patient": "` + testBSN + `"}`, nil, false},
	{"revoke", 413, http.MethodPost, path, `{"token": "` + strings.Repeat("a", maxBody) + `"}`, nil, false},
	{"revoke", 415, http.MethodPost, path, `{"patient": "` + testBSN + `"}`, func(_ *world, request *http.Request) {
		request.Header.Set(echo.HeaderContentType, "text/plain")
	}, true},
	{"revoke", 501, http.MethodPost, path, `{"patient": "` + testBSN + `"}`, func(w *world, _ *http.Request) { w.Marks = withdrawal.Off(w) }, false},
	{"revoke", 503, http.MethodPost, path, `{"patient": "` + testBSN + `"}`, failing, false},

	{"judgeAccess", 200, http.MethodPost, accessPath, testAccess, nil, false},
	{"judgeAccess", 200, http.MethodPost, accessPath, "", inHeaders, false},
	{"judgeAccess", 200, http.MethodPost, accessPath + "?told=headers", "", inHeaders, false},
	{"judgeAccess", 400, http.MethodPost, accessPath, "", nil, false},
	{"judgeAccess", 400, http.MethodPost, accessPath, `{"method": "GET"}`, nil, true},
	{"judgeAccess", 403, http.MethodPost, accessPath, testAccess, refusing, false},
	{"judgeAccess", 404, http.MethodPost, "/internal/mitz/v1/hospital-west/access", testAccess, nil, false},
	{"judgeAccess", 413, http.MethodPost, accessPath, testAccess + strings.Repeat(" ", maxAccessBody), nil, false},
	{"judgeAccess", 415, http.MethodPost, accessPath, testAccess, func(_ *world, request *http.Request) {
		request.Header.Set(echo.HeaderContentType, "text/plain")
	}, true},
	{"judgeAccess", 503, http.MethodPost, accessPath, testAccess, unjudgeable, false},
	{"judgeOriginalGet", 403, http.MethodGet, accessPath + "/fhir", "", refusing, false},
	{"judgeOriginalGet", 404, http.MethodGet, "/internal/mitz/v1/hospital-west/access/fhir", "", nil, false},
	{"judgeOriginalHead", 403, http.MethodHead, accessPath + "/fhir", "", refusing, false},
	{"judgeOriginalHead", 404, http.MethodHead, "/internal/mitz/v1/hospital-west/access/fhir", "", nil, false},
	{"judgeOriginalPost", 403, http.MethodPost, accessPath + "/fhir", "", refusing, false},
	{"judgeOriginalPost", 404, http.MethodPost, "/internal/mitz/v1/hospital-west/access/fhir", "", nil, false},

	{"locate", 200, http.MethodPost, localizationsPath, testLookUp, located, false},
	{"locate", 400, http.MethodPost, localizationsPath, strings.Replace(testLookUp, "01.015", "GP", 1), nil, false},
	{"locate", 400, http.MethodPost, localizationsPath, `{"patient": "` + testBSN + `"}`, nil, true},
	{"locate", 404, http.MethodPost, "/internal/mitz/v1/hospital-west/localizations", testLookUp, nil, false},
	{"locate", 413, http.MethodPost, localizationsPath, testLookUp + strings.Repeat(" ", maxBody), nil, false},
	{"locate", 415, http.MethodPost, localizationsPath, testLookUp, func(_ *world, request *http.Request) {
		request.Header.Set(echo.HeaderContentType, "text/plain")
	}, true},
	{"locate", 429, http.MethodPost, localizationsPath, testLookUp, unlocatable(&mitzclient.Error{Code: mitzclient.TooManyQueries}), false},
	{"locate", 501, http.MethodPost, localizationsPath, testLookUp, func(w *world, _ *http.Request) { w.Localizer = nil }, false},
	{"locate", 503, http.MethodPost, localizationsPath, testLookUp, unlocatable(&mitzclient.Error{Code: mitzclient.Timeout}), false},
	{"locate", 503, http.MethodPost, localizationsPath, testLookUp, unlocatable(localization.ErrNotRunning), false},
	{"locate", 503, http.MethodPost, localizationsPath, testLookUp, unlocatable(errors.New("no space left on device")), false},

	{"subscribe", 202, http.MethodPost, subscriptionsPath, `{"patient": "` + testBSN + `"}`, nil, false},
	{"subscribe", 202, http.MethodPost, subscriptionsPath, `{"patient": "` + testBSN + `", "birthDate": "1980-01"}`, nil, false},
	{"subscribe", 202, http.MethodPost, subscriptionsPath, `{"patients": [{"patient": "` + testBSN + `", "birthDate": null}, {"patient": "` + testBSN2 + `"}]}`, nil, false},
	{"subscribe", 400, http.MethodPost, subscriptionsPath, `{"patient": "123456789"}`, nil, false},
	{"subscribe", 400, http.MethodPost, subscriptionsPath, `{"patients": []}`, nil, true},
	{"subscribe", 404, http.MethodPost, "/internal/mitz/v1/hospital-west/subscriptions", `{"patient": "` + testBSN + `"}`, nil, false},
	{"subscribe", 413, http.MethodPost, subscriptionsPath, `{"patient": "` + testBSN + `"` + strings.Repeat(" ", maxPatientsBody) + `}`, nil, false},
	{"subscribe", 415, http.MethodPost, subscriptionsPath, `{"patient": "` + testBSN + `"}`, func(_ *world, request *http.Request) {
		request.Header.Set(echo.HeaderContentType, "text/plain")
	}, true},
	{"subscribe", 501, http.MethodPost, subscriptionsPath, `{"patient": "` + testBSN + `"}`, off, false},
	{"subscribe", 503, http.MethodPost, subscriptionsPath, `{"patient": "` + testBSN + `"}`, failing, false},

	{"listSubscriptions", 200, http.MethodGet, subscriptionsPath, "", nil, false},
	{"listSubscriptions", 200, http.MethodGet, subscriptionsPath + "?limit=1", "", holding, false},
	{"listSubscriptions", 200, http.MethodGet, subscriptionsPath + "?after=" + idOf(0), "", holding, false},
	{"listSubscriptions", 400, http.MethodGet, subscriptionsPath + "?limit=0", "", nil, true},
	{"listSubscriptions", 400, http.MethodGet, subscriptionsPath + "?after=" + testBSN, "", nil, true},
	{"listSubscriptions", 404, http.MethodGet, "/internal/mitz/v1/hospital-west/subscriptions", "", nil, false},
	{"listSubscriptions", 501, http.MethodGet, subscriptionsPath, "", off, false},
	{"listSubscriptions", 503, http.MethodGet, subscriptionsPath, "", failing, false},

	{"getSubscription", 200, http.MethodGet, subscriptionsPath + "/" + idOf(0), "", holding, false},
	{"getSubscription", 404, http.MethodGet, subscriptionsPath + "/" + idOf(2), "", holding, false},
	{"getSubscription", 404, http.MethodGet, subscriptionsPath + "/" + testBSN, "", holding, true},
	{"getSubscription", 501, http.MethodGet, subscriptionsPath + "/" + idOf(0), "", off, false},
	{"getSubscription", 503, http.MethodGet, subscriptionsPath + "/" + idOf(0), "", failing, false},

	{"endSubscription", 204, http.MethodDelete, subscriptionsPath + "/" + idOf(0), "", holding, false},
	{"endSubscription", 404, http.MethodDelete, subscriptionsPath + "/" + idOf(2), "", holding, false},
	{"endSubscription", 501, http.MethodDelete, subscriptionsPath + "/" + idOf(0), "", off, false},
	{"endSubscription", 503, http.MethodDelete, subscriptionsPath + "/" + idOf(0), "", failing, false},
}

// document is where the interface is described.
var document = filepath.Join("..", "..", "..", "docs", "openapi.yaml")

// TestNothingIsServedThatIsNotDescribed compares the routes with the document, and has every
// other method on them refused.
func TestNothingIsServedThatIsNotDescribed(t *testing.T) {
	w := newWorld(t)
	server := echo.New()
	w.Routes(server)
	var served []string
	for _, route := range server.Routes() {
		path := strings.Replace(parameter.ReplaceAllString(route.Path, "{$1}"), "*", "{original}", 1)
		served = append(served, route.Method+" "+path)
	}
	described := openapi.Read(t, document).Routes(below)
	assert.ElementsMatch(t, described, served)
	for _, each := range described {
		_, path, _ := strings.Cut(each, " ")
		place := strings.NewReplacer("{subject}", "hospital-east", "{id}", idOf(0), "{original}", "fhir").Replace(path)
		for _, method := range methods {
			if !slices.Contains(described, method+" "+path) {
				assert.Equal(t, http.StatusMethodNotAllowed, w.send(httptest.NewRequest(method, place, nil)).Code, "%s %s", method, path)
			}
		}
	}
	assert.Zero(t, w.kept.calls)
}

// below is where the interface is.
const below = "/internal/mitz/v1/"

var (
	// parameter finds the parameters of a path as the server has them.
	parameter = regexp.MustCompile(`:([a-z]+)`)
	methods   = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
)

// TestTheInterfaceIsAsItIsDescribed holds docs/openapi.yaml against what is answered: every
// operation, and every status of each, with requests and answers as their schemas say.
func TestTheInterfaceIsAsItIsDescribed(t *testing.T) {
	described := openapi.Read(t, document)
	for _, each := range exchanges {
		t.Run(each.operation+" "+strconv.Itoa(each.status), func(t *testing.T) {
			w := newWorld(t)
			request := httptest.NewRequest(each.method, each.path, strings.NewReader(each.body))
			request.Header.Set(echo.HeaderContentType, jsonType)
			if each.spoil != nil {
				each.spoil(w, request)
			}
			answer := w.send(request)
			assert.NotContains(t, answer.Body.String(), testBSN)
			described.Hold(t, openapi.Exchange{
				Operation: each.operation, Status: each.status, IsNoRequest: each.isNoRequest, Request: request, Body: each.body,
				Answer: openapi.Answer{Status: answer.Code, Header: answer.Header(), Body: answer.Body.Bytes()},
			})
		})
	}
	// These take paths of several parts, which the document cannot have: TestOriginalRequests sends them.
	described.AssertSeen(t, below, "judgeOriginalGet 200", "judgeOriginalHead 200", "judgeOriginalPost 200",
		"judgeOriginalGet 503", "judgeOriginalHead 503", "judgeOriginalPost 503")
}
