// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"errors"
	"slices"
	"time"

	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/storage"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// tokenStoreKey is the key of the session store in which the node keeps the access
// tokens that it issued.
const tokenStoreKey = "serveraccesstoken"

var errUnknownToken = errors.New("mitz: an access token of an unknown type is refused")

// issue decides whether an access token may be stored in its place, and stores it with the
// claims that it gets. Its error reaches the client as OAuth error.
type issue func(token iam.AccessToken, place place) error

// guardedStorage is the node's storage engine, except that no access token enters
// its session database unauthorized, and that what may be used once is used once.
type guardedStorage struct {
	storage.Engine
	keys  *once.Keys
	issue issue
	marks *withdrawal.Marks
	again *again // looks again at tokens; nil: nobody can, and those that need it are none
	// subject returns the Nuts subject at whose endpoint the request came in; nil where no
	// authorization code is redeemed.
	subject func() string
}

func (s guardedStorage) GetSessionDatabase() storage.SessionDatabase { return s.sessions() }

func (s guardedStorage) sessions() guardedSessions {
	return guardedSessions{SessionDatabase: once.Sessions(s.Engine.GetSessionDatabase(), s.keys), issue: s.issue, marks: s.marks, again: s.again, subject: s.subject}
}

type guardedSessions struct {
	storage.SessionDatabase
	issue   issue
	marks   *withdrawal.Marks
	again   *again
	subject func() string
}

func (s guardedSessions) GetStore(ttl time.Duration, keys ...string) storage.SessionStore {
	return s.store(ttl, keys...)
}

func (s guardedSessions) store(ttl time.Duration, keys ...string) guardedStore {
	return guardedStore{
		SessionStore: s.SessionDatabase.GetStore(ttl, keys...),
		sessions:     s.SessionDatabase,
		isTokens:     slices.Equal(keys, []string{tokenStoreKey}),
		issue:        s.issue,
		marks:        s.marks,
		again:        s.again,
		subject:      s.subject,
	}
}

// guardedStore guards by the type of what is stored, not by the store's name
// alone: neither a renamed store nor a changed type lets a token through.
type guardedStore struct {
	storage.SessionStore
	sessions storage.SessionDatabase // that the store is of
	isTokens bool
	issue    issue
	marks    *withdrawal.Marks
	again    *again
	subject  func() string
}

// Get returns a token only as long as nothing was withdrawn that it rests on. A newer node
// that reads its tokens in another way finds none.
func (s guardedStore) Get(key string, target any) error {
	if token, isToken := target.(*iam.AccessToken); isToken {
		return s.getToken(key, token)
	}
	if s.isTokens {
		return errUnknownToken
	}
	return s.SessionStore.Get(key, target)
}

// Exists reports whether there is a value. A token that ended is none.
func (s guardedStore) Exists(key string) bool {
	if s.isTokens {
		return s.getToken(key, &iam.AccessToken{}) == nil
	}
	return s.SessionStore.Exists(key)
}

// GetAndDelete returns the session of an authorization code at the endpoint of the subject
// that gave it out, and at no other (RFC 6749 section 4.1.3). It is used up either way.
func (s guardedStore) GetAndDelete(key string, target any) error {
	if _, isToken := target.(*iam.AccessToken); isToken || s.isTokens {
		if err := s.Get(key, target); err != nil {
			return err
		}
	}
	if err := s.SessionStore.GetAndDelete(key, target); err != nil {
		return err
	}
	session, isSession := target.(*iam.OAuthSession)
	if isSession && s.subject != nil && (session.OwnSubject == nil || *session.OwnSubject != s.subject()) {
		return storage.ErrNotFound
	}
	return nil
}

func (s guardedStore) Put(key string, value any, options ...storage.SessionOption) error {
	switch token := value.(type) {
	case iam.AccessToken:
		return s.issue(token, place{key: key, store: s.SessionStore, options: options})
	case *iam.AccessToken:
		return s.issue(*token, place{key: key, store: s.SessionStore, options: options})
	}
	if s.isTokens {
		return errUnknownToken
	}
	return s.SessionStore.Put(key, value, options...)
}
