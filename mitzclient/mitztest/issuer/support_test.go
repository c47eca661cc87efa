// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

const (
	patient  = "900186021"
	clientID = "https://wallet.example/oauth2/practice"
	callback = clientID + "/callback"
	verifier = "a-code-verifier-of-at-least-43-characters-as-the-standard-has-it"
)

// scene is an issuer, what Mitz decides, and wallets.
type scene struct {
	t       *testing.T
	issuer  *Issuer
	server  *httptest.Server // of DID documents
	log     *bytes.Buffer
	mu      sync.Mutex
	now     time.Time
	permits bool
	wallets map[string][]byte // DID documents by path
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, now: time.Now().Truncate(time.Second), permits: true, wallets: map[string][]byte{}, log: new(bytes.Buffer)}
	s.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		document, ok := s.wallets[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(document)
	}))
	t.Cleanup(s.server.Close)
	issuer, err := New(Config{
		URL: "https://mitz.example", Client: s.server.Client(), Clock: s.clock, Logger: slog.New(slog.NewTextHandler(s.log, nil)),
	})
	require.NoError(t, err)
	issuer.DecideBy(func(question consent.Question) consent.Decisions {
		decisions := consent.Decisions{}
		for _, category := range question.Categories {
			decisions[category] = map[bool]consent.Decision{true: consent.Permit, false: consent.Deny}[s.permits && category != "GGC013"]
		}
		return decisions
	})
	s.issuer = issuer
	t.Cleanup(func() { require.NotContains(t, s.log.String(), patient) })
	return s
}

func (s *scene) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *scene) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// wallet is a wallet with a key of its own.
type wallet struct {
	scene *scene
	did   string
	key   *ecdsa.PrivateKey
}

// wallet makes a wallet; change changes its DID document.
func (s *scene) wallet(name string, change func(document map[string]any)) wallet {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(s.t, err)
	did := "did:web:" + strings.ReplaceAll(strings.TrimPrefix(s.server.URL, "https://"), ":", "%3A") + ":iam:" + name
	public, err := jwk.FromRaw(key.Public())
	require.NoError(s.t, err)
	document := map[string]any{
		"id": did, "assertionMethod": []any{did + "#0"},
		"verificationMethod": []any{map[string]any{"id": did + "#0", "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": public}},
	}
	if change != nil {
		change(document)
	}
	encoded, err := json.Marshal(document)
	require.NoError(s.t, err)
	s.wallets["/iam/"+name+"/did.json"] = encoded
	return wallet{s, did, key}
}

// proof is a proof of possession; a test changes it.
type proof struct {
	header, claims map[string]any
	key            *ecdsa.PrivateKey
}

func (w wallet) proof() proof {
	return proof{
		header: map[string]any{"typ": "openid4vci-proof+jwt", "kid": w.did + "#0"},
		claims: map[string]any{"iss": w.did, "aud": "https://mitz.example", "iat": w.scene.clock().Unix()},
		key:    w.key,
	}
}

func (p proof) sign(t *testing.T) string {
	t.Helper()
	headers := jws.NewHeaders()
	for name, value := range p.header {
		require.NoError(t, headers.Set(name, value))
	}
	payload, err := json.Marshal(p.claims)
	require.NoError(t, err)
	token, err := jws.Sign(payload, jws.WithKey(jwa.ES256, p.key, jws.WithProtectedHeaders(headers)))
	require.NoError(t, err)
	return string(token)
}

// wants is a request for an attestation about the patient.
func (w wallet) wants() Request {
	return Request{Wallet: w.did, Consent: &RequestConsent{
		Patient: patient, DataHolder: "00000659", Requester: "00001234", RequesterType: "G3",
		Categories: []consent.Category{"GGC002"}, Purpose: "TREAT",
	}}
}

// answer is what the issuer answered.
type answer struct {
	status   int
	header   http.Header
	body     map[string]any
	location url.Values
}

func (s *scene) serve(handler http.Handler, request *http.Request) answer {
	s.t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	require.NotContains(s.t, recorder.Header().Get("Location"), patient)
	got := answer{status: recorder.Code, header: recorder.Header(), body: map[string]any{}}
	_ = json.Unmarshal(recorder.Body.Bytes(), &got.body)
	if location, err := url.Parse(recorder.Header().Get("Location")); err == nil {
		got.location = location.Query()
	}
	return got
}

// post posts a request as a requester's system does, and returns the reference.
func (s *scene) post(request Request) string {
	s.t.Helper()
	body, err := json.Marshal(request)
	require.NoError(s.t, err)
	got := s.serve(http.HandlerFunc(s.issuer.ServeRequests), jsonRequest("/credential-requests", string(body)))
	require.Equal(s.t, http.StatusCreated, got.status, got.body)
	return got.body["reference"].(string)
}

func jsonRequest(path, body string) *http.Request {
	request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	return request
}

// authorization are the parameters of a browser that comes with a reference.
func authorization(kind, reference string) url.Values {
	challenge := sha256.Sum256([]byte(verifier))
	details, _ := json.Marshal([]any{map[string]string{"type": "openid_credential", "credential_configuration_id": kind, "mitz_request": reference}})
	return url.Values{
		"response_type": {"code"}, "state": {"the-state"}, "client_id": {clientID}, "client_id_scheme": {"entity_id"},
		"authorization_details": {string(details)}, "redirect_uri": {callback},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
}

func (s *scene) authorize(parameters url.Values) answer {
	s.t.Helper()
	return s.serve(s.issuer, httptest.NewRequest(http.MethodGet, "/authorize?"+parameters.Encode(), nil))
}

func tokenForm(code string) url.Values {
	return url.Values{
		"client_id": {clientID}, "grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier},
	}
}

func (s *scene) token(form url.Values) answer {
	s.t.Helper()
	request := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.serve(s.issuer, request)
}

func (s *scene) collect(token, body string) answer {
	s.t.Helper()
	request := jsonRequest("/credential", body)
	request.Header.Set("Authorization", "Bearer "+token)
	return s.serve(s.issuer, request)
}

func proofBody(proof string) string {
	body, _ := json.Marshal(map[string]any{"proof": map[string]string{"proof_type": "jwt", "jwt": proof}})
	return string(body)
}

// tokenFor goes all the way to an access token.
func (s *scene) tokenFor(request Request) string {
	s.t.Helper()
	kind := TypeAttestation
	if request.Membership != nil {
		kind = TypeMembership
	}
	authorized := s.authorize(authorization(kind, s.post(request)))
	require.Equal(s.t, http.StatusFound, authorized.status)
	require.NotEmpty(s.t, authorized.location.Get("code"), authorized.location)
	got := s.token(tokenForm(authorized.location.Get("code")))
	require.Equal(s.t, http.StatusOK, got.status, got.body)
	return got.body["access_token"].(string)
}

// read verifies a credential and returns its claims.
func (s *scene) read(credential string) map[string]any {
	s.t.Helper()
	payload, err := jws.Verify([]byte(credential), jws.WithKey(jwa.ES256, s.issuer.key.Public()))
	require.NoError(s.t, err)
	var claims map[string]any
	require.NoError(s.t, json.Unmarshal(payload, &claims))
	return claims
}

// document gets a JSON document of the issuer.
func (s *scene) document(path string) string {
	s.t.Helper()
	recorder := httptest.NewRecorder()
	s.issuer.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	require.Equal(s.t, http.StatusOK, recorder.Code)
	content, err := io.ReadAll(recorder.Body)
	require.NoError(s.t, err)
	return string(content)
}
