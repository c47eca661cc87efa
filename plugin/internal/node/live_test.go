// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/crypto/dpop"
	"github.com/nuts-foundation/nuts-node/vdr/resolver"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/guard"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/live"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/recheck"
)

// introspect asks the node's own introspection, with the storage that it has in a node.
func introspect(t *testing.T, router *Router, key string) map[string]any {
	t.Helper()
	server := echo.New()
	iam.New(nil, nil, resolver.DIDKeyResolver{}, nil, router.outside(), nil, nil, nil).Routes(server)
	request := httptest.NewRequest(http.MethodPost, "/internal/auth/v2/accesstoken/introspect", strings.NewReader(url.Values{"token": {key}}.Encode()))
	request.Header.Set(echo.HeaderContentType, echo.MIMEApplicationForm)
	answer := httptest.NewRecorder()
	server.ServeHTTP(answer, request)
	require.Equal(t, http.StatusOK, answer.Code, answer.Body)
	var claims map[string]any
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &claims))
	return claims
}

// introspectionOf writes a token as introspection does.
func introspectionOf(t *testing.T, token live.Token) map[string]any {
	t.Helper()
	claims := map[string]any{
		"active": true, "iss": "https://node.example/oauth2/" + token.Subject, "client_id": "", "scope": token.Scope,
		"iat": float64(token.Issued.Unix()), "exp": float64(token.Expires.Unix()),
	}
	if token.Thumbprint != "" {
		claims["cnf"] = map[string]any{"jkt": token.Thumbprint}
	}
	for name, value := range token.Claims {
		assert.NotContains(t, claims, name)
		claims[name] = value
	}
	return claims
}

// boundTo makes the proof of a token request by a new key.
func boundTo(t *testing.T) *dpop.DPoP {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	request := httptest.NewRequest(http.MethodPost, againIssuer+"/token", nil)
	signed, err := dpop.New(*request).Sign("kid", key, jwa.ES256)
	require.NoError(t, err)
	proof, err := dpop.Parse(signed)
	require.NoError(t, err)
	return proof
}

// putToken stores a token that rests on the consent of a patient.
func (s stampedTokens) putToken(t *testing.T, key string, token iam.AccessToken, beside guard.Beside) {
	t.Helper()
	question, _ := aboutPatient(t)
	stamp, err := s.marks.Stamp(question)
	require.NoError(t, err)
	beside.Stamp = stamp
	pending := &pendingToken{token: token, place: place{key: key, store: s.inner.GetStore(time.Minute, tokenStoreKey)}}
	claims := map[string]any{"mitz_consent": true, "consent_categories": []string{"GGC002"}, policy.ClaimConsentRequestID: "request-1"}
	require.NoError(t, pending.StoreWith("birth-care other", claims, beside))
}

func TestALiveTokenIsWhatIntrospectionTells(t *testing.T) {
	_, stamped, router := openAgain(t, confirming, time.Minute)
	now := time.Now()
	token := iam.AccessToken{Issuer: againIssuer, IssuedAt: now, Expiration: now.Add(time.Minute)}
	bound := token
	bound.DPoP = boundTo(t)
	stamped.putToken(t, "bearer", token, guard.Beside{})
	stamped.putToken(t, "bound", bound, guard.Beside{})
	stamped.putToken(t, "looked-at", bound, guard.Beside{Asked: &policy.Asked{Scope: "birth-care"}})
	unguarded := token
	unguarded.Scope = "plain"
	unguarded.InputDescriptorConstraintIdMap = map[string]any{"organization_ura": "12345678"}
	require.NoError(t, stamped.inner.GetStore(time.Minute, tokenStoreKey).Put("unguarded", unguarded))

	for _, key := range []string{"bearer", "bound", "looked-at", "unguarded"} {
		t.Run(key, func(t *testing.T) {
			found, ok, err := router.Find(t.Context(), "hospital-east", key)
			require.NoError(t, err)
			require.True(t, ok)
			told := introspect(t, router, key)
			assert.Equal(t, told, introspectionOf(t, found))
			assert.Equal(t, key == "bound" || key == "looked-at", found.Thumbprint != "")
			assert.Equal(t, key != "unguarded", found.Claims["mitz_consent"] == true)
			if key == "looked-at" {
				assert.Equal(t, "request-2", found.Claims[policy.ClaimConsentRequestID])
			}
		})
	}
}

