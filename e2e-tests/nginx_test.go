// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/recordattacks"
)

// TestNginx runs the example of docs/recordserver.md in Debian's nginx, before a server that shows
// everything, with all attacks.
func TestNginx(t *testing.T) {
	g := newGateways(t)
	client, dir := g.startNginx(t)
	t.Run("what is asked for", func(t *testing.T) {
		target := g.target()
		target.Base, target.Client = "https://"+g.nginx+"/fhir", client
		target.Refused = func(t *testing.T, _ recordattacks.Attack, status int, _ http.Header, _ string) {
			// Two tokens, nginx refuses by itself.
			assert.Contains(t, []int{http.StatusForbidden, http.StatusBadRequest}, status)
		}
		target.Run(t)
	})
	get := func(path string, header http.Header) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+g.nginx+path, nil)
		require.NoError(t, err)
		request.Header = header
		answer, err := client.Do(request)
		require.NoError(t, err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(body)
	}
	good := g.tokens[recordattacks.Good]
	t.Run("an interface that is not FHIR", func(t *testing.T) {
		status, body := get("/summaries/first", bearer(good))
		assert.Equal(t, http.StatusOK, status)
		assert.Contains(t, body, "first pregnancy")
		status, body = get("/summaries/first?id=second", bearer(good))
		assert.Equal(t, http.StatusOK, status)
		assert.NotContains(t, body, "knee operation", "the query was not judged")
		address := "https://" + g.nginx + "/summaries/first"
		proven := g.present(t, recordattacks.Bound, http.MethodGet, address)
		status, _ = get("/summaries/first", proven)
		assert.Equal(t, http.StatusOK, status)
		status, _ = get("/summaries/first", proven)
		assert.Equal(t, http.StatusForbidden, status, "the proof was used")
		two := g.present(t, recordattacks.TwoProofs, http.MethodGet, address)
		for name, each := range map[string]struct {
			path   string
			header http.Header
		}{
			"another patient":                 {"/summaries/second", bearer(good)},
			"nobody":                          {"/summaries/nobody", bearer(good)},
			"without a token":                 {"/summaries/first", http.Header{}},
			"with a bound token alone":        {"/summaries/first", bearer(g.tokens[recordattacks.Bound])},
			"with two proofs":                 {"/summaries/first", two},
			"telling the patient itself":      {"/summaries/second", http.Header{"Authorization": {"Bearer " + good}, "X-Mitz-Patient": {patient}}},
			"telling the address itself":      {"/summaries/second", http.Header{"Authorization": {"Bearer " + good}, "X-Original-Url": {address}}},
			"telling the token of another":    {"/summaries/first", http.Header{"X-Original-Authorization": {"Bearer " + good}}},
			"with another method in a header": {"/summaries/first", http.Header{"Authorization": {"Bearer " + good}, "X-Http-Method-Override": {"PUT"}}},
		} {
			t.Run(name, func(t *testing.T) {
				status, body := get(each.path, each.header)
				assert.Equal(t, http.StatusForbidden, status)
				assert.NotContains(t, body, "first pregnancy")
				assert.NotContains(t, body, "knee operation")
			})
		}
	})
	t.Run("only reads of it pass", func(t *testing.T) {
		before := g.reached.Load()
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
			request, err := http.NewRequestWithContext(t.Context(), method, "https://"+g.nginx+"/summaries/first", nil)
			require.NoError(t, err)
			request.Header = bearer(good)
			answer, err := client.Do(request)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			assert.Equal(t, http.StatusForbidden, answer.StatusCode, method)
		}
		assert.Equal(t, before, g.reached.Load())
	})
	t.Run("the node and what is internal", func(t *testing.T) {
		for _, path := range []string{
			"/internal/mitz/v1/hospital-east/access", "/internal/auth/v2/accesstoken/introspect", "/mitz/body", "/mitz/headers",
			"/mitz/records/fhir/Patient/first", "/fhir/../internal/vdr/v2/subject", "/fhir/../mitz/records/fhir/Patient/first", "//internal/health", "/health",
		} {
			status, body := get(path, bearer(good))
			assert.Contains(t, []int{http.StatusNotFound, http.StatusForbidden}, status, path)
			assert.NotContains(t, body, "first pregnancy")
		}
	})
	t.Run("strangers do not reach the FHIR server", func(t *testing.T) {
		before := g.reached.Load()
		for name, header := range map[string]http.Header{
			"without a token":                  {},
			"with a token of nobody":           bearer("0pZVQ9qUbZhAgPWbKPzvbq9yUkE"),
			"with more in place of a token":    bearer("a&token=" + good),
			"with a bound token without proof": {"Authorization": {"DPoP " + g.tokens[recordattacks.Bound]}},
			"with a token without consent":     bearer(g.tokens[recordattacks.UnguardedToken]),
			"with a token of another holder":   bearer(g.tokens[recordattacks.OtherHolder]),
			"with a scope that has no consent": bearer(g.tokens[recordattacks.NoConsent]),
			"with a proof by another key":      g.present(t, recordattacks.OtherKey, http.MethodGet, "https://"+g.nginx+"/fhir/Patient/first"),
			"with a proof for another path":    g.present(t, recordattacks.OtherPath, http.MethodGet, "https://"+g.nginx+"/fhir/Patient/first"),
			"with an unbound token as DPoP":    {"Authorization": {"DPoP " + good}},
			"with a password":                  {"Authorization": {"Basic " + good}},
		} {
			for _, path := range []string{"/fhir/Patient/first", "/fhir/Condition?patient=first", "/summaries/first"} {
				status, _ := get(path, header)
				assert.Equal(t, http.StatusForbidden, status, "%s %s", name, path)
			}
		}
		for _, path := range []string{"/fhir/Consent?patient=first", "/fhir/Patient/first/_history", "/fhir/Patient/first?patient=second"} {
			status, _ := get(path, bearer(good))
			assert.Equal(t, http.StatusForbidden, status, path)
		}
		assert.Equal(t, before, g.reached.Load())
		status, _ := get("/fhir/Patient/first", bearer(good))
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, before+2, g.reached.Load(), "looked up, and read")
		proven := g.present(t, recordattacks.Bound, http.MethodGet, "https://"+g.nginx+"/fhir/Patient/first")
		status, _ = get("/fhir/Patient/first", proven)
		assert.Equal(t, http.StatusOK, status, "to look up uses no proof up")
		assert.Equal(t, before+4, g.reached.Load())
		status, _ = get("/fhir/Patient/first", proven)
		assert.Equal(t, http.StatusForbidden, status, "the proof was used")
		assert.Equal(t, before+4, g.reached.Load(), "and looks nobody up")
	})
	t.Run("a body that says something else as text", func(t *testing.T) {
		post := func(more string) int {
			body := "patient.identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fbsn%7C" + patient + more
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+g.nginx+"/fhir/Condition/_search", strings.NewReader(body))
			require.NoError(t, err)
			request.Header = bearer(good)
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			answer, err := client.Do(request)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			return answer.StatusCode
		}
		before := g.reached.Load()
		for _, more := range []string{"&code=\xff", "&code=\xe2\x82&patient=second", "&code=\xf0&_id=second", "&code=\x00"} {
			// Of what is no text njs cannot tell anything; another version puts a letter in its place.
			assert.Contains(t, []int{http.StatusForbidden, http.StatusServiceUnavailable}, post(more), "%q", more)
		}
		assert.Equal(t, before, g.reached.Load())
		assert.Equal(t, http.StatusOK, post("&code=a"))
	})
	t.Run("a node that does not answer", func(t *testing.T) {
		require.NoError(t, g.DataHolder.Stop())
		for _, path := range []string{"/fhir/Patient/first", "/summaries/first"} {
			status, body := get(path, bearer(good))
			assert.GreaterOrEqual(t, status, 500)
			assert.NotContains(t, body, "first pregnancy")
		}
	})
	t.Run("the logs hold no URL", func(t *testing.T) {
		lines, err := os.ReadFile(filepath.Join(dir, "access.log"))
		require.NoError(t, err)
		assert.Contains(t, string(lines), " 127.0.0.1 GET 200 ")
		more, err := os.ReadFile(filepath.Join(dir, "errors.log"))
		require.NoError(t, err)
		for _, part := range []string{"/", "fhir", "Patient", patient} {
			assert.NotContains(t, string(lines), part)
		}
		assert.NotContains(t, string(more), "/fhir")
		assert.NotContains(t, string(more), "/summaries")
	})
}

