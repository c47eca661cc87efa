// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"errors"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
)

// keeping returns a context for writing what Mitz was told, also when this node stops meanwhile.
func keeping(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
}

// replace writes a changed row, and returns it as it is kept then. It reports whether nobody
// else had changed it.
func (w *worker) replace(ctx context.Context, changed row) (row, bool, error) {
	ctx, cancel := keeping(ctx)
	defer cancel()
	did, err := w.config.Store.replace(ctx, changed)
	if did {
		changed.Version++
	}
	return changed, did, err
}

func (w *worker) remove(ctx context.Context, gone row) (bool, error) {
	ctx, cancel := keeping(ctx)
	defer cancel()
	return w.config.Store.remove(ctx, gone)
}

func (w *worker) add(ctx context.Context, r row) error {
	ctx, cancel := keeping(ctx)
	defer cancel()
	_, err := w.config.Store.add(ctx, []row{r}, [][]string{{r.Place}})
	return err
}

// persist writes what Mitz answered, again and again while the SQL database fails and this node
// works: nobody else knows it. The rows of the same page wait for it.
func (w *worker) persist(ctx context.Context, write func() error) error {
	for {
		err := write()
		if err == nil {
			return nil
		}
		background.Sleep(ctx, w.sql.after(toTellMitz, err), nil)
		if ctx.Err() != nil {
			return err
		}
	}
}

// amend changes a row as it is now, which is another than it was when this node read it. Change
// reports whether there is something to write. The error is ErrUnknown when the row is gone.
func (w *worker) amend(ctx context.Context, was row, change func(*row) bool) error {
	ctx, cancel := keeping(ctx)
	defer cancel()
	for range tries {
		now, err := w.config.Store.find(ctx, was.Subject, was.ID)
		if err != nil || !change(&now) {
			return err
		}
		if did, err := w.config.Store.replace(ctx, now); did || err != nil {
			return err
		}
	}
	return errContended
}

// amendUnlessGone is amend where it does not matter that the row is gone.
func (w *worker) amendUnlessGone(ctx context.Context, was row, change func(*row) bool) error {
	if err := w.amend(ctx, was, change); !errors.Is(err, ErrUnknown) {
		return err
	}
	return nil
}
