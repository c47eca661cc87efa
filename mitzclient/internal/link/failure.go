// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
	"errors"
	"time"
)

// Code says why a call failed. Package mitzclient promises the codes to others, and says there
// what each means; operations add codes of their own.
type Code string

// The codes that are made or read below the operations.
const (
	Canceled        Code = "canceled"
	Timeout         Code = "timeout"
	Unreachable     Code = "unreachable"
	TLS             Code = "tls"
	HTTPStatus      Code = "http_status"
	FaultSender     Code = "fault_sender"
	FaultReceiver   Code = "fault_receiver"
	MalformedAnswer Code = "malformed_answer"
	OversizedAnswer Code = "oversized_answer"
	Overloaded      Code = "overloaded"
	CircuitOpen     Code = "circuit_open"
	RateLimited     Code = "rate_limited"
	TooManyQueries  Code = "too_many_queries"
)

// Details of [Unreachable] by which it is judged.
const (
	DetailRefused = "refused"
	DetailLost    = "connection_lost"
)

// Failure is how a call ended that got no good answer.
type Failure struct {
	Code      Code
	Detail    string // a stable snake_case code that refines Code; may be empty
	RequestID string // of the last message that was begun; empty when none was
	Status    int    // HTTP status; 0 when there was none, or when it was 200
	Attempts  int    // how many messages were begun
	// RetryAfter is for how long Mitz asked to be left alone, or how much of that is left; 0
	// when it did not.
	RetryAfter time.Duration
	Unsent     bool // there was no connection to send the message on
	Unanswered bool // the connection failed before the first byte of an answer
	// IsFHIR says that an answer with another status calls itself FHIR, as a FHIR server's own do
	// and those of what stands before it do not. It is known of messages that change something.
	IsFHIR bool
	Cause  error // an error of our own, never one that holds what Mitz sent; may be nil
}

// Ended returns the failure of a call whose ctx ended, or is about to.
func Ended(ctx context.Context, detail string) *Failure {
	if errors.Is(ctx.Err(), context.Canceled) {
		return &Failure{Code: Canceled, Detail: detail, Cause: context.Canceled}
	}
	return &Failure{Code: Timeout, Detail: detail, Cause: context.DeadlineExceeded}
}

// detailRequester refines what only this requester meets, not the others.
const detailRequester = "requester"

func heldBack(code Code) *Failure { return &Failure{Code: code, Detail: detailRequester} }
