// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
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
	said, code, err := w.toSay(ctx, r)
	if err != nil {
		leave(nothing, 0)
		return err
	}
	message, claimed := mitzclient.Subscription{}, row{}
	if code == "" {
		message, claimed, code = w.config.message(r, said)
	}
	if code != "" {
		leave(nothing, 0)
		return w.putOff(ctx, r, code, time.Now().Add(background.Jitter(lookAgain)))
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
		failure := failureOf(ctx, err)
		if failure.changedNothing() {
			claimed.Told, claimed.MitzID, claimed.Former = r.Told, r.MitzID, r.Former
			claimed.Key, claimed.Sealed = r.Key, r.Sealed
		}
		return w.failed(ctx, claimed, failure, leave, func() error { return w.adoptUnknown(ctx, claimed) })
	}
	w.good(claimed, leave)
	return w.persist(ctx, func() error { return w.subscribed(ctx, claimed, id) })
}

// toSay returns what Mitz is told of a row, and keeps it: what it is to be told now, or once more
// what it was told last, where nobody knows by which id it knows that. Code says why nothing is to
// be told, and is empty when something is.
func (w *worker) toSay(ctx context.Context, r row) (said saying, code string, err error) {
	isLost := r.MitzID == "" && r.Told != "" && !w.config.isToldNow(r)
	if isLost {
		said, known, err := w.sayings.of(ctx, r.Told)
		if _, opens := w.config.Keys.Under(said.Key); err != nil || known && opens {
			return said, "", err
		}
	}
	dataHolder, listed := w.config.listed(r)
	switch {
	case listed:
	case r.State == Ending: // to learn the id of what is to be ended
		dataHolder = r.DataHolder
	default:
		return said, FailureNotListed, nil
	}
	if isLost {
		w.config.Log.WithFields(logrus.Fields{"subject": r.Subject, "subscription": r.ID}).
			Warn("Mitz may know a subscription by an id that is not known here: it was told with a key that is gone, or by another version")
	}
	said = w.config.saying(dataHolder)
	return said, "", w.sayings.keep(ctx, said)
}

// claim writes a row before Mitz is told of it, and reports whether nobody else had changed it:
// so of two nodes one sends, and while the database cannot be written none does.
func (w *worker) claim(ctx context.Context, r, changed row) (row, bool, error) {
	changed, did, err := w.replace(ctx, changed)
	if err != nil || did || changed.Place == r.Place {
		return changed, did, err
	}
	return w.merge(ctx, r, changed)
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
	if known.State == Waiting && known.Former == "" && w.config.isToldNow(known) {
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
// that row. Where the row is gone, the subscription becomes a row of its own that ends.
func (w *worker) adopt(ctx context.Context, claimed row, id string) error {
	isKept := true
	err := w.amend(ctx, claimed, func(r *row) bool {
		isKept = r.MitzID == "" || r.Former == "" || r.MitzID == id || r.Former == id
		switch {
		case r.MitzID == "":
			r.MitzID = id
			if r.Former == id {
				r.Former = ""
			}
		case r.MitzID == id || r.Former != "":
			return false
		case r.Told == claimed.Told && bytes.Equal(r.Sealed, claimed.Sealed):
			*r = r.unsure() // one of the two is not there any more
		default:
			*r = r.again()
			r.Former = id
		}
		return true
	})
	switch {
	case errors.Is(err, ErrUnknown):
		return w.addOrphan(ctx, claimed, claimed.ID, id)
	case err == nil && !isKept:
		return w.addOrphan(ctx, claimed, uuid.NewString(), id)
	default:
		return err
	}
}

// adoptUnknown does the same where no answer came: Mitz may know a subscription by an id that is
// not known here.
func (w *worker) adoptUnknown(ctx context.Context, claimed row) error {
	err := w.amend(ctx, claimed, func(r *row) bool {
		switch {
		case r.MitzID == "" && r.Told == "":
		case r.MitzID != "" && r.Former == "":
			*r = r.unsure()
		default:
			return false
		}
		r.Told = claimed.Told
		return true
	})
	if errors.Is(err, ErrUnknown) {
		return w.addOrphan(ctx, claimed, claimed.ID, "")
	}
	return err
}

// again returns the row as one that is looked at again.
func (r row) again() row {
	if r.State == Subscribed {
		return r.in(Waiting, time.Now())
	}
	return r
}

// unsure returns the row as one that Mitz may know by another id.
func (r row) unsure() row {
	r = r.again()
	r.MitzID, r.Former = "", r.MitzID
	return r
}

// addOrphan adds a row for what Mitz knows by an id, or with none by that of a secret path with
// this row's.
func (w *worker) addOrphan(ctx context.Context, claimed row, rowID, id string) error {
	orphan := claimed.in(Ending, time.Now())
	// A place that is no patient's: it must not stand in the way of a wish.
	orphan.ID, orphan.Place, orphan.MitzID, orphan.Former = rowID, noPlace(), id, ""
	return w.add(ctx, orphan)
}

// givesUp is after how many refusals it is taken for granted that Mitz does not know a
// subscription that is to be ended, and whose id Mitz was asked for.
const givesUp = 10

// isInVain reports whether a row that Mitz refuses is asked for no more: one that ends after a
// while, and one that waits at once, when it was told what it is not to be told any more. The
// patient is to be subscribed, be it twice.
func (w *worker) isInVain(r row) bool {
	if r.State == Ending {
		return r.Attempts >= givesUp
	}
	return r.Told != "" && !w.config.isToldNow(r)
}

// failed writes why Mitz could not be told, and when it is told again. Mitz may have done it all
// the same: where somebody else changed the row meanwhile, unsure is called then.
func (w *worker) failed(ctx context.Context, r row, failure failure, leave leave, unsure func() error) error {
	w.tell(r, failure, leave(failure.verdict, failure.asked))
	if failure.verdict == nothing {
		return nil // this node stops, and the next goes on
	}
	if failure.attempts > 0 || failure.verdict == refused {
		r.Attempts++
	}
	r.Failure, r.Due = failure.code, time.Now().Add(failure.again(r.Attempts))
	if r.next() == subscribe && failure.isRefusal() && w.isInVain(r) {
		r.Told, r.Due = "", time.Now()
	}
	return w.persist(ctx, func() error {
		_, did, err := w.replace(ctx, r)
		if err == nil && !did && !failure.changedNothing() {
			return unsure()
		}
		return err
	})
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