func TestWhatIsNoLiveToken(t *testing.T) {
	looked := 0
	_, stamped, router := openAgain(t, func(token recheck.Token) (recheck.Verdict, error) {
		looked++
		return ending(token)
	}, time.Minute)
	now := time.Now()
	token := iam.AccessToken{Issuer: againIssuer, IssuedAt: now, Expiration: now.Add(time.Minute)}
	expired, elsewhere := token, token
	expired.Expiration = now.Add(-time.Second)
	elsewhere.Issuer = "https://other.example/oauth2/hospital-east"
	again := guard.Beside{Asked: &policy.Asked{Scope: "birth-care"}}
	stamped.putToken(t, "live", token, guard.Beside{})
	stamped.putToken(t, "denied-now", token, again)
	stamped.putToken(t, "expired", expired, again)
	stamped.putToken(t, "elsewhere", elsewhere, again)
	stamped.put(t, "unstamped", nil)

	find := func(t *testing.T, subject, key string) bool {
		t.Helper()
		found, ok, err := router.Find(t.Context(), subject, key)
		require.NoError(t, err)
		assert.Equal(t, ok, found.Claims != nil)
		return ok
	}
	require.True(t, find(t, "hospital-east", "live"))
	for name, asked := range map[string]struct{ subject, key string }{
		"one that is not there": {"hospital-east", "unknown"}, "nothing": {"hospital-east", ""},
		"what cannot be one": {"hospital-east", "live\r\n"}, "what is too long": {"hospital-east", strings.Repeat("a", 300)},
		"one that expired": {"hospital-east", "expired"}, "of another subject": {"hospital-west", "live"},
		"of another subject, to be looked at": {"hospital-west", "denied-now"}, "of another node": {"hospital-east", "elsewhere"},
		"without a stamp": {"hospital-east", "unstamped"}, "of no subject": {"", "elsewhere"},
	} {
		assert.False(t, find(t, asked.subject, asked.key), name)
	}
	assert.Zero(t, looked, "nobody asks Mitz about a token that would not do anyhow")
	assert.False(t, find(t, "hospital-east", "denied-now"))
	assert.Equal(t, 1, looked)

	_, about := aboutPatient(t)
	require.NoError(t, stamped.marks.Withdraw(about))
	assert.False(t, find(t, "hospital-east", "live"), "withdrawn")
}

func TestATokenThatExpiresWhileItIsLookedAtIsNone(t *testing.T) {
	var stamped stampedTokens
	_, stamped, router := openAgain(t, func(token recheck.Token) (recheck.Verdict, error) {
		expired := token.(liveToken).stampedToken
		expired.Expiration = time.Now().Add(-time.Second)
		assert.NoError(t, stamped.inner.GetStore(time.Minute, tokenStoreKey).Put("key", expired))
		return confirming(token)
	}, time.Minute)
	_, ok, err := router.Find(t.Context(), "hospital-east", "key")
	require.NoError(t, err)
	assert.False(t, ok)
}

func TestATokenOfWhichNobodyCanTell(t *testing.T) {
	_, stamped, router := openAgain(t, confirming, time.Minute)
	reserved := iam.AccessToken{Issuer: againIssuer, Expiration: time.Now().Add(time.Minute)}
	reserved.InputDescriptorConstraintIdMap = map[string]any{"exp": "never"}
	require.NoError(t, stamped.inner.GetStore(time.Minute, tokenStoreKey).Put("reserved", reserved))
	found, ok, err := router.Find(t.Context(), "hospital-east", "reserved")
	require.ErrorIs(t, err, errReservedClaim, "which introspection does not answer about either")
	assert.False(t, ok)
	assert.Zero(t, found)

	router.Storage = sessionsOnly{sessions: sessionsThatFail{}}
	_, ok, err = router.Find(t.Context(), "hospital-east", "key")
	require.EqualError(t, err, "at [token]: connection refused")
	assert.False(t, ok)
}
