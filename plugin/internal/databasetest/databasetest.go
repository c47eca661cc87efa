// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package databasetest gives tests the databases in which the node can keep tables of ours. It is
// for tests alone.
package databasetest

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/nuts-foundation/sqlite"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	_ "modernc.org/sqlite" // the driver by its name

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// Open opens one database once more, as another node does.
type Open func(t testing.TB) *gorm.DB

// Servers start each kind of database, by its name. What they return makes empty databases.
func Servers() map[string]func(t testing.TB) (newDatabase func(t testing.TB) Open) {
	return map[string]func(t testing.TB) func(t testing.TB) Open{"SQLite": startSQLite, "PostgreSQL": startPostgres}
}

func startSQLite(testing.TB) func(t testing.TB) Open {
	return func(t testing.TB) Open {
		file := filepath.Join(t.TempDir(), "sqlite.db")
		return func(t testing.TB) *gorm.DB { return SQLite(t, file+AsTheNode) }
	}
}

func startPostgres(t testing.TB) func(t testing.TB) Open {
	workspace, err := harness.NewWorkspace("")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, workspace.Close()) })
	server, err := workspace.StartPostgres(t.Context())
	require.NoError(t, err)
	_, settings, err := server.NewDatabase(t.Context())
	require.NoError(t, err)
	connection := settings["storage.sql.connection"].(string)
	admin, made := GORM(t, postgres.Open(connection)), 0
	return func(t testing.TB) Open {
		// A schema is as good as a database, and is made in no time.
		made++
		schema := fmt.Sprint("s", made)
		require.NoError(t, admin.Exec("CREATE SCHEMA "+schema).Error)
		return func(t testing.TB) *gorm.DB { return GORM(t, postgres.Open(connection+"&search_path="+schema)) }
	}
}

// AsTheNode are the options with which the node opens SQLite, which leave the journal as it is;
// but tests do not wait for the disk.
const AsTheNode = "?_pragma=foreign_keys(1)&journal_mode(WAL)&_pragma=synchronous(0)"

// SQLite opens a file, with its options, and with one connection as the node does.
func SQLite(t testing.TB, file string) *gorm.DB {
	t.Helper()
	connections, err := sql.Open("sqlite", "file:"+file)
	require.NoError(t, err)
	connections.SetMaxOpenConns(1)
	return GORM(t, sqlite.Dialector{Conn: connections})
}

// GORM opens a database, and closes it when the test ends.
func GORM(t testing.TB, dialector gorm.Dialector) *gorm.DB {
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
