// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAuthorizationsThatAreRefused(t *testing.T) {
	details := func(to string) func(url.Values) {
		return func(v url.Values) { v.Set("authorization_details", to) }
	}
	for _, tc := range []struct {
		name   string
		change func(parameters url.Values)
		code   string // in the redirect; empty: the browser is not sent back
	}{
		{"no PKCE", func(v url.Values) { v.Del("code_challenge") }, "invalid_request"},
		{"PKCE without a hash", func(v url.Values) { v.Set("code_challenge_method", "plain") }, "invalid_request"},
		{"a challenge that is no hash", func(v url.Values) { v.Set("code_challenge", "abc") }, "invalid_request"},
		{"another response", func(v url.Values) { v.Set("response_type", "token") }, "invalid_request"},
		{"no details", details(""), "invalid_authorization_details"},
		{"two details", func(v url.Values) {
			one := strings.Trim(v.Get("authorization_details"), "[]")
			v.Set("authorization_details", "["+one+","+one+"]")
		}, "invalid_authorization_details"},
		{"details of another type", func(v url.Values) {
			v.Set("authorization_details", strings.Replace(v.Get("authorization_details"), "openid_credential", "payment", 1))
		}, "invalid_authorization_details"},
		{"another credential than was requested", func(v url.Values) {
			v.Set("authorization_details", strings.Replace(v.Get("authorization_details"), TypeAttestation, TypeMembership, 1))
		}, "invalid_authorization_details"},
		{"an unknown reference", details(`[{"type":"openid_credential","credential_configuration_id":"` + TypeAttestation + `","mitz_request":"x"}]`), "invalid_authorization_details"},
		{"a patient in the details", details(`[{"type":"openid_credential","patient":"x"}]`), "invalid_authorization_details"},
		{"something after the details", func(v url.Values) {
			v.Set("authorization_details", v.Get("authorization_details")+"[]")
		}, "invalid_authorization_details"},
		{"a parameter twice", func(v url.Values) { v.Add("state", "another") }, ""},
		{"an unknown parameter", func(v url.Values) { v.Set("request", "x") }, ""},
		{"a callback that is not the client's", func(v url.Values) { v.Set("redirect_uri", "https://elsewhere.example/callback") }, ""},
		{"a client without TLS", func(v url.Values) {
			v.Set("client_id", "http://wallet.example")
			v.Set("redirect_uri", "http://wallet.example/callback")
		}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScene(t)
			parameters := authorization(TypeAttestation, s.post(s.wallet("practice", nil).wants()))
			tc.change(parameters)
			got := s.authorize(parameters)
			assert.Empty(t, got.location.Get("code"))
			assert.Equal(t, tc.code, got.location.Get("error"))
			if tc.code == "" {
				assert.Equal(t, http.StatusBadRequest, got.status)
				assert.Empty(t, got.header.Get("Location"))
			}
		})
	}
}

func TestAReferenceIsUsedOnceAndInTime(t *testing.T) {
	s := newScene(t)
	reference := s.post(s.wallet("practice", nil).wants())
	require.NotEmpty(t, s.authorize(authorization(TypeAttestation, reference)).location.Get("code"))
	assert.Equal(t, "invalid_authorization_details", s.authorize(authorization(TypeAttestation, reference)).location.Get("error"))
	reference = s.post(s.wallet("practice", nil).wants())
	s.pass(requestLife)
	assert.Equal(t, "invalid_authorization_details", s.authorize(authorization(TypeAttestation, reference)).location.Get("error"))
}

