// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"errors"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
)

// sessionsOnly is a storage engine that has sessions and nothing else.
type sessionsOnly struct {
	storage.Engine
	sessions storage.SessionDatabase
}

func (s sessionsOnly) GetSessionDatabase() storage.SessionDatabase { return s.sessions }

func TestGuardedStorage(t *testing.T) {
	inner := storage.NewTestInMemorySessionDatabase(t)
	open := func(issue issue, keys ...string) storage.SessionStore {
		return guardedStorage{Engine: sessionsOnly{sessions: inner}, keys: &once.Keys{}, issue: issue}.GetSessionDatabase().GetStore(time.Minute, keys...)
	}
	refuse := func(iam.AccessToken, place) error { return errors.New("refused") }
	permit := func(token iam.AccessToken, place place) error {
		token.Scope = "as permitted"
		return place.store.Put(place.key, token, place.options...)
	}

	t.Run("a token that is refused is not stored", func(t *testing.T) {
		for name, value := range map[string]any{"value": iam.AccessToken{}, "pointer": &iam.AccessToken{}} {
			for _, store := range []string{tokenStoreKey, "another store"} {
				require.EqualError(t, open(refuse, store).Put(name, value), "refused")
				assert.False(t, inner.GetStore(time.Minute, store).Exists(name))
			}
		}
	})
	t.Run("a token that is permitted is stored as permitted", func(t *testing.T) {
		token := iam.AccessToken{Scope: "as asked"}
		require.NoError(t, open(permit, tokenStoreKey).Put("permitted", token))
		var stored iam.AccessToken
		require.NoError(t, open(refuse, tokenStoreKey).Get("permitted", &stored))
		assert.Equal(t, "as permitted", stored.Scope)
	})
	t.Run("whatever else is put among the tokens is refused", func(t *testing.T) {
		for _, value := range []any{map[string]any{"scope": "birth-care"}, "text", nil, struct{ iam.AccessToken }{}} {
			require.ErrorIs(t, open(permit, tokenStoreKey).Put("odd", value), errUnknownToken)
		}
		assert.False(t, inner.GetStore(time.Minute, tokenStoreKey).Exists("odd"))
	})
	t.Run("other sessions are stored unasked", func(t *testing.T) {
		require.NoError(t, open(refuse, "oauth", "nonce").Put("nonce", true))
		assert.True(t, inner.GetStore(time.Minute, "oauth", "nonce").Exists("nonce"))
	})
}

func TestCodeAtItsOwnSubject(t *testing.T) {
	inner, at := storage.NewTestInMemorySessionDatabase(t), ""
	codes := guardedStorage{
		Engine: sessionsOnly{sessions: inner}, keys: &once.Keys{}, subject: func() string { return at },
	}.GetSessionDatabase().GetStore(time.Minute, "oauth", "code")
	own := "hospital-east"
	for _, tc := range []struct {
		name    string
		session iam.OAuthSession
		at      string
		err     error
	}{
		{"where it was given out it is good", iam.OAuthSession{OwnSubject: &own}, own, nil},
		{"elsewhere it is unknown", iam.OAuthSession{OwnSubject: &own}, "hospital-west", storage.ErrNotFound},
		{"one of no subject is unknown", iam.OAuthSession{}, own, storage.ErrNotFound},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.NoError(t, codes.Put("code", tc.session))
			at = tc.at
			assert.ErrorIs(t, codes.GetAndDelete("code", &iam.OAuthSession{}), tc.err)
			assert.False(t, codes.Exists("code"), "it can be used again")
		})
	}
}
