// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/nuts-foundation/sqlite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/databasetest"
)

// callsOf are all calls of a store, about a row.
func callsOf(kept store, r row) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"add":   func(ctx context.Context) error { _, err := kept.add(ctx, []row{r}, [][]string{{r.Place}}); return err },
		"find":  func(ctx context.Context) error { _, err := kept.find(ctx, r.Subject, r.ID); return err },
		"list":  func(ctx context.Context) error { _, err := kept.list(ctx, r.Subject, r.ID, 1); return err },
		"count": func(ctx context.Context) error { _, err := kept.count(ctx, r.Subject); return err },
		"due":   func(ctx context.Context) error { _, err := kept.due(ctx, Waiting, r.Due, 1, nil); return err },
		"due of": func(ctx context.Context) error {
			_, err := kept.due(ctx, Waiting, r.Due, 1, []string{r.Subject})
			return err
		},
		"outdated": func(ctx context.Context) error { _, err := kept.outdated(ctx, r.Subject, "1", r.Told, 1); return err },
		"replace":  func(ctx context.Context) error { _, err := kept.replace(ctx, r); return err },
		"remove":   func(ctx context.Context) error { _, err := kept.remove(ctx, r); return err },
		"keys":     func(ctx context.Context) error { _, err := kept.keys(ctx); return err },
		"beat":     func(ctx context.Context) error { _, err := kept.beat(ctx); return err },
		"takeOver": func(ctx context.Context) error { _, err := kept.takeOver(ctx, r.ID, r.Place); return err },
	}
}

func testTrouble(t *testing.T, newDatabase func(t testing.TB) databasetest.Open) {
	t.Run("a call ends with its context", func(t *testing.T) {
		database := newDatabase(t)(t)
		kept := openTable(t, database)
		ended, end := context.WithCancel(t.Context())
		end()
		for name, call := range callsOf(kept, newRow("k1", "east", "a")) {
			assert.ErrorIs(t, call(ended), context.Canceled, name)
		}
		_, err := OpenTable(ended, database)
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("trouble is told without what is in the table", func(t *testing.T) {
		database := newDatabase(t)(t)
		kept := openTable(t, database)
		for _, each := range []string{subscriptionsTable, subjectsTable, "mitz_work"} {
			require.NoError(t, database.Exec("DROP TABLE "+each).Error)
		}
		r := newRow("k1", "hospital-east", "a")
		for name, call := range callsOf(kept, r) {
			err := call(t.Context())
			require.Error(t, err, name)
			assert.Regexp(t, `^table mitz_subscriptions: the database answers (SQLSTATE 42P01|SQLite error 1)$`, err.Error(), name)
		}
	})
	t.Run("a row that cannot be read is trouble", func(t *testing.T) {
		database := newDatabase(t)(t)
		kept := openTable(t, database)
		r := addRows(t, kept, newRow("k1", "east", "a"))[0]
		require.NoError(t, database.Exec("UPDATE "+subscriptionsTable+" SET sealed = '!secret!'").Error)
		for _, name := range []string{"add", "find", "due"} {
			assert.EqualError(t, callsOf(kept, r)[name](t.Context()), "table mitz_subscriptions: a row cannot be read", name)
		}
	})
}

// TestALockedDatabase has another process hold SQLite's lock: calls wait for it, and no longer
// than their context has them wait, however long SQLite was told to.
func TestALockedDatabase(t *testing.T) {
	for name, options := range map[string]string{
		"as the node opens it":        "",
		"told to wait for an hour":    "&_pragma=busy_timeout(3600000)",
		"with a journal in two files": "&_pragma=busy_timeout(3600000)&_pragma=journal_mode(WAL)",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "sqlite.db")
			database := databasetest.SQLite(t, file+databasetest.AsTheNode+options)
			kept := openTable(t, database)
			r := newRow("k1", "east", "a")
			lock := func() (unlock func()) {
				other := databasetest.GORM(t, sqlite.Open("file:"+file+"?_txlock=exclusive")).Begin()
				require.NoError(t, other.Error)
				return func() { require.NoError(t, other.Rollback().Error) }
			}
			unlock := lock()
			for _, name := range []string{"add", "replace", "remove", "takeOver"} {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				err := callsOf(kept, r)[name](ctx)
				cancel()
				if name == "replace" || name == "remove" {
					// There is nothing to write, which not every journal needs the lock to see.
					if err == nil {
						continue
					}
				}
				require.ErrorIs(t, err, context.DeadlineExceeded, name)
			}
			added := make(chan error, 1)
			go func() { added <- callsOf(kept, r)["add"](t.Context()) }()
			unlock()
			require.NoError(t, <-added)
			var before, after int
			require.NoError(t, databasetest.SQLite(t, file+databasetest.AsTheNode+options).Raw("PRAGMA busy_timeout").Scan(&before).Error)
			require.NoError(t, database.Raw("PRAGMA busy_timeout").Scan(&after).Error)
			assert.Equal(t, before, after, "the node waits as it did")
		})
	}
}
