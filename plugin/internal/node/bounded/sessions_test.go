// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

// memoryEngine is a storage engine with a session database.
type memoryEngine struct {
	storage.Engine
	sessions storage.SessionDatabase
}

func (e memoryEngine) GetSessionDatabase() storage.SessionDatabase { return e.sessions }

// keptSessions is a database that keeps everything for ever.
type keptSessions struct {
	storage.SessionDatabase
	kept map[string]any
}

func (s keptSessions) GetStore(time.Duration, ...string) storage.SessionStore {
	return keptStore{kept: s.kept}
}

type keptStore struct {
	storage.SessionStore
	kept map[string]any
}

func (s keptStore) Put(key string, value any, _ ...storage.SessionOption) error {
	s.kept[key] = value
	return nil
}

func sessionsOf(database storage.SessionDatabase, visit func() *door.Visit) storage.SessionDatabase {
	return Sessions{Engine: memoryEngine{sessions: database}, Sweeper: &Sweeper{}, Visit: visit}.GetSessionDatabase()
}

func TestKeysOfSessions(t *testing.T) {
	database := keptSessions{kept: map[string]any{}}
	store := sessionsOf(database, noVisit).GetStore(time.Hour, "s2s", "nonce")
	require.NoError(t, store.Put(strings.Repeat("n", maxKey), true))
	var refused oauth.OAuth2Error
	long := strings.Repeat("n", maxKey+1)
	require.ErrorAs(t, store.Put(long, true), &refused)
	assert.Equal(t, oauth.InvalidRequest, refused.Code)
	assert.Len(t, database.kept, 1)
	require.ErrorIs(t, store.Get(long, nil), storage.ErrNotFound)
	assert.ErrorIs(t, store.GetAndDelete(long, nil), storage.ErrNotFound)
}

func TestExpiredSessionsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		forgotten := make(chan string, 3)
		sweeper := &Sweeper{}
		put := func(key string) { sweeper.sweep(key, 10*time.Second, func() { forgotten <- key }) }
		put("a")
		time.Sleep(time.Second)
		put("b")
		time.Sleep(8 * time.Second)
		put("b") // as a session that is changed
		time.Sleep(9 * time.Second)
		synctest.Wait()
		require.Len(t, forgotten, 1)
		assert.Equal(t, "a", <-forgotten)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Len(t, forgotten, 1)
		assert.Equal(t, "b", <-forgotten)
		assert.Empty(t, sweeper.timers)
	})
}

func TestWhichSessionsAreSwept(t *testing.T) {
	memory := storage.NewInMemorySessionDatabase()
	for _, tc := range []struct {
		name     string
		database storage.SessionDatabase
		ttl      time.Duration
		swept    bool
	}{
		{"a nonce in memory", memory, 10 * time.Second, true},
		{"a token in memory, which lives long", memory, 15 * time.Minute, false},
		{"a nonce elsewhere, where it is forgotten in time", keptSessions{kept: map[string]any{}}, 10 * time.Second, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			store := sessionsOf(tc.database, noVisit).GetStore(tc.ttl, "a").(boundedStore)
			assert.Equal(t, tc.swept, store.sweeper != nil)
		})
	}
	t.Run("and are gone", func(t *testing.T) {
		store := sessionsOf(memory, noVisit).GetStore(20*time.Millisecond, "b")
		require.NoError(t, store.Put("n", true))
		underlying := memory.GetStore(time.Hour, "b")
		assert.Eventually(t, func() bool { return !underlying.Exists("n") }, time.Minute, 5*time.Millisecond)
	})
}

// TestUserSessions sees that nobody gets a session kept for an hour by a request that failed.
func TestUserSessions(t *testing.T) {
	for name, failed := range map[string]error{"answered": nil, "refused": errors.New("refused")} {
		t.Run(name, func(t *testing.T) {
			database := keptSessions{kept: map[string]any{}}
			visit, answer := begin(t)
			sessions := sessionsOf(database, func() *door.Visit { return visit })
			require.NoError(t, sessions.GetStore(time.Hour, userSessions...).Put("sid", "session"))
			require.NoError(t, sessions.GetStore(time.Minute, "oauth", "client_state").Put("state", "session"))
			assert.Len(t, database.kept, 1)
			assert.Equal(t, failed, answer(failed))
			assert.Equal(t, failed == nil, len(database.kept) == 2)
		})
	}
}
