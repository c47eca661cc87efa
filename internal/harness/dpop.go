// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

// CreateDPoP has the requester's own node make a proof for a request with a token.
func (a API) CreateDPoP(ctx context.Context, kid, token, method, target string) (string, error) {
	// Twice, because the node undoes it twice: a did:web with a port has a % in it.
	escaped := url.PathEscape(url.PathEscape(kid))
	answer, err := a.postJSON(ctx, "/internal/auth/v2/dpop/"+escaped, map[string]any{
		"htm": method, "htu": target, "token": token,
	})
	if err != nil {
		return "", err
	}
	var result struct {
		Proof string `json:"dpop"`
	}
	if err := answer.decode(http.StatusOK, &result); err != nil {
		return "", fmt.Errorf("create a DPoP proof: %w", err)
	}
	return result.Proof, nil
}

// DPoPKeyID returns the key to which the token in an answer of the requester's own node is
// bound, and "" when it is bound to none.
func (a Answer) DPoPKeyID() string {
	var body struct {
		KeyID string `json:"dpop_kid"`
	}
	_ = json.Unmarshal(a.Body, &body)
	return body.KeyID
}

// DPoPProof is a proof that a wallet makes without a node, each part of which can be wrong.
type DPoPProof struct {
	Method, URL string
	Token       string    // empty: no hash of a token, as for a token request
	ID          string    // empty: a new one
	IssuedAt    time.Time // zero: now
	WrongType   bool      // a JWT of another type
}

// Prove makes a proof with the wallet's key (RFC 9449, section 4.2).
func (w *Wallet) Prove(proof DPoPProof) (string, error) {
	public, err := jwk.FromRaw(w.key.Public())
	if err != nil {
		return "", err
	}
	if proof.IssuedAt.IsZero() {
		proof.IssuedAt = time.Now()
	}
	claims := map[string]any{
		"jti": orElse(proof.ID, uuid.NewString()), "iat": proof.IssuedAt.Unix(), "htm": proof.Method, "htu": proof.URL,
	}
	if proof.Token != "" {
		hash := sha256.Sum256([]byte(proof.Token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(hash[:])
	}
	headerType := "dpop+jwt"
	if proof.WrongType {
		headerType = "JWT"
	}
	return signTyped(claims, map[string]any{"jwk": public}, headerType, jwa.ES256, w.key)
}
