// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// patience is more than any answer takes. What these tests send takes a node years.
const patience = time.Minute

const looksAlike = "presentation(s) or credential(s) verification failed: a JSON-LD document cannot be verified: too many of its nodes look alike"

// siblings is a graph of 1 KB that has a node try some 12! orders: two nodes that look
// alike, each with twelve below it that do.
func siblings() any {
	below := make([]any, 12)
	for i := range below {
		below[i] = map[string]any{"urn:q": "v"}
	}
	return []any{map[string]any{"urn:p": below}, map[string]any{"urn:p": below}}
}

// busy is a JSON-LD credential with this graph in it. Its signature is none: the node
// canonicalises the graph before it looks at that.
func busy(issuer, holder string) harness.Credential {
	return busyDocument(map[string]any{
		"id": "urn:uuid:" + uuid.NewString(), "type": []string{"VerifiableCredential", harness.TypeFacility}, "issuer": issuer,
		"issuanceDate":      time.Now().Add(-time.Minute).UTC().Format(time.RFC3339),
		"credentialSubject": map[string]any{"id": holder, "roleCodeNL": "G3", "urn:p": siblings()},
	}, issuer, nil)
}

func busyDocument(document map[string]any, signer string, proof map[string]any) harness.Credential {
	document["@context"] = []string{"https://www.w3.org/2018/credentials/v1", "https://nuts.nl/credentials/v1"}
	signature := map[string]any{
		"type": "JsonWebSignature2020", "proofPurpose": "assertionMethod", "verificationMethod": signer + "#0",
		"created": time.Now().Add(-time.Second).UTC().Format(time.RFC3339), "jws": "e30..AAAA",
	}
	for name, value := range proof {
		signature[name] = value
	}
	document["proof"] = signature
	// Maps of texts always marshal.
	encoded, _ := json.Marshal(document)
	return encoded
}

// TestMessagesThatKeepTheNodeBusy sends what the stock node would be busy with for years,
// on one core each, whatever becomes of the request. Consent is on record.
func TestMessagesThatKeepTheNodeBusy(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(a *attempt)
	}{
		{"a credential of one's own beside what is asked for", func(a *attempt) {
			a.set.More = []harness.Credential{busy(a.wallet.DID, a.wallet.DID)}
		}},
		{"a credential in the name of an authority", func(a *attempt) {
			genuine := must[harness.Credential](a.t)(a.world.Requester.IssueJSONLD(
				a.t.Context(), time.Now().Add(time.Hour), a.world.Authority.DID, a.wallet.DID, harness.TypeFacility, harness.FacilityClaims("G3")))
			a.set.Facility = must[harness.Credential](a.t)(genuine.Edit(func(_, subject map[string]any) { subject["urn:p"] = siblings() }))
		}},
		{"a credential for a scope that is not guarded", func(a *attempt) {
			a.request.Scope = plain
			a.set = harness.CredentialSet{Organization: a.set.Organization, More: []harness.Credential{busy(a.wallet.DID, a.wallet.DID)}}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bothGrants(t, func(t *testing.T, grant harness.Grant) {
				w := fresh(t)
				permit(t, w, patient, "00000659", "GGC002")
				a := newAttempt(t, w, grant)
				tc.spoil(a)
				a.request.Credentials = a.set.All()
				assertRefused(t, w, sendBusy(t, a, func(string) string { return "" }), "invalid_request", looksAlike, 0)
			})
		})
	}
	t.Run("a heap of presentations", func(t *testing.T) {
		w := fresh(t)
		a := newAttempt(t, w, harness.VPToken)
		a.request.Credentials = a.set.All()
		answer := sendBusy(t, a, func(presentation string) string {
			return "[" + strings.Repeat(`"`+presentation+`",`, 2) + `"` + presentation + `"]`
		})
		assertRefused(t, w, answer, "invalid_request", "there are too many presentations", 0)
	})
}

// largeRSA is a key of so many bytes. With one of 32 KiB the stock node is busy for three
// seconds, and for four times as long with each doubling.
func largeRSA(size int) map[string]string {
	modulus := bytes.Repeat([]byte{0xff}, size)
	encode := base64.RawURLEncoding.EncodeToString
	return map[string]string{"kty": "RSA", "n": encode(modulus), "e": encode([]byte{0x7f, 0xff, 0xff, 0xff})}
}

