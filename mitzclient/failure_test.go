// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/xacml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fault is a SOAP fault that tells more than it should.
func fault(code string) string {
	return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:` + code +
		`</s:Value></s:Code><s:Reason><s:Text xml:lang="nl">BSN 900203638 onbekend</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>`
}

// hangUp sends raw bytes instead of an answer and closes the connection.
func hangUp(raw string) func(*testing.T, http.ResponseWriter, *http.Request) {
	return func(_ *testing.T, w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_, _ = io.WriteString(connection, raw)
			_ = connection.Close()
		}
	}
}

// says answers with a body of SOAP's media type.
func says(status int, body string) func(*testing.T, http.ResponseWriter, *http.Request) {
	return func(_ *testing.T, w http.ResponseWriter, _ *http.Request) { reply(w, status, body) }
}

// permitsWith answers with a Permit and a header of choice, in place of the usual.
func permitsWith(key string, values ...string) func(*testing.T, http.ResponseWriter, *http.Request) {
	return func(t *testing.T, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		w.Header()[key] = values
		_, _ = io.WriteString(w, fixture(t, "permit.xml", r))
	}
}

// altered answers with a Permit in which one text is replaced.
func altered(from, to string) func(*testing.T, http.ResponseWriter, *http.Request) {
	return func(t *testing.T, w http.ResponseWriter, r *http.Request) {
		reply(w, http.StatusOK, strings.ReplaceAll(fixture(t, "permit.xml", r), from, to))
	}
}

// bomb answers with a Permit and 256 MiB of white space behind it: a good answer but for
// its size. Once compressed that is less than an answer may have, twice it is a few KB.
func bomb(t *testing.T, twice bool) func(*testing.T, http.ResponseWriter, *http.Request) {
	const part, parts = 16 << 20, 16
	blank := zip(t, bytes.Repeat([]byte(" "), part))
	return func(t *testing.T, w http.ResponseWriter, r *http.Request) {
		// Zipped parts behind each other are one zipped whole (RFC 1952, section 2.2).
		body := append(zip(t, []byte(fixture(t, "permit.xml", r))), bytes.Repeat(blank, parts)...)
		assert.Less(t, len(body), strictxml.MaxSize)
		encoding := "gzip"
		if twice {
			body, encoding = zip(t, body), "gzip, gzip"
			assert.Less(t, len(body), 8<<10)
		}
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Content-Encoding", encoding)
		_, _ = w.Write(body)
	}
}

func zip(t *testing.T, content []byte) []byte {
	var zipped bytes.Buffer
	zipper := gzip.NewWriter(&zipped)
	_, err := zipper.Write(content)
	assert.NoError(t, errors.Join(err, zipper.Close()))
	return zipped.Bytes()
}

func TestConsultFails(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer func(*testing.T, http.ResponseWriter, *http.Request)
		code   Code
		detail string
		status int
	}{
		{"on a status without a body", says(http.StatusTooManyRequests, ""), HTTPStatus, "", 429},
		{"on an HTML error page", func(_ *testing.T, w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "<html>900203638</html>", http.StatusBadGateway)
		}, HTTPStatus, "", 502},
		{"on a success that is not 200", says(http.StatusAccepted, ""), HTTPStatus, "", 202},
		{"on a Permit beside another status", func(t *testing.T, w http.ResponseWriter, r *http.Request) {
			reply(w, http.StatusInternalServerError, fixture(t, "permit.xml", r))
		}, HTTPStatus, "", 500},
		{"on a large error page", says(http.StatusInternalServerError, strings.Repeat(" ", strictxml.MaxSize+1)), HTTPStatus, "", 500},
		{"on a fault of the sender", says(http.StatusBadRequest, fault("Sender")), FaultSender, "", 400},
		{"on a fault of the receiver", says(http.StatusInternalServerError, fault("Receiver")), FaultReceiver, "", 500},
		{"on another fault", says(http.StatusInternalServerError, fault("MustUnderstand")), FaultOther, "", 500},
		{"on a fault with status 200", says(http.StatusOK, fault("Receiver")), FaultReceiver, "", 0},
		{"on no body", says(http.StatusOK, ""), MalformedAnswer, "malformed", 0},
		{"on an answer of another action", altered(xacml.ActionResponse, "urn:x"), MalformedAnswer, "wrong_action", 0},
		{"on an answer about another patient", altered(testBSN, "999996630"), MismatchedAnswer, "mismatch_patient", 0},
		{"on an answer to another message", altered("<wsa:RelatesTo>urn:uuid:", "<wsa:RelatesTo>urn:uuid:0"), MismatchedAnswer, "mismatch_relates_to", 0},
		{"on another media type", permitsWith("Content-Type", "text/xml"), MalformedAnswer, "content_type", 0},
		{"on another charset", permitsWith("Content-Type", mediaType+"; charset=iso-8859-1"), MalformedAnswer, "content_type", 0},
		{"on a media type that cannot be read", permitsWith("Content-Type", mediaType+"; ="), MalformedAnswer, "content_type", 0},
		{"on two media types", permitsWith("Content-Type", mediaType, mediaType), MalformedAnswer, "content_type", 0},
		{"on no media type", permitsWith("Content-Type"), MalformedAnswer, "content_type", 0},
		{"on a compressed answer", func(t *testing.T, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zip(t, []byte(fixture(t, "permit.xml", r))))
		}, MalformedAnswer, "content_encoding", 0},
		{"on a compressed bomb", bomb(t, false), MalformedAnswer, "content_encoding", 0},
		{"on a bomb compressed twice", bomb(t, true), MalformedAnswer, "content_encoding", 0},
		{"on more than a mebibyte", func(t *testing.T, w http.ResponseWriter, r *http.Request) {
			reply(w, http.StatusOK, fixture(t, "permit.xml", r)+strings.Repeat(" ", strictxml.MaxSize))
		}, OversizedAnswer, "", 0},
		{"on an announced exabyte", hangUp("HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: 1152921504606846976\r\n\r\n<"), OversizedAnswer, "", 0},
		{"on headers without end", func(_ *testing.T, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 2*(16<<10)))
		}, Unreachable, "no_http", 0},
		{"on very many small headers", func(t *testing.T, w http.ResponseWriter, r *http.Request) {
			for i := range 10_000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), "")
			}
			reply(w, http.StatusOK, fixture(t, "permit.xml", r))
		}, Unreachable, "no_http", 0},
		{"when the connection is closed before the answer", hangUp(""), Unreachable, "connection_lost", 0},
		{"when the connection is closed within the answer", hangUp("HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: 99\r\n\r\n<"), Unreachable, "connection_lost", 0},
		{"when something else than HTTP answers", hangUp("SSH-2.0-900203638\r\n\r\n"), Unreachable, "no_http", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var queries atomic.Int32
			server := start(t, func(w http.ResponseWriter, r *http.Request) {
				queries.Add(1)
				_, _ = io.Copy(io.Discard, r.Body)
				tt.answer(t, w, r)
			})
			answer, err := server.client(t).Consult(t.Context(), question(t, "GGC002"))
			requireFailure(t, answer, err, tt.code, tt.detail, tt.status)
			require.EqualValues(t, 1, queries.Load(), "a query is recorded with the patient: never repeat it")
		})
	}
}

func requireFailure(t *testing.T, answer Answer, err error, code Code, detail string, status int) {
	t.Helper()
	failure, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, code, failure.Code, "%s", err)
	require.Equal(t, detail, failure.Detail)
	require.Equal(t, status, failure.Status)
	require.NoError(t, uuid.Validate(failure.RequestID))
	require.Equal(t, failure.RequestID, answer.RequestID)
	require.Nil(t, answer.Decisions)
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		require.NotRegexp(t, `[0-9]{8}|https?:|127\.0`, cause.Error())
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var elsewhere atomic.Int32
	var server *mitz
	server = start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			elsewhere.Add(1)
			permits(t)(w, r)
			return
		}
		http.Redirect(w, r, server.URL+"/elsewhere", http.StatusTemporaryRedirect)
	})
	answer, err := server.client(t).Consult(t.Context(), question(t, "GGC002"))
	requireFailure(t, answer, err, HTTPStatus, "", 307)
	require.Zero(t, elsewhere.Load())
}

func TestAQueryIsNotRepeatedWhenAReusedConnectionBreaks(t *testing.T) {
	var queries atomic.Int32
	server := start(t, func(w http.ResponseWriter, r *http.Request) {
		if queries.Add(1) == 1 {
			permits(t)(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		hangUp("")(t, w, r)
	})
	client := server.client(t)
	_, err := client.Consult(t.Context(), question(t, "GGC002"))
	require.NoError(t, err)
	answer, err := client.Consult(t.Context(), question(t, "GGC002"))
	requireFailure(t, answer, err, Unreachable, "connection_lost", 0)
	require.EqualValues(t, 2, queries.Load())
}

func TestAnInvalidQuestionIsNotSent(t *testing.T) {
	var queries atomic.Int32
	server := start(t, func(http.ResponseWriter, *http.Request) { queries.Add(1) })
	answer, err := server.client(t).Consult(t.Context(), question(t))
	requireFailure(t, answer, err, InvalidQuestion, "", 0)
	require.ErrorContains(t, errors.Unwrap(err), "data categories: none given")
	require.Zero(t, queries.Load())
}

func TestNoConnection(t *testing.T) {
	t.Run("nobody listens", func(t *testing.T) {
		server := start(t, permits(t))
		client := server.client(t)
		server.Close()
		answer, err := client.Consult(t.Context(), question(t, "GGC002"))
		requireFailure(t, answer, err, Unreachable, "refused", 0)
	})
	for _, tt := range []struct {
		name   string
		server func(*httptest.Server)
		client func(*Config)
		detail string
	}{
		{"another authority issued the server's certificate", func(*httptest.Server) {},
			func(c *Config) { c.TLS.RootCAs = newAuthority(t).pool() }, "unknown_authority"},
		{"the server's certificate is for another name", func(*httptest.Server) {},
			func(c *Config) { c.TLS.ServerName = "mitz.example" }, "host_name"},
		// With TLS 1.3 the refusal comes after the handshake and may be lost with the connection.
		{"the client has no certificate", func(s *httptest.Server) { s.TLS.MaxVersion = tls.VersionTLS12 },
			func(c *Config) { c.TLS.Certificates = nil }, "refused_by_mitz"},
		{"the server speaks an older TLS", func(s *httptest.Server) { s.TLS.MinVersion, s.TLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 },
			func(*Config) {}, "refused_by_mitz"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var queries atomic.Int32
			server := start(t, func(http.ResponseWriter, *http.Request) { queries.Add(1) }, tt.server)
			answer, err := server.client(t, tt.client).Consult(t.Context(), question(t, "GGC002"))
			requireFailure(t, answer, err, TLS, tt.detail, 0)
			require.Zero(t, queries.Load())
		})
	}
	t.Run("the server does not speak TLS", func(t *testing.T) {
		server := httptest.NewServer(permits(t))
		defer server.Close()
		client, err := New(Config{Endpoint: strings.Replace(server.URL, "http:", "https:", 1), TLS: &tls.Config{}, Timeout: patience})
		require.NoError(t, err)
		answer, err := client.Consult(t.Context(), question(t, "GGC002"))
		requireFailure(t, answer, err, TLS, "not_tls", 0)
	})
}

func TestEveryCodeHasItsText(t *testing.T) {
	seen := map[string]bool{}
	for code, text := range texts {
		require.Regexp(t, "^[a-z]+(_[a-z]+)*$", string(code))
		require.Equal(t, text+" (detail)", (&Error{Code: code, Detail: "detail", RequestID: "id", Status: 500}).Error())
		require.False(t, seen[text], "the same text twice")
		seen[text] = true
	}
}
