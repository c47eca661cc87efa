// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The race detector makes everything ten times as costly, so that the figures would say
// nothing. "make test" runs these tests without it.

//go:build !race

package plugin_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What an unverified request may cost, by docs/architecture.md, and how much more this test
// allows: the race detector and a slow machine make everything slower, but not in the way
// in which what is not bounded is. Memory is all that was allocated, of which most is free
// again before the request ends.
const (
	costCPU    = 50 * time.Millisecond
	costFactor = 20
	costMemory = 32 << 20
	costKept   = 4 << 20 // of all of them together
)

// cost is what the whole process used for one request, the least of a few.
type cost struct {
	cpu   time.Duration
	bytes uint64
	code  int
	body  string
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// measure sends a request as it is, made anew each time.
func (n *testNode) measure(t *testing.T, raw func() string) (least cost) {
	t.Helper()
	for i := range 3 {
		request := raw()
		conn, err := net.Dial("tcp", strings.TrimPrefix(n.public, "http://"))
		require.NoError(t, err)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := processorTime()
		_, err = conn.Write([]byte(request))
		require.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil) //nolint:bodyclose // readAll closes it
		require.NoError(t, err)
		took := processorTime() - began
		runtime.ReadMemStats(&after)
		body, err := readAll(response)
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		if i == 0 || took < least.cpu {
			least = cost{took, after.TotalAlloc - before.TotalAlloc, response.StatusCode, string(body)}
		}
	}
	return least
}

const formType = "application/x-www-form-urlencoded"

func rawPost(path, kind, body string, headers ...string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nContent-Type: %s\r\n%sContent-Length: %d\r\n\r\n%s",
		path, kind, strings.Join(headers, ""), len(body), body)
}

