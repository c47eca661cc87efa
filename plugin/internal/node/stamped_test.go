// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/guard"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// stampedTokens are the tokens of a session database with marks in it.
type stampedTokens struct {
	storage.SessionStore
	inner storage.SessionDatabase
	marks *withdrawal.Marks
}

func newStampedTokens(t *testing.T) stampedTokens {
	inner := storage.NewTestInMemorySessionDatabase(t)
	engines := Engines{Storage: sessionsOnly{sessions: inner}}
	marks := withdrawal.NewMarks(withdrawal.NewKeys(), withdrawal.DefaultKinds(), engines.MarkStore())
	tokens := guardedStorage{Engine: engines.Storage, keys: &once.Keys{}, marks: marks}.GetSessionDatabase().GetStore(time.Minute, tokenStoreKey)
	return stampedTokens{tokens, inner, marks}
}

// put stores a token as the guard does.
func (s stampedTokens) put(t *testing.T, key string, stamp withdrawal.Stamp) {
	t.Helper()
	token := &pendingToken{token: iam.AccessToken{Scope: "birth-care"}, place: place{key: key, store: s.inner.GetStore(time.Minute, tokenStoreKey)}}
	require.NoError(t, token.StoreWith("birth-care", map[string]any{"mitz_consent": true}, guard.Beside{Stamp: stamp}))
}

func aboutPatient(t *testing.T) (consent.Question, withdrawal.About) {
	t.Helper()
	patient, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	return consent.Question{Patient: patient, DataHolder: consent.DataHolder{URA: "00000659"}, Categories: []consent.Category{"GGC002"}},
		withdrawal.About{Patient: patient, DataHolder: "00000659"}
}

func TestTokensEndWhenConsentDoes(t *testing.T) {
	question, about := aboutPatient(t)
	tokens := newStampedTokens(t)
	stamp, err := tokens.marks.Stamp(question)
	require.NoError(t, err)
	tokens.put(t, "stamped", stamp)
	tokens.put(t, "unstamped", nil)
	plain := tokens.inner.GetStore(time.Minute, tokenStoreKey)
	require.NoError(t, plain.Put("unguarded", iam.AccessToken{Scope: "plain"}))

	var token iam.AccessToken
	require.NoError(t, tokens.Get("stamped", &token))
	assert.Equal(t, "birth-care", token.Scope)
	content, err := json.Marshal(token)
	require.NoError(t, err)
	assert.NotContains(t, string(content), "stamp", "what is introspected does not show it")
	require.ErrorIs(t, tokens.Get("unstamped", &token), storage.ErrNotFound, "nobody can tell what it rests on")
	require.NoError(t, tokens.Get("unguarded", &token))

	require.NoError(t, tokens.marks.Withdraw(about))
	token = iam.AccessToken{}
	require.ErrorIs(t, tokens.Get("stamped", &token), storage.ErrNotFound)
	require.ErrorIs(t, tokens.GetAndDelete("stamped", &token), storage.ErrNotFound)
	assert.Zero(t, token)
	require.NoError(t, tokens.Get("unguarded", &token))

	again, err := tokens.marks.Stamp(question)
	require.NoError(t, err)
	tokens.put(t, "again", again)
	require.NoError(t, tokens.Get("again", &token), "consent given again")
	require.ErrorIs(t, tokens.Get("stamped", &token), storage.ErrNotFound, "stays dead")
}

// laterToken is a type in which a newer node could read its tokens.
type laterToken struct{ iam.AccessToken }

func TestATokenIsReadInNoOtherWay(t *testing.T) {
	question, about := aboutPatient(t)
	tokens := newStampedTokens(t)
	stamp, err := tokens.marks.Stamp(question)
	require.NoError(t, err)
	tokens.put(t, "key", stamp)
	for name, target := range map[string]any{
		"as anything": new(any), "as an object": &map[string]any{}, "as JSON": &json.RawMessage{}, "as another type": &laterToken{},
		"as what is stored": &stampedToken{}, "with nowhere to put it": nil,
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, tokens.Get("key", target), errUnknownToken)
			require.ErrorIs(t, tokens.GetAndDelete("key", target), errUnknownToken)
		})
	}
	assert.True(t, tokens.Exists("key"))
	assert.False(t, tokens.Exists("another"))
	require.NoError(t, tokens.marks.Withdraw(about))
	assert.False(t, tokens.Exists("key"), "it ended")
	assert.True(t, tokens.inner.GetStore(time.Minute, tokenStoreKey).Exists("key"))
}

