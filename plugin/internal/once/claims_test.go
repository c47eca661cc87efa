// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package once

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/nuts-foundation/sqlite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	_ "modernc.org/sqlite"
)

// open opens an SQL database in a file, as one node of a cluster does.
func open(t *testing.T, file string) *gorm.DB {
	t.Helper()
	database, err := gorm.Open(sqlite.Open("file:"+file+"?_pragma=busy_timeout(10000)"), &gorm.Config{})
	require.NoError(t, err)
	t.Cleanup(func() {
		connections, err := database.DB()
		require.NoError(t, err)
		assert.NoError(t, connections.Close())
	})
	return database
}

func openTable(t *testing.T, database *gorm.DB, now func() time.Time) *Table {
	t.Helper()
	table, err := OpenTable(t.Context(), database, now)
	require.NoError(t, err)
	return table
}

func rows(t *testing.T, database *gorm.DB) (count int64) {
	t.Helper()
	require.NoError(t, database.Table(tableName).Count(&count).Error)
	return count
}

func TestClaims(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	a, b, c := IDOf("a"), IDOf("b"), IDOf("c")
	for name, make := range map[string]func(t *testing.T, now func() time.Time) Claims{
		"in memory": func(_ *testing.T, now func() time.Time) Claims { return NewMemory(now) },
		"in a table": func(t *testing.T, now func() time.Time) Claims {
			return openTable(t, open(t, filepath.Join(t.TempDir(), "node.db")), now)
		},
	} {
		t.Run(name, func(t *testing.T) {
			now := start
			claims := make(t, func() time.Time { return now })
			require.NoError(t, claims.Claim(t.Context(), a))
			assert.ErrorIs(t, claims.Claim(t.Context(), a), ErrUsed)
			require.NoError(t, claims.Claim(t.Context(), b), "another")
			assert.ErrorIs(t, claims.Claim(t.Context(), c, a), ErrUsed, "one of two")
			now = start.Add(Kept)
			assert.ErrorIs(t, claims.Claim(t.Context(), b), ErrUsed, "until its end")
			now = start.Add(3*Kept + time.Second)
			_ = claims.Claim(t.Context(), IDOf("d"))
			switch claims := claims.(type) {
			case *Memory:
				assert.Len(t, claims.ends, 1, "those that ended are forgotten")
			case *Table:
				assert.EqualValues(t, 1, rows(t, claims.database), "those that ended are forgotten")
			}
		})
	}
	t.Run("at once one claims it", func(t *testing.T) {
		claims := NewMemory(time.Now)
		assert.EqualValues(t, 1, atOnce(func() bool { return claims.Claim(context.Background(), a) == nil }))
	})
}

func TestTable(t *testing.T) {
	t.Run("of two nodes that share a database one claims it", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "node.db")
		one := openTable(t, open(t, file), time.Now)
		two := openTable(t, open(t, file), time.Now)
		for _, id := range []ID{IDOf("a"), IDOf("b"), IDOf("c"), IDOf("d")} {
			turn := make(chan *Table, 12)
			for i := range 12 {
				turn <- []*Table{one, two}[i%2]
			}
			assert.EqualValues(t, 1, atOnce(func() bool {
				err := (<-turn).Claim(context.Background(), id)
				if err != nil {
					assert.ErrorIs(t, err, ErrUsed)
				}
				return err == nil
			}))
		}
	})
	t.Run("two nodes that start at once make one table", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "node.db")
		databases := make(chan *gorm.DB, 12)
		for range 12 {
			databases <- open(t, file)
		}
		assert.EqualValues(t, 12, atOnce(func() bool {
			_, err := OpenTable(context.Background(), <-databases, time.Now)
			return assert.NoError(t, err)
		}))
	})
	t.Run("nothing but hashes is in it", func(t *testing.T) {
		database := open(t, filepath.Join(t.TempDir(), "node.db"))
		table := openTable(t, database, time.Now)
		require.NoError(t, table.Claim(t.Context(), IDOf("secret")))
		var ids []string
		require.NoError(t, database.Table(tableName).Pluck("id", &ids).Error)
		require.Len(t, ids, 1)
		assert.Regexp(t, "^[0-9a-f]{64}$", ids[0])
	})
	t.Run("trouble is not a first use", func(t *testing.T) {
		database := open(t, filepath.Join(t.TempDir(), "node.db"))
		table := openTable(t, database, time.Now)
		ended, end := context.WithCancel(t.Context())
		end()
		err := table.Claim(ended, IDOf("a"))
		require.Error(t, err)
		assert.NotErrorIs(t, err, ErrUsed)
		require.NoError(t, database.Exec("DROP TABLE "+tableName).Error)
		assert.Error(t, table.Claim(t.Context(), IDOf("a")))
	})
	t.Run("the node's tables are left alone", func(t *testing.T) {
		database := open(t, filepath.Join(t.TempDir(), "node.db"))
		require.NoError(t, database.Exec("CREATE TABLE did (id VARCHAR(64))").Error)
		openTable(t, database, time.Now)
		tables, err := database.Migrator().GetTables()
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{"did", tableName}, tables)
	})
}

func TestIDOf(t *testing.T) {
	assert.NotEqual(t, IDOf("ab", "c"), IDOf("a", "bc"))
	assert.NotEqual(t, IDOf("a"), IDOf("a", ""))
}
