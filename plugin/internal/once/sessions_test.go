// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package once

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
)

func TestMain(m *testing.M) { leaks.VerifyTestMain(m, nil) }

// slowSessions are sessions of which every step takes a second, as between two machines.
type slowSessions struct {
	storage.SessionDatabase
	mutex  sync.Mutex
	values map[string][]byte
	broken error // what every write gives
}

func newSlowSessions() *slowSessions {
	return &slowSessions{values: map[string][]byte{}}
}

func (s *slowSessions) GetStore(_ time.Duration, keys ...string) storage.SessionStore {
	return slowStore{database: s, prefix: strings.Join(keys, "/")}
}

type slowStore struct {
	database *slowSessions
	prefix   string
}

func (s slowStore) step() (done func()) {
	time.Sleep(time.Second)
	s.database.mutex.Lock()
	return s.database.mutex.Unlock
}

func (s slowStore) Get(key string, target any) error {
	defer s.step()()
	content, exists := s.database.values[s.prefix+"/"+key]
	if !exists {
		return storage.ErrNotFound
	}
	return json.Unmarshal(content, target)
}

func (s slowStore) Exists(key string) bool { return s.Get(key, new(any)) == nil }

func (s slowStore) Put(key string, value any, _ ...storage.SessionOption) error {
	defer s.step()()
	if s.database.broken != nil {
		return s.database.broken
	}
	content, err := json.Marshal(value)
	s.database.values[s.prefix+"/"+key] = content
	return err
}

func (s slowStore) Delete(key string) error {
	defer s.step()()
	delete(s.database.values, s.prefix+"/"+key)
	return nil
}

func (s slowStore) GetAndDelete(key string, target any) error {
	if err := s.Get(key, target); err != nil {
		return err
	}
	return s.Delete(key)
}

// atOnce does the same many times at once, and counts how often it was done.
func atOnce(do func() bool) int32 {
	var done atomic.Int32
	var group sync.WaitGroup
	for range 12 {
		group.Go(func() {
			if do() {
				done.Add(1)
			}
		})
	}
	group.Wait()
	return done.Load()
}

func TestSessions(t *testing.T) {
	t.Run("what is read to be deleted is read by one", func(t *testing.T) {
		for _, keys := range [][]string{{"oauth", "code"}, {"oauth", "nonce"}, {"user", "redirect"}} {
			synctest.Test(t, func(t *testing.T) {
				locks := &Keys{}
				database := Sessions(newSlowSessions(), locks)
				require.NoError(t, database.GetStore(time.Minute, keys...).Put("it", "value"))
				assert.EqualValues(t, 1, atOnce(func() bool {
					var value string // each request has a store of its own
					err := database.GetStore(time.Minute, keys...).GetAndDelete("it", &value)
					assert.Equal(t, err == nil, value == "value")
					return err == nil
				}))
				assert.Empty(t, locks.held)
			})
		}
	})
	t.Run("what is looked for to be added is not found by one", func(t *testing.T) {
		for _, tc := range []struct {
			keys  []string
			value any // as the node adds it
		}{{presentationNonces, true}, {proofIDs, struct{}{}}} {
			synctest.Test(t, func(t *testing.T) {
				locks := &Keys{}
				database := Sessions(newSlowSessions(), locks)
				assert.EqualValues(t, 1, atOnce(func() bool {
					store := database.GetStore(time.Minute, tc.keys...)
					target := newOf(tc.value)
					err := store.Get("it", target)
					if !errors.Is(err, storage.ErrNotFound) {
						assert.NoError(t, err)
						return false
					}
					assert.NoError(t, store.Put("it", tc.value))
					return true
				}))
				assert.Empty(t, locks.held)
			})
		}
	})
	t.Run("keys do not wait for each other", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			database, began := Sessions(newSlowSessions(), &Keys{}), time.Now()
			var next atomic.Int32
			atOnce(func() bool {
				return database.GetStore(time.Minute, "oauth", "code").GetAndDelete(string('a'+next.Add(1)), new(string)) == nil
			})
			assert.Equal(t, time.Second, time.Since(began))
		})
	})
	t.Run("a nonce that cannot be kept is not new", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			slow := newSlowSessions()
			slow.broken = errors.New("read only")
			assert.ErrorIs(t, Sessions(slow, &Keys{}).GetStore(time.Second, presentationNonces...).Get("it", new(bool)), slow.broken)
		})
	})
	t.Run("elsewhere what is not found is not added", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			slow := newSlowSessions()
			assert.ErrorIs(t, Sessions(slow, &Keys{}).GetStore(time.Second, "oauth", "code").Get("it", new(bool)), storage.ErrNotFound)
			assert.Empty(t, slow.values)
		})
	})
}

// newOf returns a pointer to a new value of the type.
func newOf(value any) any {
	if _, isBool := value.(bool); isBool {
		return new(bool)
	}
	return &struct{}{}
}