func TestTokenRequestsThatAreRefused(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(s *scene, form url.Values)
		code   string
	}{
		{"another verifier", func(_ *scene, f url.Values) { f.Set("code_verifier", strings.Repeat("x", 43)) }, "invalid_grant"},
		{"no verifier", func(_ *scene, f url.Values) { f.Del("code_verifier") }, "invalid_grant"},
		{"an unknown code", func(_ *scene, f url.Values) { f.Set("code", "x") }, "invalid_grant"},
		{"no code", func(_ *scene, f url.Values) { f.Del("code") }, "invalid_grant"},
		{"an expired code", func(s *scene, _ url.Values) { s.pass(codeLife) }, "invalid_grant"},
		{"a code that was used", func(s *scene, f url.Values) { require.Equal(s.t, http.StatusOK, s.token(f).status) }, "invalid_grant"},
		{"a code that was tried with another verifier", func(s *scene, f url.Values) {
			tried := tokenForm(f.Get("code"))
			tried.Set("code_verifier", strings.Repeat("x", 43))
			require.Equal(s.t, http.StatusBadRequest, s.token(tried).status)
		}, "invalid_grant"},
		{"another client's code", func(_ *scene, f url.Values) { f.Set("client_id", "https://elsewhere.example") }, "invalid_grant"},
		{"another address", func(_ *scene, f url.Values) { f.Set("redirect_uri", "https://elsewhere.example/callback") }, "invalid_grant"},
		{"another grant", func(_ *scene, f url.Values) { f.Set("grant_type", "client_credentials") }, "unsupported_grant_type"},
		{"a parameter twice", func(_ *scene, f url.Values) { f.Add("code", "x") }, "invalid_request"},
		{"a parameter too much", func(_ *scene, f url.Values) { f.Set("scope", "x") }, "invalid_request"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScene(t)
			authorized := s.authorize(authorization(TypeAttestation, s.post(s.wallet("practice", nil).wants())))
			form := tokenForm(authorized.location.Get("code"))
			tc.change(s, form)
			got := s.token(form)
			assert.Equal(t, http.StatusBadRequest, got.status)
			assert.Equal(t, tc.code, got.body["error"])
			assert.Nil(t, got.body["access_token"])
		})
	}
	t.Run("no form", func(t *testing.T) {
		s := newScene(t)
		got := s.serve(s.issuer, jsonRequest("/token", "{}"))
		assert.Equal(t, "invalid_request", got.body["error"])
	})
}

func TestProofsThatAreRefused(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(s *scene, p *proof)
	}{
		{"of another type", func(_ *scene, p *proof) { p.header["typ"] = "JWT" }},
		{"without a type", func(_ *scene, p *proof) { delete(p.header, "typ") }},
		{"without a key id", func(_ *scene, p *proof) { delete(p.header, "kid") }},
		{"with a key id without a fragment", func(_ *scene, p *proof) { p.header["kid"] = p.claims["iss"] }},
		{"by a key that the document does not have", func(_ *scene, p *proof) { p.header["kid"] = p.claims["iss"].(string) + "#1" }},
		{"by another key", func(s *scene, p *proof) { p.key = s.wallet("other", nil).key }},
		{"of another wallet", func(s *scene, p *proof) { *p = s.wallet("other", nil).proof() }},
		{"of another wallet, in the name of this one", func(s *scene, p *proof) {
			other := s.wallet("other", nil)
			p.key, p.header["kid"] = other.key, other.did+"#0"
		}},
		{"by another issuer of the proof", func(_ *scene, p *proof) { p.claims["iss"] = "did:web:elsewhere.example" }},
		{"for another issuer", func(_ *scene, p *proof) { p.claims["aud"] = "https://elsewhere.example" }},
		{"for this issuer and another", func(_ *scene, p *proof) {
			p.claims["aud"] = []string{"https://mitz.example", "https://elsewhere.example"}
		}},
		{"for nobody", func(_ *scene, p *proof) { delete(p.claims, "aud") }},
		{"without a time", func(_ *scene, p *proof) { delete(p.claims, "iat") }},
		{"too old", func(s *scene, p *proof) { p.claims["iat"] = s.now.Add(-proofLife - time.Second).Unix() }},
		{"of the future", func(s *scene, p *proof) { p.claims["iat"] = s.now.Add(proofSkew + time.Second).Unix() }},
		{"by a key that is not for assertions", func(s *scene, p *proof) {
			*p = s.wallet("practice", func(d map[string]any) { d["assertionMethod"] = []any{} }).proof()
		}},
		{"by a wallet whose document is another's", func(s *scene, p *proof) {
			*p = s.wallet("practice", func(d map[string]any) { d["id"] = "did:web:elsewhere.example" }).proof()
		}},
		{"by a wallet whose document is gone", func(s *scene, _ *proof) { delete(s.wallets, "/iam/practice/did.json") }},
		{"by a wallet whose document is endless", func(s *scene, p *proof) {
			*p = s.wallet("practice", func(d map[string]any) { d["more"] = strings.Repeat("x", maxDocument) }).proof()
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScene(t)
			wallet := s.wallet("practice", nil)
			token := s.tokenFor(wallet.wants())
			proof := wallet.proof()
			tc.change(s, &proof)
			got := s.collect(token, proofBody(proof.sign(t)))
			assert.Equal(t, http.StatusBadRequest, got.status)
			assert.Equal(t, "invalid_proof", got.body["error"])
			assert.Empty(t, s.issuer.Issued())
		})
	}
}

