// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/nuts-foundation/sqlite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	_ "modernc.org/sqlite"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// opener opens one database once more, as another node does.
type opener func(t *testing.T) *gorm.DB

// servers make empty databases.
var servers = map[string]func(t *testing.T) (newDatabase func(t *testing.T) opener){
	"SQLite": func(*testing.T) func(t *testing.T) opener {
		return func(t *testing.T) opener {
			file := filepath.Join(t.TempDir(), "sqlite.db")
			return func(t *testing.T) *gorm.DB { return openSQLite(t, file) }
		}
	},
	"PostgreSQL": func(t *testing.T) func(t *testing.T) opener {
		workspace, err := harness.NewWorkspace("")
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, workspace.Close()) })
		server, err := workspace.StartPostgres(t.Context())
		require.NoError(t, err)
		database, settings, err := server.NewDatabase(t.Context())
		require.NoError(t, err)
		connection, made := settings["storage.sql.connection"].(string), 0
		return func(t *testing.T) opener {
			// A schema is as good as a database, and is made in no time.
			made++
			schema := fmt.Sprint("s", made)
			require.NoError(t, server.Execute(t.Context(), database, "CREATE SCHEMA "+schema))
			return func(t *testing.T) *gorm.DB { return openGORM(t, postgres.Open(connection+"&search_path="+schema)) }
		}
	},
}

// openSQLite opens a file as the node does.
func openSQLite(t *testing.T, file string) *gorm.DB {
	t.Helper()
	connections, err := sql.Open("sqlite", "file:"+file+"?_pragma=foreign_keys(1)&journal_mode(WAL)")
	require.NoError(t, err)
	connections.SetMaxOpenConns(1)
	return openGORM(t, sqlite.Dialector{Conn: connections})
}

func openGORM(t *testing.T, dialector gorm.Dialector) *gorm.DB {
	t.Helper()
	database, err := gorm.Open(dialector, &gorm.Config{TranslateError: true})
	require.NoError(t, err)
	t.Cleanup(func() {
		connections, err := database.DB()
		require.NoError(t, err)
		assert.NoError(t, connections.Close())
	})
	return database
}

func openTable(t *testing.T, database *gorm.DB) *Table {
	t.Helper()
	opened, err := OpenTable(t.Context(), database)
	require.NoError(t, err)
	return opened
}

func TestTable(t *testing.T) {
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			newDatabase := start(t)
			testStore(t, func(t *testing.T) store { return openTable(t, newDatabase(t)(t)) })
		})
	}
}

// TestAKeyThatIsGoneIsNoticed: with it goes who is subscribed.
func TestAKeyThatIsGoneIsNoticed(t *testing.T) {
	table := openTable(t, openSQLite(t, filepath.Join(t.TempDir(), "node.db")))
	former := withdrawal.NewKeys()
	rotated := former.Rotated()
	require.NoError(t, table.CheckKeys(t.Context(), former), "nobody is subscribed")
	addRows(t, table, newRow(former.ID(), "hospital-east", "a"))
	require.NoError(t, table.CheckKeys(t.Context(), former))
	require.NoError(t, table.CheckKeys(t.Context(), rotated), "the key is among them")
	err := table.CheckKeys(t.Context(), withdrawal.NewKeys())
	require.ErrorContains(t, err, former.ID())
	require.ErrorContains(t, err, "put its line back")
}

// TestATakenPlaceSpoilsNoOtherRow: what is written in one transaction with it is written.
func TestATakenPlaceSpoilsNoOtherRow(t *testing.T) {
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			table := openTable(t, start(t)(t)(t))
			rows := addRows(t, table, newRow("key", "hospital-east", "a"), newRow("key", "hospital-east", "b"), newRow("key", "hospital-east", "c"))
			first, second := rows[0], rows[1]
			first.Failure, second.Place = "written", rows[2].Place
			all := []*replacing{{row: first, done: make(chan struct{})}, {row: second, done: make(chan struct{})}}
			table.together.writeAll(all)
			require.NoError(t, errors.Join(all[0].err, all[1].err))
			assert.True(t, all[0].was)
			assert.False(t, all[1].was)
			kept, err := table.find(t.Context(), "hospital-east", first.ID)
			require.NoError(t, err)
			assert.Equal(t, "written", kept.Failure)
		})
	}
}
