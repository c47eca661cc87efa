// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	goodCredential = "a-credential-that-is-accepted"
	offeredType    = "HealthcareProviderRoleTypeCredential"
)

// demandingScene is a scene whose issuer first wants to see a credential.
func demandingScene(t *testing.T) *scene {
	t.Helper()
	s := newScene(t)
	demanding, err := New(Config{
		URL: "https://vektis.example", Client: s.server.Client(), Clock: s.clock,
		Demand: &Demand{Definition: json.RawMessage(`{"id":"wanted"}`), Accept: func(_, credential string) error {
			if credential != goodCredential {
				return errors.New("another credential")
			}
			return nil
		}},
	})
	require.NoError(t, err)
	s.issuer = demanding
	return s
}

// demanded has a wallet begin, and returns the state and the nonce of what it is asked for.
func (s *scene) demanded(of wallet) (state, nonce string) {
	s.t.Helper()
	details, err := s.issuer.Offer(Offer{Type: offeredType, Wallet: of.did, Claims: map[string]any{"roleCodeNL": "G3"}})
	require.NoError(s.t, err)
	parameters := authorization(offeredType, "")
	parameters.Set("authorization_details", string(details))
	sent := s.authorize(parameters)
	require.Equal(s.t, http.StatusFound, sent.status, sent.body)
	require.Empty(s.t, sent.location.Get("code"), "nothing is given before it was shown")
	payload, err := jws.Verify([]byte(sent.location.Get("request")), jws.WithKey(jwa.ES256, s.issuer.key.Public()))
	require.NoError(s.t, err)
	var asked struct{ State, Nonce string }
	require.NoError(s.t, json.Unmarshal(payload, &asked))
	return asked.State, asked.Nonce
}

// presentation is what a wallet presents; a test changes it.
func (w wallet) presentation(nonce string) proof {
	return proof{
		header: map[string]any{"typ": "JWT", "kid": w.did + "#0"},
		claims: map[string]any{
			"iss": w.did, "aud": "https://vektis.example", "nonce": nonce, "exp": w.scene.clock().Add(time.Minute).Unix(),
			"vp": map[string]any{"verifiableCredential": []any{goodCredential}},
		},
		key: w.key,
	}
}

// present posts an answer, and returns where the browser is to go on with.
func (s *scene) present(form url.Values) (answer, url.Values) {
	s.t.Helper()
	request := httptest.NewRequest(http.MethodPost, presentedPath, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	got := s.serve(s.issuer, request)
	next, _ := got.body["redirect_uri"].(string)
	address, err := url.Parse(next)
	require.NoError(s.t, err)
	return got, address.Query()
}

func TestPresentationsThatAreRefused(t *testing.T) {
	credentials := func(some ...any) func(*scene, *proof) {
		return func(_ *scene, p *proof) { p.claims["vp"] = map[string]any{"verifiableCredential": some} }
	}
	for _, tc := range []struct {
		name   string
		change func(s *scene, p *proof) // nil: nothing, and it is accepted
	}{
		{name: "as it must be"},
		{"with another nonce", func(_ *scene, p *proof) { p.claims["nonce"] = "x" }},
		{"without a nonce", func(_ *scene, p *proof) { delete(p.claims, "nonce") }},
		{"to another issuer", func(_ *scene, p *proof) { p.claims["aud"] = "https://mitz.example" }},
		{"to two issuers", func(_ *scene, p *proof) { p.claims["aud"] = []string{"https://vektis.example", "https://mitz.example"} }},
		{"expired", func(s *scene, p *proof) { p.claims["exp"] = s.clock().Unix() }},
		{"that does not expire", func(_ *scene, p *proof) { delete(p.claims, "exp") }},
		{"of another wallet", func(s *scene, p *proof) {
			other := s.wallet("other", nil)
			p.header["kid"], p.key = other.did+"#0", other.key
		}},
		{"signed by another wallet's key", func(s *scene, p *proof) { p.key = s.wallet("other", nil).key }},
		{"by a key that the document does not have", func(_ *scene, p *proof) { p.header["kid"] = p.claims["iss"].(string) + "#1" }},
		{"without a key id", func(_ *scene, p *proof) { delete(p.header, "kid") }},
		{"of nothing", credentials()},
		{"of two credentials", credentials(goodCredential, goodCredential)},
		{"of a credential that is not good enough", credentials("another")},
		{"of no text", credentials(1)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := demandingScene(t)
			of := s.wallet("practice", nil)
			state, nonce := s.demanded(of)
			presented := of.presentation(nonce)
			if tc.change != nil {
				tc.change(s, &presented)
			}
			got, next := s.present(url.Values{"state": {state}, "vp_token": {presented.sign(t)}})
			require.Equal(t, http.StatusOK, got.status)
			assert.Equal(t, tc.change == nil, next.Get("code") != "", next)
			assert.Equal(t, tc.change != nil, next.Get("error") == "access_denied", next)
		})
	}
}

func TestAnAnswerToADemandIsTakenOnce(t *testing.T) {
	s := demandingScene(t)
	of := s.wallet("practice", nil)
	state, nonce := s.demanded(of)
	form := url.Values{"state": {state}, "vp_token": {of.presentation(nonce).sign(t)}}
	_, next := s.present(form)
	require.NotEmpty(t, next.Get("code"))
	again, _ := s.present(form)
	assert.Equal(t, http.StatusBadRequest, again.status, "it was used")

	otherState, _ := s.demanded(of)
	_, next = s.present(url.Values{"state": {otherState}, "vp_token": form["vp_token"]})
	assert.Equal(t, "access_denied", next.Get("error"), "it answers another request")

	late, nonce := s.demanded(of)
	s.pass(requestLife)
	expired, _ := s.present(url.Values{"state": {late}, "vp_token": {of.presentation(nonce).sign(t)}})
	assert.Equal(t, http.StatusBadRequest, expired.status)

	refused, _ := s.demanded(of)
	_, next = s.present(url.Values{"state": {refused}, "error": {"access_denied"}})
	assert.Equal(t, "access_denied", next.Get("error"), "the wallet has nothing to show")
	assert.Empty(t, next.Get("code"))
}
