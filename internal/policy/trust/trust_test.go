// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package trust

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	testFingerprint = "did:x509:0:sha256:WE4P5dd8DnLHSkyHaIjhp4udlkF9LqoKwCvu9gl38jk"
	testUZI         = testFingerprint + "::san:otherName:2.16.528.1.1007.99.2110-1-1-S-12345678-00.000-0"
	testVektis      = "did:web:vektis.example"
	testPresenter   = "did:web:clinic.example:iam:midwives"
)

func TestIssuers(t *testing.T) {
	parse := func(entries ...string) Issuers {
		issuers, err := Parse(entries)
		require.NoError(t, err)
		return issuers
	}
	for _, tc := range []struct {
		name              string
		issuers           Issuers
		issuer, presenter string
		trusted           bool
	}{
		{"an exact DID is trusted", parse(testVektis), testVektis, testPresenter, true},
		{"a longer name is another's", parse(testVektis), testVektis + ".evil", testPresenter, false},
		{"a path below an exact DID is another's", parse(testVektis), testVektis + ":iam:x", testPresenter, false},
		{"a prefix trusts what is below it", parse(testVektis + ":*"), testVektis + ":iam:x", testPresenter, true},
		{"a prefix does not trust a longer name", parse(testVektis + ":*"), testVektis + ".evil:iam:x", testPresenter, false},
		{"a prefix alone is nobody", parse(testVektis + ":*"), testVektis + ":", testPresenter, false},
		{"a certificate of a trusted CA is trusted", parse(testFingerprint + "::*"), testUZI, testPresenter, true},
		{"a certificate of another CA is not", parse("did:x509:0:sha256:AE4P5dd8DnLHSkyHaIjhp4udlkF9LqoKwCvu9gl38jk::*"), testUZI, testPresenter, false},
		{"a prefix can hold further policies", parse(testFingerprint + "::san:otherName:*"), testUZI, testPresenter, true},
		{"the presenter is not trusted unasked", parse(testVektis), testPresenter, testPresenter, false},
		{"the holder is the presenter", parse("holder"), testPresenter, testPresenter, true},
		{"the holder is nobody else", parse("holder"), testVektis, testPresenter, false},
		{"nobody is not the holder", parse("holder"), "", "", false},
		{"no entries trust nobody", parse(), testVektis, testVektis, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.trusted, tc.issuers.Trusts(tc.issuer, tc.presenter))
		})
	}
	t.Run("a did:web that leads elsewhere is not plain", func(t *testing.T) {
		for did, plain := range map[string]bool{
			"did:web:localhost%3A8080:iam:x": true, testUZI: true, "did:web:a.example:..:b": false, "did:web:a.example:x%2F..%2Fb": false,
			"did:web:a.example:%2e%2e:b": false, "did:web:a.example:x%5Cb": false, "did:web:a.example:%zz": false,
		} {
			assert.Equal(t, plain, IsPlainDID(did), did)
		}
	})
	for _, wrong := range []string{
		"", "*", "did:*", "did:web:*", "did:web:vektis.example*", "did:web:vektis.example:", "did:x509:0:sha256:short::*",
		"did:x509:0:*", "did:x509:0:sha256:*", "vektis.example", "did:web:vektis.example#key", "Holder", "did:web:a b",
	} {
		t.Run("refused: "+wrong, func(t *testing.T) {
			_, err := Parse([]string{wrong})
			assert.Error(t, err)
		})
	}
}

// TestTwoAuthoritiesBesideEachOther is how the CA of requesters is replaced.
func TestTwoAuthoritiesBesideEachOther(t *testing.T) {
	const other = "did:x509:0:sha256:AE4P5dd8DnLHSkyHaIjhp4udlkF9LqoKwCvu9gl38jk"
	ofOther := strings.Replace(testUZI, testFingerprint, other, 1)
	require.NotEqual(t, testUZI, ofOther)
	for name, tc := range map[string]struct {
		entries    []string
		old, newer bool
	}{
		"before":    {[]string{testFingerprint + "::*"}, true, false},
		"meanwhile": {[]string{testFingerprint + "::*", other + "::*"}, true, true},
		"after":     {[]string{other + "::*"}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			issuers, err := Parse(tc.entries)
			require.NoError(t, err)
			assert.Equal(t, tc.old, issuers.Trusts(testUZI, testPresenter))
			assert.Equal(t, tc.newer, issuers.Trusts(ofOther, testPresenter))
		})
	}
}

func TestTrustEntries(t *testing.T) {
	const fingerprint = "WE4P5dd8DnLHSkyHaIjhp4udlkF9LqoKwCvu9gl38jk"
	issuers, err := Parse([]string{testFingerprint + "::*", testFingerprint + "::subject:O:A:L:*", testFingerprint + "::subject:*", testVektis, "did:web:a.example:*", "dezi", "holder", testUZI})
	require.NoError(t, err)
	assert.Equal(t, []Entry{
		{Kind: KindHolder, Entry: "holder"},
		{Kind: KindDezi, Entry: "dezi"},
		{Kind: KindDID, Entry: testVektis},
		{
			Kind: KindCertificate, Entry: testUZI, HashAlgorithm: "sha256", Fingerprint: fingerprint,
			Policies: "san:otherName:2.16.528.1.1007.99.2110-1-1-S-12345678-00.000-0",
		},
		{Kind: KindCertificate, Entry: testFingerprint + "::*", HashAlgorithm: "sha256", Fingerprint: fingerprint},
		{Kind: KindCertificate, Entry: testFingerprint + "::subject:O:A:L:*", HashAlgorithm: "sha256", Fingerprint: fingerprint, Policies: "subject:O:A"},
		{Kind: KindCertificate, Entry: testFingerprint + "::subject:*", HashAlgorithm: "sha256", Fingerprint: fingerprint},
		{Kind: KindPrefix, Entry: "did:web:a.example:*"},
	}, issuers.Entries())
	assert.Empty(t, Issuers{}.Entries())
}
