// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"net/http"
	"strconv"
	"time"
)

// Subscribing is to treat so who subscribes, or ends a subscription, in the documented form:
// with an [HTTPStatus] or [TooManyRequests], [Slow], [Hanging] or [Dropping]; another
// behaviour counts as status 500. The last two come after the subscription was taken:
// the client cannot know.
type Subscribing struct{ Behaviour }

var _ Behaviour = Subscribing{}

// String returns for example "subscribing: status 503".
func (b Subscribing) String() string { return subscribingName + b.Behaviour.String() }

// applies reports whether the behaviour is one of those that the type names.
func (b Subscribing) applies() bool {
	switch inner := b.Behaviour.(type) {
	case HTTPStatus, TooManyRequests, Slow:
		return true
	case Fault:
		return inner == Hanging || inner == Dropping
	default:
		return false
	}
}

// misbehaveFirst reports whether it gave the answer.
func (s *Simulator) misbehaveFirst(w http.ResponseWriter, r *http.Request, told Behaviour) bool {
	if registering, is := told.(Registering); is {
		told = Subscribing(registering)
	}
	subscribing, misbehaves := told.(Subscribing)
	if !misbehaves {
		return false
	}
	if !subscribing.applies() {
		sendOutcome(w, r, http.StatusInternalServerError, "this behaviour is not for subscriptions or registrations")
		return true
	}
	switch b := subscribing.Behaviour.(type) {
	case HTTPStatus:
		sendOutcome(w, r, b.code(), http.StatusText(b.code()))
	case TooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(b.seconds()))
		sendOutcome(w, r, http.StatusTooManyRequests, http.StatusText(http.StatusTooManyRequests))
	case Slow:
		timer := time.NewTimer(time.Duration(b))
		defer timer.Stop()
		(&exchange{sim: s, w: w, r: r}).await(timer.C)
		return false
	default:
		return false
	}
	return true
}

// misbehaveLast gives no answer if it was told so.
func (s *Simulator) misbehaveLast(w http.ResponseWriter, r *http.Request, told Behaviour) {
	x := &exchange{sim: s, w: w, r: r}
	switch told {
	case Subscribing{Hanging}, Registering{Hanging}:
		x.hang()
	case Subscribing{Dropping}, Registering{Dropping}:
		x.drop()
	}
}