type brokenMarks struct{}

func (brokenMarks) Get(string) (string, error) { return "", errors.New("connection refused") }
func (brokenMarks) Put(string, string) error   { return nil }

func TestNoTokenWhereTheMarksCannotBeRead(t *testing.T) {
	tokens := newStampedTokens(t)
	tokens.put(t, "stamped", withdrawal.Stamp{"place": ""})
	broken := guardedStore{SessionStore: tokens.inner.GetStore(time.Minute, tokenStoreKey), marks: withdrawal.NewMarks(withdrawal.NewKeys(), withdrawal.DefaultKinds(), brokenMarks{})}
	var token iam.AccessToken
	err := broken.Get("stamped", &token)
	require.Error(t, err)
	require.NotErrorIs(t, err, storage.ErrNotFound)
	assert.Zero(t, token)
}

// repeating is a session database that repeats a key in its errors, as one does that is
// answered in another protocol.
type repeating struct{ storage.SessionDatabase }

func (r repeating) GetStore(time.Duration, ...string) storage.SessionStore { return repeatingStore{} }

type repeatingStore struct{ storage.SessionStore }

func (repeatingStore) Get(key string, _ any) error {
	return errors.New("unexpected line in response: VALUE " + key)
}

func TestWhatFailsToEndATokenDoesNotRepeatIt(t *testing.T) {
	router := &Router{Engines: Engines{Storage: sessionsOnly{sessions: repeating{}}}, PublicURL: &url.URL{Scheme: "https", Host: "node.example"}}
	_, err := router.EndToken("hospital-east", "the-token")
	require.EqualError(t, err, "unexpected line in response: VALUE [token]")
}

func TestEndToken(t *testing.T) {
	inner := storage.NewTestInMemorySessionDatabase(t)
	router := &Router{Engines: Engines{Storage: sessionsOnly{sessions: inner}}, PublicURL: &url.URL{Scheme: "https", Host: "node.example"}}
	tokens := inner.GetStore(time.Minute, tokenStoreKey)
	require.NoError(t, tokens.Put("key", iam.AccessToken{Issuer: "https://node.example/oauth2/hospital-east"}))
	for _, tc := range []struct {
		name, subject, key string
		existed            bool
	}{
		{"a token that is not there", "hospital-east", "other", false},
		{"what cannot be a token", "hospital-east", "a b\r\n", false},
		{"what is too long for one", "hospital-east", strings.Repeat("a", 300), false},
		{"a token of another subject", "hospital-west", "key", false},
		{"a token", "hospital-east", "key", true},
		{"a token that ended", "hospital-east", "key", false},
	} {
		before := tokens.Exists("key")
		existed, err := router.EndToken(tc.subject, tc.key)
		require.NoError(t, err, tc.name)
		assert.Equal(t, tc.existed, existed, tc.name)
		assert.Equal(t, before && !tc.existed, tokens.Exists("key"), tc.name)
	}
}

// BenchmarkMarks measures what marks add to a token, with sessions in memory: two reads when
// it is issued and two when it is introspected, for one category.
func BenchmarkMarks(b *testing.B) {
	patient, err := consent.ParseBSN(testBSN)
	require.NoError(b, err)
	engines := Engines{Storage: sessionsOnly{sessions: storage.NewInMemorySessionDatabase()}}
	marks := withdrawal.NewMarks(withdrawal.NewKeys(), withdrawal.DefaultKinds(), engines.MarkStore())
	question := consent.Question{Patient: patient, DataHolder: consent.DataHolder{URA: "00000659"}, Categories: []consent.Category{"GGC002"}}
	stamp, err := marks.Stamp(question)
	require.NoError(b, err)
	b.Run("issue", func(b *testing.B) {
		for b.Loop() {
			if _, err := marks.Stamp(question); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("introspect", func(b *testing.B) {
		for b.Loop() {
			if holds, err := marks.Holds(stamp); err != nil || !holds {
				b.Fatal(holds, err)
			}
		}
	})
	b.Run("withdraw", func(b *testing.B) {
		for b.Loop() {
			if err := marks.Withdraw(withdrawal.About{Patient: patient, DataHolder: "00000659"}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
