// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
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
	{"revoke", 503, http.MethodPost, path, `{"patient": "` + testBSN + `"}`, func(w *world, _ *http.Request) { w.failing = errors.New("gone") }, false},
}

// TestTheInterfaceIsAsItIsDescribed holds docs/openapi.yaml against what is answered: every
// operation, and every status of each, with requests and answers as their schemas say.
func TestTheInterfaceIsAsItIsDescribed(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromFile(filepath.Join("..", "..", "..", "docs", "openapi.yaml"))
	require.NoError(t, err)
	require.NoError(t, document.Validate(t.Context()))
	document.Servers = nil
	router, err := legacy.NewRouter(document)
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, each := range exchanges {
		name := each.operation + " " + strconv.Itoa(each.status)
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			request := httptest.NewRequest(each.method, each.path, strings.NewReader(each.body))
			request.Header.Set(echo.HeaderContentType, jsonType)
			if each.spoil != nil {
				each.spoil(w, request)
			}
			route, parameters, err := router.FindRoute(request)
			require.NoError(t, err)
			assert.Equal(t, each.operation, route.Operation.OperationID)
			input := &openapi3filter.RequestValidationInput{Request: request, PathParams: parameters, Route: route}
			err = openapi3filter.ValidateRequest(t.Context(), input)
			assert.Equal(t, each.isNoRequest, err != nil, "as a request: %v", err)
			request.Body = io.NopCloser(strings.NewReader(each.body)) // the validation read it

			answer := w.send(request)

			assert.Equal(t, each.status, answer.Code, answer.Body.String())
			assert.NoError(t, openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
				RequestValidationInput: input, Status: answer.Code, Header: answer.Header(),
				Body: io.NopCloser(bytes.NewReader(answer.Body.Bytes())),
			}))
			seen[name] = true
		})
	}
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			for status := range operation.Responses.Map() {
				assert.True(t, seen[operation.OperationID+" "+status], "%s %s: status %s is described and was not seen", method, path, status)
			}
		}
	}
}
