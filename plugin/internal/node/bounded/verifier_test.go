// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/vcr/verifier"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type object = map[string]any

const (
	refusedSize  = "a JSON-LD document cannot be verified: it is too large"
	refusedAlike = "a JSON-LD document cannot be verified: too many of its nodes look alike"
)

// signedDocument is a JSON-LD credential with a proof, which nobody looks at here.
func signedDocument(subject object, contexts ...string) string {
	subject = maps.Clone(subject)
	subject["id"] = "did:jwk:a"
	// Maps of texts always marshal.
	encoded, _ := json.Marshal(object{
		"@context": append([]string{"https://www.w3.org/2018/credentials/v1"}, contexts...), "id": "urn:uuid:1",
		"type": []string{"VerifiableCredential"}, "issuer": "did:jwk:a", "issuanceDate": "2026-01-01T00:00:00Z",
		"credentialSubject": subject, "proof": object{"type": "JsonWebSignature2020", "jws": "a..b"},
	})
	return string(encoded)
}

func repeated(n int, value func(i int) any) []any {
	values := make([]any, n)
	for i := range values {
		values[i] = value(i)
	}
	return values
}

// clique is n nodes that all refer to each other.
func clique(n int, prefix string) []any {
	return repeated(n, func(i int) any {
		others := slices.DeleteFunc(repeated(n, func(j int) any { return object{"@id": fmt.Sprint(prefix, j)} }),
			func(other any) bool { return other.(object)["@id"] == fmt.Sprint(prefix, i) })
		return object{"@id": fmt.Sprint(prefix, i), "urn:p": others}
	})
}

// hostileDocuments keep the node busy, some for seconds and others for years.
func hostileDocuments() map[string]string {
	siblings := func(int) any { return object{"urn:p": repeated(9, func(int) any { return object{"urn:q": "v"} })} }
	chain := object{"urn:p": "v"}
	for range 120 {
		chain = object{"urn:p": chain}
	}
	return map[string]string{
		"nodes that all refer to each other": signedDocument(object{"urn:p": clique(9, "_:")}),
		"the same, behind a prefix":          signedDocument(object{"@context": object{"x": object{"@id": "_:", "@prefix": true}}, "urn:p": clique(9, "x:")}),
		"siblings without names":             signedDocument(object{"urn:p": repeated(2, siblings)}),
		"a long list":                        signedDocument(object{"urn:p": object{"@list": repeated(200, func(int) any { return "v" })}}),
		"a long chain":                       signedDocument(object{"urn:p": chain}),
	}
}

// oneVerifier verifies everything, and tells that it was asked.
type oneVerifier struct {
	verifier.Verifier
	asked bool
}

func (v *oneVerifier) VerifyVP(vc.VerifiablePresentation, bool, bool, *time.Time) ([]vc.VerifiableCredential, error) {
	v.asked = true
	return nil, nil
}

func (v *oneVerifier) Verify(vc.VerifiableCredential, bool, bool, *time.Time) error {
	v.asked = true
	return nil
}

func (v *oneVerifier) VerifySignature(vc.VerifiableCredential, *time.Time) error {
	v.asked = true
	return nil
}

