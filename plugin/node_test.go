// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/nuts-foundation/nuts-node/cmd"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/plugin"
)

const (
	nodeScope  = "birth-care"
	nodeIssuer = "https://localhost/oauth2/hospital-east"
	// nodeTimeout is mitz.timeout: longer than anything takes.
	nodeTimeout = time.Minute
)

// TestNodeUnderRace runs a whole node in this process, so that the race detector sees
// what requests share: the pool of routers, the engine, the client and the log's hooks.
// Each of many concurrent requests is about another patient, half of whom consented.
// Then Mitz hangs, and the node is stopped.
func TestNodeUnderRace(t *testing.T) {
	const requests = 60
	log := &syncBuffer{}
	logrus.SetOutput(log)
	t.Cleanup(func() { logrus.SetOutput(os.Stderr) })
	mitz, files := startMitz(t)
	node := startNode(t, mitz, files)
	mitz.Misbehave(mitztest.Slow(50 * time.Millisecond))
	patients := patientNumbers(requests)
	for i, patient := range patients {
		if i%2 == 0 {
			require.NoError(t, mitz.Record(mitztest.Consent{
				Patient: patient, DataHolder: "00000659", Category: "GGC002", RequesterType: "G3", Decision: consent.Permit,
			}))
		}
	}
	var waiting sync.WaitGroup
	tokens, errors := make([]string, requests), make([]string, requests)
	for i, patient := range patients {
		waiting.Go(func() { tokens[i], errors[i] = node.requestToken(t, patient) })
	}
	waiting.Wait()

	assert.Len(t, mitz.Queries(), requests)
	for i, patient := range patients {
		if i%2 == 1 {
			assert.Empty(t, tokens[i])
			assert.Equal(t, "access_denied", errors[i])
			continue
		}
		claims := node.introspect(t, tokens[i])
		assert.Equal(t, true, claims["mitz_consent"])
		assert.True(t, claims["patient_bsn"] == patient, "a token is about another patient")
	}
	node.stopWhileMitzIsSlow(t, mitz)
	for _, patient := range patients {
		assert.False(t, strings.Contains(log.String(), patient), "a patient's number is in the log")
	}
}

// patientNumbers returns numbers that pass the eleven test.
func patientNumbers(count int) (numbers []string) {
	for i := 200000000; len(numbers) < count; i++ {
		if number := strconv.Itoa(i); consent.IsBSN(number) {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

func startMitz(t *testing.T) (*mitztest.Simulator, mitztest.Files) {
	t.Helper()
	identity, err := mitztest.NewIdentity()
	require.NoError(t, err)
	files, err := identity.WriteFiles(t.TempDir())
	require.NoError(t, err)
	mitz, err := mitztest.Start(identity.Config())
	require.NoError(t, err)
	t.Cleanup(mitz.Close)
	return mitz, files
}

// testNode is a node in this process.
type testNode struct {
	public, internal string
	audit            string // the file
	stop             func(t *testing.T)
	system           *core.System
}

func startNode(t *testing.T, mitz *mitztest.Simulator, files mitztest.Files) *testNode {
	t.Helper()
	dir := t.TempDir()
	definition := filepath.Join(dir, "definition.json")
	require.NoError(t, os.WriteFile(definition, []byte(selfAttestedDefinition), 0o600))
	ports, err := harness.ReservePorts()
	require.NoError(t, err)
	t.Cleanup(ports.Release)
	policies := filepath.Join(dir, "policies")
	require.NoError(t, os.Mkdir(policies, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(policies, "anything.json"), []byte(anythingPolicy), 0o600))
	config := filepath.Join(dir, "nuts.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, nodeConfig, dir, policies, ports.Port(1), ports.Port(2), ports.Port(3),
		mitz.Endpoint(), nodeTimeout, files.Certificate, files.Key, files.TrustStore, filepath.Join(dir, "audit.jsonl"), definition), 0o600))

	ctx, cancel := context.WithCancel(context.Background())
	system := cmd.CreateSystem(cancel)
	require.NoError(t, plugin.Install(system))
	command := cmd.CreateCommand(system)
	plugin.AddCommands(command, system)
	command.SetArgs([]string{"server", "--configfile", config})
	ended := make(chan error, 1)
	go func() { ended <- command.ExecuteContext(ctx) }()
	var once sync.Once
	node := &testNode{
		public:   fmt.Sprintf("http://127.0.0.1:%d", ports.Port(1)),
		internal: fmt.Sprintf("http://127.0.0.1:%d", ports.Port(2)),
		audit:    filepath.Join(dir, "audit.jsonl"),
		system:   system,
		stop:     func(t *testing.T) { once.Do(func() { cancel(); assert.NoError(t, <-ended) }) },
	}
	t.Cleanup(func() { node.stop(t) })
	require.Eventually(t, func() bool {
		response, err := http.Get(node.internal + "/health")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		var body bytes.Buffer
		_, err = body.ReadFrom(response.Body)
		return err == nil && strings.Contains(body.String(), `"mitz.guard":{"status":"UP"}`)
	}, 5*time.Minute, 20*time.Millisecond)
	status, _ := postJSON(t, node.internal+"/internal/vdr/v2/subject", map[string]any{"subject": "hospital-east"})
	require.Equal(t, http.StatusOK, status)
	return node
}

const nodeConfig = `
url: https://localhost
strictmode: false
verbosity: debug
didmethods: [web]
datadir: %s/data
policy: {directory: %q}
http: {public: {address: "127.0.0.1:%d"}, internal: {address: "127.0.0.1:%d"}}
events: {nats: {hostname: 127.0.0.1, port: %d}}
auth: {contractvalidators: [dummy], irma: {autoupdateschemas: false}}
goldenhammer: {enabled: false}
pki: {denylist: {url: ""}}
mitz:
  endpoint: %s
  timeout: %s
  tls: {certfile: %q, certkeyfile: %q, truststorefile: %q}
  dataholders: [{subject: hospital-east, ura: "00000659", facilitytype: V6}]
  audit: {file: %q}
  profiles: [{scope: birth-care, categories: [GGC002], purpose: TREAT, allowunconstrained: true, presentationdefinition: %q}]
`

// selfAttestedDefinition takes the presenter's word for everything: who may say what
// is not what is tested here.
const selfAttestedDefinition = `{
  "id": "self", "format": {"jwt_vp": {"alg": ["ES256"]}, "ldp_vc": {"proof_type": ["JsonWebSignature2020"]}},
  "input_descriptors": [{"id": "all", "constraints": {"fields": [
    {"path": ["$.type"], "filter": {"type": "string", "const": "NutsEmployeeCredential"}},
    {"id": "organization_ura", "path": ["$.credentialSubject.ura", "$.credentialSubject[0].ura"]},
    {"id": "organization_facility_type", "path": ["$.credentialSubject.facility", "$.credentialSubject[0].facility"]},
    {"id": "user_id", "path": ["$.credentialSubject.identifier", "$.credentialSubject[0].identifier"]},
    {"id": "user_role", "path": ["$.credentialSubject.roleName", "$.credentialSubject[0].roleName"]},
    {"id": "patient_enrollment_identifier", "path": ["$.credentialSubject.patient", "$.credentialSubject[0].patient"]}
  ]}}]}`

// requestToken returns the token, or the OAuth error's code. It asks again when the
// presentation expired before the node came to it: it is valid for five seconds, and a
// busy machine may take longer for so many requests.
func (n *testNode) requestToken(t *testing.T, patient string) (token, oauthError string) {
	for {
		token, oauthError, expired := n.requestOnce(t, patient)
		if !expired {
			return token, oauthError
		}
	}
}

func (n *testNode) requestOnce(t *testing.T, patient string) (token, oauthError string, expired bool) {
	response, err := http.PostForm(n.public+"/oauth2/hospital-east/token", url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"},
		"scope":      {nodeScope}, "client_id": {"a client"}, "assertion": {present(t, patient)},
	})
	if !assert.NoError(t, err) {
		return "", "", false
	}
	defer response.Body.Close()
	content, err := readAll(response)
	assert.NoError(t, err)
	var body struct {
		Token string `json:"access_token"`
		Error string `json:"error"`
	}
	// Errors come as a web page to a client that does not ask for JSON.
	if json.Unmarshal(content, &body) != nil && strings.Contains(string(content), "Code: access_denied") {
		body.Error = "access_denied"
	}
	return body.Token, body.Error, strings.Contains(string(content), "not satisfied")
}

