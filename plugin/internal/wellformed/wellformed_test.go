// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package wellformed

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type object = map[string]any

func TestCheck(t *testing.T) {
	plain := object{
		"@context": "https://www.w3.org/2018/credentials/v1", "id": "did:web:a.example#1", "type": []string{"VerifiableCredential", "X"},
		"issuer": "did:web:a.example", "issuanceDate": "2026-03-01T12:00:00Z", "credentialSubject": object{"id": "did:web:a.example"},
	}
	dezi := object{
		"type": []string{"VerifiableCredential", "DeziUserCredential"}, "issuer": "https://dezi.example",
		"expirationDate": "2026-03-02T12:00:00Z", "proof": object{"type": "DeziIDJWT07"},
	}
	both := func(change object) object {
		changed := maps.Clone(dezi)
		maps.Copy(changed, change)
		return changed
	}
	for _, tc := range []struct {
		name    string
		change  object // nil deletes
		problem error
	}{
		{"nothing is missing", object{}, nil},
		{"a did:x509 with its blanks encoded", object{"issuer": "did:x509:0:sha256:abc::subject:O:Some%20Org"}, nil},
		{"a did:x509 with blanks", object{"issuer": "did:x509:0:sha256:abc::subject:O:Some Org"}, errIssuer},
		{"a did:x509 with other letters", object{"issuer": "did:x509:0:sha256:abc::subject:O:Zorggroep Één"}, errIssuer},
		{"a DID with a fragment", object{"issuer": "did:web:a.example#1"}, errIssuer},
		{"a URL", object{"issuer": "https://a.example"}, errIssuer},
		{"no issuer", object{"issuer": nil}, errIssuer},
		{"no id", object{"id": nil}, errID},
		{"no subject", object{"credentialSubject": nil}, errSubjects},
		{"what Dezi attests, whose issuer is no DID", dezi, nil},
		{"what Dezi attests for ever", both(object{"expirationDate": nil}), errEnd},
		{"what Dezi attests in the older way", both(object{"proof": object{"type": "DeziIDJWT2024"}}), errOlder},
	} {
		t.Run(tc.name, func(t *testing.T) {
			changed := maps.Clone(plain)
			maps.Copy(changed, tc.change)
			maps.DeleteFunc(changed, func(_ string, value any) bool { return value == nil })
			content, err := json.Marshal(changed)
			require.NoError(t, err)
			credential, err := vc.ParseVerifiableCredential(string(content))
			require.NoError(t, err)
			right, err := vc.ParseVerifiableCredential(`{"id": "did:web:a.example#2", "issuer": "did:web:a.example", "credentialSubject": {}}`)
			require.NoError(t, err)
			presentation := vc.VerifiablePresentation{VerifiableCredential: []vc.VerifiableCredential{*right, *credential}}
			assert.Equal(t, tc.problem, Check(presentation))
		})
	}
}

func TestCanBeParsed(t *testing.T) {
	// {"alg":"none"} and {"sub":"did:web:a.example","vc":{"credentialSubject":[null]}}
	const panics = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJkaWQ6d2ViOmEuZXhhbXBsZSIsInZjIjp7ImNyZWRlbnRpYWxTdWJqZWN0IjpbbnVsbF19fQ."
	for text, can := range map[string]bool{
		"": true, "{}": true, "[]": true, "x.y.z": true, `{"verifiableCredential": "` + panics + `"}`: false,
	} {
		assert.Equal(t, can, CanBeParsed(text), text)
	}
}
