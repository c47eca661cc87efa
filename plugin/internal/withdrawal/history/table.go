// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package history

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/sqltables"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// historyTable is a name that no table of the node has.
const historyTable = "mitz_withdrawals"

// schema makes the table: a row for each place, with the latest time at which something was
// withdrawn there, in microseconds since 1970. A place is a hash in hexadecimal; what is sealed is
// in base64.
var schema = sqltables.Schema{
	Migrations: "mitz_withdrawals_migrations",
	Steps: [][]sqltables.Object{
		{
			sqltables.Table(historyTable, "place VARCHAR(64) NOT NULL PRIMARY KEY, sealed_key VARCHAR(16) NOT NULL, "+
				"sealed TEXT NOT NULL, withdrawn BIGINT NOT NULL"),
			sqltables.Index(historyTable, "INDEX", "withdrawn", "withdrawn"),
			sqltables.Index(historyTable, "INDEX", "sealed_key", "sealed_key"),
		},
	},
}

// record is a row as the schema makes it.
type record struct {
	Place     string `gorm:"primaryKey"`
	SealedKey string
	Sealed    string
	Withdrawn int64
}

// TableName tells gorm.
func (record) TableName() string { return historyTable }

// Table is the history in an SQL database: whichever the node was given. It holds no lock between
// calls, and a call ends when its context does. Its methods may be called from any goroutine.
//
// Errors hold nothing of what is in the table.
type Table struct {
	sql  *sqltables.Database
	life time.Duration

	mutex sync.Mutex
	swept time.Time
}

var _ withdrawal.History = (*Table)(nil)

// OpenTable returns the history in a database, and makes its tables what this version needs. It
// touches no other table. A withdrawal is kept for a life, and for some time after it.
func OpenTable(ctx context.Context, database *gorm.DB, life time.Duration) (*Table, error) {
	sql, err := sqltables.Open(ctx, database, historyTable)
	if err != nil {
		return nil, err
	}
	if err := sql.Migrate(ctx, schema); err != nil {
		return nil, err
	}
	return &Table{sql: sql, life: life}, nil
}

// maxTogether is how many rows are written by one statement: SQL Server takes 2100 values.
const maxTogether = 200

// Keep keeps what was withdrawn. See [withdrawal.History].
func (t *Table) Keep(ctx context.Context, at time.Time, withdrawn []withdrawal.Withdrawn) error {
	records := make([]record, len(withdrawn))
	for i, each := range withdrawn {
		records[i] = record{
			Place: each.Place, SealedKey: each.Key, Sealed: base64.StdEncoding.EncodeToString(each.Sealed), Withdrawn: at.UnixMicro(),
		}
	}
	// In one order, so that two who keep the same do not wait for each other.
	slices.SortFunc(records, func(a, b record) int { return cmp.Compare(a.Place, b.Place) })
	for some := range slices.Chunk(records, maxTogether) {
		if err := t.sql.Again(ctx, func(database *gorm.DB) error { return keep(database, at.UnixMicro(), some) }); err != nil {
			return err
		}
	}
	t.sweep(ctx)
	return nil
}

// keep returns when each row is there with this time, or with a later one.
func keep(database *gorm.DB, at int64, records []record) error {
	places := make([]string, len(records))
	for i, each := range records {
		places[i] = each.Place
	}
	if err := database.Model(&record{}).Where("place IN ? AND withdrawn < ?", places, at).Update("withdrawn", at).Error; err != nil {
		return err
	}
	var there []string
	if err := database.Model(&record{}).Where("place IN ? AND withdrawn >= ?", places, at).Pluck("place", &there).Error; err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(records), func(each record) bool { return slices.Contains(there, each.Place) })
	if len(missing) == 0 {
		return nil
	}
	err := database.Create(&missing).Error
	if sqltables.IsTaken(err) {
		return sqltables.ErrMoved // somebody else was there in between, at a time that may be earlier
	}
	return err
}

// Last looks when something was withdrawn last. See [withdrawal.History].
func (t *Table) Last(ctx context.Context, places []string) (time.Time, error) {
	var last int64
	err := t.sql.Again(ctx, func(database *gorm.DB) error {
		return database.Raw("SELECT COALESCE(MAX(withdrawn), 0) FROM "+historyTable+" WHERE place IN ?", places).Scan(&last).Error
	})
	if err != nil || last == 0 {
		return time.Time{}, err
	}
	return time.UnixMicro(last).UTC(), nil
}

const (
	sweepEvery = time.Hour
	// spare is for how long a row is kept beyond its life: clocks differ.
	spare = 24 * time.Hour
)

// sweep deletes now and then what nothing can be older than. When that fails the rows stay, for
// another time.
func (t *Table) sweep(ctx context.Context) {
	t.mutex.Lock()
	now := time.Now()
	due := now.Sub(t.swept) >= sweepEvery
	if due {
		t.swept = now
	}
	t.mutex.Unlock()
	if due {
		_ = t.sql.Again(ctx, func(database *gorm.DB) error {
			return database.Where("withdrawn < ?", now.Add(-t.life-spare).UnixMicro()).Delete(&record{}).Error
		})
	}
}
