// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/internal/recordattacks"
)

// gateways is a world in which gateways ask the data holder's node about requests.
type gateways struct {
	*harness.World
	*attacker
	nginx   string       // where nginx listens: host and port
	direct  string       // the base of a FHIR server that nobody serves: tests ask about it
	access  string       // the node's endpoint
	reached atomic.Int64 // how often the FHIR server behind nginx was
}

func newGateways(t *testing.T) *gateways {
	t.Helper()
	ports, err := harness.ReservePorts()
	require.NoError(t, err)
	t.Cleanup(ports.Release)
	g := &gateways{nginx: fmt.Sprintf("localhost:%d", ports.Port(1)), direct: fmt.Sprintf("https://localhost:%d/fhir", ports.Port(2))}
	config := plainWorld()
	config.ConfigureMitz = func(section *harness.MitzConfig) {
		section.Timeout = timeout
		section.FHIRBases = []string{"https://" + g.nginx + "/fhir", g.direct}
	}
	g.World, err = harness.NewWorld(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, g.Close()) })
	g.attacker = newAttacker(t, g.World)
	g.access = g.DataHolder.InternalURL() + "/internal/mitz/v1/hospital-east/access"
	return g
}

func (g *gateways) target() recordattacks.Target {
	return recordattacks.Target{
		Base: g.direct, Secret: "first pregnancy", OtherSecret: "knee operation",
		Patient: recordattacks.Patient{BSN: patient, ID: "first"}, Other: recordattacks.Patient{BSN: otherPatient, ID: "second"},
		Present: g.present,
		Revoke: func(t *testing.T) {
			token := map[string]string{"token": g.tokens[recordattacks.RevokedToken]}
			require.Equal(t, http.StatusNoContent, revoke(t, g.DataHolder, "hospital-east", token))
		},
		Refused: func(t *testing.T, _ recordattacks.Attack, status int, _ http.Header, _ string) {
			assert.Equal(t, http.StatusForbidden, status)
		},
	}
}