func readAll(response *http.Response) ([]byte, error) {
	var body bytes.Buffer
	_, err := body.ReadFrom(response.Body)
	return body.Bytes(), err
}

func (n *testNode) introspect(t *testing.T, token string) map[string]any {
	t.Helper()
	response, err := http.PostForm(n.internal+"/internal/auth/v2/accesstoken/introspect", url.Values{"token": {token}})
	require.NoError(t, err)
	defer response.Body.Close()
	var claims map[string]any
	require.NoError(t, json.NewDecoder(response.Body).Decode(&claims))
	return claims
}

// present makes a presentation by a new did:jwk of one self-attested credential.
func present(t *testing.T, patient string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	assert.NoError(t, err)
	public, err := jwk.FromRaw(key.Public())
	assert.NoError(t, err)
	document, err := json.Marshal(public)
	assert.NoError(t, err)
	holder := "did:jwk:" + base64.RawURLEncoding.EncodeToString(document)
	now := time.Now()
	claims, err := json.Marshal(map[string]any{
		"iss": holder, "sub": holder, "aud": nodeIssuer, "jti": holder + "#" + uuid.NewString(), "nonce": uuid.NewString(),
		"nbf": now.Unix(), "exp": now.Add(5 * time.Second).Unix(),
		"vp": map[string]any{
			"@context": []string{"https://www.w3.org/2018/credentials/v1"}, "type": []string{"VerifiablePresentation"}, "holder": holder,
			"verifiableCredential": []any{map[string]any{
				"@context": []string{"https://www.w3.org/2018/credentials/v1", "https://nuts.nl/credentials/v1"},
				"id":       holder + "#" + uuid.NewString(), "type": []string{"VerifiableCredential", "NutsEmployeeCredential"},
				"issuer": holder, "issuanceDate": now.Add(-time.Second).UTC().Format(time.RFC3339),
				"credentialSubject": map[string]any{
					"id": holder, "ura": "12345678", "facility": "G3", "identifier": "900000009", "roleName": "03.000", "patient": patient,
				},
			}},
		},
	})
	assert.NoError(t, err)
	headers := jws.NewHeaders()
	assert.NoError(t, headers.Set(jws.KeyIDKey, holder+"#0"))
	assert.NoError(t, headers.Set(jws.TypeKey, "JWT"))
	token, err := jws.Sign(claims, jws.WithKey(jwa.ES256, key, jws.WithProtectedHeaders(headers)))
	assert.NoError(t, err)
	return string(token)
}

func postJSON(t *testing.T, target string, body any) (int, []byte) {
	t.Helper()
	content, err := json.Marshal(body)
	require.NoError(t, err)
	response, err := http.Post(target, "application/json", bytes.NewReader(content))
	require.NoError(t, err)
	defer response.Body.Close()
	answer, err := readAll(response)
	require.NoError(t, err)
	return response.StatusCode, answer
}
