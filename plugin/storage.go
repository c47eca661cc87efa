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

// issue decides whether an access token may be stored, and stores it with the claims that
// it gets. Its error reaches the client as OAuth error.
type issue func(key string, token iam.AccessToken, store storage.SessionStore, options ...storage.SessionOption) error

// guardedStorage is the node's storage engine, except that no access token enters
// its session database unauthorized.
type guardedStorage struct {
	storage.Engine
	issue issue
}

func (s guardedStorage) GetSessionDatabase() storage.SessionDatabase {
	return guardedSessions{SessionDatabase: s.Engine.GetSessionDatabase(), issue: s.issue}
}

type guardedSessions struct {
	storage.SessionDatabase
	issue issue
}

func (s guardedSessions) GetStore(ttl time.Duration, keys ...string) storage.SessionStore {
	return guardedStore{
		SessionStore: s.SessionDatabase.GetStore(ttl, keys...),
		isTokens:     slices.Equal(keys, []string{tokenStoreKey}),
		issue:        s.issue,
	}
}

// guardedStore guards by the type of what is stored, not by the store's name
// alone: neither a renamed store nor a changed type lets a token pass.
type guardedStore struct {
	storage.SessionStore
	isTokens bool
	issue    issue
}

func (s guardedStore) Put(key string, value any, options ...storage.SessionOption) error {
	switch token := value.(type) {
	case iam.AccessToken:
		return s.issue(key, token, s.SessionStore, options...)
	case *iam.AccessToken:
		return s.issue(key, *token, s.SessionStore, options...)
	}
	if s.isTokens {
		return errUnknownToken
	}
	return s.SessionStore.Put(key, value, options...)
}
