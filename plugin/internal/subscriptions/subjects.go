// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/sqltables"
)

// How many rows a subject has is kept beside them, in the transactions that add and remove
// some: to count a million again for each page of a list, and whenever somebody looks at the
// metrics, would keep SQLite from all else. Those that wait for Mitz are counted, and are few.

// countMore adds to how many rows a subject has. It is the last thing in a transaction, as it
// has others who add and remove some of this subject wait for the end of that.
func countMore(database *gorm.DB, subject string, more int) error {
	result := database.Exec("UPDATE "+subjectsTable+" SET subscriptions = subscriptions + ? WHERE subject = ?", more, subject)
	if result.Error != nil || result.RowsAffected > 0 {
		return result.Error
	}
	err := database.Exec("INSERT INTO "+subjectsTable+" (subject, subscriptions) VALUES (?, ?)", subject, more).Error
	if sqltables.IsTaken(err) {
		return sqltables.ErrMoved
	}
	return err
}

// recount counts all rows, as a node does when it starts: somebody may have deleted some by hand.
// Those who add and remove rows of a subject wait for it: what they did is counted, or they do
// it to the new number.
func recount(database *gorm.DB) error {
	var subjects []string
	if err := database.Table(subjectsTable).Pluck("subject", &subjects).Error; err != nil {
		return err
	}
	slices.Sort(subjects)
	for _, subject := range subjects {
		err := database.Transaction(func(database *gorm.DB) error {
			lock := "UPDATE " + subjectsTable + " SET subscriptions = subscriptions WHERE subject = ?"
			if err := database.Exec(lock, subject).Error; err != nil {
				return err
			}
			return database.Exec("UPDATE "+subjectsTable+" SET subscriptions = (SELECT COUNT(*) FROM "+subscriptionsTable+
				" WHERE subject = ?) WHERE subject = ?", subject, subject).Error
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// subjects returns those that had rows at any time, but these.
func (t *Table) subjects(ctx context.Context, without []string) (subjects []string, err error) {
	err = t.sql.Again(ctx, func(database *gorm.DB) error {
		return database.Table(subjectsTable).Where("subject NOT IN ?", without).Pluck("subject", &subjects).Error
	})
	return subjects, err
}

// everyState stands for it where counts by state are read.
const everyState = "every"

// count reads all in one statement, which sees the rows as they are at one moment.
func (t *Table) count(ctx context.Context, subject string) (Counts, error) {
	waiting, all := "state IN (?, ?)", ""
	values := []any{Waiting, Ending}
	if subject != "" {
		waiting, all = waiting+" AND subject = ?", " WHERE subject = ?"
		values = append(values, subject, subject)
	}
	var groups []struct {
		State  State
		Number int
		Oldest int64
	}
	err := t.sql.Again(ctx, func(database *gorm.DB) error {
		return database.Raw("SELECT state, COUNT(*) AS number, MIN(wished) AS oldest FROM "+subscriptionsTable+
			" WHERE "+waiting+" GROUP BY state UNION ALL SELECT '"+everyState+"', subscriptions, 0 FROM "+subjectsTable+all, values...).
			Scan(&groups).Error
	})
	if err != nil {
		return Counts{}, err
	}
	counts := Counts{By: map[State]int{}}
	subscribed := 0
	for _, group := range groups {
		if group.State == everyState {
			subscribed += group.Number
			continue
		}
		subscribed -= group.Number
		counts.By[group.State] = group.Number
		if oldest := fromMicroseconds(group.Oldest); counts.Oldest.IsZero() || oldest.Before(counts.Oldest) {
			counts.Oldest = oldest
		}
	}
	if subscribed > 0 {
		counts.By[Subscribed] = subscribed
	}
	return counts, nil
}
