// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plainjson

import (
	"encoding/base64"
	"testing"

	"github.com/nuts-mitz/nuts-mitz/internal/strictjson"
	"github.com/stretchr/testify/assert"
)

func TestATextMayStandForACredential(t *testing.T) {
	assert.NoError(t, strictjson.Check([]byte(`{"verifiableCredential":["a.b.c",{"id":"x"}]}`), presentation))
	assert.Equal(t, strictjson.ErrCase, strictjson.Check([]byte(`{"verifiableCredential":["a.b.c",{"ID":"x"}]}`), presentation))
	assert.Equal(t, strictjson.ErrShape, strictjson.Check([]byte(`{"vc":"a.b.c"}`), credentialJWT))
}

func TestCredentialAsAJWT(t *testing.T) {
	encode := base64.RawURLEncoding.EncodeToString
	token := func(header, payload string) string {
		return encode([]byte(header)) + "." + encode([]byte(payload)) + ".c2ln"
	}
	const header, payload = `{"alg":"ES256","kid":"did:web:a#0"}`, `{"iss":"did:web:a","vc":{"type":["X"],"credentialSubject":{"id":"b"}}}`
	for _, tc := range []struct {
		name, raw string
		err       error
	}{
		{"a plain one", token(header, payload), nil},
		{"two key ids", token(`{"alg":"ES256","kid":"a","kid":"b"}`, payload), strictjson.ErrDoubled},
		{"a key id in other letters", token(`{"alg":"ES256","KID":"a"}`, payload), strictjson.ErrCase},
		{"two issuers", token(header, `{"iss":"a","iss":"b"}`), strictjson.ErrDoubled},
		{"an issuer in other letters", token(header, `{"ISS":"a"}`), strictjson.ErrCase},
		{"a subject in other letters", token(header, `{"vc":{"credentialsubject":{}}}`), strictjson.ErrCase},
		{"a credential that is text", token(header, `{"vc":"{\"issuer\":\"a\"}"}`), strictjson.ErrShape},
		{"a JWS in the JSON form, whose headers are not all signed", ` {"payload":"e30","signatures":[]}`, strictjson.ErrForm},
		{"a JWS with a blank before it", " " + token(header, payload), strictjson.ErrForm},
		{"a JWS with padding", encode([]byte(header)) + "." + base64.URLEncoding.EncodeToString([]byte(`{"a":1}`)) + ".c2ln", strictjson.ErrForm},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.err, Credential(tc.raw))
		})
	}
}
