// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"encoding/json"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/guard"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/recheck"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// checker looks at tokens as a test wants.
type checker func(token recheck.Token) (recheck.Verdict, error)

func (c checker) Check(token recheck.Token) (recheck.Verdict, error) { return c(token) }

// confirming looks as long as there is consent: it keeps what it learned beside the token.
func confirming(token recheck.Token) (recheck.Verdict, error) {
	latest := map[string]any{policy.ClaimConsentRequestID: "request-2"}
	return recheck.Verdict{Holds: true, Asked: true, Latest: latest}, token.KeepLatest(latest)
}

// ending finds no consent.
func ending(token recheck.Token) (recheck.Verdict, error) {
	_, err := token.End()
	return recheck.Verdict{}, err
}

const againIssuer = "https://node.example/oauth2/hospital-east"

// openAgain opens tokens that are looked at again, and one token in it.
func openAgain(t *testing.T, check checker, life time.Duration) (tokens storage.SessionStore, stamped stampedTokens, router *Router) {
	t.Helper()
	inner := storage.NewTestInMemorySessionDatabase(t)
	engines := Engines{Storage: sessionsOnly{sessions: inner}}
	marks := withdrawal.NewMarks(withdrawal.NewKeys(), withdrawal.DefaultKinds(), engines.MarkStore())
	router = &Router{Engines: engines, Marks: marks, Rechecker: check, PublicURL: &url.URL{Scheme: "https", Host: "node.example"}}
	tokens = guardedStorage{Engine: engines.Storage, keys: &once.Keys{}, marks: marks, again: router.again()}.
		GetSessionDatabase().GetStore(time.Minute, tokenStoreKey)
	stamped = stampedTokens{tokens, inner, marks}
	question, _ := aboutPatient(t)
	stamp, err := marks.Stamp(question)
	require.NoError(t, err)
	pending := &pendingToken{
		token: iam.AccessToken{Issuer: againIssuer, Expiration: time.Now().Add(life)},
		place: place{key: "key", store: inner.GetStore(time.Minute, tokenStoreKey)},
	}
	claims := map[string]any{"mitz_consent": true, policy.ClaimConsentRequestID: "request-1"}
	require.NoError(t, pending.StoreWith("birth-care", claims, guard.Beside{Stamp: stamp, Asked: &policy.Asked{Scope: "birth-care"}}))
	return tokens, stamped, router
}

func TestATokenIsShownAsItWasLookedAt(t *testing.T) {
	var seen recheck.Token
	tokens, _, _ := openAgain(t, func(token recheck.Token) (recheck.Verdict, error) {
		seen = token
		return confirming(token)
	}, time.Minute)
	var token iam.AccessToken
	require.NoError(t, tokens.Get("key", &token))
	assert.Equal(t, "request-2", token.InputDescriptorConstraintIdMap[policy.ClaimConsentRequestID])
	assert.Equal(t, "hospital-east", seen.Subject())
	assert.Equal(t, "request-1", seen.Claims()[policy.ClaimConsentRequestID])
	assert.Equal(t, policy.Asked{Scope: "birth-care"}, seen.Asked())
	latest, err := seen.Latest()
	require.NoError(t, err)
	assert.Equal(t, map[string]any{policy.ClaimConsentRequestID: "request-2"}, latest)
	content, err := json.Marshal(token)
	require.NoError(t, err)
	assert.NotContains(t, string(content), "asked", "what is introspected does not show it")
}

// TestALookAndARevocationInEveryOrder ends a token, in each way, at each step of a look that
// finds consent and of one that finds none: it is dead, and stays dead.
func TestALookAndARevocationInEveryOrder(t *testing.T) {
	_, about := aboutPatient(t)
	ways := map[string]func(t *testing.T, tokens stampedTokens, router *Router){
		"by a mark": func(t *testing.T, tokens stampedTokens, _ *Router) { require.NoError(t, tokens.marks.Withdraw(about)) },
		"by its name": func(t *testing.T, _ stampedTokens, router *Router) {
			_, err := router.EndToken("hospital-east", "key")
			require.NoError(t, err)
		},
		"by another node that looks": func(t *testing.T, tokens stampedTokens, _ *Router) {
			other := liveToken{key: "key", store: tokens.SessionStore.(guardedStore)}
			_, err := other.End()
			require.NoError(t, err)
		},
		"not": func(*testing.T, stampedTokens, *Router) {},
	}
	for way, end := range ways {
		for finds, look := range map[string]checker{"consent": confirming, "none": ending} {
			for _, step := range []string{"before", "asking", "kept", "after"} {
				t.Run("ended "+way+" "+step+" a look that finds "+finds, func(t *testing.T) {
					var stamped stampedTokens
					var router *Router
					at := func(now string) {
						if now == step {
							end(t, stamped, router)
						}
					}
					var tokens storage.SessionStore
					tokens, stamped, router = openAgain(t, func(token recheck.Token) (recheck.Verdict, error) {
						at("asking")
						defer at("kept")
						return look(token)
					}, time.Minute)
					dead := way != "not" || finds == "none"
					at("before")
					var token iam.AccessToken
					err := tokens.Get("key", &token)
					assert.Equal(t, dead && step != "after" || finds == "none", errors.Is(err, storage.ErrNotFound), "%v", err)
					at("after")
					router.Rechecker = checker(confirming) // consent is given again
					for range 2 {
						token = iam.AccessToken{}
						err = guardedStorage{Engine: router.Storage, keys: &once.Keys{}, marks: router.Marks, again: router.again()}.
							GetSessionDatabase().GetStore(time.Minute, tokenStoreKey).Get("key", &token)
						assert.Equal(t, dead, errors.Is(err, storage.ErrNotFound), "%v", err)
						assert.Equal(t, dead, token.Issuer == "")
					}
				})
			}
		}
	}
}