// startNginx starts the example until the test ends, and returns a client that knows its
// certificate, and where the logs are.
func (g *gateways) startNginx(t *testing.T) (client *http.Client, dir string) {
	t.Helper()
	records := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.reached.Add(1)
		assert.Empty(t, r.Header.Values("Authorization"), "headers of the request are not passed on")
		showing(w, r)
	}))
	t.Cleanup(records.Close)
	dir = t.TempDir()
	write := func(name, content string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	roots := x509.NewCertPool()
	certificate, key := selfSigned(t)
	require.True(t, roots.AppendCertsFromPEM([]byte(certificate)))
	write("records.pem", certificate)
	write("records.key", key)
	write("access.js", recordServerBlock(t, "js", 0))
	write("patients.map", "/summaries/first \""+patient+"\";\n/summaries/second \""+otherPatient+"\";\n")
	temporary := ""
	for _, each := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temporary += "    " + each + "_temp_path " + each + ";\n"
	}
	_, port, _ := strings.Cut(g.nginx, ":")
	write("nginx.conf", strings.NewReplacer(
		"load_module modules/", "load_module /usr/lib/nginx/modules/",
		"\nhttp {\n", "\nhttp {\n"+temporary,
		"/var/log/nginx/records.log", "access.log",
		"/var/log/nginx/records-error.log", "errors.log",
		"/etc/nginx/mitz/", "./", // below the prefix, whose path may hold blanks and quotes
		"127.0.0.1:8081", strings.TrimPrefix(g.DataHolder.InternalURL(), "http://"),
		"127.0.0.1:8090", strings.TrimPrefix(records.URL, "http://"),
		"listen 8443 ssl", "listen 127.0.0.1:"+port+" ssl",
		"https://records.example", "https://"+g.nginx,
		"rate=100r/s", "rate=1000r/s",
	).Replace(recordServerBlock(t, "nginx", 0)))
	log, err := os.Create(filepath.Join(dir, "error.log"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = log.Close() })
	nginx := exec.Command("/usr/sbin/nginx", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", "stderr",
		"-g", "daemon off; master_process off; pid nginx.pid;")
	nginx.Stderr = log
	require.NoError(t, nginx.Start())
	t.Cleanup(func() {
		_ = nginx.Process.Signal(syscall.SIGTERM)
		_ = nginx.Wait()
		if t.Failed() {
			content, _ := os.ReadFile(log.Name())
			t.Log(string(content[max(0, len(content)-4000):]))
		}
	})
	client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	t.Cleanup(client.CloseIdleConnections)
	require.Eventually(t, func() bool {
		answer, err := client.Get("https://" + g.nginx + "/")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusNotFound
	}, time.Minute, 50*time.Millisecond)
	return client, dir
}

// selfSigned makes a certificate for localhost, with its key.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	signed, err := x509.CreateCertificate(rand.Reader, &template, &template, private.Public(), private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}))
}
