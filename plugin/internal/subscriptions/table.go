// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

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

// Table are subscriptions in the SQL database that the nodes of a cluster share: whichever
// the node was given. It holds no lock between calls, and a call ends when its context does.
//
// Errors hold nothing of what is in the table.
type Table struct {
	sql      *sqltables.Database
	together *together
	beats    background.SQLBeats
}

var _ store = (*Table)(nil)

// OpenTable returns the subscriptions in a database, and makes their tables what this version
// needs. It touches no other table.
func OpenTable(ctx context.Context, database *gorm.DB) (*Table, error) {
	sql, err := sqltables.Open(ctx, database, subscriptionsTable)
	if err != nil {
		return nil, err
	}
	if err := sql.Migrate(ctx, schema); err != nil {
		return nil, err
	}
	if err := sql.Again(ctx, recount); err != nil {
		return nil, err
	}
	opened := &Table{sql: sql, beats: background.SQLBeats{Database: sql, Work: "subscriptions"}}
	opened.together = &together{write: opened.replaceAll}
	return opened, nil
}

func (t *Table) beat(ctx context.Context) (string, error) { return t.beats.Beat(ctx) }

func (t *Table) takeOver(ctx context.Context, seen, mine string) (bool, error) {
	return t.beats.TakeOver(ctx, seen, mine)
}

func (t *Table) find(ctx context.Context, subject, id string) (row, error) {
	found, err := t.read(ctx, func(query *gorm.DB) *gorm.DB {
		return query.Where("id = ? AND subject = ?", id, subject).Limit(1)
	})
	// Not every database tells capitals apart.
	if err == nil && (len(found) == 0 || found[0].Subject != subject) {
		err = ErrUnknown
	}
	if err != nil {
		return row{}, err
	}
	return found[0], nil
}

func (t *Table) list(ctx context.Context, subject, after string, limit int) ([]row, error) {
	return t.read(ctx, func(query *gorm.DB) *gorm.DB {
		return query.Where("subject = ? AND id > ?", subject, after).Order("id").Limit(limit)
	})
}

// due asks for each other subject where some are left out: else what waits of those, which can
// be a million rows, would be read again and again.
func (t *Table) due(ctx context.Context, state State, now time.Time, limit int, without []string) ([]row, error) {
	query := func(query *gorm.DB) *gorm.DB {
		return query.Where("state = ? AND due <= ?", state, now.UnixMicro()).Order("due").Limit(limit)
	}
	if len(without) == 0 {
		return t.read(ctx, query)
	}
	subjects, err := t.subjects(ctx, without)
	if err != nil {
		return nil, err
	}
	var found []row
	for _, subject := range subjects {
		more, err := t.read(ctx, func(database *gorm.DB) *gorm.DB { return query(database).Where("subject = ?", subject) })
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	slices.SortFunc(found, func(a, b row) int { return a.Due.Compare(b.Due) })
	return found[:min(limit, len(found))], nil
}

// outdated asks twice: no database finds by an index what is not equal.
func (t *Table) outdated(ctx context.Context, subject string, dataHolder consent.URA, told string, limit int) ([]row, error) {
	var found []row
	for _, side := range []string{"told < ?", "told > ?"} {
		if len(found) >= limit {
			break
		}
		more, err := t.read(ctx, func(query *gorm.DB) *gorm.DB {
			return query.Where("subject = ? AND ura = ? AND state = ?", subject, dataHolder, Subscribed).
				Where(side, told).Limit(limit - len(found))
		})
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// read returns the rows of a query.
func (t *Table) read(ctx context.Context, query func(*gorm.DB) *gorm.DB) (found []row, err error) {
	err = t.sql.Again(ctx, func(database *gorm.DB) error {
		var records []record
		if err := query(database).Find(&records).Error; err != nil {
			return err
		}
		found, err = rowsOf(records)
		return err
	})
	return found, err
}

func (t *Table) keys(ctx context.Context) (keys []string, err error) {
	err = t.sql.Again(ctx, func(database *gorm.DB) error {
		return database.Model(&record{}).Distinct().Pluck("sealed_key", &keys).Error
	})
	return keys, err
}

func (t *Table) replace(ctx context.Context, changed row) (was bool, err error) {
	return t.together.replace(ctx, changed)
}

// replaceAll replaces rows in one transaction.
func (t *Table) replaceAll(ctx context.Context, changed []row) (was []bool, err error) {
	was = make([]bool, len(changed))
	err = t.sql.Again(ctx, func(database *gorm.DB) error {
		if len(changed) == 1 {
			was[0], err = replace(database, changed[0])
			if sqltables.IsTaken(err) {
				return nil // another row has the place
			}
			return err
		}
		return database.Transaction(func(database *gorm.DB) error {
			for i, each := range changed {
				if was[i], err = replace(database, each); err != nil {
					return err // also where a place is taken, which ends a transaction
				}
			}
			return nil
		})
	})
	return was, err
}

func replace(database *gorm.DB, changed row) (bool, error) {
	next := recordOf(changed)
	next.Version++
	result := database.Model(&record{}).Where("id = ? AND version = ?", changed.ID, changed.Version).Select("*").Omit("id").Updates(&next)
	return result.RowsAffected > 0, result.Error
}

func (t *Table) remove(ctx context.Context, gone row) (was bool, err error) {
	err = t.sql.Again(ctx, func(database *gorm.DB) error {
		was = false
		return database.Transaction(func(database *gorm.DB) error {
			result := database.Where("id = ? AND version = ?", gone.ID, gone.Version).Delete(&record{})
			if result.Error != nil || result.RowsAffected == 0 {
				return result.Error
			}
			was = true
			return countMore(database, gone.Subject, -1)
		})
	})
	return was && err == nil, err
}

// CheckKeys reports, with the cure, that there are subscriptions under a key that is not among
// these: nobody could tell whom they are about.
func (t *Table) CheckKeys(ctx context.Context, keys *withdrawal.Keys) error {
	used, err := t.keys(ctx)
	if err != nil {
		return err
	}
	var lost []string
	for _, key := range used {
		if !slices.Contains(keys.IDs(), key) {
			lost = append(lost, key)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	slices.Sort(lost)
	return fmt.Errorf("there are subscriptions under a key that is not in the file (%s): put its line back, after the others, until the node has told Mitz of them under the first; "+
		"where the key is lost, delete the rows of table %s with that sealed_key, and subscribe these patients again", strings.Join(lost, ", "), subscriptionsTable)
}