func TestAProofIsUsedOnce(t *testing.T) {
	s := newScene(t)
	wallet := s.wallet("practice", nil)
	proof := wallet.proof().sign(t)
	require.Equal(t, http.StatusOK, s.collect(s.tokenFor(wallet.wants()), proofBody(proof)).status)
	got := s.collect(s.tokenFor(wallet.wants()), proofBody(proof))
	assert.Equal(t, "invalid_proof", got.body["error"])
	assert.Len(t, s.issuer.Issued(), 1)
}

func TestCredentialRequestsThatAreRefused(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(body string) string
		code   string
	}{
		{"no proof", func(string) string { return "{}" }, "invalid_proof"},
		{"two proofs", func(body string) string { return strings.Replace(body, "{", `{"proofs":{"jwt":["x"]},`, 1) }, "invalid_proof"},
		{"a proof of another kind", func(body string) string { return strings.Replace(body, `"proof_type":"jwt"`, `"proof_type":"cwt"`, 1) }, "invalid_proof"},
		{"a proof that is no JWT", func(string) string { return proofBody("x") }, "invalid_proof"},
		{"a proof without a signature", func(string) string { return proofBody("eyJhbGciOiJub25lIn0.e30.") }, "invalid_proof"},
		{"another credential", func(body string) string {
			return strings.Replace(body, "{", `{"credential_configuration_id":"`+TypeMembership+`",`, 1)
		}, "invalid_credential_request"},
		{"another format", func(body string) string { return strings.Replace(body, "{", `{"format":"ldp_vc",`, 1) }, "invalid_credential_request"},
		{"a key too much", func(body string) string { return strings.Replace(body, "{", `{"more":1,`, 1) }, "invalid_request"},
		{"something after it", func(body string) string { return body + "{}" }, "invalid_request"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScene(t)
			wallet := s.wallet("practice", nil)
			got := s.collect(s.tokenFor(wallet.wants()), tc.change(proofBody(wallet.proof().sign(t))))
			assert.Equal(t, http.StatusBadRequest, got.status)
			assert.Equal(t, tc.code, got.body["error"])
			assert.Empty(t, s.issuer.Issued())
		})
	}
}

func TestAccessTokensThatAreRefused(t *testing.T) {
	s := newScene(t)
	wallet := s.wallet("practice", nil)
	body := func() string { return proofBody(wallet.proof().sign(t)) }
	refused := func(got answer) {
		t.Helper()
		assert.Equal(t, http.StatusUnauthorized, got.status)
		assert.Equal(t, "Bearer", got.header.Get("WWW-Authenticate"))
	}
	refused(s.collect("x", body()))
	token := s.tokenFor(wallet.wants())
	request := jsonRequest("/credential", body())
	refused(s.serve(s.issuer, request))
	require.Equal(t, http.StatusOK, s.collect(token, body()).status)
	refused(s.collect(token, body()))
	token = s.tokenFor(wallet.wants())
	s.pass(tokenLife)
	refused(s.collect(token, body()))
	assert.Len(t, s.issuer.Issued(), 1)
	recorder := httptest.NewRecorder()
	s.issuer.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/nothing", nil))
	assert.Equal(t, http.StatusNotFound, recorder.Code)
}
