// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/nuts-foundation/nuts-node/vcr/signature/proof"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/strictjson"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/plainjson"
)

// These tests pin how the node reads JSON that has several readings, in the order of the
// list in docs/upgrading.md, and that nothing is decided by it. When one of them fails,
// the node reads it otherwise than when the list was made.

// TestMeaningOfCaseInPresentations: a member whose name differs in case is not passed over, so it is
// refused.
func TestMeaningOfCaseInPresentations(t *testing.T) {
	const signed = `{"@context":["https://www.w3.org/2018/credentials/v1"],"type":["VerifiablePresentation"],
		"verifiableCredential":[{"id":"urn:signed","type":["VerifiableCredential"]}]`
	const added = `,"verifiablecredential":[{"id":"urn:added","type":["VerifiableCredential"]}]`
	presentation, err := vc.ParseVerifiablePresentation(signed + added + "}")
	require.NoError(t, err)
	require.Len(t, presentation.VerifiableCredential, 1)
	assert.Equal(t, "urn:added", presentation.VerifiableCredential[0].ID.String())
	document, err := proof.NewSignedDocument(*presentation)
	require.NoError(t, err)
	assert.Contains(t, document, "verifiablecredential", "what is verified is the text that was sent")

	assert.ErrorIs(t, plainjson.Presentation(presentation.Raw()), strictjson.ErrDoubled)
	assert.NoError(t, plainjson.Presentation(signed+"}"))
	assert.ErrorIs(t, plainjson.Presentation(signed+`,"Holder":"did:web:x"}`), strictjson.ErrCase)
}

func TestMeaningOfCaseInCredentials(t *testing.T) {
	const signed = `"@context":["https://www.w3.org/2018/credentials/v1"],"type":["VerifiableCredential"],"credentialSubject":[{"id":"did:web:holder"}]`
	for name, member := range map[string]string{
		"a subject":                `"credentialsubject":[{"role":"01.015"}]`,
		"an issuer":                `"Issuer":"did:web:issuer"`,
		"an issuer with a long s":  `"iſsuer":"did:web:issuer"`,
		"a status, beside its own": `"credentialStatus":[{"id":"urn:1","type":"a"}],"credentialstatus":[{"type":"b"}]`,
	} {
		t.Run(name, func(t *testing.T) {
			for form, raw := range map[string]string{
				"JSON-LD": "{" + signed + "," + member + "}",
				"JWT":     unsignedJWT(`{"iss":"","vc":{` + signed + "," + member + `}}`),
			} {
				credential, err := vc.ParseVerifiableCredential(raw)
				require.NoError(t, err)
				switch {
				case strings.Contains(member, "subject"):
					assert.Equal(t, []map[string]any{{"id": "did:web:holder", "role": "01.015"}}, credential.CredentialSubject, "both are merged")
				case strings.Contains(member, "tatus"):
					assert.Equal(t, []any{map[string]any{"type": "b"}}, credential.CredentialStatus, "the last counts")
				case form == "JSON-LD":
					assert.Equal(t, "did:web:issuer", credential.Issuer.String())
				}
				assert.Error(t, plainjson.Credential(raw), form)
			}
		})
	}
}

func TestMeaningOfDoubledMembersInCredentials(t *testing.T) {
	const first, last = `"issuer":"did:web:first"`, `"issuer":"did:web:last"`
	credential, err := vc.ParseVerifiableCredential(`{` + first + `,` + last + `}`)
	require.NoError(t, err)
	assert.Equal(t, "did:web:last", credential.Issuer.String())
	assert.ErrorIs(t, plainjson.Credential(credential.Raw()), strictjson.ErrDoubled)

	credential, err = vc.ParseVerifiableCredential(unsignedJWT(`{"iss":"did:web:first","iss":"did:web:last"}`))
	require.NoError(t, err)
	assert.Equal(t, "did:web:last", credential.Issuer.String())
	assert.ErrorIs(t, plainjson.Credential(credential.Raw()), strictjson.ErrDoubled)
}

func TestMeaningOfInvalidTextInCredentials(t *testing.T) {
	credential, err := vc.ParseVerifiableCredential("{\"issuer\":\"did:web:a\xff\",\"credentialSubject\":{\"id\":\"\\ud800\"}}")
	require.NoError(t, err)
	assert.Equal(t, "did:web:a\ufffd", strings.ReplaceAll(credential.Issuer.String(), "%EF%BF%BD", "\ufffd"))
	assert.Equal(t, "\ufffd", credential.CredentialSubject[0]["id"])
	assert.ErrorIs(t, plainjson.Credential(credential.Raw()), strictjson.ErrText)
}

// TestMeaningOfTextInCredentials: a reader finds a credential in a text, too.
func TestMeaningOfTextInCredentials(t *testing.T) {
	raw := unsignedJWT(`{"vc":"{\"issuer\":\"did:web:within\"}"}`)
	credential, err := vc.ParseVerifiableCredential(raw)
	require.NoError(t, err)
	assert.Equal(t, "did:web:within", credential.Issuer.String())
	assert.ErrorIs(t, plainjson.Credential(raw), strictjson.ErrShape)
}

func TestMeaningOfDoubledMembersInSubmissions(t *testing.T) {
	const submission = `{"id":"1","definition_id":"d","descriptor_map":[{"id":"a","format":"jwt_vc","path":"$.a"}],
		"descriptor_map":[{"id":"b","format":"jwt_vc","path":"$.b","path_nested":{"id":"b","format":"jwt_vc","path":"$.c"}}],
		"descriptor_map":[{"id":"c","format":"jwt_vc","path":"$.d"}]}`
	parsed, err := pe.ParsePresentationSubmission([]byte(submission))
	require.NoError(t, err)
	require.Len(t, parsed.DescriptorMap, 1)
	assert.Equal(t, "$.d", parsed.DescriptorMap[0].Path)
	require.NotNil(t, parsed.DescriptorMap[0].PathNested, "all are merged")
	assert.ErrorIs(t, plainjson.Submission(submission), strictjson.ErrDoubled)
	assert.ErrorIs(t, plainjson.Submission(`{"id":"1","Descriptor_Map":[]}`), strictjson.ErrCase)
}

// unsignedJWT is a JWT with these claims, whose signature nobody looks at here.
func unsignedJWT(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"ES256"}`)) + "." + encode([]byte(claims)) + "." + encode([]byte("signature"))
}
