// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"net/http"
	"time"
)

// verdict is what a message says of Mitz; none says that Mitz answered.
type verdict string

func (v verdict) Error() string { return string(v) }

const (
	// unreachable: the message could not be sent, which nothing in it can cause.
	unreachable verdict = "unreachable"
	// unanswered: the message was sent and got no answer of Mitz. Mitz may be down, or this
	// message may be one that it cannot deal with.
	unanswered verdict = "unanswered"
	// uncounted: it says nothing of Mitz.
	uncounted verdict = "uncounted"
)

// judge says what a message that took so long says of Mitz.
//
// Everything that Mitz answers is an answer, a Deny like a Permit: also a SOAP fault in
// which it blames the message, whatever the status (SOAP 1.2 sends those with 400, many
// servers with 500), a status 4xx, and an answer that is malformed or about something else.
//
// Not counted at all is what says nothing of Mitz: a caller that gave up, a message that was
// not begun, a status 429 (see [pause]), and a timeout of a call that had spent more of
// its time elsewhere than patience leaves.
func judge(failure *Failure, took, patience time.Duration) error {
	if failure == nil {
		return nil
	}
	if failure.Attempts == 0 || failure.Status == http.StatusTooManyRequests {
		return uncounted
	}
	switch failure.Code {
	case Canceled:
		return uncounted
	case FaultSender:
		return nil
	case TLS:
		return unreachable
	case Timeout:
		if took < patience {
			return uncounted
		}
	case Unreachable, FaultReceiver:
	default:
		if status := failure.Status; status == 0 || status >= http.StatusOK && status < http.StatusInternalServerError {
			return nil
		}
	}
	if failure.Unsent {
		return unreachable
	}
	return unanswered
}
