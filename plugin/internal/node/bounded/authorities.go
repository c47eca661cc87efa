// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"regexp"
	"time"
)

// Authorities are the CAs that the operator of this node names: whoever else signs a chain
// of certificates, nobody here vouches for.
type Authorities map[string]bool // by hash and fingerprint

// authority finds the CA of a did:x509 (version 0: did:x509:0:<hash>:<fingerprint>::...).
var authority = regexp.MustCompile(`x509:0:(sha256|sha384|sha512):([A-Za-z0-9_-]{43,86})`)

// AuthoritiesIn returns the CAs that texts name in a did:x509: entries of the configuration,
// or presentation definitions.
func AuthoritiesIn(texts ...string) Authorities {
	named := Authorities{}
	for _, text := range texts {
		for _, match := range authority.FindAllStringSubmatch(text, -1) {
			named[match[1]+":"+match[2]] = true
		}
	}
	return named
}

func (a Authorities) names(certificate *x509.Certificate) bool {
	sum256, sum384, sum512 := sha256.Sum256(certificate.Raw), sha512.Sum384(certificate.Raw), sha512.Sum512(certificate.Raw)
	encode := base64.RawURLEncoding.EncodeToString
	return a["sha256:"+encode(sum256[:])] || a["sha384:"+encode(sum384[:])] || a["sha512:"+encode(sum512[:])]
}

// signer returns where in a chain, which begins with a leaf, the first CA is that the
// operator names, and how much work it is to see that it signed what is before it. It
// returns 0 when there is none.
func (a Authorities) signer(chain []*x509.Certificate) (at int, work time.Duration) {
	for i := 1; i < len(chain); i++ {
		work += workOf(chain[i].PublicKey)
		if a.names(chain[i]) {
			return i, work
		}
	}
	return 0, 0
}

// isPath reports whether each certificate signed the one before it.
func isPath(chain []*x509.Certificate) bool {
	for i := range len(chain) - 1 {
		if chain[i].CheckSignatureFrom(chain[i+1]) != nil {
			return false
		}
	}
	return true
}
