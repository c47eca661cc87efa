// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package evidence

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/tally"
)

// register tells Mitz of a row, and writes what it answers. The error is the SQL database's.
func (w *worker) register(ctx context.Context, r row) error {
	registration, err := r.open(w.config.Keys)
	if err != nil {
		_, _, err := w.replace(ctx, r.failed(failure{code: FailureKeyUnknown, refused: true}))
		return err
	}
	withdrawn, err := w.isWithdrawn(ctx, r, registration)
	if err != nil {
		return err
	}
	if withdrawn {
		_, _, err := w.replace(ctx, r.in(Withdrawn, time.Now()))
		return err
	}
	// Written before it is sent: so of two nodes one sends, what was withdrawn is not sent, and
	// while the database cannot be written nothing is.
	// What this software cannot deal with is due later, and does not stand in the way of others.
	claimed := r
	claimed.Due = time.Now().Add(background.Jitter(minAgain))
	claimed, did, err := w.replace(ctx, claimed)
	if err != nil || !did {
		return err
	}
	err = w.config.Mitz.RegisterConsent(ctx, messageOf(registration, mitzID(r.ID)))
	if ctx.Err() != nil {
		return nil //nolint:nilerr // this node stops, and the next goes on
	}
	if err != nil {
		return w.rejected(ctx, claimed, failureOf(err))
	}
	w.answered()
	_, _, err = w.replace(ctx, claimed.in(Accepted, time.Now()))
	return err
}

// isWithdrawn looks up whether consent was withdrawn that a row holds.
func (w *worker) isWithdrawn(ctx context.Context, r row, registration Registration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return isWithdrawn(ctx, w.config.Withdrawals, r, registration)
}

// follow looks whether what Mitz accepted is in force. Mitz tells how many of a data holder's are
// not: when that is none, all are that it accepted before it was asked.
func (w *worker) follow(ctx context.Context) error {
	rows, err := w.due(ctx, Accepted)
	if err != nil {
		return err
	}
	asked := map[consent.URA]bool{}
	for _, each := range rows {
		if asked[each.DataHolder] {
			continue
		}
		asked[each.DataHolder] = true
		if err := w.followOne(ctx, each.DataHolder, rows); err != nil || ctx.Err() != nil || w.pause.left() > 0 {
			return err
		}
	}
	return nil
}

// followOne asks for one data holder, and writes what Mitz answers about its rows.
func (w *worker) followOne(ctx context.Context, dataHolder consent.URA, rows []row) error {
	began := time.Now()
	unprocessed, err := w.config.Mitz.UnprocessedConsents(ctx, dataHolder)
	if ctx.Err() != nil {
		return nil
	}
	failure := failure{}
	switch {
	case err != nil:
		failure = failureOf(err)
		if !failure.refused {
			w.paused(failure)
		}
	case unprocessed == 0:
		w.answered()
		settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
		defer cancel()
		_, err := w.config.Store.settle(settling, dataHolder, began, time.Now())
		return err
	default:
		w.answered()
	}
	for _, each := range rows {
		if each.DataHolder != dataHolder {
			continue
		}
		each.Attempts++
		each.Failure, each.Due = failure.code, time.Now().Add(background.Jitter(background.Doubled(minFollow, maxFollow, each.Attempts)))
		if _, _, err := w.replace(ctx, each); err != nil {
			return err
		}
	}
	return nil
}

// answered takes note that Mitz did what it was told.
func (w *worker) answered() {
	if w.pause.end() {
		w.config.Log.Info("Mitz answers again: registering goes on")
	}
}

// paused leaves Mitz alone for a while.
func (w *worker) paused(f failure) {
	if w.pause.begin(f.asked) {
		w.line(f).Warn("Consents cannot be registered at Mitz: registering pauses, and goes on by itself")
	}
}

// rejected writes why Mitz could not be told of a row, and when it is told again.
func (w *worker) rejected(ctx context.Context, r row, f failure) error {
	if !f.refused {
		w.paused(f)
	} else {
		w.answered()
		if w.failures.Single(tally.Key{Who: f.code, Code: f.code}) {
			w.line(f).WithFields(logrus.Fields{"subject": r.Subject, "evidence": r.ID}).Warn("Mitz does not take the registration of a consent: it is sent again later")
		}
	}
	_, _, err := w.replace(ctx, r.failed(f))
	return err
}

func (w *worker) line(f failure) *logrus.Entry {
	line := w.config.Log.WithField("outcome", f.code)
	if f.requestID != "" {
		line = line.WithField("request_id", f.requestID)
	}
	return line
}

// failed returns the row as it is kept after a failure.
func (r row) failed(f failure) row {
	now := time.Now()
	if f.refused && r.State != Refused {
		r = r.in(Refused, now)
	}
	r.Attempts++
	r.Failure = f.code
	first, most := minAgain, maxAgain
	if r.State == Refused {
		first, most = minRefused, maxRefused
	}
	r.Due = now.Add(background.Jitter(background.Doubled(first, most, r.Attempts)))
	return r
}

// mitzID returns the uuid by which Mitz knows the registration of a row: the same each time it
// is told (RFC 9562 section 5.8).
func mitzID(rowID string) string {
	b, _ := hex.DecodeString(rowID) // which wrote it so
	b = append(b, make([]byte, 16)...)
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// messageOf returns what Mitz is told.
func messageOf(r Registration, id string) mitzclient.ConsentRegistration {
	c := r.Consent
	return mitzclient.ConsentRegistration{
		ID: id, Patient: r.Patient, DataHolder: r.DataHolder, Categories: c.Categories, RequesterTypes: c.RequesterTypes,
		Requester: c.Requester, Professional: c.Professional, RecordedAt: c.RecordedAt,
		Identification: c.Identification, Agreement: c.Agreement,
	}
}
