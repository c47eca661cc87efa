// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"time"

	"github.com/lestrrat-go/jwx/v2/cert"
)

// What a signature is verified with at the most. crypto/rsa has no bound of its own, and
// a key of half a million bits takes it ten seconds.
const (
	maxRSA   = 8192 // bits of a key, as crypto/tls has it
	maxChain = 8    // certificates
)

// usualExponent is the public exponent that all RSA keys in use have, or a smaller one.
const usualExponent = 65537

var errKeySize = errors.New("mitz: a key that is larger than this node verifies with")

func isBoundedKey(key any) bool {
	rsaKey, isRSA := key.(*rsa.PublicKey)
	return !isRSA || rsaKey.N.BitLen() <= maxRSA
}

// workOf is about how long it takes to verify one signature with a key, on one core of a
// small machine.
func workOf(key any) time.Duration {
	switch key := key.(type) {
	case *rsa.PublicKey:
		kilobits := (key.N.BitLen() + 1023) / 1024
		work := time.Duration(15*kilobits*kilobits) * time.Microsecond
		if key.E > usualExponent {
			work *= 3
		}
		return work
	case *ecdsa.PublicKey:
		switch bits := key.Curve.Params().BitSize; {
		case bits <= 256:
			return 100 * time.Microsecond
		case bits <= 384:
			return 600 * time.Microsecond
		default:
			return 2 * time.Millisecond
		}
	default:
		return 100 * time.Microsecond
	}
}

// checkChain returns about how long it takes to verify a chain of certificates. It leaves
// what is no certificate to the node to refuse.
func checkChain(chain *cert.Chain) (work time.Duration, err error) {
	if chain.Len() > maxChain {
		return 0, errKeySize
	}
	for i := range chain.Len() {
		encoded, _ := chain.Get(i)
		der, err := base64.StdEncoding.DecodeString(string(encoded))
		if err != nil {
			continue
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			continue
		}
		if !isBoundedKey(certificate.PublicKey) {
			return 0, errKeySize
		}
		work += workOf(certificate.PublicKey) + 50*time.Microsecond // which parsing it takes
	}
	return work, nil
}
