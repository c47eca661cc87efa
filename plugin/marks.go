// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"fmt"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal/history"
)

// newMarks returns the marks of what was withdrawn. Nodes that share their sessions need a key
// in common for them. Where a requester may bring consent along, what was withdrawn is kept for as
// long as that may be old.
func (e *Engine) newMarks(read *config.Config) (*withdrawal.Marks, error) {
	store := e.node.MarkStore()
	switch {
	case read.PatientKeys != nil:
		marks := withdrawal.NewMarks(read.PatientKeys, read.Kinds, store)
		if !read.AcceptsBrought() {
			return marks, nil
		}
		kept, err := e.openHistory(read.PatientKeys)
		if err != nil {
			return nil, err
		}
		e.moveWithdrawals = func(ctx context.Context) error { return kept.Move(ctx, read.PatientKeys) }
		return marks.KeptIn(kept), nil
	case e.node.HasSessionsOfItsOwn():
		marks := withdrawal.NewMarks(withdrawal.NewKeys(), read.Kinds, store)
		if !read.AcceptsBrought() {
			return marks, nil
		}
		return marks.KeptIn(history.NewMemory(policy.MaxAge)), nil
	default:
		log().Warn("Live tokens about a patient cannot be ended: mitz.withdrawal.keyfile is needed where nodes share their sessions")
		return withdrawal.Off(store), nil
	}
}

// openHistory opens the withdrawals in the node's SQL database.
func (e *Engine) openHistory(keys *withdrawal.Keys) (*history.Table, error) {
	ctx, cancel := context.WithTimeout(context.Background(), databaseTime)
	defer cancel()
	table, err := history.OpenTable(ctx, e.node.Storage.GetSQLDatabase(), policy.MaxAge)
	if err != nil {
		return nil, fmt.Errorf("mitz: withdrawals cannot be kept: %w", err)
	}
	if err := table.CheckKeys(ctx, keys); err != nil {
		return nil, fmt.Errorf("mitz.withdrawal.keyfile: %w", err)
	}
	return table, nil
}

// moveHistory moves the withdrawals that are kept to the key in use.
func (e *Engine) moveHistory() {
	if err := e.moveWithdrawals(e.ending); err != nil && e.ending.Err() == nil {
		log().WithError(err).Error("Withdrawals under a former key could not be moved to the one in use: the next start tries again, and needs the former key")
	}
}
