// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plainjson

import (
	"encoding/base64"
	"strings"
)

// anything is beneath a member that is looked for as it is.
var anything *Object

func looksFor(names ...string) map[string]*Object {
	members := make(map[string]*Object, len(names))
	for _, name := range names {
		members[name] = anything
	}
	return members
}

func (o *Object) with(name string, beneath *Object) *Object {
	o.Members[name] = beneath
	return o
}

// What the node and this software look for. They decode into Go structures, which take
// every spelling of a name.
var (
	proof = &Object{Members: looksFor("type", "created", "expires", "proofPurpose", "verificationMethod", "challenge",
		"domain", "nonce", "jws", "proofValue", "signature", "jwt")}
	status = &Object{Members: looksFor("id", "type", "statusPurpose", "statusListIndex", "statusListCredential")}
	// The members of a status list (StatusList2021) and of what Dezi attests are decoded into
	// structures too; those of other subjects are taken by their exact names.
	subject = &Object{Members: looksFor("id", "type", "statusPurpose", "encodedList", "identifier", "employee")}

	credential = (&Object{Members: looksFor("@context", "id", "type", "issuer", "issuanceDate", "expirationDate")}).
			with("credentialSubject", subject).with("credentialStatus", status).with("proof", proof)
	presented    = &Object{Members: credential.Members, OrText: true} // a JWT, which is looked at by itself
	presentation = (&Object{Members: looksFor("@context", "id", "type", "holder")}).
			with("verifiableCredential", presented).with("proof", proof)

	header        = &Object{Members: looksFor("alg", "kid", "typ", "cty", "crit", "x5c", "x5t", "x5t#S256", "jku", "jwk", "b64")}
	credentialJWT = (&Object{Members: looksFor("iss", "sub", "aud", "exp", "nbf", "iat", "jti")}).with("vc", credential)
	presenterJWT  = (&Object{Members: looksFor("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "nonce")}).with("vp", presentation)

	submission = (&Object{Members: looksFor("id", "definition_id")}).with("descriptor_map", descriptor())
)

func descriptor() *Object {
	nested := &Object{Members: looksFor("id", "format", "path", "path_nested")}
	return (&Object{Members: looksFor("id", "format", "path")}).with("path_nested", nested)
}

// Credential looks at a credential as it was sent: JSON-LD, or a JWT of one signature.
func Credential(raw string) error { return check(raw, credential, credentialJWT) }

// Presentation looks at a presentation as it was sent, and into the JSON-LD credentials in
// it. Those that are JWTs are looked at by themselves.
func Presentation(raw string) error { return check(raw, presentation, presenterJWT) }

// Submission looks at a presentation submission (Presentation Exchange 2.0 section 6).
func Submission(raw string) error { return Check([]byte(raw), submission) }

func check(raw string, document, payload *Object) error {
	if strings.HasPrefix(raw, "{") {
		return Check([]byte(raw), document)
	}
	// The other forms of a JWS have headers that no signature covers (RFC 7515 section 7.2).
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return ErrForm
	}
	for i, object := range []*Object{header, payload} {
		text, err := base64.RawURLEncoding.Strict().DecodeString(parts[i])
		if err != nil {
			return ErrForm
		}
		if err := Check(text, object); err != nil {
			return err
		}
	}
	return nil
}
