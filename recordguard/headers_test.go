// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

func TestHeadersThatChangeARequest(t *testing.T) {
	for _, each := range []string{
		"X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE", "X-Method-Override: DELETE", "X-Original-Method: DELETE", "X-Forwarded-Method: DELETE",
		"X-Original-URL: /Patient/2", "X-Original-URI: /Patient/2", "X-Original-Path: /Patient/2", "X-Rewrite-URL: /Patient/2", "X-Rewrite-URI: /Patient/2",
		"X-Rewrite-Path: /Patient/2", "X-HTTP-Path-Override: /Patient/2", "X-Forwarded-Uri: /Patient/2", "X-Forwarded-Path: /Patient/2",
		"X-Envoy-Original-Path: /Patient/2", "Content-Encoding: gzip", "Upgrade: h2c", "X_HTTP_Method_Override: DELETE", "x-original_uri: /Patient/2",
		"Content_Type: application/json", "Content_Length: 1", "Transfer_Encoding: chunked", "Connection: close, Content-Type", "Connection: upgrade",
	} {
		name, value, _ := strings.Cut(each, ": ")
		assert.Equal(t, recordguard.HeaderRefused, recordguard.CheckHeaders(http.Header{name: {value}}), each)
	}
	assert.Equal(t, recordguard.HeaderRefused, recordguard.CheckHeaders(http.Header{"Content-Type": {"a/b", "a/b"}}))
	assert.NoError(t, recordguard.CheckHeaders(http.Header{
		"Authorization": {"Bearer a"}, "Content-Type": {"a/b"}, "Content-Length": {"1"}, "Connection": {"Keep-Alive, TE", ""}, "Te": {"trailers"},
		"Accept": {"*/*"}, "X-Forwarded-For": {"192.0.2.1"}, "X-Forwarded-Proto": {"https"}, "X-Request-Id": {"1"}, "Dpop": {"a", "b"},
	}))
}

// TestGuardRefusesTrailers sends headers after the body, some of which a server takes for such.
func TestGuardRefusesTrailers(t *testing.T) {
	server := startGuarded(t, nil, careless(t))
	server.node.issue("good", live(nil))
	body := "identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C" + patient
	ask := func(trailer string) (int, string) {
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		defer connection.Close()
		_, err = io.WriteString(connection, "POST /fhir/Patient/_search HTTP/1.1\r\nHost: records.example\r\nAuthorization: Bearer good\r\n"+
			"Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"+
			chunk(body)+"0\r\n"+trailer+"\r\n")
		require.NoError(t, err)
		answer, err := io.ReadAll(connection)
		require.NoError(t, err)
		status := 0
		if bytes.HasPrefix(answer, []byte("HTTP/1.1 200")) {
			status = http.StatusOK
		} else if bytes.HasPrefix(answer, []byte("HTTP/1.1 403")) {
			status = http.StatusForbidden
		}
		return status, string(answer)
	}
	status, answer := ask("")
	require.Equal(t, http.StatusOK, status, answer)
	status, answer = ask("X-HTTP-Method-Override: DELETE\r\n")
	assert.Equal(t, http.StatusForbidden, status, answer)
	assert.Equal(t, []recordguard.Refusal{recordguard.HeaderRefused}, server.refusals)
}

func chunk(text string) string {
	const digits = "0123456789abcdef"
	size := ""
	for n := len(text); n > 0; n /= 16 {
		size = string(digits[n%16]) + size
	}
	return size + "\r\n" + text + "\r\n"
}

// TestGuardLooksNobodyUpForATokenOfSomethingElse: whose a resource is, is looked up for a token that
// opens such resources here, and for no other.
func TestGuardLooksNobodyUpForATokenOfSomethingElse(t *testing.T) {
	resolved := 0
	server := startGuarded(t, func(c *recordguard.Config) {
		c.PatientOf = func(ctx context.Context, reference recordguard.Reference) (consent.BSN, error) {
			resolved++
			return patientOf(ctx, reference)
		}
	}, careless(t))
	for name, claims := range map[string]map[string]any{
		"expired": {"exp": 1}, "of another scope": {"scope": "other"}, "without consent": {"mitz_consent": nil},
		"of another data holder": {"data_holder_organization_id": "00000660"}, "for another category": {"consent_categories": []string{"GGC013"}},
		"about nobody": {"patient_bsn": nil},
	} {
		server.node.issue(name[:2], live(claims))
		assert.NotEqual(t, http.StatusOK, send(t, server, "/Condition/first-1", http.Header{"Authorization": {"Bearer " + name[:2]}}), name)
		assert.Zero(t, resolved, name)
	}
	server.node.issue("good", live(nil))
	assert.Equal(t, http.StatusOK, send(t, server, "/Condition/first-1", http.Header{"Authorization": {"Bearer good"}}))
	assert.Equal(t, 1, resolved)
}
