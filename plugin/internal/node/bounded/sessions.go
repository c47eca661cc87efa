// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/storage"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

// maxKey is the longest key of a session store, in bytes: a nonce or a code of others, or
// what this node made of 32 random bytes.
const maxKey = 256

// longestSwept is how long something may be kept that the door forgets in time: the node's
// database in memory looks every ten minutes for what has expired.
const longestSwept = time.Minute

// Sessions is the node's storage engine, except that its session stores keep nothing under
// a long key, forget what is kept briefly when its time has come, and do not keep a user's
// session when the request failed.
type Sessions struct {
	storage.Engine
	Sweeper *Sweeper
	Visit   func() *door.Visit
}

// GetSessionDatabase returns the session database.
func (s Sessions) GetSessionDatabase() storage.SessionDatabase {
	return boundedSessions{SessionDatabase: s.Engine.GetSessionDatabase(), sessions: s}
}

type boundedSessions struct {
	storage.SessionDatabase
	sessions Sessions
}

// userSessions is where the node keeps a session for everybody whose browser has none.
var userSessions = []string{"user", "session"}

func (s boundedSessions) GetStore(ttl time.Duration, keys ...string) storage.SessionStore {
	store := boundedStore{SessionStore: s.SessionDatabase.GetStore(ttl, keys...), name: strings.Join(keys, "/"), visit: s.sessions.Visit}
	if _, inMemory := s.SessionDatabase.(*storage.InMemorySessionDatabase); inMemory && ttl <= longestSwept {
		store.sweeper, store.ttl = s.sessions.Sweeper, ttl
	}
	store.deferred = slices.Equal(keys, userSessions)
	return store
}

type boundedStore struct {
	storage.SessionStore
	name     string
	ttl      time.Duration
	sweeper  *Sweeper // nil: the database forgets in time
	deferred bool     // until the request was answered
	visit    func() *door.Visit
}

func (s boundedStore) Put(key string, value any, options ...storage.SessionOption) error {
	if len(key) > maxKey {
		return oauth.OAuth2Error{Code: oauth.InvalidRequest, Description: "a nonce, state or code is too long"}
	}
	if s.deferred {
		return s.visit().Later(func() error { return s.SessionStore.Put(key, value, options...) })
	}
	if err := s.SessionStore.Put(key, value, options...); err != nil {
		return err
	}
	if s.sweeper != nil && len(options) == 0 {
		s.sweeper.sweep(s.name+"/"+key, s.ttl, func() { _ = s.SessionStore.Delete(key) })
	}
	return nil
}

func (s boundedStore) Get(key string, target any) error {
	if len(key) > maxKey {
		return storage.ErrNotFound
	}
	return s.SessionStore.Get(key, target)
}

func (s boundedStore) GetAndDelete(key string, target any) error {
	if len(key) > maxKey {
		return storage.ErrNotFound
	}
	return s.SessionStore.GetAndDelete(key, target)
}

// Sweeper forgets things when their time has come.
type Sweeper struct {
	mu     sync.Mutex
	timers map[string]*time.Timer
}

// sweep has forget called after so long, unless the same is swept anew before.
func (s *Sweeper) sweep(key string, after time.Duration, forget func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timers == nil {
		s.timers = map[string]*time.Timer{}
	}
	if timer, again := s.timers[key]; again {
		timer.Stop()
	}
	var timer *time.Timer
	timer = time.AfterFunc(after, func() {
		s.mu.Lock()
		current := s.timers[key] == timer
		if current {
			delete(s.timers, key)
		}
		s.mu.Unlock()
		if current {
			forget()
		}
	})
	s.timers[key] = timer
}
