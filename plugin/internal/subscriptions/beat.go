// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"

	"gorm.io/gorm"
)

// telling is the work of telling Mitz: the only work in workTable so far.
const telling = "subscriptions"

func (t *Table) beat(ctx context.Context) (beat string, err error) {
	err = t.again(ctx, func(database *gorm.DB) error {
		beat = ""
		return database.Raw("SELECT beat FROM "+workTable+" WHERE work = ?", telling).Scan(&beat).Error
	})
	return beat, err
}

func (t *Table) takeOver(ctx context.Context, seen, mine string) (was bool, err error) {
	err = t.again(ctx, func(database *gorm.DB) error {
		if seen == "" {
			err := database.Exec("INSERT INTO "+workTable+" (work, beat) VALUES (?, ?)", telling, mine).Error
			was = err == nil
			if isTaken(err) {
				return nil
			}
			return err
		}
		result := database.Exec("UPDATE "+workTable+" SET beat = ? WHERE work = ? AND beat = ?", mine, telling, seen)
		was = result.RowsAffected > 0
		return result.Error
	})
	return was, err
}