// TestATokenThatExpires: one that has expired is not asked about, and one that expires while it
// is looked at is not prolonged.
func TestATokenThatExpires(t *testing.T) {
	asked := 0
	count := func(token recheck.Token) (recheck.Verdict, error) {
		asked++
		return confirming(token)
	}
	tokens, _, _ := openAgain(t, count, -time.Second)
	var token iam.AccessToken
	require.NoError(t, tokens.Get("key", &token))
	assert.True(t, token.Expiration.Before(time.Now()), "by which the node tells")
	assert.Zero(t, asked)

	tokens, stamped, _ := openAgain(t, func(token recheck.Token) (recheck.Verdict, error) {
		// The session database forgets what has expired.
		assert.NoError(t, token.(liveToken).store.Delete("key"))
		return count(token)
	}, time.Minute)
	require.ErrorIs(t, tokens.Get("key", &token), storage.ErrNotFound)
	assert.Equal(t, 1, asked)
	assert.False(t, stamped.inner.GetStore(time.Minute, tokenStoreKey).Exists("key"), "it was brought back")
}

func TestATokenThatNobodyCanLookAt(t *testing.T) {
	tokens, stamped, _ := openAgain(t, func(recheck.Token) (recheck.Verdict, error) {
		return recheck.Verdict{Holds: true}, errors.New("connection refused")
	}, time.Minute)
	var token iam.AccessToken
	require.ErrorContains(t, tokens.Get("key", &token), "connection refused")
	assert.Zero(t, token)
	nobody := guardedStore{SessionStore: stamped.inner.GetStore(time.Minute, tokenStoreKey), marks: stamped.marks}
	require.ErrorIs(t, nobody.Get("key", &token), storage.ErrNotFound)
	require.ErrorIs(t, nobody.GetAndDelete("key", &token), storage.ErrNotFound)
}

// sessionsThatFail are a session database that does nothing.
type sessionsThatFail struct {
	storage.SessionStore
	storage.SessionDatabase
}

func (s sessionsThatFail) GetStore(time.Duration, ...string) storage.SessionStore { return s }
func (sessionsThatFail) Close()                                                   {}
func (sessionsThatFail) Get(string, any) error                                    { return errors.New("at key: connection refused") }
func (sessionsThatFail) Put(string, any, ...storage.SessionOption) error {
	return errors.New("at key: connection refused")
}

func TestWhatTheSessionDatabaseDidNotDoIsTold(t *testing.T) {
	token := liveToken{key: "key", store: guardedStore{SessionStore: sessionsThatFail{}, sessions: sessionsThatFail{}}}
	_, err := token.IsLive()
	require.Error(t, err)
	_, err = token.Latest()
	require.Error(t, err)
	existed, err := token.End()
	assert.False(t, existed)
	require.EqualError(t, err, "at [token]: connection refused")
	require.EqualError(t, token.KeepLatest(nil), "at [token]: connection refused")
}

// TestOthersCostNothingMore: a token whose profile does not look again is read as before.
func TestOthersCostNothingMore(t *testing.T) {
	tokens, stamped, _ := openAgain(t, func(recheck.Token) (recheck.Verdict, error) {
		t.Error("it was looked at")
		return recheck.Verdict{}, nil
	}, time.Minute)
	question, _ := aboutPatient(t)
	stamp, err := stamped.marks.Stamp(question)
	require.NoError(t, err)
	stamped.put(t, "other", stamp)
	var token iam.AccessToken
	require.NoError(t, tokens.Get("other", &token))
}

// BenchmarkRead measures what it costs to read a token, with sessions in memory: one that is not
// looked at again, and one whose look is new.
func BenchmarkRead(b *testing.B) {
	sessions := storage.NewInMemorySessionDatabase()
	engines := Engines{Storage: sessionsOnly{sessions: sessions}}
	marks := withdrawal.NewMarks(withdrawal.NewKeys(), withdrawal.DefaultKinds(), engines.MarkStore())
	router := &Router{Engines: engines, Rechecker: checker(func(token recheck.Token) (recheck.Verdict, error) {
		latest, err := token.Latest()
		return recheck.Verdict{Holds: true, Latest: latest}, err
	}), PublicURL: &url.URL{Scheme: "https", Host: "node.example"}}
	tokens := guardedStorage{Engine: engines.Storage, keys: &once.Keys{}, marks: marks, again: router.again()}.
		GetSessionDatabase().GetStore(time.Minute, tokenStoreKey)
	for name, beside := range map[string]guard.Beside{
		"not looked at again": {Stamp: withdrawal.Stamp{"place": ""}},
		"looked at":           {Stamp: withdrawal.Stamp{"place": ""}, Asked: &policy.Asked{Scope: "birth-care"}},
	} {
		pending := &pendingToken{
			token: iam.AccessToken{Issuer: againIssuer, Expiration: time.Now().Add(10 * time.Minute)},
			place: place{key: name, store: sessions.GetStore(10*time.Minute, tokenStoreKey)},
		}
		require.NoError(b, pending.StoreWith("birth-care", map[string]any{"mitz_consent": true}, beside))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var token iam.AccessToken
				if err := tokens.Get(name, &token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
