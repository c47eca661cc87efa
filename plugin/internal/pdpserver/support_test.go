// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pdpserver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/authzen"
)

func TestMain(m *testing.M) { leaks.VerifyTestMain(m, nil) }

// write writes a secret, in the place of what is there as a whole.
func write(t *testing.T, path, content string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(path+".new", []byte(content), 0o600))
	require.NoError(t, os.Rename(path+".new", path))
	return path
}

func newIdentity(t *testing.T) *mitztest.Identity {
	t.Helper()
	identity, err := mitztest.NewIdentity()
	require.NoError(t, err)
	return identity
}

// writeCertificate writes the certificate and key of a server.
func writeCertificate(t *testing.T, files Files, certificate tls.Certificate) {
	t.Helper()
	chain, key, err := mitztest.PEM(certificate)
	require.NoError(t, err)
	write(t, files.Certificate, string(chain))
	write(t, files.Key, string(key))
}

// client returns a client's certificate.
func client(t *testing.T, of *mitztest.Identity, name string, notAfter time.Time) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	certificate, err := of.IssueClient(name, key, notAfter)
	require.NoError(t, err)
	return &certificate
}

// httpClient trusts the server, and shows a certificate whatever the server asks for; nil: none.
func httpClient(t *testing.T, server *mitztest.Identity, certificate *tls.Certificate) *http.Client {
	t.Helper()
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: server.CAs()}
	if certificate != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

const (
	goodToken  = "a-token-of-more-than-thirty-two-letters"
	otherToken = "another-token-of-more-than-thirty-two-letters"
	question   = `{"subject": {"type": "user", "id": "alice"}, "action": {"name": "read"}, "resource": {"type": "record", "id": "1"}}`
)

// point permits everything, and tells the places it was asked about.
type point struct {
	mu     sync.Mutex
	places []string
	before func(context.Context) // an answer; nil: nothing
}

func (p *point) Begin(place string) authzen.Evaluator {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.places = append(p.places, place)
	return p
}

func (p *point) Evaluate(ctx context.Context, _ authzen.Evaluation) authzen.Decision {
	if p.before != nil {
		p.before(ctx)
	}
	return authzen.Decision{Permit: true}
}

func (p *point) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.places...)
}

// told counts what the hooks of a server tell.
type told struct {
	mu    sync.Mutex
	texts []string
}

func (t *told) add(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.texts = append(t.texts, text)
}

func (t *told) all() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string{}, t.texts...)
}

func (t *told) hooks() ServerHooks {
	return ServerHooks{
		Stranger: func(from string, why Stranger) { t.add(string(why) + " " + from) },
		Broken:   func(from string) { t.add("broken " + from) },
		Busy:     func() { t.add("busy") },
		Panicked: func() { t.add("panicked") },
		Trouble:  func(text string) { t.add("trouble " + text) },
	}
}

// running is a server that answers.
type running struct {
	*Server
	access *Access
	point  *point
	told   *told
}

// saying answers with a text.
func saying(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
}

// start starts a server on loopback.
func start(t *testing.T, files Files, names []string, change func(*Parts)) *running {
	t.Helper()
	access, err := Open(files, names, Hooks{})
	require.NoError(t, err)
	r := &running{access: access, point: &point{}, told: &told{}}
	parts := Parts{
		Address: "127.0.0.1:0", Access: access, Point: r.point, Timeout: time.Minute, Hooks: r.told.hooks(),
		Listed: func(subject string) bool {
			return subject == "hospital-east" || subject == "a b/c" || subject == "ziekenhuis-é"
		},
		Health:  saying("health"),
		Metrics: saying("counts"),
	}
	if change != nil {
		change(&parts)
	}
	r.Server = New(parts)
	require.NoError(t, r.Listen(t.Context()))
	r.Start()
	t.Cleanup(func() { _ = r.Stop(time.Second) })
	return r
}

// answer is what a server answered.
type answer struct {
	status, protocol int
	header           http.Header
	body             string
}

// ask asks a question at a path below the server's address.
func (r *running) ask(t *testing.T, client *http.Client, path string, headers ...string) answer {
	t.Helper()
	return r.send(t, client, http.MethodPost, path, headers...)
}

// try returns the status of an answer to a question; 0: there is none.
func (r *running) try(client *http.Client) int {
	response, err := client.Post(r.Base()+evaluation, "application/json", strings.NewReader(question))
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func (r *running) send(t *testing.T, client *http.Client, method, path string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, r.Base()+path, strings.NewReader(question))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.ProtoMajor, response.Header, string(body)}
}

const evaluation = Prefix + "hospital-east/access/v1/evaluation"

// serverFiles writes a certificate for a server.
func serverFiles(t *testing.T, identity *mitztest.Identity) Files {
	t.Helper()
	dir := t.TempDir()
	files := Files{Certificate: filepath.Join(dir, "server.pem"), Key: filepath.Join(dir, "server.key")}
	writeCertificate(t, files, identity.Server())
	return files
}
