// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
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
	statusContext      = "https://w3id.org/vc/status-list/2021/v1"
)

// Credential is a verifiable credential in JSON: a string when it is a JWT, an object otherwise.
type Credential json.RawMessage

// MarshalJSON returns the credential itself.
func (c Credential) MarshalJSON() ([]byte, error) { return json.RawMessage(c).MarshalJSON() }

// IsJWT reports whether the credential is a JWT (jwt_vc) rather than an object (ldp_vc).
func (c Credential) IsJWT() bool { return len(c) > 0 && c[0] == '"' }

// X509CredentialOptions makes an X509Credential that is not as it should be.
type X509CredentialOptions struct {
	OtherName      string    // otherName to claim instead of the certificate's
	Expires        time.Time // zero: in twelve hours
	WrongSignature bool
	RS256          bool // sign with RS256 instead of PS256
}

// X509Credential issues an X509Credential to the holder, a DID.
func (s *UZIPass) X509Credential(holder string, options X509CredentialOptions) (Credential, error) {
	return s.Credential(holder, TypeOrganization, map[string]any{
		"san":     map[string]any{"otherName": orElse(options.OtherName, s.subject.otherName())},
		"subject": map[string]any{"O": s.subject.Organization, "L": s.subject.Locality},
	}, IssueOptions{Expires: options.Expires, WrongSignature: options.WrongSignature, RS256: options.RS256})
}

// IssueOptions makes a JWT credential that is not as it should be. The zero value gives
// what is right.
type IssueOptions struct {
	Issuer         string    // claimed issuer; empty: who signs
	ID             string    // empty: one of its own
	Issued         time.Time // zero: a minute ago
	Expires        time.Time // zero: in twelve hours
	Endless        bool      // without any expiry
	Status         string    // URL of a status list that has the credential's status
	StatusType     string    // empty: StatusList2021Entry
	TwoSubjects    bool      // the same subject twice
	WrongSignature bool
	RS256          bool // with a pass: RS256 instead of PS256
}

// Credential issues a JWT credential to the holder under this pass (did:x509, with the
// certificate's chain in the header).
func (s *UZIPass) Credential(holder, credentialType string, claims map[string]any, options IssueOptions) (Credential, error) {
	issuer := orElse(options.Issuer, s.DID())
	algorithm := jwa.PS256
	if options.RS256 {
		algorithm = jwa.RS256
	}
	headers := map[string]any{"kid": issuer + "#0", "x5c": chain(s.certificate, s.ca.certificate)}
	return signCredential(options.claims(issuer, holder, credentialType, claims), headers, algorithm, s.key, options.WrongSignature)
}

// claims are the claims of a JWT credential (VC Data Model 1.1, section 6.3.1).
func (o IssueOptions) claims(issuer, holder, credentialType string, claims map[string]any) map[string]any {
	expires, issued := o.Expires, o.Issued
	if expires.IsZero() {
		expires = time.Now().Add(12 * time.Hour)
	}
	if issued.IsZero() {
		issued = time.Now().Add(-time.Minute)
		if expires.Before(issued) {
			issued = expires.Add(-time.Minute)
		}
	}
	credentialSubject := map[string]any{"id": holder}
	maps.Copy(credentialSubject, claims)
	id := orElse(o.ID, issuer+"#"+uuid.NewString())
	credential := map[string]any{
		"@context":          []string{credentialsContext},
		"type":              []string{"VerifiableCredential", credentialType},
		"credentialSubject": credentialSubject,
	}
	if o.TwoSubjects {
		credential["credentialSubject"] = []any{credentialSubject, credentialSubject}
	}
	if o.Status != "" {
		credential["@context"] = []string{credentialsContext, statusContext}
		credential["credentialStatus"] = map[string]any{
			"id": o.Status + "#0", "type": orElse(o.StatusType, "StatusList2021Entry"), "statusPurpose": "revocation",
			"statusListIndex": "0", "statusListCredential": o.Status,
		}
	}
	all := map[string]any{
		"iss": issuer, "sub": holder, "jti": id, "nbf": issued.Unix(), "exp": expires.Unix(), "vc": credential,
	}
	if o.Endless {
		delete(all, "exp")
	}
	return all
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
	token, err := signTyped(claims, headers, "JWT", algorithm, key)
	if err != nil || !wrong {
		return token, err
	}
	return breakSignature(token)
}

// signTyped signs a JWT of this type.
func signTyped(claims, headers map[string]any, headerType string, algorithm jwa.SignatureAlgorithm, key crypto.Signer) (string, error) {
	protected := jws.NewHeaders()
	for name, value := range headers {
		if err := protected.Set(name, value); err != nil {
			return "", err
		}
	}
	if err := protected.Set(jws.TypeKey, headerType); err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	token, err := jws.Sign(payload, jws.WithKey(algorithm, key, jws.WithProtectedHeaders(protected)))
	return string(token), err
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
