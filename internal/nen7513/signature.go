// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// signedMark is in every entry with a signature.
var signedMark = []byte(`"code":"` + string(Signed) + `"`)

// signatureAlgorithms are those of the keys that a node makes, and no others.
var signatureAlgorithms = []jwa.SignatureAlgorithm{jwa.ES256, jwa.ES384, jwa.ES512, jwa.PS256, jwa.PS384, jwa.PS512, jwa.EdDSA}

var (
	errNoJWS     = errors.New("it holds no signature in JWS compact form")
	errHeader    = errors.New("its signature does not name a public key and an algorithm that are known")
	errSignature = errors.New("its signature is wrong")
	errPayload   = errors.New("what is signed is not a summary")
)

// signatureIn returns the JWS that an entry holds; empty when it is none that holds one.
func signatureIn(line []byte) string {
	if !bytes.Contains(line, signedMark) {
		return ""
	}
	var event auditEvent
	if json.Unmarshal(line, &event) != nil {
		return ""
	}
	for _, each := range event.Entity {
		for _, detail := range each.Detail {
			if detail.Type == detailSignature {
				return detail.Value
			}
		}
	}
	return ""
}

// checkSignature checks the signature with the key in its own header, and returns what is
// signed and the key's thumbprint. Whether that key is the node's is for the caller to say.
func checkSignature(token string) (summary Summary, thumbprint string, err error) {
	if bytes.Count([]byte(token), []byte{'.'}) != 2 {
		return Summary{}, "", errNoJWS
	}
	message, err := jws.Parse([]byte(token), jws.WithCompact())
	if err != nil || len(message.Signatures()) != 1 {
		return Summary{}, "", errNoJWS
	}
	headers := message.Signatures()[0].ProtectedHeaders()
	if headers.JWK() == nil || !slices.Contains(signatureAlgorithms, headers.Algorithm()) {
		return Summary{}, "", errHeader
	}
	key, err := jwk.PublicKeyOf(headers.JWK())
	if err != nil {
		return Summary{}, "", errHeader
	}
	if thumbprint, err = Thumbprint(key); err != nil {
		return Summary{}, "", errHeader
	}
	payload, err := jws.Verify([]byte(token), jws.WithKey(headers.Algorithm(), key))
	if err != nil {
		return Summary{}, thumbprint, errSignature
	}
	if json.Unmarshal(payload, &summary) != nil || summary.Number == 0 {
		return Summary{}, thumbprint, errPayload
	}
	return summary, thumbprint, nil
}

// Thumbprint returns the SHA-256 thumbprint of a public key (RFC 7638), base64url.
func Thumbprint(key jwk.Key) (string, error) {
	sum, err := key.Thumbprint(crypto.SHA256)
	return base64.RawURLEncoding.EncodeToString(sum), err
}
