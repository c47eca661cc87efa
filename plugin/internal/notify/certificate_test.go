// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// authority is a CA, or one below another.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
	}
}

func newCA(t testing.TB) *authority {
	t.Helper()
	return (&authority{}).below(t)
}

// below makes a CA that this one vouches for; the first vouches for itself.
func (a *authority) below(t testing.TB) *authority {
	t.Helper()
	made := template("a CA")
	made.IsCA, made.KeyUsage, made.ExtKeyUsage = true, x509.KeyUsageCertSign, nil
	key := newKey(t)
	parent, signer := a.certificate, a.key
	if parent == nil {
		parent, signer = made, key
	}
	return &authority{sign(t, made, parent, &key.PublicKey, signer), key}
}

func sign(t testing.TB, made, parent *x509.Certificate, of any, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, made, parent, of, by)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return certificate
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// issue issues a client certificate.
func (a *authority) issue(t testing.TB, name string, change ...func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	made := template(name)
	for _, each := range change {
		each(made)
	}
	return sign(t, made, a.certificate, &newKey(t).PublicKey, a.key)
}

// header is a client certificate as nginx hands it over.
func (a *authority) header(t testing.TB, name string) string {
	t.Helper()
	return url.PathEscape(inPEM(a.issue(t, name)))
}

func inPEM(chain ...*x509.Certificate) string {
	var text strings.Builder
	for _, each := range chain {
		text.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: each.Raw}))
	}
	return text.String()
}

