// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
)

// Code says why a consult gave no decisions, a subscription was not made or ended, or a consent was
// not registered. The codes are stable: they serve as metric labels.
type Code string

// Why a consult gave no decisions.
const (
	InvalidQuestion  Code = "invalid_question"  // nothing was sent
	Canceled         Code = "canceled"          // the caller gave up
	Timeout          Code = "timeout"           // no whole answer in time
	Unreachable      Code = "unreachable"       // no connection, or it broke, or no HTTP came from it
	TLS              Code = "tls"               // no agreement on who is who
	HTTPStatus       Code = "http_status"       // a status other than 200 without a SOAP fault
	FaultSender      Code = "fault_sender"      // a SOAP fault: Mitz blames the question
	FaultReceiver    Code = "fault_receiver"    // a SOAP fault: Mitz blames itself
	FaultOther       Code = "fault_other"       // another SOAP fault
	MalformedAnswer  Code = "malformed_answer"  // not the answer's form
	OversizedAnswer  Code = "oversized_answer"  // more than 1 MiB
	MismatchedAnswer Code = "mismatched_answer" // about something else than what was asked
	Overloaded       Code = "overloaded"        // nothing was sent: too many consults wait already
	CircuitOpen      Code = "circuit_open"      // nothing was sent: Mitz failed time after time
	Unrecorded       Code = "unrecorded"        // nothing was sent: it could not be recorded first
	RateLimited      Code = "rate_limited"      // nothing was sent: Mitz asked for a pause
	TooManyQueries   Code = "too_many_queries"  // nothing was sent: the requester asked about this patient too often
)

// Why a subscription was not made or ended, beside those of a consult that are not about its
// question or a SOAP fault. Of [HTTPStatus], the detail says more: bad_request, unauthorized,
// not_found, unprocessable, throttled or unavailable; or not_fhir, for one of the first, third and
// fourth that perhaps is not of Mitz.
const (
	InvalidSubscription Code = "invalid_subscription" // nothing was sent; what the error wraps says why
	NoAuthorization     Code = "no_authorization"     // nothing was sent: the header Authorization could not be made
)

// InvalidRegistration is why a consent was not registered, beside those of a subscription that are
// not about that: nothing was sent; what the error wraps says why.
const InvalidRegistration Code = "invalid_registration"

var subscriptionTexts = map[Code]string{
	InvalidSubscription: "the subscription is invalid",
	NoAuthorization:     "the header Authorization could not be made",
	InvalidRegistration: "the registration is invalid, or there is no endpoint for it",
}

var texts = map[Code]string{
	InvalidQuestion:  "the question is invalid",
	Canceled:         "the call was canceled",
	Timeout:          "Mitz did not answer in time",
	Unreachable:      "Mitz cannot be reached",
	TLS:              "no TLS connection with Mitz",
	HTTPStatus:       "Mitz answered with an HTTP status other than 200",
	FaultSender:      "Mitz answered with a SOAP fault: Sender",
	FaultReceiver:    "Mitz answered with a SOAP fault: Receiver",
	FaultOther:       "Mitz answered with a SOAP fault",
	MalformedAnswer:  "Mitz's answer is malformed",
	OversizedAnswer:  "Mitz's answer is too large",
	MismatchedAnswer: "Mitz's answer is not about what was asked",
	Overloaded:       "too many calls at once",
	CircuitOpen:      "Mitz failed repeatedly and is left alone for a while",
	Unrecorded:       "the query could not be recorded, and was not sent",
	RateLimited:      "Mitz asked for fewer queries and is left alone for a while",
	TooManyQueries:   "the requester asked about this patient too often",
}

// Codes returns the codes with which a consult can fail.
func Codes() []Code { return slices.Sorted(maps.Keys(texts)) }

// Error is a consult without decisions, or a call about a subscription or a registration that
// failed. Its text is fixed by its codes.
type Error struct {
	Code      Code
	Detail    string // a stable snake_case code that refines Code, may be empty
	RequestID string // the uuid of the last message; empty when there was none
	Status    int    // HTTP status; 0 when there was none, or when it was that of a good answer
	Attempts  int    // how many messages were begun, each with a uuid of its own; of queries, Mitz recorded at most these
	// RetryAfter is for how long Mitz asked to be left alone, with status 429 or
	// 503, or how much of that is left; 0 when it did not.
	RetryAfter time.Duration

	// cause is one of our own: an error of the network or the TLS stack may hold
	// text that Mitz sent.
	cause error
}

// Error returns the code's fixed text, and the detail.
func (e *Error) Error() string {
	text := cmp.Or(texts[e.Code], subscriptionTexts[e.Code])
	if e.Detail != "" {
		text += " (" + e.Detail + ")"
	}
	return text
}

// Unwrap returns context.Canceled, context.DeadlineExceeded, another error of ours that says
// more, or nil.
func (e *Error) Unwrap() error { return e.cause }

// errorOf returns what a call fails with.
func errorOf(f *link.Failure) *Error {
	return &Error{
		Code: Code(f.Code), Detail: f.Detail, RequestID: f.RequestID,
		Status: f.Status, Attempts: f.Attempts, RetryAfter: f.RetryAfter, cause: f.Cause,
	}
}
