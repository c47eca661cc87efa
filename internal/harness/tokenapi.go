// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Identifier systems, in the form "system|value" of the credentials.
const (
	systemBSN  = "http://fhir.nl/fhir/NamingSystem/bsn"
	systemUZI  = "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers"
	systemURA  = "http://fhir.nl/fhir/NamingSystem/ura"
	systemRole = "http://fhir.nl/fhir/NamingSystem/uzi-rolcode"
)

// ServiceTokenRequest is a request to a requester's own node to get a token elsewhere.
type ServiceTokenRequest struct {
	AuthorizationServer string // the data holder's issuer, see [Node.Issuer]
	Scope               string
	Credentials         []Credential // self-attested: without issuer and without subject id
	IDToken             string       // of Dezi; see [Dezi.IDToken]
	DPoP                bool         // a DPoP token instead of a Bearer token
}

// RequestServiceToken asks a node to get a token. The node wraps an error of the data
// holder in words of its own; see [Node.TokenAnswers] for what the data holder said.
func (a API) RequestServiceToken(ctx context.Context, subject string, request ServiceTokenRequest) (Answer, error) {
	return a.postJSON(ctx, "/internal/auth/v2/"+url.PathEscape(subject)+"/request-service-access-token", request)
}

// MarshalJSON returns the body of the request to the requester's own node.
func (r ServiceTokenRequest) MarshalJSON() ([]byte, error) {
	body := map[string]any{"authorization_server": r.AuthorizationServer, "scope": r.Scope}
	if !r.DPoP {
		body["token_type"] = "Bearer"
	}
	if r.IDToken != "" {
		body["id_token"] = r.IDToken
	}
	if len(r.Credentials) > 0 {
		body["credentials"] = r.Credentials
	}
	return json.Marshal(body)
}

// Introspection is what a node tells its record server about a token.
type Introspection struct {
	Answer
	Active bool
	Claims map[string]any // everything in the answer, active included
}

// Text returns a claim that is a string, and "" for any other.
func (i Introspection) Text(claim string) string {
	text, _ := i.Claims[claim].(string)
	return text
}

// Introspect asks the node about a token.
func (a API) Introspect(ctx context.Context, token string) (Introspection, error) {
	answer, err := postForm(ctx, a.client, a.base+"/internal/auth/v2/accesstoken/introspect", url.Values{"token": {token}}, nil)
	if err != nil {
		return Introspection{}, err
	}
	result := Introspection{Answer: answer}
	if err := answer.decode(http.StatusOK, &result.Claims); err != nil {
		return result, fmt.Errorf("introspect: %w", err)
	}
	result.Active, _ = result.Claims["active"].(bool)
	return result, nil
}

// Employee is a professional, as the employer attests.
type Employee struct {
	Identifier string // "system|value", or the bare value
	Name       string
	Role       string // code of 2.16.840.1.113883.2.4.15.111
}

// UZIIdentifier returns a UZI number as "system|value".
func UZIIdentifier(number string) string { return systemUZI + "|" + number }

// URAIdentifier returns an organisation's number as "system|value".
func URAIdentifier(ura string) string { return systemURA + "|" + ura }

// RoleIdentifier returns a role's code as "system|value".
func RoleIdentifier(code string) string { return systemRole + "|" + code }

// BSNIdentifier returns a BSN as "system|value".
func BSNIdentifier(bsn string) string { return systemBSN + "|" + bsn }

// SelfAttested makes a credential for [ServiceTokenRequest]: the node fills in issuer
// and subject id.
func SelfAttested(credentialType string, claims map[string]any) Credential {
	// Maps of texts always marshal.
	encoded, _ := json.Marshal(map[string]any{
		"@context":          []string{credentialsContext, nutsContext},
		"type":              []string{"VerifiableCredential", credentialType},
		"credentialSubject": claims,
	})
	return encoded
}
