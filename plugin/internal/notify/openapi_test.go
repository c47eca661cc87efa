// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/openapi"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/drain"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// TestTheEndpointIsAsItIsDescribed holds docs/openapi.yaml against what is answered: every status,
// in both forms.
func TestTheEndpointIsAsItIsDescribed(t *testing.T) {
	described := openapi.Read(t, filepath.Join("..", "..", "..", "docs", "openapi.yaml"))
	certificate := func(parts *Parts) {
		parts.Certificate = &Certificate{Roots: newCA(t).pool, Names: []string{"mitz.example"}, Header: "X-Cert"}
	}
	stopped := func(parts *Parts) { parts.Requests = drain.New() }
	large := strings.Repeat(" ", mitzclient.MaxNotification)
	for _, tc := range []struct {
		name        string
		status      int
		contentType string
		body        string
		change      func(*Parts)
		spoil       func(w *world, request *http.Request)
		isNoRequest bool
	}{
		{"XML", 201, xmlType, example(t), nil, nil, false},
		{"JSON", 201, jsonType, message(t, "good/partial.json"), nil, nil, false},
		{"text/xml", 201, "text/xml", example(t), nil, nil, false},
		{"application/xml", 201, "application/xml", example(t), nil, nil, false},
		{"application/json", 201, "application/json; charset=utf-8", message(t, "good/partial.json"), nil, nil, false},
		{"malformed XML", 400, xmlType, "<", nil, nil, false},
		{"another resource", 400, jsonType, `{"resourceType": "Consent"}`, nil, nil, true},
		{"no certificate", 403, xmlType, example(t), certificate, nil, false},
		{"no certificate, in JSON", 403, jsonType, message(t, "good/partial.json"), certificate, nil, false},
		{"another path", 404, xmlType, example(t), nil, func(_ *world, request *http.Request) { request.URL.Path = withdrawal.PathPrefix + "x" }, false},
		{"another patient", 404, jsonType, strings.ReplaceAll(message(t, "good/partial.json"), testBSN, otherBSN), nil, nil, false},
		{"large", 413, xmlType, large + example(t), nil, nil, false},
		{"another type", 415, "text/plain", example(t), nil, nil, true},
		{"a panic", 500, jsonType, message(t, "good/partial.json"), certificate, func(w *world, request *http.Request) {
			w.Now = nil // which the check of a certificate calls
			request.Header.Set("X-Cert", newCA(t).header(t, "mitz.example"))
		}, false},
		{"no session database", 503, xmlType, example(t), nil, func(w *world, _ *http.Request) { w.sessions.failing = errors.New("gone") }, false},
		{"a node that stops, in JSON", 503, jsonType, message(t, "good/partial.json"), stopped, nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			change := tc.change
			if change == nil {
				change = func(*Parts) {}
			}
			w := newWorld(t, change)
			request := by(tc.contentType, tc.body)(t, w)
			if tc.spoil != nil {
				tc.spoil(w, request)
			}
			answer := w.send(request).Result()
			body, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			described.Hold(t, openapi.Exchange{
				Operation: "notify", Status: tc.status, IsNoRequest: tc.isNoRequest, Request: request, Body: tc.body,
				Answer: openapi.Answer{Status: answer.StatusCode, Header: answer.Header, Body: body},
			})
		})
	}
	described.AssertSeen(t, withdrawal.PathPrefix)
}
