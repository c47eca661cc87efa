// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// anythingPolicy has a scope without a guard, for which any credential will do.
const anythingPolicy = `{"anything": {"organization": {"id": "anything",
  "format": {"jwt_vp": {"alg": ["ES256"]}, "jwt_vc": {"alg": ["ES256"]}, "ldp_vc": {"proof_type": ["JsonWebSignature2020"]}},
  "input_descriptors": [{"id": "any", "constraints": {"fields": [{"path": ["$.nothing"], "optional": true}]}}]}}}`

type object = map[string]any

// holder is a did:jwk that signs what no wallet would.
type holder struct {
	key *ecdsa.PrivateKey
	did string
}

func newHolder(t *testing.T) holder {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	public, err := jwk.FromRaw(key.Public())
	require.NoError(t, err)
	document, err := json.Marshal(public)
	require.NoError(t, err)
	return holder{key: key, did: "did:jwk:" + base64.RawURLEncoding.EncodeToString(document)}
}

// sign makes a JWT; an empty key id is that of the holder.
func (h holder) sign(t *testing.T, claims object, keyID string) string {
	t.Helper()
	if keyID == "" {
		keyID = h.did + "#0"
	}
	content, err := json.Marshal(claims)
	require.NoError(t, err)
	headers := jws.NewHeaders()
	require.NoError(t, headers.Set(jws.KeyIDKey, keyID))
	require.NoError(t, headers.Set(jws.TypeKey, "JWT"))
	token, err := jws.Sign(content, jws.WithKey(jwa.ES256, h.key, jws.WithProtectedHeaders(headers)))
	require.NoError(t, err)
	return string(token)
}

// credential is one without a fault, by the holder about itself.
func (h holder) credential(credentialType string) object {
	now := time.Now().UTC()
	return object{
		"@context": []any{"https://www.w3.org/2018/credentials/v1", "https://nuts.nl/credentials/v1"},
		"id":       h.did + "#" + uuid.NewString(), "type": []any{"VerifiableCredential", credentialType},
		"issuer": h.did, "issuanceDate": now.Add(-time.Second).Format(time.RFC3339), "expirationDate": now.Add(time.Hour).Format(time.RFC3339),
		"credentialSubject": object{"id": h.did, "organization": object{"name": "A", "city": "B"}, "purposeOfUse": "x"},
	}
}

// presentation is one without a fault.
func (h holder) presentation(credentials any) object {
	now := time.Now()
	return object{
		"iss": h.did, "sub": h.did, "aud": nodeIssuer, "jti": h.did + "#" + uuid.NewString(), "nonce": uuid.NewString(),
		"nbf": now.Unix(), "exp": now.Add(5 * time.Second).Unix(),
		"vp": object{
			"@context": []string{"https://www.w3.org/2018/credentials/v1"}, "type": []string{"VerifiablePresentation"}, "holder": h.did,
			"verifiableCredential": credentials,
		},
	}
}

// oddValues are what stands in the place of a member.
func oddValues() []any {
	return []any{
		nil, "", "x", "did:x509:0:sha256:abc::subject:O:Midwives of the East::san:otherName:1", "did:web:", "did:x509:", "did:jwk:x", "%", 1, true,
		[]any{}, object{}, []any{nil}, []any{""}, []any{object{}}, []any{object{"id": nil}}, object{"id": nil}, object{"id": ""}, object{"type": "x"},
	}
}

// spoiled returns copies of a credential in each of which one member is odd or not there.
func spoiled(credential object) map[string]object {
	all := map[string]object{}
	members := []string{"@context", "id", "type", "issuer", "issuanceDate", "expirationDate", "credentialSubject", "credentialSubject.id", "credentialStatus", "proof", "holder"}
	for _, member := range members {
		outer, inner, nested := strings.Cut(member, ".")
		change := func(do func(at object, name string)) object {
			changed := maps.Clone(credential)
			if !nested {
				do(changed, outer)
				return changed
			}
			below := maps.Clone(changed[outer].(object))
			do(below, inner)
			changed[outer] = below
			return changed
		}
		all[member+" absent"] = change(func(at object, name string) { delete(at, name) })
		for i, odd := range oddValues() {
			all[fmt.Sprintf("%s odd %d", member, i)] = change(func(at object, name string) { at[name] = odd })
		}
	}
	for i, proofType := range []string{"DeziIDJWT2024", "DeziIDJWT07", "JsonWebSignature2020"} {
		changed := maps.Clone(credential)
		changed["proof"] = object{"type": proofType, "jwt": "eyJhbGciOiJub25lIn0.e30.", "verificationMethod": "x", "proofPurpose": "assertionMethod", "created": "2026-01-01T00:00:00Z", "jws": "x"}
		all[fmt.Sprintf("proof of kind %d", i)] = changed
		delete(changed, "expirationDate")
	}
	return all
}

