// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package trust

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fingerprintOf is that of some certificate, and so nobody made it up.
func fingerprintOf(t *testing.T, text string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func TestFingerprintsThatAreNone(t *testing.T) {
	sum := sha256.Sum256([]byte("a certificate"))
	long := sha512.Sum512([]byte("a certificate"))
	right := base64.RawURLEncoding.EncodeToString(sum[:])
	colons := strings.ToUpper(strings.Join(regexp.MustCompile("..").FindAllString(hex.EncodeToString(sum[:]), -1), ":"))
	for _, tc := range []struct {
		name, entry, problem string // empty: it is one
	}{
		{"sha256", "did:x509:0:sha256:" + right + "::*", ""},
		{"sha512", "did:x509:0:sha512:" + base64.RawURLEncoding.EncodeToString(long[:]) + "::*", ""},
		{"with policies", "did:x509:0:sha256:" + right + "::subject:O:Example:*", ""},
		{"a whole DID", "did:x509:0:sha256:" + right + "::san:dns:example.com", ""},
		{"hexadecimal, as openssl prints it", "did:x509:0:sha256:" + colons + "::*", "write " + right},
		{"hexadecimal without colons", "did:x509:0:sha256:" + hex.EncodeToString(sum[:]) + "::*", "write " + right},
		{"base64 with padding", "did:x509:0:sha256:" + base64.StdEncoding.EncodeToString(sum[:]) + "::*", "write " + right},
		{"base64url with padding", "did:x509:0:sha256:" + base64.URLEncoding.EncodeToString(sum[:]) + "::*", "write " + right},
		{"one character too few", "did:x509:0:sha256:" + right[1:] + "::*", "43 characters of base64url"},
		{"one character too many", "did:x509:0:sha256:" + right + "A::*", "43 characters of base64url"},
		{"a last character that none ends in", "did:x509:0:sha256:" + right[:42] + "9::*", "43 characters of base64url"},
		{"the fingerprint of another hash", "did:x509:0:sha512:" + right + "::*", "86 characters of base64url"},
		{"a hash that is not used", "did:x509:0:sha1:" + right + "::*", "none of sha256, sha384 and sha512"},
		{"the words of the documentation", "did:x509:0:sha256:<CA fingerprint>::*", "43 characters of base64url"},
		{"nothing", "did:x509:0:sha256:::*", "43 characters of base64url"},
		{"no policies", "did:x509:0:sha256:" + right, "needs its CA's whole fingerprint"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse([]string{tc.entry})
			if tc.problem == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, tc.problem)
			}
		})
	}
}

func TestMadeUpFingerprints(t *testing.T) {
	entry := func(fingerprint string) Entry {
		issuers, err := Parse([]string{"did:x509:0:sha256:" + fingerprint + "::*"})
		require.NoError(t, err)
		return issuers.Entries()[0]
	}
	for _, sum := range [][]byte{
		make([]byte, 32), bytes.Repeat([]byte{0xff}, 32), bytes.Repeat([]byte("0123456789abcdef"), 2), []byte("the fingerprint of the UZI CA..."),
	} {
		assert.True(t, entry(base64.RawURLEncoding.EncodeToString(sum)).MadeUp())
	}
	for _, text := range []string{"one", "two", "three", "four"} {
		assert.False(t, entry(fingerprintOf(t, text)).MadeUp())
	}
	assert.False(t, Entry{Kind: KindHolder, Entry: "holder"}.MadeUp())

	t.Run("those in our documentation are known as such", func(t *testing.T) {
		documents, err := filepath.Glob(filepath.Join("..", "..", "..", "docs", "*.md"))
		require.NoError(t, err)
		found := 0
		for _, document := range append(documents, filepath.Join("..", "..", "..", "README.md")) {
			content, err := os.ReadFile(document)
			require.NoError(t, err)
			for _, match := range regexp.MustCompile(`did:x509:0:sha256:([A-Za-z0-9_-]{43})::`).FindAllStringSubmatch(string(content), -1) {
				found++
				assert.True(t, entry(match[1]).MadeUp(), "%s in %s", match[1], document)
			}
		}
		assert.NotZero(t, found)
	})
}
