// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plainjson

import (
	"encoding/base64"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/strictjson"
)

// members are the names that are looked for, each with what is looked for beneath it.
type members map[string]*strictjson.Object

// looksFor takes the values of these members as they are.
func looksFor(names ...string) members {
	looked := make(members, len(names))
	for _, name := range names {
		looked[name] = nil
	}
	return looked
}

func (m members) with(name string, beneath members) members {
	m[name] = beneath.object()
	return m
}

// withJWT is with, for what may also be a JWT. That is looked at by itself.
func (m members) withJWT(name string, beneath members) members {
	m[name] = &strictjson.Object{Members: beneath, OrText: true}
	return m
}

func (m members) object() *strictjson.Object { return &strictjson.Object{Members: m} }

// What the node and this software look for. They decode into Go structures, which take
// every spelling of a name.
var (
	proof = looksFor("type", "created", "expires", "proofPurpose", "verificationMethod", "challenge",
		"domain", "nonce", "jws", "proofValue", "signature", "jwt")
	status = looksFor("id", "type", "statusPurpose", "statusListIndex", "statusListCredential")
	// The members of a status list (StatusList2021) and of what Dezi attests are decoded into
	// structures too; those of other subjects are taken by their exact names.
	subject = looksFor("id", "type", "statusPurpose", "encodedList", "identifier", "employee")

	credentialMembers = looksFor("@context", "id", "type", "issuer", "issuanceDate", "expirationDate").
				with("credentialSubject", subject).with("credentialStatus", status).with("proof", proof)
	presentationMembers = looksFor("@context", "id", "type", "holder").with("proof", proof).withJWT("verifiableCredential", credentialMembers)
	descriptor          = looksFor("id", "format", "path").with("path_nested", looksFor("id", "format", "path", "path_nested"))

	credential   = credentialMembers.object()
	presentation = presentationMembers.object()
	submission   = looksFor("id", "definition_id").with("descriptor_map", descriptor).object()

	header        = looksFor("alg", "kid", "typ", "cty", "crit", "x5c", "x5t", "x5t#S256", "jku", "jwk", "b64").object()
	credentialJWT = looksFor("iss", "sub", "aud", "exp", "nbf", "iat", "jti").with("vc", credentialMembers).object()
	presenterJWT  = looksFor("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "nonce").with("vp", presentationMembers).object()
)

// Credential looks at a credential as it was sent: JSON-LD, or a JWT of one signature.
func Credential(raw string) error { return check(raw, credential, credentialJWT) }

// Presentation looks at a presentation as it was sent, and into the JSON-LD credentials in
// it. Those that are JWTs are looked at by themselves.
func Presentation(raw string) error { return check(raw, presentation, presenterJWT) }

// Submission looks at a presentation submission (Presentation Exchange 2.0 section 6).
func Submission(raw string) error { return strictjson.Check([]byte(raw), submission) }

func check(raw string, document, payload *strictjson.Object) error {
	if strings.HasPrefix(raw, "{") {
		return strictjson.Check([]byte(raw), document)
	}
	// The other forms of a JWS have headers that no signature covers (RFC 7515 section 7.2).
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return strictjson.ErrForm
	}
	for i, object := range []*strictjson.Object{header, payload} {
		text, err := base64.RawURLEncoding.Strict().DecodeString(parts[i])
		if err != nil {
			return strictjson.ErrForm
		}
		if err := strictjson.Check(text, object); err != nil {
			return err
		}
	}
	return nil
}
