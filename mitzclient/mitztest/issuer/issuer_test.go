// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func TestAnAttestationIsIssued(t *testing.T) {
	for name, body := range map[string]func(proof string) string{
		"to a wallet as the pinned node is": proofBody,
		"to a wallet of OpenID4VCI 1.0": func(proof string) string {
			return `{"credential_configuration_id":"` + TypeAttestation + `","proofs":{"jwt":["` + proof + `"]}}`
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			wallet := s.wallet("practice", nil)
			got := s.collect(s.tokenFor(wallet.wants()), body(wallet.proof().sign(t)))
			require.Equal(t, http.StatusOK, got.status, got.body)
			credential := got.body["credential"].(string)
			assert.Equal(t, "jwt_vc_json", got.body["format"])
			assert.Equal(t, []any{map[string]any{"credential": credential}}, got.body["credentials"])

			claims := s.read(credential)
			assert.Equal(t, "did:web:mitz.example", claims["iss"])
			assert.Equal(t, wallet.did, claims["sub"])
			assert.InDelta(t, s.now.Add(time.Hour).Unix(), claims["exp"], 0)
			vc := claims["vc"].(map[string]any)
			assert.Equal(t, []any{"VerifiableCredential", TypeAttestation}, vc["type"])
			assert.Equal(t, map[string]any{"id": wallet.did, "attestedConsent": map[string]any{
				"patient":    map[string]any{"identifier": map[string]any{"system": systemBSN, "value": patient}},
				"dataHolder": map[string]any{"identifier": map[string]any{"system": systemURA, "value": "00000659"}},
				"requester": map[string]any{
					"identifier": map[string]any{"system": systemURA, "value": "00001234"}, "facilityType": "G3",
				},
				"dataCategory": []any{"GGC002"}, "purposeOfUse": "TREAT", "decidedAt": timestamp(s.now),
			}}, vc["credentialSubject"])
			assert.Equal(t, "0", vc["credentialStatus"].(map[string]any)["statusListIndex"])
		})
	}
}

func TestAMembershipIsIssuedToMembers(t *testing.T) {
	s := newScene(t)
	wallet := s.wallet("practice", nil)
	member := Member{Organization: "00001234", Role: "registrar"}
	_, err := s.issuer.AttestMembership(wallet.did, member)
	require.ErrorContains(t, err, "no such membership")
	require.NoError(t, s.issuer.Enroll(member))
	since := s.now
	s.pass(time.Minute)
	require.NoError(t, s.issuer.Enroll(member), "again")
	_, err = s.issuer.AttestMembership(wallet.did, Member{Organization: "00001234", Role: "requester"})
	require.ErrorContains(t, err, "no such membership", "in another role")

	token := s.tokenFor(Request{Wallet: wallet.did, Membership: &RequestMembership{Organization: "00001234", Role: "registrar"}})
	got := s.collect(token, proofBody(wallet.proof().sign(t)))
	require.Equal(t, http.StatusOK, got.status, got.body)
	assert.Equal(t, map[string]any{"id": wallet.did, "membership": map[string]any{
		"organization": map[string]any{"identifier": map[string]any{"system": systemURA, "value": "00001234"}},
		"role":         "registrar", "since": timestamp(since),
	}}, s.read(got.body["credential"].(string))["vc"].(map[string]any)["credentialSubject"])

	assert.True(t, s.issuer.EndMembership(member))
	assert.False(t, s.issuer.EndMembership(member), "again")
	assert.True(t, s.revoked()[0])
	require.NoError(t, s.issuer.Enroll(member))
	assert.True(t, s.revoked()[0], "a new membership brings back no credential")
}

