// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// act is the next thing to do about a row. Each is one message to Mitz at the most, and is
// written before the next: a node may stop between any two.
type act int

const (
	subscribe act = iota // tell Mitz of it; in state Ending to learn the id of what may be there
	endFormer            // end what this one took the place of
	endIt                // end it
	forgetIt             // there is nothing at Mitz
)

// next returns what to do about a row that is Waiting or Ending.
//
// A row that Mitz was told of keeps its id in MitzID. When it is told of again, that id moves to
// Former before: the answer may be another id, or may not arrive.
func (r row) next() act {
	switch {
	case r.MitzID != "" && r.Former != "":
		return endFormer
	case r.State != Ending:
		return subscribe
	case r.MitzID == "" && r.Told != "":
		return subscribe
	case r.MitzID != "":
		return endIt
	case r.Former != "":
		return endFormer
	default:
		return forgetIt
	}
}

// sender returns whose message the next thing is.
func (r row) sender() string {
	if r.next() == subscribe {
		return r.Subject
	}
	return endings
}

// step does the next thing about a row. The error is the SQL database's.
func (w *worker) step(ctx context.Context, r row, leave leave) error {
	switch r.next() {
	case subscribe:
		return w.subscribe(ctx, r, leave)
	case endFormer:
		return w.endAtMitz(ctx, r, r.Former, leave)
	case endIt:
		return w.endAtMitz(ctx, r, r.MitzID, leave)
	default:
		leave(nothing, 0)
		_, err := w.remove(ctx, r)
		return err
	}
}

// subscribe tells Mitz of a row, and writes what it answers.
func (w *worker) subscribe(ctx context.Context, r row, leave leave) error {
	message, claimed, code := w.config.message(r)
	if code != "" {
		leave(nothing, 0)
		return w.putOff(ctx, r, code, time.Now().Add(jitter(lookAgain)))
	}
	if r.MitzID != "" {
		claimed.MitzID, claimed.Former = "", r.MitzID
	}
	claimed, claims, err := w.claim(ctx, r, claimed)
	if err != nil || !claims {
		leave(nothing, 0)
		return err
	}
	id, err := w.config.Mitz.Subscribe(ctx, message)
	if err != nil {
		return w.failed(ctx, claimed, failureOf(ctx, err), leave)
	}
	w.good(claimed, leave)
	return w.subscribed(ctx, claimed, id)
}

// claim writes a row before Mitz is told of it, and reports whether nobody else had changed it:
// so of two nodes one sends, and while the database cannot be written none does.
func (w *worker) claim(ctx context.Context, r, changed row) (row, bool, error) {
	changed, did, err := w.replace(ctx, changed)
	if err != nil || did || changed.Place == r.Place {
		return changed, did, err
	}
	// Under the key in use the same patient has another row, from when the nodes did not have
	// the same keys yet. Both are good.
	changed.Place = r.Place
	return w.replace(ctx, changed)
}

// subscribed writes by which id Mitz knows a row.
func (w *worker) subscribed(ctx context.Context, claimed row, id string) error {
	now := time.Now()
	known := claimed
	known.MitzID = id
	if known.Former == id {
		known.Former = ""
	}
	known.Attempts, known.Failure, known.Due = 0, "", now
	if known.State == Waiting && known.Former == "" {
		known.State, known.Since = Subscribed, now
	}
	_, did, err := w.replace(ctx, known)
	if err == nil && !did {
		return w.adopt(ctx, claimed, id)
	}
	if known.State == Subscribed {
		w.progress.done()
	}
	return err
}

// adopt keeps the id of a subscription whose row was changed while Mitz was told: it ends with
// that row. Where the row is gone, or knows of another, the subscription becomes a row of its
// own that ends.
func (w *worker) adopt(ctx context.Context, claimed row, id string) error {
	keeps := false
	err := w.amend(ctx, claimed, func(r *row) bool {
		keeps = r.MitzID == "" || r.MitzID == id || r.Former == id
		if r.MitzID != "" {
			return false
		}
		r.MitzID = id
		if r.Former == id {
			r.Former = ""
		}
		return true
	})
	isGone := errors.Is(err, ErrUnknown)
	if err != nil && !isGone || keeps && !isGone {
		return err
	}
	orphan := claimed.in(Ending, time.Now())
	// A place that is no patient's: it must not stand in the way of a wish.
	orphan.ID, orphan.Place, orphan.MitzID, orphan.Former = uuid.NewString(), noPlace(), id, ""
	return w.add(ctx, orphan)
}

// endAtMitz ends what Mitz knows by an id, and writes that.
func (w *worker) endAtMitz(ctx context.Context, r row, id string, leave leave) error {
	claimed, claims, err := w.replace(ctx, r)
	if err != nil || !claims {
		leave(nothing, 0)
		return err
	}
	if err := w.config.Mitz.EndSubscription(ctx, id); err != nil {
		if failure := failureOf(ctx, err); !failure.unknown {
			return w.failed(ctx, claimed, failure, leave)
		}
	}
	w.good(claimed, leave)
	if did, err := w.ended(ctx, claimed, id); err != nil || did {
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

// ended writes that the subscription of an id has ended at Mitz. It reports whether nobody else
// had changed the row.
func (w *worker) ended(ctx context.Context, claimed row, id string) (did bool, err error) {
	ended := w.without(claimed, id)
	if ended.State == Ending && ended.next() == forgetIt {
		return w.remove(ctx, claimed)
	}
	_, did, err = w.replace(ctx, ended)
	return did, err
}

// without returns a row when the subscription of an id has ended at Mitz.
func (w *worker) without(r row, id string) row {
	now := time.Now()
	switch {
	case r.Former == id:
		r.Former = ""
		dataHolder, listed := w.config.listed(r)
		if r.State == Waiting && listed && r.MitzID != "" && r.Told == w.config.told(dataHolder) {
			r.State, r.Since = Subscribed, now
			w.progress.done()
		}
	case r.State == Subscribed:
		r = r.in(Waiting, now)
		r.MitzID, r.Told = "", ""
	default:
		r.MitzID, r.Told = "", ""
	}
	r.Attempts, r.Failure, r.Due = 0, "", now
	return r
}

// failed writes why Mitz could not be told, and when it is told again.
func (w *worker) failed(ctx context.Context, r row, failure failure, leave leave) error {
	w.tell(r, failure, leave(failure.verdict, failure.asked))
	if failure.verdict == nothing {
		return nil // this node stops, and the next goes on
	}
	if r.State == Ending && r.next() == subscribe && (failure.final || failure.unknown) {
		r.Told = "" // so it is not there
		r.Due = time.Now()
		_, _, err := w.replace(ctx, r)
		return err
	}
	if failure.sent || failure.verdict == refused {
		r.Attempts++
	}
	r.Failure, r.Due = failure.code, time.Now().Add(failure.again(r.Attempts))
	_, _, err := w.replace(ctx, r)
	return err
}

// putOff writes that a row is looked at later, and why; empty: as it says already.
func (w *worker) putOff(ctx context.Context, r row, code string, until time.Time) error {
	if code != "" {
		r.Failure = code
	}
	r.Due = until
	_, _, err := w.replace(ctx, r)
	return err
}
