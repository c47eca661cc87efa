// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/htu"
	"github.com/nuts-mitz/nuts-mitz/internal/strictjson"
)

// maxProof bounds a DPoP header.
const maxProof = 8 << 10

// proofLifetime is how old a proof may be, and how far ahead the other's clock.
const proofLifetime = time.Minute

// compactJWS is the only form of a proof (RFC 9449, section 4.2).
var compactJWS = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)

// CheckProof looks at what a Nuts node leaves open when it validates a DPoP proof (RFC 9449,
// section 4.3): that the proof is a compact JWS and for the whole address, which is that of the
// request (htu; query and fragment of either do not count), and that it was made within a minute
// of now (iat). The node looks at the signature, the key, the method, the token, the rest of the
// address, and that the proof is used once: ask it too. The error is [ProofInvalid].
func CheckProof(proof, address string, now time.Time) error {
	if len(proof) > maxProof || !compactJWS.MatchString(proof) {
		return ProofInvalid
	}
	payload, err := base64.RawURLEncoding.Strict().DecodeString(strings.Split(proof, ".")[1])
	if err != nil {
		return ProofInvalid
	}
	var claims struct {
		Address  string   `json:"htu"`
		IssuedAt *float64 `json:"iat"`
	}
	object := strictjson.Object{Members: map[string]*strictjson.Object{"htu": nil, "iat": nil}}
	if strictjson.Check(payload, &object) != nil || json.Unmarshal(payload, &claims) != nil || claims.IssuedAt == nil {
		return ProofInvalid
	}
	// In seconds: a duration of a time far away would overflow.
	age := float64(now.Unix()) - *claims.IssuedAt
	if !htu.Same(claims.Address, address) || age > proofLifetime.Seconds() || age < -proofLifetime.Seconds() {
		return ProofInvalid
	}
	return nil
}