// showing is a FHIR server that shows everybody whom a request names in any way, and all where it
// names nobody.
func showing(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	text, err := url.QueryUnescape(r.URL.RequestURI() + "&" + string(body))
	if err != nil {
		text = r.URL.RequestURI()
	}
	one := func(id, number, note string) map[string]any {
		return map[string]any{
			"resourceType": "Patient", "id": id, "note": note,
			"identifier": []any{map[string]any{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": number}},
		}
	}
	first, second := one("first", patient, "first pregnancy"), one("second", otherPatient, "knee operation")
	var shown []any
	for _, each := range []map[string]any{first, second} {
		if strings.Contains(text, each["id"].(string)) || strings.Contains(text, each["identifier"].([]any)[0].(map[string]any)["value"].(string)) {
			shown = append(shown, each)
		}
	}
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/fhir/Patient/first":
		_ = json.NewEncoder(w).Encode(first)
	case r.Method == http.MethodGet && r.URL.Path == "/fhir/Patient/second":
		_ = json.NewEncoder(w).Encode(second)
	case strings.HasPrefix(r.URL.Path, "/fhir/Patient/nobody"):
		w.WriteHeader(http.StatusNotFound)
	case len(shown) == 0:
		_ = json.NewEncoder(w).Encode([]any{first, second})
	default:
		_ = json.NewEncoder(w).Encode(shown)
	}
}

// asking is a gateway that asks the node, in a way of its own, and then serves.
type asking func(r *http.Request, body []byte) (*http.Request, error)

func (a asking) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	question, err := a(r, body)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultTransport.RoundTrip(question)
	if err != nil || answer.StatusCode != http.StatusOK {
		return answer, err
	}
	_ = answer.Body.Close()
	recorder := newRecorder()
	r.Body = io.NopCloser(bytes.NewReader(body))
	showing(recorder, r)
	return recorder.response(), nil
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newRecorder() *recorder                          { return &recorder{header: http.Header{}, status: http.StatusOK} }
func (r *recorder) Header() http.Header               { return r.header }
func (r *recorder) WriteHeader(status int)            { r.status = status }
func (r *recorder) Write(content []byte) (int, error) { return r.body.Write(content) }
func (r *recorder) response() *http.Response {
	return &http.Response{StatusCode: r.status, Header: r.header, Body: io.NopCloser(&r.body)}
}

var namesPatient = regexp.MustCompile(`^/fhir/Patient/([A-Za-z]+)$`)

// numberOf tells whose an id in a request is, as a server that knows.
func numberOf(r *http.Request) string {
	numbers := map[string]string{"first": patient, "second": otherPatient}
	if found := namesPatient.FindStringSubmatch(r.URL.EscapedPath()); found != nil {
		return numbers[found[1]]
	}
	query := r.URL.Query()
	return numbers[strings.TrimPrefix(query.Get("patient")+query.Get("subject"), "Patient/")]
}

// inBody tells the node in a body.
func (g *gateways) inBody(r *http.Request, body []byte) (*http.Request, error) {
	told := map[string]any{"method": r.Method, "url": r.URL.Scheme + "://" + r.URL.Host + r.URL.RequestURI(), "body": string(body)}
	for name, header := range map[string]string{"authorization": "Authorization", "dpop": "DPoP", "contentType": "Content-Type"} {
		if values := r.Header.Values(header); len(values) > 0 {
			told[name] = strings.Join(values, ", ")
		}
	}
	if number := numberOf(r); number != "" {
		told["patient"] = number
	}
	for _, name := range []string{"X-Http-Method-Override", "X-Original-Url", "Content-Encoding"} {
		if r.Header.Get(name) != "" {
			told["url"] = "" // this gateway does not pass them on: it makes a mistake of them
		}
	}
	content, err := json.Marshal(told)
	if err != nil {
		return nil, err
	}
	question, err := http.NewRequestWithContext(r.Context(), http.MethodPost, g.access, bytes.NewReader(content))
	if err == nil {
		question.Header.Set("Content-Type", "application/json")
	}
	return question, err
}

// asItIs sends the request itself, as Envoy does.
func (g *gateways) asItIs(r *http.Request, body []byte) (*http.Request, error) {
	question, err := http.NewRequestWithContext(r.Context(), r.Method, g.access+r.URL.RequestURI(), bytes.NewReader(body))
	if err == nil {
		question.Host, question.Header = r.URL.Host, r.Header
	}
	return question, err
}

// TestAccess runs all attacks against the node's endpoint, in the two ways that have the body.
func TestAccess(t *testing.T) {
	g := newGateways(t)
	queries := len(g.Mitz.Queries())
	t.Run("in a body", func(t *testing.T) {
		target := g.target()
		target.Client = &http.Client{Transport: asking(g.inBody)}
		target.Refused = func(t *testing.T, attack recordattacks.Attack, status int, _ http.Header, body string) {
			if attack.Header != nil {
				assert.Equal(t, http.StatusBadRequest, status)
				return
			}
			assert.Equal(t, http.StatusForbidden, status)
			assert.Empty(t, body)
		}
		target.Run(t)
	})
	g.attacker = newAttacker(t, g.World)
	t.Run("as it is", func(t *testing.T) { g.sendAsItIs(t) })
	t.Run("told about, and withdrawn", func(t *testing.T) { g.withdrawn(t) })
	assert.Len(t, g.Mitz.Queries(), queries+5, "only the tokens that were made asked Mitz")
	answer, err := http.Get(g.DataHolder.InternalURL() + "/metrics")
	require.NoError(t, err)
	defer answer.Body.Close()
	metrics, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	for _, outcome := range []string{"allowed", "other_patient", "proof_invalid", "token_not_active"} {
		assert.Regexp(t, `nuts_mitz_access_total\{outcome="`+outcome+`"\} [1-9]`, metrics)
	}
}

// sendAsItIs has requests by id refused too: nobody tells whose it is.
func (g *gateways) sendAsItIs(t *testing.T) {
	client := &http.Client{Transport: asking(g.asItIs)}
	send := func(t *testing.T, each recordattacks.Attack) (int, string) {
		t.Helper()
		path, _, _ := strings.Cut(each.Path, "?")
		request, err := http.NewRequestWithContext(t.Context(), each.Method, g.direct+each.Path, strings.NewReader(each.Body))
		require.NoError(t, err)
		request.Header = g.present(t, each.Presents, each.Method, g.direct+path)
		request.Header.Set("Content-Type", each.ContentType)
		for name, values := range each.Header {
			request.Header[name] = values
		}
		answer, err := client.Do(request)
		require.NoError(t, err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(body)
	}
	target := g.target()
	for _, honest := range recordattacks.Honest(target.Patient) {
		status, body := send(t, honest)
		if honest.Method == http.MethodGet {
			assert.Equal(t, http.StatusForbidden, status, honest.Name)
			continue
		}
		assert.Equal(t, http.StatusOK, status, honest.Name)
		assert.Contains(t, body, target.Secret)
		assert.NotContains(t, body, target.OtherSecret)
	}
	for _, attack := range recordattacks.Attacks(target.Patient, target.Other) {
		if attack.Presents == recordattacks.RevokedToken || attack.Presents == recordattacks.Replayed {
			continue // these are honest the first time
		}
		status, _ := send(t, attack)
		if status != http.StatusMethodNotAllowed { // which refuses too
			assert.Equal(t, http.StatusForbidden, status, attack.Name)
		}
	}
}

// withdrawn has the patient withdraw, and a number in no answer.
func (g *gateways) withdrawn(t *testing.T) {
	ask := func(token string) int {
		body, err := json.Marshal(map[string]any{
			"authorization": "Bearer " + token, "method": "GET", "url": "https://records.example/own", "patient": patient, "resourceTypes": []string{"Condition"},
		})
		require.NoError(t, err)
		answer, err := http.Post(g.access, "application/json", bytes.NewReader(body))
		require.NoError(t, err)
		defer answer.Body.Close()
		return answer.StatusCode
	}
	token := g.tokens[recordattacks.Good]
	assert.Equal(t, http.StatusOK, ask(token))
	assert.Equal(t, http.StatusForbidden, ask(g.tokens[recordattacks.Bound]))
	require.Equal(t, http.StatusNoContent, revoke(t, g.DataHolder, "hospital-east", map[string]string{"patient": patient}))
	assert.Equal(t, http.StatusForbidden, ask(token))
}

// recordServerBlock returns the nth block of code in a language in docs/recordserver.md.
func recordServerBlock(t *testing.T, language string, n int) string {
	t.Helper()
	root, err := harness.RepositoryRoot()
	require.NoError(t, err)
	document, err := os.ReadFile(filepath.Join(root, "docs", "recordserver.md"))
	require.NoError(t, err)
	blocks := strings.Split(string(document), "\n```"+language+"\n")
	require.Greater(t, len(blocks), n+1)
	block, _, _ := strings.Cut(blocks[n+1], "\n```\n")
	return block + "\n"
}

// envoy is as much of Envoy's v3 API as the example has: of HttpConnectionManager, and of ExtAuthz in
// it (envoy.extensions.filters.http.ext_authz.v3).
type envoy struct {
	Common struct {
		Underscores string `yaml:"headers_with_underscores_action"`
	} `yaml:"common_http_protocol_options"`
	NormalizePath *bool  `yaml:"normalize_path"`
	MergeSlashes  *bool  `yaml:"merge_slashes"`
	EscapedSlash  string `yaml:"path_with_escaped_slashes_action"`
	Filters       []struct {
		Name   string `yaml:"name"`
		Config struct {
			Type           string                                 `yaml:"@type"`
			FailureAllows  *bool                                  `yaml:"failure_mode_allow"`
			StatusOnError  struct{ Code string }                  `yaml:"status_on_error"`
			AllowedHeaders struct{ Patterns []map[string]string } `yaml:"allowed_headers"`
			Body           struct {
				Most    int   `yaml:"max_request_bytes"`
				Partial *bool `yaml:"allow_partial_message"`
				AsBytes *bool `yaml:"pack_as_bytes"`
			} `yaml:"with_request_body"`
			Service struct {
				Server struct{ URI, Cluster, Timeout string } `yaml:"server_uri"`
				Prefix string                                 `yaml:"path_prefix"`
			} `yaml:"http_service"`
		} `yaml:"typed_config"`
	} `yaml:"http_filters"`
}

// TestEnvoyExample reads Envoy's configuration, which is not run, with no field that its API does not
// have, and holds what it rests on.
func TestEnvoyExample(t *testing.T) {
	block := recordServerBlock(t, "yaml", 1)
	decoder := yaml.NewDecoder(strings.NewReader(block))
	decoder.KnownFields(true)
	var read envoy
	require.NoError(t, decoder.Decode(&read))
	is := func(want bool, of *bool, name string) {
		t.Helper()
		if assert.NotNil(t, of, name) {
			assert.Equal(t, want, *of, name)
		}
	}
	assert.Equal(t, "REJECT_REQUEST", read.Common.Underscores)
	assert.Equal(t, "KEEP_UNCHANGED", read.EscapedSlash)
	is(false, read.NormalizePath, "normalize_path")
	is(false, read.MergeSlashes, "merge_slashes")
	require.Len(t, read.Filters, 2)
	assert.Equal(t, "envoy.filters.http.ext_authz", read.Filters[0].Name)
	assert.Equal(t, "envoy.filters.http.router", read.Filters[1].Name, "nothing is between what judges and what passes on")
	config := read.Filters[0].Config
	assert.Equal(t, "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz", config.Type)
	is(false, config.FailureAllows, "failure_mode_allow")
	is(false, config.Body.Partial, "allow_partial_message")
	is(false, config.Body.AsBytes, "pack_as_bytes, which is about gRPC")
	assert.Equal(t, 64<<10, config.Body.Most)
	assert.Equal(t, "/internal/mitz/v1/hospital-east/access", config.Service.Prefix)
	assert.NotEmpty(t, config.Service.Server.URI)
	assert.NotEmpty(t, config.Service.Server.Cluster)
	assert.NotEmpty(t, config.Service.Server.Timeout)
	isSent := func(name string) bool {
		for _, pattern := range config.AllowedHeaders.Patterns {
			if prefix, has := pattern["prefix"]; pattern["exact"] == name || has && strings.HasPrefix(name, prefix) {
				return true
			}
		}
		return false
	}
	for _, name := range []string{
		"dpop", "content-type", "content-encoding", "upgrade", "x-http-method-override", "x-http-method", "x-method-override", "x-original-method", "x-original-url",
		"x-original-uri", "x-rewrite-url", "x-forwarded-uri", "x-mitz-patient", "x-mitz-resource-types", "x-original-authorization",
	} {
		assert.True(t, isSent(name), "the node does not see %s", name)
	}
}

// TestPythonAsksTheNode runs the example in Python for all that needs one request alone.
func TestPythonAsksTheNode(t *testing.T) {
	g := newGateways(t)
	dir := t.TempDir()
	code := strings.NewReplacer(
		"http://127.0.0.1:8081/internal/mitz/v1/hospital-east/access", g.access, `"https://records.example"`, `"`+strings.TrimSuffix(g.direct, "/fhir")+`"`,
	).Replace(recordServerBlock(t, "python", 0))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "access.py"), []byte(code), 0o600))
	const ask = `import json, sys; from access import is_allowed; print(json.dumps([is_allowed(**each) for each in json.load(sys.stdin)]))`
	g.askFrom(t, dir, "python3", "-B", "-c", ask)
}