// unsignedJWT is a JWT with these claims, whose signature nobody looks at here.
func unsignedJWT(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"ES256"}`)) + "." + encode([]byte(claims)) + "." + encode([]byte("signature"))
}

// asJSON makes a JSON text of a JWT, and leaves JSON as it is.
func asJSON(document string) string {
	if strings.HasPrefix(document, "{") {
		return document
	}
	return `"` + document + `"`
}

func parseCredential(t *testing.T, document string) vc.VerifiableCredential {
	t.Helper()
	credential, err := vc.ParseVerifiableCredential(document)
	require.NoError(t, err)
	return *credential
}

// presentations holds the documents in a presentation with a JSON-LD proof, and in a JWT.
func presentations(t *testing.T, documents ...string) map[string]vc.VerifiablePresentation {
	t.Helper()
	content := `{"@context":["https://www.w3.org/2018/credentials/v1"],"type":"VerifiablePresentation","verifiableCredential":[` +
		strings.Join(documents, ",") + `],"proof":{"type":"JsonWebSignature2020"}}`
	result := map[string]vc.VerifiablePresentation{}
	for format, raw := range map[string]string{"JSON-LD": content, "JWT": unsignedJWT(`{"vp":` + content + `}`)} {
		presentation, err := vc.ParseVerifiablePresentation(raw)
		require.NoError(t, err)
		result[format] = *presentation
	}
	return result
}

func TestBoundedVerifier(t *testing.T) {
	node := boundedDocuments{jsonld: newTestJSONLD(t)}
	small := signedDocument(object{"urn:p": "v"})
	large := signedDocument(object{"urn:p": repeated(maxValues, func(i int) any { return i })})
	half := signedDocument(object{"urn:p": repeated(maxValues/2, func(i int) any { return i })})
	dezi := strings.Replace(large, `"VerifiableCredential"`, `"VerifiableCredential","DeziUserCredential"`, 1)
	type test struct{ name, document, refused string }
	tests := []test{
		{"a small one", small, ""},
		{"one that is half as large as is allowed", half, ""},
		{"one that is too large", large, refusedSize},
		{"a context that is not on board", signedDocument(object{}, "https://example.com/"), "a JSON-LD document cannot be verified: loading remote context failed"},
		{"things alike that are not", signedDocument(object{"urn:p": repeated(40, func(i int) any { return object{"urn:q": object{"urn:r": i}} })}), ""},
		{"without a proof it is not canonicalised", strings.Replace(large, `"proof"`, `"evidence"`, 1), ""},
		{"a JWT is not canonicalised", unsignedJWT(`{"vc":` + large + `}`), ""},
	}
	for name, document := range hostileDocuments() {
		tests = append(tests, test{name, document, refusedAlike})
	}
	assertRefusal := func(t *testing.T, inner *oneVerifier, err error, refused string) {
		t.Helper()
		assert.Equal(t, refused == "", inner.asked, "the node verified it")
		if refused == "" {
			assert.NoError(t, err)
			return
		}
		assert.ErrorIs(t, err, verifier.VerificationError{}, "the requester is not told")
		assert.ErrorContains(t, err, refused)
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			out := captureLog(t)
			calls := map[string]func(v boundedVerifier) error{
				"Verify":          func(v boundedVerifier) error { return v.Verify(parseCredential(t, tc.document), true, true, nil) },
				"VerifySignature": func(v boundedVerifier) error { return v.VerifySignature(parseCredential(t, tc.document), nil) },
				"VerifyVP": func(v boundedVerifier) error {
					_, err := v.VerifyVP(presentations(t, small, asJSON(tc.document))["JWT"], true, true, nil)
					return err
				},
			}
			for name, call := range calls {
				inner := &oneVerifier{}
				assertRefusal(t, inner, call(boundedVerifier{Verifier: inner, documents: node, visit: noVisit}), tc.refused)
				assert.NotContains(t, out.String(), "example.com", name)
			}
		})
	}
	t.Run("what Dezi attests is canonicalised only when its signature is asked about", func(t *testing.T) {
		inner := &oneVerifier{}
		bounded := boundedVerifier{Verifier: inner, documents: node, visit: noVisit}
		assert.NoError(t, bounded.Verify(parseCredential(t, dezi), true, true, nil))
		_, err := bounded.VerifyVP(presentations(t, dezi)["JWT"], true, true, nil)
		assert.NoError(t, err)
		assert.ErrorContains(t, bounded.VerifySignature(parseCredential(t, dezi), nil), refusedSize)
	})
	t.Run("the statuses of a presentation are counted", func(t *testing.T) {
		for statuses, refused := range map[int]string{maxStatuses / 2: "", maxStatuses/2 + 1: "the credentials have too many statuses"} {
			status, err := json.Marshal(repeated(statuses, func(int) any { return object{"type": "x"} }))
			require.NoError(t, err)
			jwt := `"` + unsignedJWT(`{"vc":{"type":"VerifiableCredential","credentialSubject":{},"credentialStatus":`+string(status)+`}}`) + `"`
			inner := &oneVerifier{}
			_, err = boundedVerifier{Verifier: inner, documents: node, visit: noVisit}.VerifyVP(presentations(t, jwt, jwt)["JWT"], true, true, nil)
			assertRefusal(t, inner, err, refused)
		}
	})
	t.Run("the credentials of a presentation are counted", func(t *testing.T) {
		jwt := `"` + unsignedJWT(`{"vc":{"type":"VerifiableCredential","credentialSubject":{}}}`) + `"`
		for credentials, refused := range map[int]string{maxCredentials: "", maxCredentials + 1: "there are too many credentials"} {
			inner := &oneVerifier{}
			_, err := boundedVerifier{Verifier: inner, documents: node, visit: noVisit}.VerifyVP(presentations(t, slices.Repeat([]string{jwt}, credentials)...)["JWT"], true, true, nil)
			assertRefusal(t, inner, err, refused)
		}
	})
	t.Run("the credentials of a presentation are added up", func(t *testing.T) {
		for format, presentation := range presentations(t, half, half) {
			inner := &oneVerifier{}
			_, err := boundedVerifier{Verifier: inner, documents: node, visit: noVisit}.VerifyVP(presentation, true, true, nil)
			assertRefusal(t, inner, err, refusedSize)
			assert.NotEmpty(t, format)
		}
	})
	t.Run("a presentation with a JSON-LD proof is looked at as a whole", func(t *testing.T) {
		for name, document := range hostileDocuments() {
			unproven := strings.Replace(document, `"proof"`, `"evidence"`, 1) // so that only the whole is canonicalised
			inner := &oneVerifier{}
			_, err := boundedVerifier{Verifier: inner, documents: node, visit: noVisit}.VerifyVP(presentations(t, unproven)["JSON-LD"], true, true, nil)
			assertRefusal(t, inner, err, refusedAlike)
			assert.NotEmpty(t, name)
		}
	})
	t.Run("what is documented is far within the bounds", func(t *testing.T) {
		page, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "credentials.md"))
		require.NoError(t, err)
		var documents []string
		for _, block := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
			if signed := block[1]; strings.Contains(signed, `"issuer"`) {
				if !strings.Contains(signed, `"proof"`) {
					signed = strings.Replace(signed, `"issuer"`, `"proof":{"type":"JsonWebSignature2020"},"issuer"`, 1)
				}
				documents = append(documents, signed)
			}
		}
		require.Len(t, documents, 7)
		var size jsonSize
		presentation := presentations(t, documents...)["JSON-LD"]
		require.NoError(t, node.check(presentation, &size))
		t.Logf("all samples in one presentation are %+v", size)
		assert.Less(t, size.values, maxValues/2)
		assert.Less(t, size.contexts, maxContexts/2)
	})
}

// captureLog takes the node's log, and gives what is in it.
func captureLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	logrus.SetOutput(&out)
	t.Cleanup(func() { logrus.SetOutput(os.Stderr) })
	return &out
}
