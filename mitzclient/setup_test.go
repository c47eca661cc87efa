// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/memorynet"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leaks.VerifyTestMain(m, nil) }

const testBSN = "900203638"

// patience is more time than anything needs, however busy the machine. What is to end with a
// time is tested in a bubble, see inBubble.
const patience = 5 * time.Minute

// question is the one that the fixtures of package xacml answer.
func question(t testing.TB, categories ...consent.Category) consent.Question {
	bsn, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	return consent.Question{
		Patient:    bsn,
		DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"},
		Requester: consent.Requester{URA: "00000020", FacilityType: "G3", Responsible: consent.Professional{
			ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "000095254"}, Role: "03.000",
		}},
		Categories: categories,
		Purpose:    consent.PurposeTreatment,
	}
}

// fixture reads an answer of package xacml and makes it one to this request.
func fixture(t testing.TB, name string, r *http.Request) string {
	message, err := os.ReadFile(filepath.Join("internal", "xacml", "testdata", "good", name))
	require.NoError(t, err)
	return strings.ReplaceAll(string(message), "3f1c2a52-7d1e-4b0a-9c55-0d8f6f5f2a11", r.Header.Get("X-Request-Id"))
}

// permits answers every request with a Permit.
func permits(t testing.TB) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		reply(w, http.StatusOK, fixture(t, "permit.xml", r))
	}
}

// openAfter failures in a row a circuit opens, see package link.
const openAfter = 5

func requireCode(t testing.TB, code Code, failure *Error) {
	t.Helper()
	require.NotNil(t, failure, "want %s", code)
	require.Equal(t, code, failure.Code)
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/soap+xml; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// authority issues certificates for a test.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &authority{certificate, key}
}

// issue makes a certificate for an address, as PEM, with an ECDSA key.
func (a *authority) issue(t testing.TB, ip string) (certificate, key []byte) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return a.issueFor(t, private, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.ParseIP(ip)} })
}

// issueFor makes a certificate for a key, as PEM; change may alter it.
func (a *authority) issueFor(t testing.TB, private crypto.Signer, change ...func(*x509.Certificate)) (certificate, key []byte) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, c := range change {
		c(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, private.Public(), a.key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

// rsaKey makes one key for all tests: making one takes long.
var rsaKey = sync.OnceValue(newRSAKey)

func newRSAKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// files writes what LoadTLS reads; change may alter the certificate.
func (a *authority) files(t testing.TB, change ...func(*x509.Certificate)) TLSFiles {
	certificate, key := a.issueFor(t, rsaKey(), change...)
	return TLSFiles{
		CertFile:       file(t, "client.pem", certificate),
		CertKeyFile:    file(t, "client.key", key),
		TrustStoreFile: file(t, "ca.pem", a.pem()),
	}
}

func file(t testing.TB, name string, content []byte) string {
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

// mitz is a server that asks for a client certificate of its authority.
type mitz struct {
	*httptest.Server
	authority *authority
}

// start serves until the test ends; change may alter the server before it starts.
func start(t testing.TB, handler http.HandlerFunc, change ...func(*httptest.Server)) *mitz {
	a := newAuthority(t)
	certificate, err := tls.X509KeyPair(a.issue(t, "127.0.0.1"))
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(silent(handler))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{certificate},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    a.pool(),
	}
	for _, c := range change {
		c(server)
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return &mitz{server, a}
}

// silent leaves out the answer that net/http gives for a handler which gave none, once the
// client has gone: at times it is faster than the client, and is taken for Mitz's.
func silent(handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		handler(w, r)
		if r.Context().Err() != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// inBubble runs a test of its own, whose clock stands still for as long as anything can go on
// (testing/synctest), with a network in memory, for the system's is outside of the bubble.
func inBubble(t *testing.T, name string, run func(*testing.T, *memorynet.Listener)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { run(t, memorynet.Listen()) })
	})
}

// on has a server listen in memory.
func on(network *memorynet.Listener) func(*httptest.Server) {
	return func(s *httptest.Server) {
		_ = s.Listener.Close()
		s.Listener = network
	}
}

// through has a new client connect in memory.
func through(network *memorynet.Listener, client *Client) {
	client.query.line.Connections().DialContext = network.Dial
}

// client trusts the server; change may alter its configuration.
func (m *mitz) client(t testing.TB, change ...func(*Config)) *Client {
	return m.authority.client(t, m.URL+"/mitz/", change...)
}

// client trusts a server of this authority.
func (a *authority) client(t testing.TB, endpoint string, change ...func(*Config)) *Client {
	config, err := LoadTLS(a.files(t))
	require.NoError(t, err)
	cfg := Config{Endpoint: endpoint, Timeout: patience, TLS: config}
	for _, c := range change {
		c(&cfg)
	}
	client, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}