// revoked reads the status list, as a verifier does.
func (s *scene) revoked() map[int]bool {
	s.t.Helper()
	var token string
	require.NoError(s.t, json.Unmarshal([]byte(s.document(statusListPath)), &token))
	claims := s.read(token)
	vc := claims["vc"].(map[string]any)
	require.Equal(s.t, []any{"VerifiableCredential", "StatusList2021Credential"}, vc["type"])
	subject := vc["credentialSubject"].(map[string]any)
	require.Equal(s.t, "https://mitz.example/statuslist/1", subject["id"])
	compressed, err := base64.RawURLEncoding.DecodeString(subject["encodedList"].(string))
	require.NoError(s.t, err)
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	require.NoError(s.t, err)
	bits, err := io.ReadAll(reader)
	require.NoError(s.t, err)
	require.Len(s.t, bits, 16<<10)
	revoked := map[int]bool{}
	for index := range bits {
		for bit := range 8 {
			if bits[index]>>(7-bit)&1 == 1 {
				revoked[8*index+bit] = true
			}
		}
	}
	return revoked
}

func TestWithdrawingRevokes(t *testing.T) {
	s := newScene(t)
	wallet := s.wallet("practice", nil)
	member := Member{Organization: "00001234", Role: "registrar"}
	require.NoError(t, s.issuer.Enroll(member))
	_, err := s.issuer.AttestMembership(wallet.did, member)
	require.NoError(t, err)
	for range 9 {
		_, err := s.issuer.Issue(wallet.wants())
		require.NoError(t, err)
	}
	s.issuer.ConsentsChanged()
	assert.Empty(t, s.revoked(), "nothing was withdrawn")
	s.permits = false
	s.issuer.ConsentsChanged()
	revoked := s.revoked()
	assert.Len(t, revoked, 9)
	assert.False(t, revoked[0], "a membership does not rest on consent")
	s.permits = true
	s.issuer.ConsentsChanged()
	assert.Len(t, s.revoked(), 9, "consent anew brings back no credential")
	_, err = s.issuer.Issue(wallet.wants())
	require.NoError(t, err)
	assert.False(t, s.revoked()[10])
	all := s.issuer.Issued()
	require.Len(t, all, 11)
	assert.Equal(t, []bool{false, true, false}, []bool{all[0].Revoked, all[9].Revoked, all[10].Revoked})
}

// TestNothingIsIssuedWithoutConsent: what Mitz does not permit now is not attested, neither
// for one category of several, nor when consent ends on the way.
func TestNothingIsIssuedWithoutConsent(t *testing.T) {
	t.Run("from the beginning", func(t *testing.T) {
		s := newScene(t)
		s.permits = false
		got := s.authorize(authorization(TypeAttestation, s.post(s.wallet("practice", nil).wants())))
		assert.Equal(t, "access_denied", got.location.Get("error"))
		assert.Empty(t, got.location.Get("code"))
		assert.Equal(t, "the-state", got.location.Get("state"))
	})
	t.Run("for one of two categories", func(t *testing.T) {
		s := newScene(t)
		wants := s.wallet("practice", nil).wants()
		wants.Consent.Categories = []consent.Category{"GGC002", "GGC013"}
		_, err := s.issuer.Issue(wants)
		assert.ErrorContains(t, err, "there is no consent")
	})
	t.Run("when it ends after the code", func(t *testing.T) {
		s := newScene(t)
		wallet := s.wallet("practice", nil)
		token := s.tokenFor(wallet.wants())
		s.permits = false
		got := s.collect(token, proofBody(wallet.proof().sign(t)))
		assert.Equal(t, http.StatusForbidden, got.status)
		assert.Equal(t, "access_denied", got.body["error"])
		assert.Empty(t, s.issuer.Issued())
	})
	t.Run("when nobody can decide", func(t *testing.T) {
		s := newScene(t)
		s.issuer.DecideBy(nil)
		_, err := s.issuer.Issue(s.wallet("practice", nil).wants())
		assert.Error(t, err)
	})
}

func TestDocumentsOfTheIssuer(t *testing.T) {
	s := newScene(t)
	assert.Contains(t, s.document("/.well-known/did.json"), `"id":"did:web:mitz.example"`)
	assert.NotContains(t, s.document("/.well-known/did.json"), `"d":`, "the private key")
	assert.Contains(t, s.document("/.well-known/openid-credential-issuer"), `"credential_endpoint":"https://mitz.example/credential"`)
	assert.Contains(t, s.document("/.well-known/oauth-authorization-server"), `"token_endpoint":"https://mitz.example/token"`)
	for _, address := range []string{"", "http://mitz.example", "https://mitz.example/path", "https://mitz.example/", "https://a@mitz.example", "https://mitz.example?x"} {
		_, err := New(Config{URL: address})
		assert.Error(t, err, address)
	}
	other, err := New(Config{URL: "https://localhost:8443"})
	require.NoError(t, err)
	assert.Equal(t, "did:web:localhost%3A8443", other.DID())
}