// signedWith is a JWT with a signature as long as the key, which is none.
func signedWith(header, claims map[string]any) string {
	encode := base64.RawURLEncoding.EncodeToString
	headerText, _ := json.Marshal(header) // maps of texts always marshal
	claimsText, _ := json.Marshal(claims)
	return encode(headerText) + "." + encode(claimsText) + "." + encode(bytes.Repeat([]byte{1}, 32<<10))
}

func TestKeysThatKeepTheNodeBusy(t *testing.T) {
	t.Run("in a DPoP proof", func(t *testing.T) {
		w := fresh(t)
		a := newAttempt(t, w, harness.JWTBearer)
		a.request.Credentials = a.set.All()
		form, err := a.wallet.TokenForm(t.Context(), a.request)
		require.NoError(t, err)
		message, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.Issuer()+"/token", strings.NewReader(form.Encode()))
		require.NoError(t, err)
		message.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		message.Header.Set("Accept", "application/json")
		message.Header.Set("DPoP", signedWith(map[string]any{"alg": "RS256", "typ": "dpop+jwt", "jwk": largeRSA(32 << 10)}, map[string]any{}))
		response, err := w.Client().Do(message)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		assertRefused(t, w, harness.Answer{Status: response.StatusCode, Body: body}, "invalid_request", "the DPoP proof is too large", 0)
	})
}

// TestCertificatesThatNameManyRevocationLists sees that the node gets none of the lists that
// a stranger's certificate names by the dozen.
func TestCertificatesThatNameManyRevocationLists(t *testing.T) {
	var gets atomic.Int64
	lists := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		gets.Add(1)
		w.WriteHeader(http.StatusNotFound)
	}))
	defer lists.Close()
	for name, tt := range map[string]struct {
		lists int
		gets  bool
	}{"as many as are allowed": {8, true}, "one more": {9, false}} {
		t.Run(name, func(t *testing.T) {
			w := fresh(t)
			gets.Store(0)
			a := newAttempt(t, w, harness.JWTBearer)
			subject := harness.UZISubject{Organization: "Stranger", Locality: "Utrecht", URA: "00001234", AGB: "08001234"}
			for i := range tt.lists {
				subject.RevocationLists = append(subject.RevocationLists, fmt.Sprintf("%s/%s/%d", lists.URL, name[:2], i))
			}
			stranger := must[*harness.UZICA](t)(harness.NewUZICA("Stranger"))
			server := must[*harness.UZIPass](t)(stranger.Issue(subject))
			a.set.Organization = must[harness.Credential](t)(server.X509Credential(a.wallet.DID, harness.X509CredentialOptions{}))
			a.request.Scope = plain // whose definition lets every CA pass
			a.request.Credentials = a.set.All()
			answer := sendBusy(t, a, func(string) string { return "" })
			if !tt.gets {
				assertRefused(t, w, answer, "invalid_request", "", 0)
			}
			assert.Equal(t, tt.gets, gets.Load() > 0, "%d lists were got", gets.Load())
		})
	}
}

// TestRevocationListsOfTrustedAuthorities sees that the node looks after the lists of a CA
// that mitz.trust names as it always did.
func TestRevocationListsOfTrustedAuthorities(t *testing.T) {
	w := fresh(t)
	var gets atomic.Int64
	var list []byte
	lists := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		gets.Add(1)
		_, _ = rw.Write(list)
	}))
	defer lists.Close()
	issue := func() *harness.UZIPass {
		return must[*harness.UZIPass](t)(w.UZI.Issue(harness.UZISubject{
			Organization: "Hospital", Locality: "Utrecht", URA: "00001234", AGB: "08001234", RevocationLists: []string{lists.URL},
		}))
	}
	permit(t, w, patient, "00000659", "GGC002")
	good, revoked := issue(), issue()
	list = must[[]byte](t)(w.UZI.RevocationList(revoked))
	send := func(pass *harness.UZIPass) harness.Answer {
		a := newAttempt(t, w, harness.JWTBearer)
		a.set.Organization = must[harness.Credential](t)(pass.X509Credential(a.wallet.DID, harness.X509CredentialOptions{}))
		return a.send()
	}
	assertPermitted(t, w, send(good))
	assert.EqualValues(t, 1, gets.Load())
	asked := len(w.Mitz.Queries())
	w.Sessions.Empty()
	assertRefused(t, w, send(revoked), "invalid_request", "", asked)
	assertPermitted(t, w, send(good))
	assert.EqualValues(t, 1, gets.Load(), "the node keeps the list")
}

