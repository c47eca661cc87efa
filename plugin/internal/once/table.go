// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package once

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// tableName is a name that no table of the node has.
const tableName = "mitz_used_once"

// createTable are the statements that make the table: SQL that SQLite, PostgreSQL, MySQL
// and SQL Server all understand. An id is a hash, in hexadecimal; its end is in seconds
// since 1970.
var createTable = []string{
	"CREATE TABLE " + tableName + " (id VARCHAR(64) NOT NULL PRIMARY KEY, ends BIGINT NOT NULL)",
	"CREATE INDEX " + tableName + "_ends ON " + tableName + " (ends)",
}

// Table are claims in a table of an SQL database that the nodes of a cluster share: its
// unique key decides which of them is first.
type Table struct {
	database *gorm.DB
	now      func() time.Time
	mutex    sync.Mutex
	swept    time.Time
}

var _ Claims = (*Table)(nil)

// OpenTable returns the claims in a database, and makes the table when it is not there. It
// touches no other; now is the clock.
func OpenTable(ctx context.Context, database *gorm.DB, now func() time.Time) (*Table, error) {
	// The node's logger writes whole statements, and this table's are of no use to anybody.
	database = database.Session(&gorm.Session{Logger: logger.Discard, NewDB: true})
	table := &Table{database: database, now: now, swept: now()}
	migrator := database.WithContext(ctx).Migrator()
	if migrator.HasTable(tableName) {
		return table, nil
	}
	for _, statement := range createTable {
		if err := database.WithContext(ctx).Exec(statement).Error; err != nil {
			if migrator.HasTable(tableName) {
				break // another node was first, and makes the index too
			}
			return nil, fmt.Errorf("table %s: %w", tableName, err)
		}
	}
	return table, nil
}

// Claim claims the ids.
func (t *Table) Claim(ctx context.Context, ids ...ID) error {
	database := t.database.WithContext(ctx)
	var problems []error
	for _, id := range ids {
		problems = append(problems, t.claim(database, id))
	}
	t.sweep(database)
	return errors.Join(problems...)
}

// claim leaves it to the unique key: what it says of itself differs from database to
// database, so the row is looked for.
func (t *Table) claim(database *gorm.DB, id ID) error {
	key := hex.EncodeToString(id[:])
	err := database.Exec("INSERT INTO "+tableName+" (id, ends) VALUES (?, ?)", key, t.now().Add(Kept).Unix()).Error
	if err == nil {
		return nil
	}
	var claimed int64
	if database.Raw("SELECT COUNT(*) FROM "+tableName+" WHERE id = ?", key).Scan(&claimed).Error == nil && claimed > 0 {
		return ErrUsed
	}
	return fmt.Errorf("table %s: %w", tableName, err)
}

// sweep deletes what ended. When that fails the rows stay, for another time.
func (t *Table) sweep(database *gorm.DB) {
	t.mutex.Lock()
	now := t.now()
	due := now.Sub(t.swept) >= sweepInterval
	if due {
		t.swept = now
	}
	t.mutex.Unlock()
	if due {
		_ = database.Exec("DELETE FROM "+tableName+" WHERE ends < ?", now.Unix()).Error
	}
}