func TestNoNumberIsPrinted(t *testing.T) {
	attestation := Attestation(*newScene(t).wallet("practice", nil).wants().Consent)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, fmt.Sprintf(verb, attestation), patient)
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	valid := `{"wallet":"did:web:wallet.example","consent":{"patient":"900186021","dataHolder":"00000659","requester":"00001234","requesterType":"G3","categories":["GGC002"],"purpose":"TREAT"}}`
	_, err := ParseRequest([]byte(valid))
	require.NoError(t, err)
	for name, body := range map[string]string{
		"nothing":                       "",
		"something after it":            valid + "{}",
		"a key too much":                strings.Replace(valid, `{"wallet"`, `{"more":1,"wallet"`, 1),
		"both":                          strings.Replace(valid, `"consent"`, `"membership":{"organization":"00001234","role":"registrar"},"consent"`, 1),
		"neither":                       `{"wallet":"did:web:wallet.example"}`,
		"no BSN":                        strings.Replace(valid, "900186021", "900186022", 1),
		"no URA":                        strings.Replace(valid, "00000659", "659", 1),
		"no URA of the requester":       strings.Replace(valid, "00001234", "1234", 1),
		"no type":                       strings.Replace(valid, "G3", "g3", 1),
		"no category":                   strings.Replace(valid, `"GGC002"`, "", 1),
		"a category twice":              strings.Replace(valid, `"GGC002"`, `"GGC002","GGC002"`, 1),
		"no purpose":                    strings.Replace(valid, "TREAT", "", 1),
		"a wallet of another method":    strings.Replace(valid, "did:web:wallet.example", "did:jwk:abc", 1),
		"a wallet with a query":         strings.Replace(valid, "did:web:wallet.example", "did:web:wallet.example?x", 1),
		"a wallet with a path to climb": strings.Replace(valid, "did:web:wallet.example", "did:web:wallet.example:%2E%2E", 1),
		"no role of a member":           `{"wallet":"did:web:wallet.example","membership":{"organization":"00001234","role":"owner"}}`,
		"no URA of a member":            `{"wallet":"did:web:wallet.example","membership":{"organization":"1","role":"registrar"}}`,
		"more than 16 KiB":              strings.Replace(valid, "TREAT", strings.Repeat("T", 17<<10), 1),
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			got := s.serve(http.HandlerFunc(s.issuer.ServeRequests), jsonRequest("/", body))
			assert.Equal(t, http.StatusBadRequest, got.status)
			assert.NotContains(t, fmt.Sprint(got.body), "900186021")
		})
	}
	for name, change := range map[string]func(request *http.Request){
		"another method":     func(request *http.Request) { request.Method = http.MethodPut },
		"a query":            func(request *http.Request) { request.URL.RawQuery = "a=b" },
		"another media type": func(request *http.Request) { request.Header.Set("Content-Type", "text/plain") },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			request := jsonRequest("/", valid)
			change(request)
			assert.Equal(t, http.StatusBadRequest, s.serve(http.HandlerFunc(s.issuer.ServeRequests), request).status)
		})
	}
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	s := newScene(t)
	wants := s.wallet("practice", nil).wants()
	body, err := json.Marshal(wants)
	require.NoError(t, err)
	for range most {
		s.post(wants)
	}
	got := s.serve(http.HandlerFunc(s.issuer.ServeRequests), jsonRequest("/", string(body)))
	assert.Equal(t, http.StatusServiceUnavailable, got.status)
	s.pass(requestLife)
	s.post(wants)
	assert.Len(t, s.issuer.flow.requests.values, 1, "what expired is gone")
	recorder := httptest.NewRecorder()
	s.issuer.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/token", strings.NewReader(strings.Repeat("x", maxBody+1))))
	assert.Equal(t, http.StatusBadRequest, recorder.Code)
}
