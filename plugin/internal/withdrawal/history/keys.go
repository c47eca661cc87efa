// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package history

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// CheckKeys reports, with the cure, that there are withdrawals under a key that is not among
// these: nobody would find them.
func (t *Table) CheckKeys(ctx context.Context, keys *withdrawal.Keys) error {
	var used []struct {
		SealedKey string
		Latest    int64
	}
	err := t.sql.Again(ctx, func(database *gorm.DB) error {
		used = nil
		return database.Raw("SELECT sealed_key, MAX(withdrawn) AS latest FROM " + historyTable + " GROUP BY sealed_key").Scan(&used).Error
	})
	if err != nil {
		return err
	}
	oldest := time.Now().Add(-t.life)
	var lost []string
	for _, each := range used {
		if last := time.UnixMicro(each.Latest); !slices.Contains(keys.IDs(), each.SealedKey) && last.After(oldest) {
			lost = append(lost, fmt.Sprintf("%s, the last of %s", each.SealedKey, last.UTC().Format(time.RFC3339)))
		}
	}
	if len(lost) == 0 {
		return nil
	}
	slices.Sort(lost)
	return fmt.Errorf("there are withdrawals under a key that is not in the file (%s): put its line back, after the others, until the node has moved them to the first; "+
		"where the key is lost, delete the rows of table %s with that sealed_key, and know that what was recorded or attested before then gives tokens again",
		strings.Join(lost, "; "), historyTable)
}

// Move moves what is under former keys to the one in use, page by page, so that a former key is
// needed no more. Of what came by a secret path and could not be read, nothing is known but the
// hash: that stays under its key until its life is over.
func (t *Table) Move(ctx context.Context, keys *withdrawal.Keys) error {
	for after := ""; ; {
		var page []record
		err := t.sql.Again(ctx, func(database *gorm.DB) error {
			page = nil
			return database.Where("sealed_key <> ? AND sealed <> '' AND place > ?", keys.ID(), after).Order("place").Limit(maxTogether).Find(&page).Error
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, each := range page {
			after = each.Place
			if err := t.move(ctx, keys, each); err != nil {
				return err
			}
		}
	}
}

// move keeps a row once more under the key in use, and then deletes it, unless it changed
// meanwhile. At no moment is there neither.
func (t *Table) move(ctx context.Context, keys *withdrawal.Keys, former record) error {
	sealed, err := base64.StdEncoding.DecodeString(former.Sealed)
	if err != nil {
		return nil //nolint:nilerr // nobody can read it; it stays as it is
	}
	again, ok := keys.Again(withdrawal.Withdrawn{Place: former.Place, Key: former.SealedKey, Sealed: sealed})
	if !ok {
		return nil // the start told
	}
	if err := t.Keep(ctx, time.UnixMicro(former.Withdrawn), []withdrawal.Withdrawn{again}); err != nil {
		return err
	}
	return t.sql.Again(ctx, func(database *gorm.DB) error {
		return database.Where("place = ? AND withdrawn = ?", former.Place, former.Withdrawn).Delete(&record{}).Error
	})
}
