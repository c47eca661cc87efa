// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package openapi holds an interface against docs/openapi.yaml, for tests: requests, answers, and
// whether every status of every operation was seen. It sends nothing itself, and must never be
// part of a node.
package openapi

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Document is an OpenAPI document, and what was seen of it. Its methods may be called from any
// goroutine.
type Document struct {
	paths  map[string]*openapi3.PathItem
	router routers.Router
	mutex  sync.Mutex
	seen   map[string]bool // "operation status"
}

// Read reads a document, which must be valid with all its examples.
func Read(t testing.TB, file string) *Document {
	t.Helper()
	for _, kind := range []string{"application/fhir+xml", "application/xml", "text/xml"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.PlainBodyDecoder)
	}
	read, err := openapi3.NewLoader().LoadFromFile(file)
	require.NoError(t, err)
	require.NoError(t, read.Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.EnableSchemaPatternValidation()))
	read.Servers = nil // requests go to any
	for _, item := range read.Paths.Map() {
		item.Servers = nil
	}
	router, err := legacy.NewRouter(read)
	require.NoError(t, err)
	return &Document{paths: read.Paths.Map(), router: router, seen: map[string]bool{}}
}

// Routes returns what is described below a path: methods and paths, as "GET /a/{id}".
func (d *Document) Routes(below string) (routes []string) {
	for path, item := range d.paths {
		if !strings.HasPrefix(path, below) {
			continue
		}
		for method := range item.Operations() {
			routes = append(routes, method+" "+path)
		}
	}
	return routes
}

// Exchange is a request and its answer.
type Exchange struct {
	Operation   string // its operationId
	Status      int    // what is expected
	IsNoRequest bool   // the request is not as the document has it
	Request     *http.Request
	Body        string // of the request, which may have been read
	Answer      Answer
}

// Answer is what was answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Hold compares an exchange with the document.
func (d *Document) Hold(t testing.TB, e Exchange) {
	t.Helper()
	request := e.Request.Clone(t.Context())
	request.Body = io.NopCloser(strings.NewReader(e.Body))
	route, parameters, err := d.router.FindRoute(request)
	require.NoError(t, err, "the document has no such path")
	assert.Equal(t, e.Operation, route.Operation.OperationID)
	asked := &openapi3filter.RequestValidationInput{Request: request, PathParams: parameters, Route: route}
	err = openapi3filter.ValidateRequest(t.Context(), asked)
	assert.Equal(t, e.IsNoRequest, err != nil, "as a request: %v", err)
	assert.Equal(t, e.Status, e.Answer.Status, "%s", e.Answer.Body)
	assert.NoError(t, isDescribed(t, asked, e.Answer))
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.seen[e.Operation+" "+strconv.Itoa(e.Answer.Status)] = true
}

// isDescribed returns an error for an answer that is not as the document has it.
func isDescribed(t testing.TB, asked *openapi3filter.RequestValidationInput, answer Answer) error {
	if response := asked.Route.Operation.Responses.Status(answer.Status); response != nil && len(response.Value.Content) == 0 && len(answer.Body) > 0 {
		return errors.New("the answer has a body, and must have none")
	}
	return openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: asked, Status: answer.Status, Header: answer.Header,
		Body:    io.NopCloser(bytes.NewReader(answer.Body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	})
}

// AssertSeen fails for every status of an operation below a path that is described and was not
// seen, but for those that cannot be, as "operation status". Those must be described there, and
// none may have been seen.
func (d *Document) AssertSeen(t testing.TB, below string, but ...string) {
	t.Helper()
	d.mutex.Lock()
	defer d.mutex.Unlock()
	described := d.statuses(below)
	var missing, surplus []string
	for name, where := range described {
		excepted := slices.Contains(but, name)
		switch seen := d.seen[name]; {
		case seen && excepted:
			surplus = append(surplus, name)
		case !seen && !excepted:
			missing = append(missing, name+" ("+where+")")
		}
	}
	assert.Empty(t, missing, "described, and not seen")
	assert.Empty(t, surplus, "seen, and said not to be")
	for _, name := range but {
		assert.Contains(t, described, name, "said not to be seen, and not described")
	}
}

// statuses returns what is described below a path, as "operation status", with its method and
// path.
func (d *Document) statuses(below string) map[string]string {
	described := map[string]string{}
	for path, item := range d.paths {
		if !strings.HasPrefix(path, below) {
			continue
		}
		for method, operation := range item.Operations() {
			for status := range operation.Responses.Map() {
				described[operation.OperationID+" "+status] = method + " " + path
			}
		}
	}
	return described
}
