// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/databasetest"
)

// isMigrated tests that a table works, and that all steps were taken once.
func isMigrated(t *testing.T, kept *Table) {
	t.Helper()
	for _, each := range schema.Objects() {
		assert.True(t, each.IsThere(kept.sql.GORM()), each.Statement())
	}
	var taken []int
	require.NoError(t, kept.sql.GORM().Table(schema.Migrations).Order("step").Pluck("step", &taken).Error)
	want := []int{}
	for i := range schema.Steps {
		want = append(want, i+1)
	}
	assert.Equal(t, want, taken)
	again := newRow("k1", "migrated", "a")
	assert.Equal(t, addRows(t, kept, newRow("k1", "migrated", "a")), addRows(t, kept, again))
}

func testMigrations(t *testing.T, newDatabase func(t testing.TB) databasetest.Open) {
	t.Run("nodes that start at once make the tables together", func(t *testing.T) {
		open := newDatabase(t)
		const nodes = 8
		var databases [nodes]*gorm.DB
		for i := range nodes {
			databases[i] = open(t)
		}
		var group sync.WaitGroup
		for _, each := range databases {
			group.Go(func() {
				kept, err := OpenTable(t.Context(), each)
				if assert.NoError(t, err) {
					for _, object := range schema.Objects() {
						assert.True(t, object.IsThere(kept.sql.GORM()), object.Statement())
					}
				}
			})
		}
		group.Wait()
		isMigrated(t, openTable(t, databases[0]))
	})
	t.Run("what a node left halfway is made whole", func(t *testing.T) {
		all := schema.Objects()
		for made := range len(all) + 1 {
			t.Run(fmt.Sprint(made), func(t *testing.T) {
				database := newDatabase(t)(t)
				for _, each := range all[:made] {
					require.NoError(t, database.Exec(each.Statement()).Error)
				}
				isMigrated(t, openTable(t, database))
			})
		}
	})
	t.Run("what is there stays", func(t *testing.T) {
		open := newDatabase(t)
		added := addRows(t, openTable(t, open(t)), newRow("k1", "east", "a"))
		kept := openTable(t, open(t))
		isMigrated(t, kept)
		assert.Equal(t, added, addRows(t, kept, newRow("k1", "east", "a")))
	})
	t.Run("what was deleted by hand is not counted any more", func(t *testing.T) {
		open := newDatabase(t)
		kept := openTable(t, open(t))
		added := addRows(t, kept, newRow("k1", "east", "a"), newRow("k1", "east", "b"), newRow("k1", "west", "a"))
		for _, each := range added {
			change(t, kept, each, subscribed)
		}
		require.NoError(t, kept.sql.GORM().Exec("DELETE FROM "+subscriptionsTable+" WHERE id IN (?, ?)", added[0].ID, added[2].ID).Error)
		counts, err := openTable(t, open(t)).count(t.Context(), "")
		require.NoError(t, err)
		assert.Equal(t, map[State]int{Subscribed: 1}, counts.By)
	})
	t.Run("a newer version's tables are left alone", func(t *testing.T) {
		database := newDatabase(t)(t)
		openTable(t, database)
		require.NoError(t, database.Exec("INSERT INTO "+schema.Migrations+" (step) VALUES (?)", len(schema.Steps)+2).Error)
		_, err := OpenTable(t.Context(), database)
		require.EqualError(t, err, fmt.Sprintf("a newer nuts-mitz has changed the tables in the SQL database (step %d; this version knows %d): "+
			"start that version or a newer one, or give this one a copy of the database from before", len(schema.Steps)+2, len(schema.Steps)))
	})
	t.Run("the node's tables are left alone", func(t *testing.T) {
		database := newDatabase(t)(t)
		for _, each := range []string{"did", "goose_db_version", "mitz_used_once"} {
			require.NoError(t, database.Exec("CREATE TABLE "+each+" (id VARCHAR(64))").Error)
		}
		openTable(t, database)
		tables, err := database.Migrator().GetTables()
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{
			"did", "goose_db_version", "mitz_used_once", subscriptionsTable, subjectsTable, sayingsTable, "mitz_work", schema.Migrations,
		}, tables)
	})
}
