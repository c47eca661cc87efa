// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package evidence

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/sqltables"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// Table is the evidence in the SQL database that the nodes of a cluster share: whichever the
// node was given. It holds no lock between calls, and a call ends when its context does.
//
// Errors hold nothing of what is in the table.
type Table struct {
	sql *sqltables.Database
	background.SQLBeats
}

var _ store = (*Table)(nil)

// store keeps rows where all nodes of a cluster find them. An error is the database's.
type store interface {
	background.Beats
	// add keeps a row, unless there is one with its id: then that stays as it is. It returns
	// when the row is on disk.
	add(ctx context.Context, fresh row) error
	// keptSince returns since when there is a row with this id; zero: there is none.
	keptSince(ctx context.Context, id string) (time.Time, error)
	// due returns rows in one of these states that are due, the longest due first.
	due(ctx context.Context, states []State, now time.Time, limit int) ([]row, error)
	// replace writes a row over the one with its id and version, with the next version. It
	// reports whether it did: somebody else may have changed that one.
	replace(ctx context.Context, changed row) (bool, error)
	// settle has the rows of a data holder be in force that were accepted before this moment,
	// and returns how many.
	settle(ctx context.Context, dataHolder consent.URA, before, now time.Time) (int, error)
	// waiting returns the rows at these places of which Mitz is to be told.
	waiting(ctx context.Context, places []string) ([]row, error)
	// sealedOtherwise returns rows that are not sealed with this key, in the order of their ids
	// after this one.
	sealedOtherwise(ctx context.Context, key, after string, limit int) ([]row, error)
	// count counts all, by state.
	count(ctx context.Context) (Counts, error)
}

// OpenTable returns the evidence in a database, and makes its tables what this version needs. It
// touches no other table.
func OpenTable(ctx context.Context, database *gorm.DB) (*Table, error) {
	sql, err := sqltables.Open(ctx, database, evidenceTable)
	if err != nil {
		return nil, err
	}
	if err := sql.Migrate(ctx, schema); err != nil {
		return nil, err
	}
	return &Table{sql: sql, SQLBeats: background.SQLBeats{Database: sql, Work: "registrations"}}, nil
}

func (t *Table) add(ctx context.Context, fresh row) error {
	fresh.Version = 1
	return t.sql.Again(ctx, func(database *gorm.DB) error {
		kept := recordOf(fresh)
		err := database.Create(&kept).Error
		if sqltables.IsTaken(err) {
			return nil
		}
		return err
	})
}

func (t *Table) keptSince(ctx context.Context, id string) (time.Time, error) {
	var kept int64
	err := t.sql.Again(ctx, func(database *gorm.DB) error {
		return database.Raw("SELECT COALESCE(MIN(kept), 0) FROM "+evidenceTable+" WHERE id = ?", id).Scan(&kept).Error
	})
	if err != nil || kept == 0 {
		return time.Time{}, err
	}
	return fromMicroseconds(kept), nil
}

func (t *Table) due(ctx context.Context, states []State, now time.Time, limit int) ([]row, error) {
	return t.read(ctx, func(query *gorm.DB) *gorm.DB {
		return query.Where("state IN ? AND due <= ?", states, now.UnixMicro()).Order("due").Limit(limit)
	})
}

func (t *Table) sealedOtherwise(ctx context.Context, key, after string, limit int) ([]row, error) {
	return t.read(ctx, func(query *gorm.DB) *gorm.DB {
		return query.Where("sealed_key <> ? AND id > ?", key, after).Order("id").Limit(limit)
	})
}

// read returns the rows of a query.
func (t *Table) read(ctx context.Context, query func(*gorm.DB) *gorm.DB) (found []row, err error) {
	err = t.sql.Again(ctx, func(database *gorm.DB) error {
		var records []record
		if err := query(database).Find(&records).Error; err != nil {
			return err
		}
		found = make([]row, len(records))
		for i, each := range records {
			if found[i], err = each.row(); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

func (t *Table) replace(ctx context.Context, changed row) (was bool, err error) {
	next := recordOf(changed)
	next.Version++
	err = t.sql.Again(ctx, func(database *gorm.DB) error {
		result := database.Model(&record{}).Where("id = ? AND version = ?", changed.ID, changed.Version).Select("*").Omit("id").Updates(&next)
		was = result.RowsAffected > 0
		return result.Error
	})
	return was && err == nil, err
}

func (t *Table) settle(ctx context.Context, dataHolder consent.URA, before, now time.Time) (settled int, err error) {
	err = t.sql.Again(ctx, func(database *gorm.DB) error {
		result := database.Model(&record{}).Where("ura = ? AND state = ? AND since <= ?", dataHolder, Accepted, before.UnixMicro()).Updates(map[string]any{
			"state": InForce, "since": now.UnixMicro(), "attempts": 0, "failure": "", "due": nil, "version": gorm.Expr("version + 1"),
		})
		settled = int(result.RowsAffected)
		return result.Error
	})
	return settled, err
}

func (t *Table) waiting(ctx context.Context, places []string) ([]row, error) {
	return t.read(ctx, func(query *gorm.DB) *gorm.DB {
		return query.Where("place IN ? AND state IN ?", places, []State{Waiting, Refused}).Order("id")
	})
}

// Counts are how many registrations there are in each state, and when the oldest was kept that
// Mitz is to be told of; zero: there is none.
type Counts struct {
	By     map[State]int
	Oldest time.Time
}

// count reads how many there are from an index alone, and when the oldest was kept from the few
// rows that Mitz has not got.
func (t *Table) count(ctx context.Context) (Counts, error) {
	var groups []struct {
		State  State
		Number int
	}
	var oldest int64
	err := t.sql.Again(ctx, func(database *gorm.DB) error {
		groups, oldest = nil, 0
		if err := database.Raw("SELECT state, COUNT(*) AS number FROM " + evidenceTable + " GROUP BY state").Scan(&groups).Error; err != nil {
			return err
		}
		return database.Raw("SELECT COALESCE(MIN(kept), 0) FROM "+evidenceTable+" WHERE state IN (?, ?)", Waiting, Refused).Scan(&oldest).Error
	})
	if err != nil {
		return Counts{}, err
	}
	counts := Counts{By: map[State]int{}}
	for _, group := range groups {
		counts.By[group.State] = group.Number
	}
	if oldest > 0 {
		counts.Oldest = fromMicroseconds(oldest)
	}
	return counts, nil
}

// CheckKeys reports, with the cure, that there is evidence under a key that is not among these:
// nobody could read it.
func (t *Table) CheckKeys(ctx context.Context, keys *withdrawal.Keys) error {
	var used, lost []string
	err := t.sql.Again(ctx, func(database *gorm.DB) error {
		return database.Model(&record{}).Distinct().Pluck("sealed_key", &used).Error
	})
	if err != nil {
		return err
	}
	for _, key := range used {
		if !slices.Contains(keys.IDs(), key) {
			lost = append(lost, key)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	slices.Sort(lost)
	return fmt.Errorf("there is evidence under a key that is not in the file (%s): put its line back, after the others, until the node has sealed it with the first; "+
		"where the key is lost so is the evidence: move the rows of table %s with that sealed_key elsewhere", strings.Join(lost, ", "), evidenceTable)
}
