// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"slices"
	"time"

	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/storage"
)

// tokenStoreKey is the key of the session store in which the node keeps the access
// tokens that it issued.
const tokenStoreKey = "serveraccesstoken"

var errUnknownToken = errors.New("mitz: an access token of an unknown type is refused")

// authorize decides whether an access token may be stored, and adds the claims
// that it gets. Its error reaches the client as OAuth error.
type authorize func(token *iam.AccessToken) error

// guardedStorage is the node's storage engine, except that no access token enters
// its session database unauthorized.
type guardedStorage struct {
	storage.Engine
	authorize authorize
}

func (s guardedStorage) GetSessionDatabase() storage.SessionDatabase {
	return guardedSessions{SessionDatabase: s.Engine.GetSessionDatabase(), authorize: s.authorize}
}

type guardedSessions struct {
	storage.SessionDatabase
	authorize authorize
}

func (s guardedSessions) GetStore(ttl time.Duration, keys ...string) storage.SessionStore {
	return guardedStore{
		SessionStore: s.SessionDatabase.GetStore(ttl, keys...),
		isTokens:     slices.Equal(keys, []string{tokenStoreKey}),
		authorize:    s.authorize,
	}
}

// guardedStore guards by the type of what is stored, not by the store's name
// alone: neither a renamed store nor a changed type lets a token pass.
type guardedStore struct {
	storage.SessionStore
	isTokens  bool
	authorize authorize
}

func (s guardedStore) Put(key string, value any, options ...storage.SessionOption) error {
	switch token := value.(type) {
	case iam.AccessToken:
		return s.putToken(key, token, options)
	case *iam.AccessToken:
		return s.putToken(key, *token, options)
	}
	if s.isTokens {
		return errUnknownToken
	}
	return s.SessionStore.Put(key, value, options...)
}

func (s guardedStore) putToken(key string, token iam.AccessToken, options []storage.SessionOption) error {
	if err := s.authorize(&token); err != nil {
		return err
	}
	return s.SessionStore.Put(key, token, options...)
}
