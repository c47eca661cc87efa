// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"time"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
)

// merge claims a row whose place under the key in use may be another row's, of the same patient
// and subject: nodes that did not have the same keys yet did not see each other's. One of the two
// stays, which is the one that has the place, and it is subscribed before the other one ends. It
// reports whether the row was claimed.
func (w *worker) merge(ctx context.Context, r, changed row) (row, bool, error) {
	other, is, err := w.atPlace(ctx, changed)
	switch {
	case err != nil:
		return changed, false, err
	case !is:
		// The row was changed meanwhile, and then this does nothing; or the place is free again.
		changed.Place = r.Place
		return w.replace(ctx, changed)
	case other.State == Ending:
		other.Place = noPlace() // nobody wishes for that one any more
		_, _, err := w.replace(ctx, other)
		return changed, false, err
	case !r.isToldOf():
		_, err := w.remove(ctx, r)
		return changed, false, err
	case other.State != Subscribed:
		return changed, false, w.putOff(ctx, r, "", time.Now().Add(background.Jitter(minAgain)))
	default:
		_, _, err := w.replace(ctx, r.mergedInto(other))
		return changed, false, err
	}
}

// atPlace returns another row that has the place of a row, and reports whether there is one.
func (w *worker) atPlace(ctx context.Context, r row) (row, bool, error) {
	ctx, cancel := keeping(ctx)
	defer cancel()
	rows, err := w.config.Store.at(ctx, r.Subject, []string{r.Place})
	if err != nil || len(rows) == 0 || rows[0].ID == r.ID {
		return row{}, false, err
	}
	return rows[0], true, nil
}

// mergedInto returns a row as it ends because another one stays, whose subscription at Mitz does
// not end.
func (r row) mergedInto(other row) row {
	r = r.in(Ending, time.Now())
	r.Place = noPlace()
	if r.Former == other.MitzID {
		r.Former = ""
	}
	if r.MitzID == other.MitzID {
		r.MitzID, r.Told = "", ""
	}
	return r
}