// ask sends a presentation, and gives the status and the body of the answer.
func (n *testNode) ask(t *testing.T, assertion string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, n.public+"/oauth2/hospital-east/token", strings.NewReader(url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "scope": {"anything"}, "client_id": {"a client"}, "assertion": {assertion},
	}.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

// panics is how many panics the node counted.
func (n *testNode) panics(t *testing.T) string {
	t.Helper()
	response, err := http.Get(n.internal + "/metrics")
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	_, after, found := strings.Cut(string(body), "\nnuts_mitz_panics_total ")
	require.True(t, found)
	count, _, _ := strings.Cut(after, "\n")
	return count
}

// TestNodeIsNotMadeToPanic presents credentials of every type that the node knows, each with
// one member that is odd or missing: all are answered as what they are, a request that is wrong.
func TestNodeIsNotMadeToPanic(t *testing.T) {
	log := &syncBuffer{}
	logrus.SetOutput(log)
	t.Cleanup(func() { logrus.SetOutput(os.Stderr) })
	mitz, files := startMitz(t)
	node := startNode(t, mitz, files)
	h := newHolder(t)
	types := []string{"TestCredential", "NutsOrganizationCredential", "NutsAuthorizationCredential", "X509Credential", "DeziUserCredential"}
	t.Run("one without a fault gives a token", func(t *testing.T) {
		status, body := node.ask(t, h.sign(t, h.presentation([]any{h.credential("TestCredential")}), ""))
		assert.Equal(t, http.StatusOK, status, body)
	})
	for _, credentialType := range types {
		t.Run(credentialType, func(t *testing.T) {
			for name, credential := range spoiled(h.credential(credentialType)) {
				assertRequestFault(t, node, name, h.sign(t, h.presentation([]any{credential}), ""))
				issuer, _ := credential["issuer"].(string)
				jwt := h.sign(t, object{"vc": credential, "iss": credential["issuer"], "sub": h.did, "jti": credential["id"]}, issuer+"#0")
				assertRequestFault(t, node, name+", as a JWT", h.sign(t, h.presentation([]any{jwt}), ""))
			}
		})
	}
	t.Run("presentations", func(t *testing.T) {
		for _, member := range []string{"holder", "type", "@context", "verifiableCredential", "proof", "id"} {
			for i, odd := range oddValues() {
				presentation := h.presentation([]any{h.credential("TestCredential")})
				presentation["vp"].(object)[member] = odd
				assertRequestFault(t, node, fmt.Sprintf("%s odd %d", member, i), h.sign(t, presentation, ""))
			}
		}
		for i, odd := range oddValues() {
			for _, claim := range []string{"iss", "sub", "aud", "jti", "nonce", "nbf", "exp", "vp"} {
				presentation := h.presentation([]any{h.credential("TestCredential")})
				presentation[claim] = odd
				assertRequestFault(t, node, fmt.Sprintf("claim %s odd %d", claim, i), h.sign(t, presentation, ""))
			}
			if keyID, isText := odd.(string); isText {
				assertRequestFault(t, node, fmt.Sprintf("key id odd %d", i), h.sign(t, h.presentation([]any{h.credential("TestCredential")}), keyID+"#0"))
			}
		}
	})
	// In the parser of the node's library, before anybody can look at what it parses. All else
	// is refused before it.
	assert.NotContains(t, log.String(), "Panic while verifying", "so that the stack is seen here")
	assert.Equal(t, strconv.Itoa(len(types)), node.panics(t))
	t.Run("an issuer that is no DID is named", func(t *testing.T) {
		credential := h.credential("TestCredential")
		credential["issuer"] = "did:x509:0:sha256:abc::subject:O:Midwives of the East"
		status, body := node.ask(t, h.sign(t, h.presentation([]any{credential}), ""))
		assert.Equal(t, http.StatusBadRequest, status)
		assert.Contains(t, body, "the issuer of a credential is no DID that can be read")
	})
}

func assertRequestFault(t *testing.T, node *testNode, name, assertion string) {
	t.Helper()
	status, body := node.ask(t, assertion)
	if status != http.StatusOK { // what is not looked at can be odd
		assert.Equal(t, http.StatusBadRequest, status, "%s: %s", name, body)
	}
}
