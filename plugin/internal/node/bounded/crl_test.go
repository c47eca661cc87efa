// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/pki"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

// testCA signs certificates and revocation lists.
type testCA struct {
	t           *testing.T
	certificate *x509.Certificate
	key         crypto.Signer
}

const realName = "Real"

func newTestCA(t *testing.T, name string) testCA {
	t.Helper()
	return testCA{t: t}.sign(name, true)
}

// sign makes a certificate with a key of its own, which the CA signs, or it itself.
func (c testCA) sign(name string, isCA bool, points ...string) testCA {
	c.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(c.t, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	require.NoError(c.t, err)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: isCA, BasicConstraintsValid: true, CRLDistributionPoints: points,
	}
	if isCA {
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	}
	parent, signer := template, crypto.Signer(key)
	if c.certificate != nil {
		parent, signer = c.certificate, c.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	require.NoError(c.t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(c.t, err)
	return testCA{c.t, certificate, key}
}

// list is a revocation list of the CA on which these are.
func (c testCA) list(ends time.Duration, revoked ...testCA) string {
	c.t.Helper()
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(ends)}
	for _, each := range revoked {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: each.certificate.SerialNumber, RevocationTime: time.Now().Add(-time.Minute)})
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, c.certificate, c.key)
	require.NoError(c.t, err)
	return string(der)
}

func (c testCA) authorities() Authorities {
	sum := sha256.Sum256(c.certificate.Raw)
	return AuthoritiesIn("^did:x509:0:sha256:" + base64.RawURLEncoding.EncodeToString(sum[:]) + "::.*$")
}

func chainOf(each ...testCA) []*x509.Certificate {
	chain := make([]*x509.Certificate, len(each))
	for i := range each {
		chain[i] = each[i].certificate
	}
	return chain
}

// webOf answers with these documents.
type webOf map[string]string

func (w webOf) Do(request *http.Request) (*http.Response, error) {
	content, found := w[request.URL.String()]
	if !found {
		return nil, errors.New("nobody is there")
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(content))}, nil
}

// fakePKI is a validator that does what a test says.
type fakePKI struct {
	pki.Validator
	softfail bool
	check    func([]*x509.Certificate) error
}

func (f fakePKI) CheckCRL(chain []*x509.Certificate) error       { return f.check(chain) }
func (f fakePKI) CheckCRLStrict(chain []*x509.Certificate) error { return f.check(chain) }
func (f fakePKI) Config() any                                    { return &pki.Config{Softfail: f.softfail} }
func (f fakePKI) Name() string                                   { return "" }

func manyLists(count int) []string {
	points := make([]string, count)
	for i := range points {
		points[i] = fmt.Sprintf("http://lists.example/%d", i)
	}
	return points
}

// TestWhatTheNodeIsAskedAboutCertificates sees that the node gets and keeps nothing for a CA
// that the operator does not name.
func TestWhatTheNodeIsAskedAboutCertificates(t *testing.T) {
	const point = "http://lists.example/0"
	root := newTestCA(t, "Root")
	named := root.sign(realName, true, point+"/of/ca")
	leaf := named.sign("leaf", false, point)
	other := newTestCA(t, realName)
	for _, tc := range []struct {
		name  string
		chain []*x509.Certificate
		asked []string // the names in the chain that has lists
	}{
		{"under a CA that the operator names", chainOf(leaf, named, root), []string{"leaf", realName}},
		{"under another of that name", chainOf(other.sign("leaf", false, point), other), nil},
		{"beside one that did not sign it", chainOf(other.sign("leaf", false, point), named, root), nil},
		{"of the named CA itself", chainOf(named, root), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var lists [][]*x509.Certificate
			plain := 0
			visit := visitOf(t)
			bounded := boundedPKI{
				Validator: fakePKI{softfail: true, check: func(chain []*x509.Certificate) error {
					if len(pointsOf(chain)) == 0 {
						assert.Len(t, chain, len(tc.chain), "the denylist is not asked about all")
						assert.Equal(t, tc.chain[len(chain)-1].Issuer, chain[len(chain)-1].Issuer)
						plain++
						return nil
					}
					lists = append(lists, chain)
					return nil
				}},
				authorities: named.authorities(), http: webOf{}, visit: func() *door.Visit { return visit },
			}
			for range 2 { // the second time of the same visit costs nothing
				require.NoError(t, bounded.CheckCRL(tc.chain))
			}
			assert.Equal(t, 1, plain)
			if tc.asked == nil {
				assert.Empty(t, lists)
				return
			}
			require.Len(t, lists, 1)
			var asked []string
			for _, each := range lists[0] {
				asked = append(asked, each.Subject.CommonName)
			}
			assert.Equal(t, tc.asked, asked)
			assert.Empty(t, lists[0][1].CRLDistributionPoints, "who signed the named CA is the presenter's word")
			assert.Equal(t, realName, lists[0][1].Issuer.CommonName)
			assert.NotEmpty(t, named.certificate.CRLDistributionPoints, "the certificate itself is as it was")
		})
	}
}

