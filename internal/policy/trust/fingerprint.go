// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package trust

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// fingerprintSizes are the sizes of the hashes that did:x509 knows, in bytes.
var fingerprintSizes = map[string]int{"sha256": 32, "sha384": 48, "sha512": 64}

// x509Entry is an entry of the trust that names certificates: hash, fingerprint, policies.
var x509Entry = regexp.MustCompile(`^did:x509:0:([^:]*):([^:]*(?::[^:]+)*)::`)

// checkFingerprint says what is wrong with the fingerprint in a did:x509, and how it must be
// written where that can be told; nil: it is one, or there is none to look at.
func checkFingerprint(entry string) error {
	match := x509Entry.FindStringSubmatch(entry)
	if match == nil {
		return nil
	}
	size, known := fingerprintSizes[match[1]]
	if !known {
		return fmt.Errorf("%q: its hash is none of sha256, sha384 and sha512", entry)
	}
	if decoded, err := base64.RawURLEncoding.Strict().DecodeString(match[2]); err == nil && len(decoded) == size {
		return nil
	}
	for _, decode := range []func(string) ([]byte, error){
		func(s string) ([]byte, error) { return hex.DecodeString(strings.ReplaceAll(s, ":", "")) },
		base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString, base64.URLEncoding.DecodeString,
	} {
		if decoded, err := decode(match[2]); err == nil && len(decoded) == size {
			return fmt.Errorf("%q: its fingerprint must be base64url without padding: write %s", entry, base64.RawURLEncoding.EncodeToString(decoded))
		}
	}
	return fmt.Errorf("%q: its fingerprint is not the %s of a certificate: %d characters of base64url", entry, match[1], base64.RawURLEncoding.EncodedLen(size))
}

// publishedFingerprints stand in documentation, ours or that of did:x509, and belong to no
// CA that anybody trusts.
var publishedFingerprints = []string{
	"WE4P5dd8DnLHSkyHaIjhp4udlkF9LqoKwCvu9gl38jk",
	"mmz8JJ6hYAN7Ovbfloo4B6SN1g1TqgYsEmA4m70nm54",
	"Ce8wBsm6bqcMYgXu6bDKKIYG1Z02o2KISNNmgDCserE",
}

// MadeUp reports whether an entry's fingerprint is surely not that of a CA: it stands in
// documentation, or no hash looks like it.
func (t Entry) MadeUp() bool {
	if t.Kind != KindCertificate {
		return false
	}
	sum, err := base64.RawURLEncoding.DecodeString(t.Fingerprint)
	if err != nil || slices.Contains(publishedFingerprints, t.Fingerprint) {
		return true
	}
	different := map[byte]bool{}
	printable := true
	for _, each := range sum {
		different[each] = true
		printable = printable && each >= ' ' && each <= '~'
	}
	// Of 32 random bytes about 30 differ, and fewer than 20 in none of 10^11.
	return printable || len(different) < 20
}
