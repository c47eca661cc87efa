// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"time"
)

// endAtMitz ends what Mitz knows by an id, and writes that.
func (w *worker) endAtMitz(ctx context.Context, r row, id string, leave leave) error {
	claimed, claims, err := w.replace(ctx, r)
	if err != nil || !claims {
		leave(nothing, 0)
		return err
	}
	if err := w.config.Mitz.EndSubscription(ctx, id); err != nil {
		if failure := failureOf(ctx, err); !failure.unknown && !claimed.isGoneBy(failure) {
			return w.failed(ctx, claimed, failure, leave, func() error { return w.doubt(ctx, claimed, id) })
		}
	}
	w.good(claimed, leave)
	return w.persist(ctx, func() error { return w.ended(ctx, claimed, id) })
}

// ended writes that the subscription of an id has ended at Mitz.
func (w *worker) ended(ctx context.Context, claimed row, id string) error {
	write := w.remove
	ended := w.without(claimed, id)
	if ended.State != Ending || ended.next() != forgetIt {
		write = func(ctx context.Context, _ row) (bool, error) {
			_, did, err := w.replace(ctx, ended)
			return did, err
		}
	}
	if did, err := write(ctx, claimed); err != nil || did {
		return err
	}
	// Somebody wished for it meanwhile.
	return w.amendUnlessGone(ctx, claimed, func(r *row) bool {
		if r.MitzID != id && r.Former != id {
			return false
		}
		*r = w.without(*r, id)
		return true
	})
}

// doubt has Mitz told again of a row that somebody wished for again while it was ended at Mitz,
// where nobody knows whether that happened.
func (w *worker) doubt(ctx context.Context, claimed row, id string) error {
	return w.amendUnlessGone(ctx, claimed, func(r *row) bool {
		*r = r.again()
		// It is written also when nothing changes, so that who is telling Mitz of it now does
		// not take it for done.
		return r.MitzID == id || r.Former == id
	})
}

// without returns a row when the subscription of an id has ended at Mitz.
func (w *worker) without(r row, id string) row {
	now := time.Now()
	switch {
	case r.Former == id:
		r.Former = ""
		if r.State == Waiting && r.MitzID != "" && w.config.isToldNow(r) {
			r.State, r.Since = Subscribed, now
			w.progress.done()
		}
	case r.State == Ending:
		r.MitzID, r.Told = "", ""
	default:
		r = r.in(Waiting, now)
		r.MitzID = ""
	}
	r.Attempts, r.Failure, r.Due = 0, "", now
	return r
}

// believedAfter is for how long something must answer that there is no such subscription, when it
// is perhaps not Mitz: a proxy in maintenance answers so, and a path that was changed.
const believedAfter = 24 * time.Hour

// isGoneBy reports whether Mitz does not know the subscription of a row that is to be ended, by a
// failure that may not be Mitz's: after so long, and not the first time.
func (r row) isGoneBy(failure failure) bool {
	return failure.bare && r.Failure == failure.code && r.Attempts >= givesUp && time.Since(r.Since) >= believedAfter
}