// TestNobodyTakesThePlaceOfANamedAuthority has the node's own validator at work.
func TestNobodyTakesThePlaceOfANamedAuthority(t *testing.T) {
	node := pki.New()
	config, _ := node.Config().(*pki.Config)
	config.Denylist.URL, config.Softfail = "", false
	require.NoError(t, node.Configure(core.ServerConfig{}))
	named, other := newTestCA(t, realName), newTestCA(t, realName)
	content := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, content) }))
	defer server.Close()
	revoked := named.sign("revoked", false, server.URL)
	content = named.list(time.Hour, revoked)
	check := func(chain []*x509.Certificate) error {
		visit := visitOf(t)
		return boundedPKI{Validator: node, authorities: named.authorities(), http: http.DefaultClient, visit: func() *door.Visit { return visit }}.CheckCRL(chain)
	}
	require.ErrorIs(t, check(chainOf(other.sign("leaf", false, server.URL), other)), pki.ErrCRLMissing)
	require.ErrorIs(t, check(chainOf(revoked, named)), pki.ErrCertRevoked)
	require.NoError(t, check(chainOf(named.sign("leaf", false, server.URL), named)))
	server.Close()
	require.NoError(t, check(chainOf(named.sign("leaf", false, server.URL), named)), "the node keeps the lists of those that are named")
}

func TestRevocationListsOfOthers(t *testing.T) {
	const point = "http://lists.example/0"
	root := newTestCA(t, "Root")
	ca := root.sign(realName, true, point+"/root")
	leaf := ca.sign("leaf", false, point)
	asRoot := root.list(time.Hour)
	for _, tc := range []struct {
		name             string
		web              webOf
		tolerant, strict error
	}{
		{"not on its list", webOf{point: ca.list(time.Hour, root), point + "/root": asRoot}, nil, nil},
		{"on its list", webOf{point: ca.list(time.Hour, leaf), point + "/root": asRoot}, pki.ErrCertRevoked, pki.ErrCertRevoked},
		{"on a list that has expired", webOf{point: ca.list(-time.Minute, leaf), point + "/root": asRoot}, pki.ErrCertRevoked, pki.ErrCertRevoked},
		{"of a CA that is on a list", webOf{point: ca.list(time.Hour), point + "/root": root.list(time.Hour, ca)}, pki.ErrCertRevoked, pki.ErrCertRevoked},
		{"a list that has expired", webOf{point: ca.list(-time.Minute), point + "/root": asRoot}, nil, pki.ErrCRLExpired},
		{"a list that cannot be got", webOf{point + "/root": asRoot}, nil, pki.ErrCRLMissing},
		{"a list of another CA", webOf{point: root.list(time.Hour), point + "/root": asRoot}, nil, pki.ErrCRLMissing},
		{"a list of another CA of that name", webOf{point: newTestCA(t, realName).list(time.Hour), point + "/root": asRoot}, nil, pki.ErrCRLMissing},
		{"something else", webOf{point: "<html>", point + "/root": asRoot}, nil, pki.ErrCRLMissing},
		{"a list that is too large", webOf{point: strings.Repeat("x", maxRevocationList+1), point + "/root": asRoot}, door.ErrFetches, door.ErrFetches},
	} {
		for way, call := range map[string]func(boundedPKI, []*x509.Certificate) error{"as configured": boundedPKI.CheckCRL, "strictly": boundedPKI.CheckCRLStrict} {
			t.Run(tc.name+", checked "+way, func(t *testing.T) {
				visit := visitOf(t)
				bounded := boundedPKI{
					Validator: fakePKI{softfail: true, check: func([]*x509.Certificate) error { return nil }}, http: tc.web, visit: func() *door.Visit { return visit },
				}
				expected := tc.tolerant
				if way == "strictly" {
					expected = tc.strict
				}
				assert.ErrorIs(t, call(bounded, chainOf(leaf, ca, root)), expected)
			})
		}
	}
	t.Run("what it costs to read lists is counted", func(t *testing.T) {
		visit := visitOf(t)
		content := ca.list(time.Hour)
		bounded := boundedPKI{Validator: fakePKI{check: func([]*x509.Certificate) error { return nil }}, http: webOf{point: content}, visit: func() *door.Visit { return visit }}
		require.NoError(t, bounded.lookUp(visit, leaf.certificate, ca.certificate, point))
		assertSpent(t, visit, workOf(ca.certificate.PublicKey)+time.Duration(len(content))*listWork)
	})
}