// sendBusy sends the attempt with another assertion, or with its own when that is empty.
func sendBusy(t *testing.T, a *attempt, assertion func(own string) string) harness.Answer {
	t.Helper()
	form, err := a.wallet.TokenForm(t.Context(), a.request)
	require.NoError(t, err)
	if changed := assertion(form.Get("assertion")); changed != "" {
		form.Set("assertion", changed)
	}
	return post(t, a.world, a.world.Issuer()+"/token", form)
}

func post(t *testing.T, w *harness.World, address string, form url.Values) harness.Answer {
	t.Helper()
	return request(t, w.Client(), http.MethodPost, address, "application/x-www-form-urlencoded", form.Encode())
}

func request(t *testing.T, client *http.Client, method, address, contentType, body string) harness.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	message, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	require.NoError(t, err)
	message.Header.Set("Content-Type", contentType)
	message.Header.Set("Accept", "application/json")
	response, err := client.Do(message)
	require.NoError(t, err, "no answer: the node is busy")
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return harness.Answer{Status: response.StatusCode, Header: response.Header, Body: bytes.TrimSpace(content)}
}

// TestStatusListsThatKeepTheNodeBusy has a credential name a list that the node would be
// busy with.
func TestStatusListsThatKeepTheNodeBusy(t *testing.T) {
	bothGrants(t, func(t *testing.T, grant harness.Grant) {
		f := openField.fresh(t)
		a := newFieldAttempt(t, f, grant)
		asked := make(chan struct{}, 100)
		var list []byte
		address := must[string](t)(f.ServeTLS("busy-list", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked <- struct{}{}
			_, _ = w.Write(list)
		})))
		list = busyDocument(map[string]any{
			"id": address, "type": []string{"VerifiableCredential", "StatusList2021Credential"}, "issuer": a.wallet.DID,
			"issuanceDate": time.Now().Add(-time.Minute).UTC().Format(time.RFC3339),
			"credentialSubject": map[string]any{
				"id": address, "type": "StatusList2021", "statusPurpose": "revocation", "encodedList": emptyList, "urn:p": siblings(),
			},
		}, a.wallet.DID, nil)
		list = bytes.Replace(list, []byte("https://nuts.nl/credentials/v1"), []byte("https://w3id.org/vc/status-list/2021/v1"), 1)
		a.set.Facility = must[harness.Credential](t)(f.District.IssueWith(
			harness.IssueOptions{Status: address}, a.wallet.DID, harness.TypeFacility, harness.FacilityClaims("G3")))
		a.request.Credentials = a.set.All()
		answer := sendBusy(t, &attempt{t: t, world: f.World, wallet: a.wallet, set: a.set, request: a.request}, func(string) string { return "" })
		assertRefused(t, f.World, answer, "invalid_request", "credential status", 0)
		assert.Len(t, asked, 1, "node and guard look at one list, got once for the request")
	})
}

// emptyList is nothing, compressed with gzip.
const emptyList = "H4sIAAAAAAAA_wMAAAAAAAAAAAA"

