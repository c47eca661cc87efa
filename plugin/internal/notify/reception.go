// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// reception is one notification that came by a secret path.
type reception struct {
	*Endpoint
	Received
	c    echo.Context
	path withdrawal.Path
}

// takeSafely takes it, whatever goes wrong: after a panic all tokens end.
func (r *reception) takeSafely(ctx context.Context) (ended Outcome) {
	defer func() {
		if recover() != nil { // its cause may hold anything
			r.Recorder.Panic("Panic while a notification of Mitz was handled")
			ended = r.refuse(Panicked, nil)
		}
	}()
	return r.take(ctx)
}

// take does what it says, and returns how that ended.
func (r *reception) take(ctx context.Context) Outcome {
	if err := r.wantsCertificate(r.c.Request()); err != nil {
		r.Refusal = err
		return NoCertificate
	}
	waiting, cancel := context.WithTimeout(ctx, longestWait)
	turn, err := r.working.Take(waiting, r.c.Param("secret"))
	cancel()
	if err != nil {
		return r.refuseBusy()
	}
	defer turn.GiveBack()
	if r.guesses.areMany(r.Now(), r.Place) {
		return r.refuse(Guessing, nil)
	}
	body, wrong := readBody(ctx, r.c)
	if wrong != "" {
		return r.refuse(wrong, nil)
	}
	told, err := r.read(body)
	if err != nil {
		return r.refuse(codeOf(err), err)
	}
	if !r.path.IsAbout(told.Patient, told.DataHolder.URA) {
		r.guesses.count(r.Now(), r.Place)
		return Mismatch
	}
	r.Patient = told.Patient
	return r.end(Accepted, func() error { return r.narrow(ctx, told) })
}

// read takes a notification apart, a few at a time.
func (r *reception) read(body []byte) (mitzclient.Notification, error) {
	r.reading <- struct{}{}
	defer func() { <-r.reading }()
	return mitzclient.ReadNotification(r.c.Request().Header.Get(echo.HeaderContentType), body)
}

// codeOf returns the code of a refusal.
func codeOf(refusal error) Outcome {
	if coded, ok := errors.AsType[*mitzclient.NotificationError](refusal); ok {
		return Outcome(coded.Code)
	}
	return malformed
}

// maxCategories is how many data categories a notification may name before all tokens of the
// patient end. Mitz knows a handful, and each is a mark or more.
const maxCategories = 16

// narrow ends what is not permitted any more: tokens, and what waits to be registered at Mitz.
func (r *reception) narrow(ctx context.Context, told mitzclient.Notification) error {
	decided := map[consent.Category]withdrawal.Told{}
	for category, providers := range told.Categories {
		decided[category] = withdrawal.Told{Permitted: providers.Permitted, Refused: providers.Refused}
	}
	if len(decided) > maxCategories {
		clear(decided)
	}
	failure := r.Marks.Narrow(told.Patient, told.DataHolder.URA, decided)
	if r.Withdrawn != nil {
		failure = errors.Join(failure, r.Withdrawn(context.WithoutCancel(ctx), told.Patient, told.DataHolder.URA))
	}
	return failure
}

// refuse ends all tokens about the patient, as the notification cannot be understood.
func (r *reception) refuse(as Outcome, refusal error) Outcome {
	r.Refusal = refusal
	return r.end(as, func() error { return r.Marks.WithdrawBy(r.path) })
}

// refuseBusy does the same when there is no place for the notification. Where others of this path
// are doing it, or too many of others, it is left to the sender to come again.
func (r *reception) refuseBusy() Outcome {
	turn, err := r.ending.Take(context.Background(), r.c.Param("secret"))
	if err != nil {
		return Busy
	}
	defer turn.GiveBack()
	return r.refuse(Busy, nil)
}

// end ends tokens, and keeps whether they ended.
func (r *reception) end(as Outcome, do func() error) Outcome {
	r.Ends, r.Failure = true, safely(do)
	if r.Failure != nil {
		return Failed
	}
	return as
}

var errPanic = errors.New("panic")

// safely does something of which a panic is an error.
func safely(do func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	return do()
}
