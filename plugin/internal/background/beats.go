// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package background

import (
	"context"

	"gorm.io/gorm"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/sqltables"
)

const workTable = "mitz_work"

// BeatsTable is the table of [SQLBeats], which each schema has that uses them: a row for each
// kind of work.
var BeatsTable = sqltables.Table(workTable, "work VARCHAR(36) NOT NULL PRIMARY KEY, beat VARCHAR(64) NOT NULL")

// SQLBeats are the beats of one kind of work in the SQL database that the nodes of a cluster
// share.
type SQLBeats struct {
	Database *sqltables.Database
	Work     string // which kind: at most 36 bytes
}

var _ Beats = SQLBeats{}

// Beat reads who does the work. See [Beats].
func (b SQLBeats) Beat(ctx context.Context) (beat string, err error) {
	err = b.Database.Again(ctx, func(database *gorm.DB) error {
		beat = ""
		return database.Raw("SELECT beat FROM "+workTable+" WHERE work = ?", b.Work).Scan(&beat).Error
	})
	return beat, err
}

// TakeOver replaces the beat that was seen. See [Beats].
func (b SQLBeats) TakeOver(ctx context.Context, seen, mine string) (was bool, err error) {
	err = b.Database.Again(ctx, func(database *gorm.DB) error {
		if seen == "" {
			err := database.Exec("INSERT INTO "+workTable+" (work, beat) VALUES (?, ?)", b.Work, mine).Error
			was = err == nil
			if sqltables.IsTaken(err) {
				return nil
			}
			return err
		}
		result := database.Exec("UPDATE "+workTable+" SET beat = ? WHERE work = ? AND beat = ?", mine, b.Work, seen)
		was = result.RowsAffected > 0
		return result.Error
	})
	return was, err
}