func rawGet(target string) string { return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n" }

// stranger presents what it likes, as a new did:jwk.
type stranger struct {
	t      *testing.T
	key    *ecdsa.PrivateKey
	holder string
}

func newStranger(t *testing.T) stranger {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	public, err := jwk.FromRaw(key.Public())
	require.NoError(t, err)
	document, err := json.Marshal(public)
	require.NoError(t, err)
	return stranger{t, key, "did:jwk:" + base64.RawURLEncoding.EncodeToString(document)}
}

// credential is what selfAttestedDefinition asks for, and more.
func (s stranger) credential(more map[string]any) map[string]any {
	subject := map[string]any{"id": s.holder, "ura": "12345678", "facility": "G3", "identifier": "900000009", "roleName": "03.000", "patient": "999911120"}
	maps.Copy(subject, more)
	return map[string]any{
		"@context": []any{"https://www.w3.org/2018/credentials/v1", "https://nuts.nl/credentials/v1"},
		"id":       s.holder + "#" + uuid.NewString(), "type": []string{"VerifiableCredential", "NutsEmployeeCredential"},
		"issuer": s.holder, "issuanceDate": time.Now().Add(-time.Second).UTC().Format(time.RFC3339),
		"credentialSubject": subject,
	}
}

// unproven has a JSON-LD proof that is none: it is the last that the node looks at.
func (s stranger) unproven(more map[string]any, contexts ...any) map[string]any {
	credential := s.credential(more)
	credential["@context"] = append([]any{"https://www.w3.org/2018/credentials/v1"}, contexts...)
	credential["proof"] = map[string]any{
		"type": "JsonWebSignature2020", "proofPurpose": "assertionMethod", "verificationMethod": s.holder + "#0",
		"created": time.Now().Add(-time.Second).UTC().Format(time.RFC3339), "jws": "e30..AAAA",
	}
	return credential
}

func (s stranger) jwt(more, header map[string]any) string {
	credential := s.credential(more)
	return s.sign(map[string]any{"iss": s.holder, "sub": s.holder, "jti": credential["id"], "nbf": time.Now().Unix(), "vc": credential}, header)
}

func (s stranger) sign(claims, header map[string]any) string {
	headers := jws.NewHeaders()
	for name, value := range header {
		require.NoError(s.t, headers.Set(name, value))
	}
	require.NoError(s.t, headers.Set(jws.KeyIDKey, s.holder+"#0"))
	payload, err := json.Marshal(claims)
	require.NoError(s.t, err)
	token, err := jws.Sign(payload, jws.WithKey(jwa.ES256, s.key, jws.WithProtectedHeaders(headers)))
	require.NoError(s.t, err)
	return string(token)
}

// present presents these credentials and, as the last one, one that is not proven.
func (s stranger) present(claims map[string]any, credentials ...any) string {
	now := time.Now()
	all := map[string]any{
		"iss": s.holder, "sub": s.holder, "aud": nodeIssuer, "jti": s.holder + "#" + uuid.NewString(), "nonce": uuid.NewString(),
		"nbf": now.Unix(), "exp": now.Add(5 * time.Second).Unix(),
		"vp": map[string]any{
			"@context": []string{"https://www.w3.org/2018/credentials/v1"}, "type": []string{"VerifiablePresentation"}, "holder": s.holder,
			"verifiableCredential": append(credentials, s.unproven(nil)),
		},
	}
	maps.Copy(all, claims)
	return s.sign(all, nil)
}

func times(n int, value func(i int) any) []any {
	values := make([]any, n)
	for i := range values {
		values[i] = value(i)
	}
	return values
}

// TestCostOfUnverifiedRequests sends to a whole node, in this process, what costs it most:
// each parameter of each public OAuth endpoint with as much in it as a request can hold,
// and what the door just lets through. None of it is verified, so that Mitz is not asked.
func TestCostOfUnverifiedRequests(t *testing.T) {
	logrus.SetOutput(io.Discard)
	others := logrus.StandardLogger().ReplaceHooks(logrus.LevelHooks{}) // of other tests, which keep what is logged
	t.Cleanup(func() {
		logrus.SetOutput(os.Stderr)
		logrus.StandardLogger().ReplaceHooks(others)
	})
	mitz, files := startMitz(t)
	node := startNode(t, mitz, files)
	s := newStranger(t)
	const tokens, responses = "/oauth2/hospital-east/token", "/oauth2/hospital-east/response"
	jwtBearer := func(assertion string) string {
		return rawPost(tokens, formType, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "scope": {nodeScope}, "client_id": {"a"}, "assertion": {assertion}}.Encode())
	}
	vpToken := func(assertion, submission string) string {
		return rawPost(tokens, formType, url.Values{"grant_type": {"vp_token-bearer"}, "scope": {nodeScope}, "client_id": {"a"}, "assertion": {assertion}, "presentation_submission": {submission}}.Encode())
	}
	const most = 1<<20 - 1<<10
	fill := func(n int) string { return strings.Repeat("x", n) }
	type request struct {
		name string
		raw  func() string
	}
	var requests []request
	add := func(name string, raw func() string) { requests = append(requests, request{name, raw}) }
	for _, parameter := range []string{"grant_type", "scope", "client_id", "assertion", "presentation_submission", "code", "code_verifier", "client_assertion", "unknown"} {
		add("token, "+parameter, func() string { return rawPost(tokens, formType, parameter+"="+fill(most)) })
	}
	for _, parameter := range []string{"state", "vp_token", "presentation_submission", "error", "error_description"} {
		add("response, "+parameter, func() string { return rawPost(responses, formType, parameter+"="+fill(most)) })
	}
	for _, parameter := range []string{"wallet_metadata", "wallet_nonce"} {
		add("request object, "+parameter, func() string {
			return rawPost("/oauth2/hospital-east/request.jwt/a", formType, parameter+"="+fill(most))
		})
	}
	for target, parameters := range map[string][]string{
		"authorize": {"client_id", "request", "request_uri", "request_uri_method", "response_type", "state"}, "callback": {"code", "state", "error", "error_description"},
		"presentation_definition": {"scope", "wallet_owner_type"}, "user": {"token"}, "oauth-client": {"a"}, "request.jwt/a": {"a"},
	} {
		for _, parameter := range parameters {
			add(target+", "+parameter, func() string {
				return rawGet("/oauth2/hospital-east/" + target + "?" + parameter + "=" + fill(900<<10))
			})
			add(target+", "+parameter+", as long as is let through", func() string {
				return rawGet("/oauth2/hospital-east/" + target + "?" + parameter + "=" + fill(200))
			})
		}
	}
	for _, target := range []string{
		"/.well-known/openid-configuration/oauth2/hospital-east", "/.well-known/oauth-authorization-server/oauth2/hospital-east",
		"/.well-known/openid-configuration/oauth2/" + fill(500), "/statuslist/did:web:localhost/1", "/oauth2/" + fill(500) + "/authorize",
	} {
		add("GET "+target[:min(40, len(target))], func() string { return rawGet(target) })
	}
	add("token, many parameters", func() string { return rawPost(tokens, formType, strings.Repeat("a&", most/2)) })
	add("token, escapes", func() string { return rawPost(tokens, formType, "assertion="+strings.Repeat("%41", most/3)) })
	add("token, a form in parts", func() string {
		return rawPost(tokens, "multipart/form-data; boundary=a", strings.Repeat("--a\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n", most/60))
	})
	add("token, headers", func() string { return rawPost(tokens, formType, "a=b", strings.Repeat("A: b\r\n", 100000)) })
	add("token, DPoP", func() string { return rawPost(tokens, formType, "a=b", "DPoP: "+fill(900<<10)+"\r\n") })
	add("token, a scope repeated", func() string {
		return rawPost(tokens, formType, "grant_type=vp_token-bearer&scope="+strings.Repeat("a+", 5000))
	})
	add("token, nested paths", func() string {
		return vpToken(s.present(nil, s.credential(nil)), `{"descriptor_map":[`+strings.Repeat(`{"path":"$","path_nested":`, 4000)+"1")
	})
	add("token, deep JSON", func() string { return jwtBearer(strings.Repeat(`{"a":`, most/5)) })
	// What is let through.
	add("token, text", func() string {
		return jwtBearer(s.present(nil, times(4, func(int) any { return s.credential(map[string]any{"x": fill(15000)}) })...))
	})
	add("token, members", func() string {
		more := map[string]any{}
		for i := range 2800 {
			more[fmt.Sprint("name-", i)] = i
		}
		return jwtBearer(s.present(nil, s.credential(more)))
	})
	add("token, credentials", func() string {
		return jwtBearer(s.present(nil, times(15, func(int) any { return s.credential(nil) })...))
	})
	add("token, JWTs", func() string {
		return jwtBearer(s.present(nil, append([]any{s.credential(nil)}, times(14, func(int) any { return s.jwt(nil, nil) })...)...))
	})
	add("token, headers of JWTs", func() string {
		header := map[string]any{"x": fill(10 << 10)}
		return jwtBearer(s.present(nil, append([]any{s.credential(nil)}, times(6, func(int) any { return s.jwt(nil, header) })...)...))
	})
	add("token, descriptors", func() string {
		presentation := s.present(nil, times(6, func(int) any { return s.credential(map[string]any{"x": times(400, func(i int) any { return i })}) })...)
		entries := times(24, func(i int) any {
			return fmt.Sprintf(`{"id":"%d","format":"ldp_vc","path":"$.verifiableCredential[%d]"}`, i, i%6)
		})
		return vpToken(presentation, `{"id":"s","definition_id":"self","descriptor_map":[`+join(entries)+`]}`)
	})
	add("token, nested descriptors", func() string {
		presentation := s.present(nil, times(4, func(int) any { return s.credential(map[string]any{"x": fill(9000)}) })...)
		entries := times(6, func(i int) any {
			return fmt.Sprintf(`{"id":"%d","format":"jwt_vp","path":"$[0]","path_nested":{"id":"a","format":"ldp_vc","path":"$.verifiableCredential[%d]"}}`, i, i%4)
		})
		return vpToken(fmt.Sprintf("[%q]", presentation), `{"id":"s","definition_id":"self","descriptor_map":[`+join(entries)+`]}`)
	})
	add("token, a graph of values", func() string {
		return jwtBearer(s.present(nil, s.credential(nil), s.unproven(map[string]any{"urn:p": times(260, func(i int) any { return i })})))
	})
	add("token, a graph of objects", func() string {
		return jwtBearer(s.present(nil, s.credential(nil), s.unproven(map[string]any{"urn:p": times(50, func(i int) any { return map[string]any{"urn:q": i} })})))
	})
	add("token, a ring", func() string {
		ring := times(32, func(i int) any {
			return map[string]any{"@id": fmt.Sprint("_:", i), "urn:n": map[string]any{"@id": fmt.Sprint("_:", (i+1)%32)}}
		})
		return jwtBearer(s.present(nil, s.credential(nil), s.unproven(map[string]any{"urn:p": ring})))
	})
	add("token, a large context", func() string {
		return jwtBearer(s.present(nil, s.credential(nil), s.unproven(nil, "https://schema.org")))
	})
	add("token, contexts in each other", func() string {
		var inner any = "v"
		for range 25 {
			inner = map[string]any{"@context": "https://www.w3.org/2018/credentials/v1", "urn:p": inner}
		}
		return jwtBearer(s.present(nil, s.credential(nil), s.unproven(map[string]any{"urn:p": inner})))
	})
	add("token, a nonce", func() string { return jwtBearer(s.present(map[string]any{"nonce": fill(15000)}, s.credential(nil))) })

	for _, each := range requests { // the first of each pays for more
		node.measure(t, each.raw)
	}
	before := heap()
	entries := auditSize(t, node)
	worst := cost{}
	for _, each := range requests {
		c := node.measure(t, each.raw)
		worst.cpu, worst.bytes = max(worst.cpu, c.cpu), max(worst.bytes, c.bytes)
		t.Logf("%-60s %8s %6.2f MB  %d", each.name, c.cpu.Round(100*time.Microsecond), float64(c.bytes)/1e6, c.code)
		assert.Less(t, c.cpu, costFactor*costCPU, each.name)
		assert.Less(t, c.bytes, uint64(costMemory), each.name)
		assert.NotContains(t, c.body, "access_token", each.name)
	}
	t.Logf("the worst: %s, %.2f MB", worst.cpu, float64(worst.bytes)/1e6)
	assert.Less(t, heap()-before, int64(costKept), "something is kept")
	assert.Empty(t, mitz.Queries())
	assert.Equal(t, entries, auditSize(t, node), "entries were written for what nobody verified")
}

// heap is what is in use, once all that can go has gone: a pool lets go at the second time.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func join(entries []any) string {
	texts := make([]string, len(entries))
	for i, entry := range entries {
		texts[i] = entry.(string)
	}
	return strings.Join(texts, ",")
}

func auditSize(t *testing.T, node *testNode) int64 {
	t.Helper()
	info, err := os.Stat(node.audit)
	require.NoError(t, err)
	return info.Size()
}
