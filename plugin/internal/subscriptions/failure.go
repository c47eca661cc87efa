// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/background"
)

// Why Mitz is not told, besides the codes of mitzclient. They stand in [Subscription].
const (
	FailureKeyUnknown = "key_unknown" // the patient is encrypted with a key that is not in the file any more
	FailureNotListed  = "not_listed"  // the data holder is on the list no more
	failurePanicked   = "panicked"    // a mistake of ours, which is in the log
	failureUnknown    = "unknown"     // an error that is none of mitzclient's
)

const (
	// A message is sent again after so long, and later after each failure that is about it.
	minAgain, maxAgain = 10 * time.Second, time.Hour
	// lookAgain is when something is looked at again of which Mitz cannot be told.
	lookAgain = time.Hour
	// requesterAlone is the detail of what mitzclient does not send because of others of the
	// same data holder.
	requesterAlone = "requester"
	// notFHIR is the detail of a refusal that perhaps is not of Mitz.
	notFHIR    = "not_fhir"
	maxFailure = 64 // bytes
)

// failure is why Mitz was not told, and what follows of it.
type failure struct {
	code      string // as in [Subscription]
	requestID string
	attempts  int // messages that were begun
	verdict   verdict
	asked     time.Duration // for how long Mitz asked to be left alone; 0: it did not
	final     bool          // the same message fails again
	unknown   bool          // Mitz does not know the subscription
	// bare says that something answered as if that were so, and perhaps was not Mitz.
	bare bool
}

// failureOf reads an error of [Mitz].
func failureOf(ctx context.Context, err error) failure {
	var cause *mitzclient.Error
	if !errors.As(err, &cause) {
		if ctx.Err() != nil {
			return failure{verdict: nothing}
		}
		return failure{code: failureUnknown, verdict: refused, attempts: 1}
	}
	code := string(cause.Code)
	if cause.Detail != "" {
		code += "/" + cause.Detail
	}
	f := failure{
		code: code[:min(len(code), maxFailure)], requestID: cause.RequestID, attempts: cause.Attempts, asked: cause.RetryAfter,
	}
	if ctx.Err() != nil {
		f.verdict = nothing
		return f
	}
	f.judge(cause)
	return f
}

// isRefusal reports whether Mitz did not do what it was told, and said so.
func (f *failure) isRefusal() bool { return f.final || f.unknown }

// changedNothing reports whether it is sure that nothing changed at Mitz.
func (f *failure) changedNothing() bool {
	return f.attempts == 0 || f.attempts == 1 && f.isRefusal()
}

// judge says what follows of a failure. Where it is not plain whether it is about the message,
// its sender or Mitz, it is taken for the sender's: a pause of its own does little harm.
func (f *failure) judge(cause *mitzclient.Error) {
	switch cause.Code {
	case mitzclient.InvalidSubscription:
		f.verdict, f.final = refused, true
	case mitzclient.MalformedAnswer, mitzclient.OversizedAnswer, mitzclient.MismatchedAnswer:
		f.verdict = refused
	case mitzclient.HTTPStatus:
		f.judgeStatus(cause.Status, cause.Detail)
	case mitzclient.Unreachable, mitzclient.TLS, mitzclient.NoAuthorization:
		f.verdict = failedAll
	case mitzclient.CircuitOpen, mitzclient.RateLimited:
		f.verdict = failedAll
		if cause.Detail == requesterAlone {
			f.verdict = failed
		}
	default:
		f.verdict = failed
	}
}

func (f *failure) judgeStatus(status int, detail string) {
	if detail == notFHIR {
		f.verdict, f.bare = refused, status == http.StatusNotFound || status == http.StatusGone
		return
	}
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		f.verdict = throttled
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		f.verdict, f.final = refused, true
	case http.StatusNotFound, http.StatusGone:
		f.verdict, f.unknown = refused, true
	case http.StatusConflict:
		f.verdict = refused
	default:
		f.verdict = failed
	}
}

// again returns after how long a message is sent again that was sent so often in vain. What is
// not about the message is not laid to its charge: its time grows to no more than a pause of
// all.
func (f *failure) again(attempts int) time.Duration {
	switch {
	case f.final:
		return background.Jitter(maxAgain)
	case f.verdict == refused:
		return background.Jitter(background.Doubled(minAgain, maxAgain, attempts))
	default:
		return background.Jitter(background.Doubled(minAgain, maxMitzPause, attempts))
	}
}
