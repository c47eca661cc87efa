// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/location"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/wire"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/xacml"
)

const mediaType = "application/soap+xml" // of SOAP 1.2 (RFC 3902)

// inquiry is what the operations that ask Mitz a question in SOAP have in common.
type inquiry struct {
	url         string
	contentType string
	line        *wire.Line
	timeout     time.Duration
}

// send sends one query, once it is recorded. begun is called before it leaves, and read reads a
// good answer.
func (a *inquiry) send(ctx context.Context, id string, message []byte, begun func(), read func(body []byte) *link.Failure) *link.Failure {
	via := a.line.Connections()
	if via.Expired(time.Now()) {
		return &link.Failure{Code: link.TLS, Detail: "certificate_expired", RequestID: id}
	}
	ctx, cancel := bound(ctx, a.timeout)
	defer cancel()
	if ContextTrace(ctx).asking(ctx, id) != nil {
		return unrecorded(ctx)
	}
	begun()
	body, failure := a.line.Post(ctx, via, wire.Message{
		URL: a.url, RequestID: id, ContentType: a.contentType, Accept: mediaType, Body: message,
	})
	if failure == nil {
		failure = read(body)
	} else if fault := faultIn(body); fault != nil && failure.Code == link.HTTPStatus {
		failure.Code, failure.Cause = faultCode(fault), fault
	}
	if failure != nil {
		failure.RequestID, failure.Attempts = id, 1
	}
	return failure
}

// unrecorded returns why a query did not leave that a [Trace] could not record.
func unrecorded(ctx context.Context) *link.Failure {
	if errors.Is(ctx.Err(), context.Canceled) {
		return link.Ended(ctx, "record")
	}
	return &link.Failure{Code: link.Code(Unrecorded)}
}

// unreadable returns the failure of an answer that is a fault, or is malformed.
func unreadable(err error) *link.Failure {
	if fault, ok := errors.AsType[*soap.Fault](err); ok {
		return &link.Failure{Code: faultCode(fault), Cause: fault}
	}
	return &link.Failure{Code: link.MalformedAnswer, Detail: detailOf(err), Cause: err}
}

// mismatched returns the failure of an answer that is about something else; nil for no error.
func mismatched(err error) *link.Failure {
	if err == nil {
		return nil
	}
	return &link.Failure{Code: link.Code(MismatchedAnswer), Detail: detailOf(err), Cause: err}
}

// faultIn returns the SOAP fault beside another status than 200, or nil. Mitz and the gateways
// before it use both faults and bare statuses. A fault has one form, whatever was asked.
func faultIn(body []byte) *soap.Fault {
	if len(body) == 0 {
		return nil
	}
	_, err := xacml.DecodeResponse(body)
	fault, _ := errors.AsType[*soap.Fault](err)
	return fault
}

func faultCode(fault *soap.Fault) link.Code {
	switch fault.Code {
	case soap.FaultSender:
		return link.FaultSender
	case soap.FaultReceiver:
		return link.FaultReceiver
	default:
		return link.Code(FaultOther)
	}
}

func detailOf(err error) string {
	if refusal, ok := errors.AsType[*xacml.Error](err); ok {
		return string(refusal.Code)
	}
	if refusal, ok := errors.AsType[*location.Error](err); ok {
		return string(refusal.Code)
	}
	return ""
}

// newRequestID returns a random uuid in which no patient's number can be read: logs
// withhold what could be one, and operators look queries up by these ids.
func newRequestID() string {
	for {
		id := uuid.NewString()
		if !slices.ContainsFunc(digitRuns.FindAllString(id, -1), consent.IsBSN) {
			return id
		}
	}
}

var digitRuns = regexp.MustCompile(`[0-9]+`)
