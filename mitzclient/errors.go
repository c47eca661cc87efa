// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"syscall"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/xacml"
)

// Code says why a consult gave no decisions. The codes are stable: they serve as
// metric labels.
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

var texts = map[Code]string{
	InvalidQuestion:  "the question is invalid",
	Canceled:         "the consult was canceled",
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
	Overloaded:       "too many consults at once",
	CircuitOpen:      "Mitz failed repeatedly and is left alone for a while",
	Unrecorded:       "the query could not be recorded, and was not sent",
	RateLimited:      "Mitz asked for fewer queries and is left alone for a while",
	TooManyQueries:   "the requester asked about this patient too often",
}

// Codes gives all codes.
func Codes() []Code { return slices.Sorted(maps.Keys(texts)) }

// Error is a consult without decisions. Its text is fixed by its codes.
type Error struct {
	Code      Code
	Detail    string // a stable snake_case code that refines Code, such as an xacml.Code; may be empty
	RequestID string // the uuid of the last query; empty when there was none
	Status    int    // HTTP status; 0 when there was none, or when it was 200
	Attempts  int    // how many queries were begun, each with a uuid of its own; Mitz recorded at most these
	// RetryAfter is for how long Mitz asked to be left alone, with status 429 or
	// 503, or how much of that is left; 0 when it did not.
	RetryAfter time.Duration

	// unsent tells that there was no connection to send the query on.
	unsent bool
	// unanswered tells that the connection failed before the first byte of an answer.
	unanswered bool
	// cause is one of our own: an error of the network or the TLS stack may hold
	// text that Mitz sent.
	cause error
}

// Error gives the code's fixed text, and the detail.
func (e *Error) Error() string {
	text := texts[e.Code]
	if e.Detail != "" {
		text += " (" + e.Detail + ")"
	}
	return text
}

// Unwrap gives context.Canceled, context.DeadlineExceeded, an *xacml.Error or
// *xacml.Fault, or nil.
func (e *Error) Unwrap() error { return e.cause }

// detailRequester refines what only this requester meets, not the others.
const detailRequester = "requester"

func heldBackError(code Code) *Error { return &Error{Code: code, Detail: detailRequester} }

// contextError says why ctx ended, or is about to.
func contextError(ctx context.Context, detail string) *Error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return &Error{Code: Canceled, Detail: detail, cause: context.Canceled}
	}
	return &Error{Code: Timeout, Detail: detail, cause: context.DeadlineExceeded}
}

// unrecorded returns why a query did not leave that a [Trace] could not record.
func unrecorded(ctx context.Context) *Error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return contextError(ctx, "record")
	}
	return &Error{Code: Unrecorded}
}

// transportError says why there is no whole HTTP answer.
func transportError(ctx context.Context, err error) *Error {
	if timeout, ok := errors.AsType[net.Error](err); ctx.Err() != nil || ok && timeout.Timeout() {
		return contextError(ctx, "")
	}
	if detail := tlsDetail(err); detail != "" {
		return &Error{Code: TLS, Detail: detail}
	}
	return &Error{Code: Unreachable, Detail: networkDetail(err)}
}

// tlsDetail is empty when the failure is not one of TLS.
func tlsDetail(err error) string {
	if is[x509.UnknownAuthorityError](err) {
		return "unknown_authority"
	}
	if is[x509.HostnameError](err) {
		return "host_name"
	}
	if is[*tls.CertificateVerificationError](err) {
		return "invalid_certificate"
	}
	if is[tls.RecordHeaderError](err) {
		return "not_tls"
	}
	// crypto/tls reports an alert as an operation, sent by either side.
	switch operation, _ := errors.AsType[*net.OpError](err); {
	case operation == nil:
		return ""
	case operation.Op == "remote error":
		return "refused_by_mitz"
	case operation.Op == "local error":
		return "handshake"
	default:
		return ""
	}
}

// Details of [Unreachable] that more than one place knows.
const (
	detailRefused = "refused"
	detailLost    = "connection_lost"
)

func networkDetail(err error) string {
	switch {
	case is[*net.DNSError](err):
		return "dns"
	case errors.Is(err, syscall.ECONNREFUSED):
		return detailRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return detailLost
	case is[*net.OpError](err):
		return "network"
	default:
		return "no_http"
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// decodeError says why a body is no answer.
func decodeError(err error) *Error {
	if fault, ok := errors.AsType[*xacml.Fault](err); ok {
		return faultError(fault)
	}
	return &Error{Code: MalformedAnswer, Detail: detailOf(err), cause: err}
}

func faultError(fault *xacml.Fault) *Error {
	failure := &Error{Code: FaultOther, cause: fault}
	switch fault.Code {
	case xacml.FaultSender:
		failure.Code = FaultSender
	case xacml.FaultReceiver:
		failure.Code = FaultReceiver
	case xacml.FaultOther:
		failure.Code = FaultOther
	}
	return failure
}

func detailOf(err error) string {
	if refusal, ok := errors.AsType[*xacml.Error](err); ok {
		return string(refusal.Code)
	}
	return ""
}
