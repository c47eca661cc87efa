// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jwa"
)

// Grant is an OAuth grant type.
type Grant string

// The grants that a wallet can use by itself.
const (
	VPToken   Grant = "vp_token-bearer"
	JWTBearer Grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

// TokenRequest is a token request that a wallet makes without a node, each part of which
// can be wrong. The zero value of a knob gives what is right.
type TokenRequest struct {
	Issuer          string // the data holder's, see [Node.Issuer]
	Endpoint        string // where it is sent; empty: the token endpoint of Issuer
	Grant           Grant  // empty: VPToken
	Scope           string // sent as it is
	DefinitionScope string // scope whose presentation definition is answered; empty: Scope
	Credentials     []Credential

	ClientID       string        // empty: the wallet's DID
	Audience       string        // empty: Issuer
	Nonce          string        // empty: a new one; give one twice to replay
	IssuedAt       time.Time     // zero: now
	Lifetime       time.Duration // zero: five seconds, the most that a node accepts
	WrongSignature bool
	Submission     json.RawMessage // VPToken only; nil: see [Definition.Submit]
	Header         http.Header     // added to the HTTP request, for instance traceparent
}

// RequestToken makes the request at the data holder's token endpoint.
func (w *Wallet) RequestToken(ctx context.Context, request TokenRequest) (Answer, error) {
	form, err := w.TokenForm(ctx, request)
	if err != nil {
		return Answer{}, err
	}
	return postForm(ctx, w.client, orElse(request.Endpoint, request.Issuer+"/token"), form, request.Header.Clone())
}

// TokenForm returns what [Wallet.RequestToken] would send, for who sends it later. It
// is of use for as long as the presentation in it is valid. A VPToken request without
// a submission asks the data holder for the definition.
func (w *Wallet) TokenForm(ctx context.Context, request TokenRequest) (url.Values, error) {
	presentation, err := w.present(request)
	if err != nil {
		return nil, err
	}
	form := url.Values{
		"grant_type": {orElse(string(request.Grant), string(VPToken))},
		"scope":      {request.Scope},
		"client_id":  {orElse(request.ClientID, w.DID)},
		"assertion":  {presentation},
	}
	if form.Get("grant_type") == string(VPToken) {
		submission := request.Submission
		if submission == nil {
			if submission, err = w.submission(ctx, request); err != nil {
				return nil, err
			}
		}
		form.Set("presentation_submission", string(submission))
	}
	return form, nil
}

// present builds the presentation as a JWT (VC Data Model 1.1, section 6.3.1).
func (w *Wallet) present(request TokenRequest) (string, error) {
	issuedAt, lifetime := request.IssuedAt, request.Lifetime
	if issuedAt.IsZero() {
		issuedAt = time.Now()
	}
	if lifetime == 0 {
		lifetime = 5 * time.Second
	}
	claims := map[string]any{
		"iss": w.DID, "sub": w.DID, "jti": w.DID + "#" + uuid.NewString(),
		"aud": orElse(request.Audience, request.Issuer), "nonce": orElse(request.Nonce, uuid.NewString()),
		"iat": issuedAt.Unix(), "nbf": issuedAt.Unix(), "exp": issuedAt.Add(lifetime).Unix(),
		"vp": map[string]any{
			"@context": []string{credentialsContext}, "type": []string{"VerifiablePresentation"},
			"holder": w.DID, "verifiableCredential": request.Credentials,
		},
	}
	return signJWT(claims, map[string]any{"kid": w.keyID()}, jwa.ES256, w.key, request.WrongSignature)
}

// submission asks for the definition and maps the credentials to it.
func (w *Wallet) submission(ctx context.Context, request TokenRequest) (json.RawMessage, error) {
	scope := orElse(request.DefinitionScope, request.Scope)
	definition, err := FetchDefinition(ctx, w.client, request.Issuer, scope)
	if err != nil {
		return nil, err
	}
	return definition.Submit(request.Credentials)
}
