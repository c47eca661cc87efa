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
	case w.hasDateFor(r, other):
		_, birthDate, _ := w.config.Keys.Open(r.Sealed)
		dated, _ := w.config.withBirthDate(other, datesOf(birthDate).wanted)
		_, _, err := w.replace(ctx, dated)
		return changed, false, err
	case !r.isToldOf():
		_, err := w.remove(ctx, r)
		return changed, false, err
	case other.State != Subscribed:
		if err := w.hasten(ctx, other); err != nil {
			return changed, false, err
		}
		return changed, false, w.putOff(ctx, r, "", time.Now().Add(background.Jitter(minAgain)))
	default:
		_, _, err := w.replace(ctx, r.mergedInto(other))
		return changed, false, err
	}
}

// hasten has a row due at once that waits for something else than Mitz, as a node that lacked its
// key put it off.
func (w *worker) hasten(ctx context.Context, other row) error {
	if other.Failure != FailureKeyUnknown {
		return nil
	}
	other.Failure = ""
	return w.putOff(ctx, other, "", time.Now())
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

// hasDateFor reports whether a row has a birth date, and the other one has none.
func (w *worker) hasDateFor(r, other row) bool {
	_, of, err := w.config.Keys.Open(r.Sealed)
	_, ofOther, otherErr := w.config.Keys.Open(other.Sealed)
	return err == nil && otherErr == nil && datesOf(of).wanted != "" && datesOf(ofOther).wanted == ""
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