func TestRevocationListsAreBounded(t *testing.T) {
	revoked := errors.New("revoked")
	ca := newTestCA(t, "CA")
	naming := func(points ...string) []*x509.Certificate { return chainOf(ca.sign("leaf", false, points...), ca) }
	web := webOf{}
	for _, point := range manyLists(maxPoints) {
		web[point] = ca.list(time.Hour)
	}
	ok := func([]*x509.Certificate) error { return nil }
	for name, tt := range map[string]struct {
		chain []*x509.Certificate
		check func([]*x509.Certificate) error
		err   error
		calls int
		lasts time.Duration
	}{
		"a chain that names no list":             {naming(), ok, nil, 1, 0},
		"a chain that names lists":               {naming(manyLists(maxPoints)...), ok, nil, 1, 0},
		"a certificate on the denylist":          {naming(), func([]*x509.Certificate) error { return revoked }, revoked, 1, 0},
		"more lists than are allowed":            {naming(manyLists(maxPoints + 1)...), ok, door.ErrFetches, 0, 0},
		"an address that is too long":            {naming("http://" + strings.Repeat("a", maxPoint)), ok, door.ErrFetches, 0, 0},
		"a node that does not answer":            {naming(), func([]*x509.Certificate) error { time.Sleep(time.Minute); return nil }, context.DeadlineExceeded, 1, door.OneFetch},
		"a certificate on which the node panics": {naming(), func([]*x509.Certificate) error { panic("900186021") }, errPanicked, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				visit, answer := begin(t)
				// Within the bubble it is the year 2000, when these lists were still good.
				bounded := boundedPKI{
					Validator: fakePKI{check: func(chain []*x509.Certificate) error { calls++; return tt.check(chain) }},
					http:      web, visit: func() *door.Visit { return visit },
				}
				began := time.Now()
				assert.ErrorIs(t, bounded.CheckCRL(tt.chain), tt.err)
				assert.Equal(t, tt.lasts, time.Since(began))
				require.NoError(t, answer(nil))
				time.Sleep(time.Minute) // what went on without the visit ends
				synctest.Wait()
				assert.Equal(t, tt.calls, calls)
			})
		})
	}
	t.Run("many chains share what one request may have the node get", func(t *testing.T) {
		visit := visitOf(t)
		calls := 0
		bounded := boundedPKI{Validator: fakePKI{check: func([]*x509.Certificate) error { calls++; return nil }}, http: web, visit: func() *door.Visit { return visit }}
		for range door.MaxFetches - 1 { // one is the list, once for all
			require.NoError(t, bounded.CheckCRL(naming(manyLists(1)...)))
		}
		assert.ErrorIs(t, bounded.CheckCRL(naming(manyLists(1)...)), door.ErrFetches)
		assert.Equal(t, door.MaxFetches-1, calls)
	})
	t.Run("outside a visit the node checks as it always did", func(t *testing.T) {
		bounded := boundedPKI{Validator: fakePKI{check: func([]*x509.Certificate) error { return revoked }}, visit: noVisit}
		assert.ErrorIs(t, bounded.CheckCRL(naming(manyLists(100)...)), revoked)
	})
}

func TestAuthorities(t *testing.T) {
	ca := newTestCA(t, "CA")
	for name, size := range map[string]func([]byte) []byte{
		"sha256": func(b []byte) []byte { h := crypto.SHA256.New(); h.Write(b); return h.Sum(nil) },
		"sha384": func(b []byte) []byte { h := crypto.SHA384.New(); h.Write(b); return h.Sum(nil) },
		"sha512": func(b []byte) []byte { h := crypto.SHA512.New(); h.Write(b); return h.Sum(nil) },
	} {
		t.Run("named by "+name, func(t *testing.T) {
			entry := "did:x509:0:" + name + ":" + base64.RawURLEncoding.EncodeToString(size(ca.certificate.Raw))
			assert.True(t, AuthoritiesIn("did:web:a", "x"+entry+"::subject:O:A").names(ca.certificate))
			assert.True(t, AuthoritiesIn(entry).names(ca.certificate))
			assert.False(t, AuthoritiesIn(strings.Replace(entry, ":0:", ":1:", 1)).names(ca.certificate))
			assert.False(t, AuthoritiesIn(entry).names(newTestCA(t, "CA").certificate))
			assert.False(t, AuthoritiesIn().names(ca.certificate))
		})
	}
}

// BenchmarkRevocationList reads the largest list that is read for anybody.
func BenchmarkRevocationList(b *testing.B) {
	ca := newTestCA(&testing.T{}, "CA")
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour)}
	for i := range int64(3000) {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(i), RevocationTime: time.Now()})
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, ca.certificate, ca.key)
	require.NoError(b, err)
	b.SetBytes(int64(len(der)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := x509.ParseRevocationList(bytes.Clone(der)); err != nil {
			b.Fatal(err)
		}
	}
}