func TestCertificates(t *testing.T) {
	root, other := newCA(t), newCA(t)
	middle := root.below(t)
	wants := Certificate{Roots: root.pool, Names: []string{"mitz.example", "notify.mitz.example"}, Header: "x-client-cert"}
	good := root.issue(t, "mitz.example")
	escaped := func(chain ...*x509.Certificate) []string { return []string{url.PathEscape(inPEM(chain...))} }
	serving := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }
	large, err := rsa.GenerateKey(rand.Reader, 1024) // below, its modulus is made longer
	require.NoError(t, err)
	large.N.Lsh(large.N, maxRSAKey)
	long := middle
	chain := []*x509.Certificate{nil}
	for range maxCertificates {
		long = long.below(t)
		chain = append(chain, long.certificate)
	}
	chain[0] = long.issue(t, "mitz.example")
	for _, tc := range []struct {
		name   string
		values []string // of the header
		want   error
	}{
		{"its subject's common name", escaped(good), nil},
		{"in other letters", escaped(root.issue(t, "MITZ.example")), nil},
		{"a DNS name", escaped(root.issue(t, "VZVZ", func(c *x509.Certificate) { c.DNSNames = []string{"a.example", "notify.mitz.example"} })), nil},
		{"in DER", []string{base64.StdEncoding.EncodeToString(good.Raw)}, nil},
		{"in a form's escapes", []string{url.QueryEscape(inPEM(good))}, nil},
		{"with a plus that stands for itself", []string{strings.ReplaceAll(url.PathEscape(inPEM(good)), "%2B", "+")}, nil},
		{"with its chain", escaped(middle.issue(t, "mitz.example"), middle.certificate), nil},
		{"with its root", escaped(middle.issue(t, "mitz.example"), middle.certificate, root.certificate), nil},

		{"none", nil, errNoCertificate},
		{"an empty one", []string{""}, errNoCertificate},
		{"two headers", append(escaped(good), escaped(good)...), errManyHeaders},
		{"two in one header, as proxies join them", []string{url.PathEscape(inPEM(good)) + ", " + url.PathEscape(inPEM(good))}, errNotACertificate},
		{"no certificate", []string{"mitz.example"}, errNotACertificate},
		{"what nginx says of none", []string{"(null)"}, errNotACertificate},
		{"a key", []string{url.PathEscape("-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n" + inPEM(good))}, errNotACertificate},
		{"something else in PEM after it", []string{url.PathEscape(inPEM(good) + strings.ReplaceAll(inPEM(root.certificate), "CERTIFICATE", "TRUSTED CERTIFICATE"))}, errNotACertificate},
		{"PEM that breaks off", []string{url.PathEscape(inPEM(good)[:200])}, errNotACertificate},
		{"PEM with an empty certificate", []string{url.PathEscape("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")}, errNotACertificate},
		{"DER that breaks off", []string{base64.StdEncoding.EncodeToString(good.Raw[:99])}, errNotACertificate},
		{"a large header", []string{strings.Repeat("A", maxHeader+1)}, errTooMuch},
		{"a long chain", escaped(chain...), errTooMuch},
		{"a large key", escaped(sign(t, template("mitz.example"), root.certificate, &large.PublicKey, root.key)), errTooMuch},
		{"of another CA", escaped(other.issue(t, "mitz.example")), errNotTrusted},
		{"of itself", escaped(other.certificate), errNotTrusted},
		{"of a CA below, that is not there", escaped(middle.issue(t, "mitz.example")), errNotTrusted},
		{"of a CA below another", escaped(good, other.issue(t, "mitz.example")), nil},
		{"of a server", escaped(root.issue(t, "mitz.example", serving)), errNotTrusted},
		{"of yesterday", escaped(root.issue(t, "mitz.example", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })), errNotTrusted},
		{"of tomorrow", escaped(root.issue(t, "mitz.example", func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) })), errNotTrusted},
		{"of another name", escaped(root.issue(t, "hospital.example")), errOtherName},
		{"of a name that ends in it", escaped(root.issue(t, "x.mitz.example")), errOtherName},
		{"of every name", escaped(root.issue(t, "*.example", func(c *x509.Certificate) { c.DNSNames = []string{"*.example"} })), errOtherName},
		{"of an organisation of that name", escaped(root.issue(t, "x", func(c *x509.Certificate) { c.Subject.Organization = []string{"mitz.example"} })), errOtherName},
		{"another one first", escaped(root.issue(t, "hospital.example"), good), errOtherName},
	} {
		t.Run(tc.name, func(t *testing.T) {
			request := httptest.NewRequest(http.MethodPost, "/", nil)
			request.Header["X-Client-Cert"] = tc.values
			assert.Equal(t, tc.want, wants.check(request, time.Now()))
		})
	}
	t.Run("the connection's own counts, and not the header", func(t *testing.T) {
		request := httptest.NewRequest(http.MethodPost, "/", nil)
		request.Header["X-Client-Cert"] = escaped(good)
		request.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{root.issue(t, "hospital.example")}}
		assert.Equal(t, errOtherName, wants.check(request, time.Now()))
		request.Header.Del("X-Client-Cert")
		request.TLS.PeerCertificates = []*x509.Certificate{middle.issue(t, "mitz.example"), middle.certificate}
		assert.NoError(t, wants.check(request, time.Now()))
		request.TLS.PeerCertificates = nil
		assert.Equal(t, errNoCertificate, wants.check(request, time.Now()))
	})
	t.Run("no header is read where none is configured", func(t *testing.T) {
		request := httptest.NewRequest(http.MethodPost, "/", nil)
		request.Header["X-Client-Cert"] = escaped(good)
		assert.Equal(t, errNoCertificate, (&Certificate{Roots: root.pool, Names: wants.Names}).check(request, time.Now()))
	})
}

func TestWithoutTheCertificateNothingHappens(t *testing.T) {
	root := newCA(t)
	w := newWorld(t, func(parts *Parts) {
		parts.Certificate = &Certificate{Roots: root.pool, Names: []string{"mitz.example"}, Header: "X-Client-Cert"}
	})
	pharmacy, hospital := w.pharmacy(t), w.hospital(t)
	for _, body := range []string{example(t), "<", strings.Repeat(" ", 1<<20+1)} {
		answer := w.post(w.secret, xmlType, body)
		assert.Equal(t, http.StatusForbidden, answer.Code)
		requireOutcome(t, answer, "no_certificate")
		received := w.told.all()[len(w.told.all())-1]
		assert.Equal(t, NoCertificate, received.Outcome)
		assert.Equal(t, errNoCertificate, received.Refusal)
		assert.False(t, received.Ends)
	}
	assert.True(t, hospital())
	assert.Zero(t, w.sessions.written())

	request := by(xmlType, example(t), header("X-Client-Cert", root.header(t, "mitz.example")))(t, w)
	assert.Equal(t, http.StatusCreated, w.send(request).Code)
	assert.False(t, hospital())
	assert.True(t, pharmacy())
}