// TestResponsesThatKeepTheNodeBusy goes the way of the authorization code grant, up to
// where a wallet is asked for its presentation, and answers in its place. The node verifies
// that before it looks for what it asked for.
func TestResponsesThatKeepTheNodeBusy(t *testing.T) {
	for _, tc := range []struct {
		name    string
		answer  func(t *testing.T, w *harness.World, wallet *harness.Wallet, nonce string) string
		refused string
	}{
		{"a credential", func(t *testing.T, w *harness.World, wallet *harness.Wallet, nonce string) string {
			form, err := wallet.TokenForm(t.Context(), harness.TokenRequest{
				Issuer: w.Issuer(), Grant: harness.JWTBearer, Nonce: nonce, Credentials: []harness.Credential{busy(wallet.DID, wallet.DID)},
			})
			require.NoError(t, err)
			return form.Get("assertion")
		}, looksAlike},
		{"a presentation with a JSON-LD proof", func(_ *testing.T, w *harness.World, wallet *harness.Wallet, nonce string) string {
			now := time.Now().UTC()
			return string(busyDocument(map[string]any{"type": "VerifiablePresentation", "holder": wallet.DID, "urn:p": siblings()}, wallet.DID, map[string]any{
				"created": now.Format(time.RFC3339), "expires": now.Add(5 * time.Second).Format(time.RFC3339),
				"domain": w.Issuer(), "nonce": nonce, "challenge": nonce,
			}))
		}, looksAlike},
		{"a key in the presenter's own DID", func(_ *testing.T, w *harness.World, _ *harness.Wallet, nonce string) string {
			key, _ := json.Marshal(largeRSA(2 << 10)) // texts always marshal
			holder := "did:jwk:" + base64.RawURLEncoding.EncodeToString(key)
			now := time.Now()
			return signedWith(map[string]any{"alg": "RS256", "typ": "JWT", "kid": holder + "#0"}, map[string]any{
				"iss": holder, "sub": holder, "aud": w.Issuer(), "jti": uuid.NewString(), "nonce": nonce,
				"nbf": now.Unix(), "exp": now.Add(5 * time.Second).Unix(),
				"vp": map[string]any{"@context": []string{"https://www.w3.org/2018/credentials/v1"}, "type": []string{"VerifiablePresentation"}},
			})
		}, "presentation(s) or credential(s) verification failed: unable to validate JWT signature: " +
			"unable to resolve signing key: mitz: a key that is larger than this node verifies with"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := fresh(t)
			wallet := must[*harness.Wallet](t)(w.NewWallet())
			asked := authorizationRequest(t, w)
			answer := post(t, w, asked.ResponseURI, url.Values{
				"state": {asked.State}, "vp_token": {tc.answer(t, w, wallet, asked.Nonce)},
				"presentation_submission": {`{"id":"a","definition_id":"b","descriptor_map":[]}`},
			})
			redirect, err := url.Parse(answer.Header.Get("Location"))
			require.NoError(t, err)
			assert.Equal(t, "invalid_request", redirect.Query().Get("error"), "%s", answer.Body)
			assert.Equal(t, tc.refused, redirect.Query().Get("error_description"))
			assert.Zero(t, w.Sessions.Tokens())
			assert.Empty(t, w.Mitz.Queries())

			heap := post(t, w, asked.ResponseURI, url.Values{"state": {asked.State}, "vp_token": {"[1,2,3]"}})
			assert.Equal(t, "there are too many presentations", heap.OAuthError().Description)
		})
	}
}

// walletRequest is what a data holder asks a wallet for (OpenID4VP).
type walletRequest struct {
	Nonce       string `json:"nonce"`
	State       string `json:"state"`
	ResponseURI string `json:"response_uri"`
}

// authorizationRequest plays the browser until the data holder asks the wallet.
func authorizationRequest(t *testing.T, w *harness.World) walletRequest {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"authorization_server": w.Issuer(), "scope": birthCare, "redirect_uri": "http://127.0.0.1/callback", "token_type": "Bearer",
		"preauthorized_user": map[string]string{"id": w.Employee().Identifier, "name": w.Employee().Name, "role": w.Employee().Role},
	})
	require.NoError(t, err)
	started := request(t, w.Client(), http.MethodPost,
		w.Requester.InternalURL()+"/internal/auth/v2/"+w.RequesterOrg.Name+"/request-user-access-token", "application/json", string(body))
	var flow struct {
		RedirectURI string `json:"redirect_uri"`
	}
	require.NoError(t, json.Unmarshal(started.Body, &flow), "%s", started.Body)
	browser := w.Client()
	browser.Jar, err = cookiejar.New(nil)
	require.NoError(t, err)
	for location := flow.RedirectURI; location != ""; {
		answer := request(t, browser, http.MethodGet, location, "text/html", "")
		location = answer.Header.Get("Location")
		address, err := url.Parse(location)
		require.NoError(t, err)
		if object := address.Query().Get("request_uri"); strings.HasPrefix(object, w.Issuer()) {
			return readRequestObject(t, request(t, browser, http.MethodGet, object, "", ""))
		}
	}
	t.Fatal("the data holder did not ask the wallet")
	return walletRequest{}
}

func readRequestObject(t *testing.T, answer harness.Answer) (asked walletRequest) {
	t.Helper()
	parts := strings.Split(string(answer.Body), ".")
	require.Len(t, parts, 3, "%s", answer.Body)
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(claims, &asked))
	require.NotEmpty(t, asked.ResponseURI)
	return asked
}
