// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"gorm.io/gorm"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/sqltables"
)

// How many places are looked for by one statement, and how many rows one writes: SQL Server
// takes 2100 values in a statement, and the others more.
const (
	placesAtOnce = 1000
	rowsAtOnce   = 100
)

// add looks which rows are there, and then writes all that are missing or end, or none. Where
// another node was at one of them in between, it looks again: it locks nothing while it looks.
func (t *Table) add(ctx context.Context, rows []row, places [][]string) (kept []row, err error) {
	err = t.sql.Again(ctx, func(database *gorm.DB) error {
		there, err := at(database, slices.Concat(places...))
		if err != nil {
			return err
		}
		added := batch{there: there}
		kept = make([]row, len(rows))
		for i, wished := range rows {
			kept[i] = added.add(wished, places[i])
		}
		return added.write(database)
	})
	if err != nil {
		return nil, err
	}
	return kept, nil
}

func (t *Table) at(ctx context.Context, subject string, places []string) (found []row, err error) {
	err = t.sql.Again(ctx, func(database *gorm.DB) error {
		there, err := at(database, places)
		found = nil
		for _, place := range slices.Sorted(maps.Keys(there)) {
			if there[place].Subject == subject {
				found = append(found, there[place])
			}
		}
		return err
	})
	return found, err
}

// at returns the rows that have one of the places, by place.
func at(database *gorm.DB, places []string) (map[string]row, error) {
	there := map[string]row{}
	for some := range slices.Chunk(places, placesAtOnce) {
		var records []record
		if err := database.Where("place IN ?", some).Find(&records).Error; err != nil {
			return nil, err
		}
		for _, each := range records {
			kept, err := each.row()
			if err != nil {
				return nil, err
			}
			there[each.Place] = kept
		}
	}
	return there, nil
}

// batch is what one call of add is to write.
type batch struct {
	there   map[string]row // by place; also what is to be written
	fresh   []record
	revived []row // with the version that is there
}

// add adds a row, and returns it as it will be kept. A batch can have the same patient twice.
func (b *batch) add(wished row, places []string) row {
	wished.Version = 1
	fresh := recordOf(wished)
	wished, _ = fresh.row() // with times as they are kept
	for _, place := range places {
		kept, is := b.there[place]
		if !is || kept.Subject != wished.Subject {
			continue
		}
		if kept.State == Ending {
			kept.State, kept.Since, kept.Attempts, kept.Failure = Waiting, wished.Since, 0, ""
			kept.Wished, kept.Due = wished.Wished, wished.Wished
			b.revived = append(b.revived, kept)
			kept.Version++
			b.there[place] = kept
		}
		return kept
	}
	b.fresh = append(b.fresh, fresh)
	b.there[wished.Place] = wished
	return wished
}

// write writes all or nothing. The order is the same for all, so that two batches do not wait
// for each other.
func (b *batch) write(database *gorm.DB) error {
	if len(b.fresh)+len(b.revived) == 0 {
		return nil
	}
	slices.SortFunc(b.fresh, func(a, b record) int { return cmp.Compare(a.Place, b.Place) })
	slices.SortFunc(b.revived, func(a, b row) int { return cmp.Compare(a.Place, b.Place) })
	return database.Transaction(func(database *gorm.DB) error {
		for _, each := range b.revived {
			if was, err := replace(database, each); sqltables.IsTaken(err) || err == nil && !was {
				return sqltables.ErrMoved
			} else if err != nil {
				return err
			}
		}
		return insert(database, b.fresh)
	})
}

// insert writes rows that are not there. The error is sqltables.ErrMoved where one is.
func insert(database *gorm.DB, fresh []record) error {
	if len(fresh) == 0 {
		return nil
	}
	err := database.CreateInBatches(&fresh, rowsAtOnce).Error
	if sqltables.IsTaken(err) {
		return sqltables.ErrMoved
	}
	if err != nil {
		return err
	}
	numbers := map[string]int{}
	for _, each := range fresh {
		numbers[each.Subject]++
	}
	for _, subject := range slices.Sorted(maps.Keys(numbers)) {
		if err := countMore(database, subject, numbers[subject]); err != nil {
			return err
		}
	}
	return nil
}