// TestJavaAsksTheNode does the same with the example in Java.
func TestJavaAsksTheNode(t *testing.T) {
	g := newGateways(t)
	dir := t.TempDir()
	code := strings.NewReplacer(
		"http://127.0.0.1:8081/internal/mitz/v1/hospital-east/access", g.access, `"https://records.example"`, `"`+strings.TrimSuffix(g.direct, "/fhir")+`"`,
	).Replace(recordServerBlock(t, "java", 0))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Access.java"), []byte(code), 0o600))
	ask, err := os.ReadFile(filepath.Join("testdata", "Ask.java"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Ask.java"), ask, 0o600))
	const jars = "/usr/share/java/jackson-databind.jar:/usr/share/java/jackson-core.jar:/usr/share/java/jackson-annotations.jar:."
	compile := exec.CommandContext(t.Context(), "javac", "-Xlint:all,-processing,-classfile", "-Werror", "-cp", jars, "Access.java", "Ask.java")
	compile.Dir = dir
	output, err := compile.CombinedOutput()
	require.NoError(t, err, "%s", output)
	g.askFrom(t, dir, "java", "-cp", jars, "Ask")
}

// askFrom has a program ask about all that needs one request alone, and looks at its answers: a list of
// booleans. It runs in the directory, and reads the questions from its input.
func (g *gateways) askFrom(t *testing.T, dir, program string, arguments ...string) {
	t.Helper()
	target := g.target()
	type question struct {
		Method  string      `json:"method"`
		Target  string      `json:"target"`
		Headers [][2]string `json:"headers"`
		Body    string      `json:"body"`
		Patient *string     `json:"patient"`
	}
	var questions []question
	var names []string
	var want []bool
	add := func(each recordattacks.Attack, isAllowed bool) {
		path, _, _ := strings.Cut(each.Path, "?")
		header := g.present(t, each.Presents, each.Method, g.direct+path)
		header.Set("Content-Type", each.ContentType)
		asked := question{Method: each.Method, Target: "/fhir" + each.Path, Body: each.Body}
		for name, values := range header {
			for _, value := range values {
				asked.Headers = append(asked.Headers, [2]string{name, value})
			}
		}
		request, err := http.NewRequestWithContext(t.Context(), each.Method, g.direct+each.Path, nil)
		require.NoError(t, err)
		if number := numberOf(request); number != "" {
			asked.Patient = &number
		}
		questions, names, want = append(questions, asked), append(names, each.Name), append(want, isAllowed)
	}
	for _, honest := range recordattacks.Honest(target.Patient) {
		add(honest, true)
	}
	for _, attack := range recordattacks.Attacks(target.Patient, target.Other) {
		if attack.Header == nil && attack.Presents != recordattacks.RevokedToken && attack.Presents != recordattacks.Replayed {
			add(attack, false)
		}
	}
	asked, err := json.Marshal(questions)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	asking := exec.CommandContext(ctx, program, arguments...)
	asking.Dir, asking.Stdin, asking.Stderr = dir, bytes.NewReader(asked), os.Stderr
	answer, err := asking.Output()
	require.NoError(t, err)
	var allowed []bool
	require.NoError(t, json.Unmarshal(answer, &allowed))
	require.Len(t, allowed, len(names))
	for i, name := range names {
		assert.Equal(t, want[i], allowed[i], name)
	}
}
