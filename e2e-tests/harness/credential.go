// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/cert"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// JSON-LD contexts that the stock node has on board. The schema.org context has a
// default vocabulary: with it a node issues any type of credential without internet.
const (
	credentialsContext = "https://www.w3.org/2018/credentials/v1"
	nutsContext        = "https://nuts.nl/credentials/v1"
	schemaContext      = "https://schema.org"
)

// Credential is a verifiable credential in JSON: a string when it is a JWT, an object otherwise.
type Credential json.RawMessage

// MarshalJSON gives the credential itself.
func (c Credential) MarshalJSON() ([]byte, error) { return json.RawMessage(c).MarshalJSON() }

// IsJWT tells whether the credential is a JWT (jwt_vc) rather than an object (ldp_vc).
func (c Credential) IsJWT() bool { return len(c) > 0 && c[0] == '"' }

// X509CredentialOptions makes an X509Credential that is not as it should be.
type X509CredentialOptions struct {
	OtherName      string    // otherName to claim instead of the certificate's
	Expires        time.Time // zero: in twelve hours
	WrongSignature bool
	RS256          bool // sign with RS256 instead of PS256
}

// X509Credential issues an X509Credential to the holder, a DID.
func (s *UZIServer) X509Credential(holder string, options X509CredentialOptions) (Credential, error) {
	expires := options.Expires
	if expires.IsZero() {
		expires = time.Now().Add(12 * time.Hour)
	}
	claims := credentialClaims(s.DID(), holder, TypeOrganization, expires, map[string]any{
		"id":      holder,
		"san":     map[string]any{"otherName": orElse(options.OtherName, s.subject.otherName())},
		"subject": map[string]any{"O": s.subject.Organization, "L": s.subject.Locality},
	})
	headers := map[string]any{"kid": s.DID() + "#0", "x5c": chain(s.certificate, s.ca.certificate)}
	algorithm := jwa.PS256
	if options.RS256 {
		algorithm = jwa.RS256
	}
	return signCredential(claims, headers, algorithm, s.key, options.WrongSignature)
}

// credentialClaims are the claims of a JWT credential (VC Data Model 1.1, section 6.3.1).
func credentialClaims(issuer, subject, credentialType string, expires time.Time, credentialSubject map[string]any) map[string]any {
	notBefore := time.Now().Add(-time.Minute)
	if expires.Before(notBefore) {
		notBefore = expires.Add(-time.Minute)
	}
	return map[string]any{
		"iss": issuer, "sub": subject, "jti": issuer + "#" + uuid.NewString(),
		"nbf": notBefore.Unix(), "exp": expires.Unix(),
		"vc": map[string]any{
			"@context":          []string{credentialsContext},
			"type":              []string{"VerifiableCredential", credentialType},
			"credentialSubject": credentialSubject,
		},
	}
}

func signCredential(claims, headers map[string]any, algorithm jwa.SignatureAlgorithm, key crypto.Signer, wrong bool) (Credential, error) {
	token, err := signJWT(claims, headers, algorithm, key, wrong)
	if err != nil {
		return nil, err
	}
	quoted, err := json.Marshal(token)
	return Credential(quoted), err
}

// signJWT signs claims; with wrong set, the signature is one bit off.
func signJWT(claims, headers map[string]any, algorithm jwa.SignatureAlgorithm, key crypto.Signer, wrong bool) (string, error) {
	protected := jws.NewHeaders()
	for name, value := range headers {
		if err := protected.Set(name, value); err != nil {
			return "", err
		}
	}
	if err := protected.Set(jws.TypeKey, "JWT"); err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	token, err := jws.Sign(payload, jws.WithKey(algorithm, key, jws.WithProtectedHeaders(protected)))
	if err != nil {
		return "", err
	}
	if wrong {
		return breakSignature(string(token))
	}
	return string(token), nil
}

func breakSignature(token string) (string, error) {
	signed, signature, _ := strings.Cut(token[strings.IndexByte(token, '.')+1:], ".")
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || len(raw) == 0 {
		return "", fmt.Errorf("no signature to break: %w", err)
	}
	raw[len(raw)/2] ^= 1
	header := token[:strings.IndexByte(token, '.')]
	return header + "." + signed + "." + base64.RawURLEncoding.EncodeToString(raw), nil
}

func chain(certificates ...*x509.Certificate) *cert.Chain {
	result := new(cert.Chain)
	for _, certificate := range certificates {
		_ = result.Add([]byte(base64.StdEncoding.EncodeToString(certificate.Raw)))
	}
	return result
}
