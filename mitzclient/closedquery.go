// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/wire"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/xacml"
)

const (
	// closedQueryPath is where the closed query is asked, under the endpoint.
	closedQueryPath = "/geslotenautorisatievraag/xacml3"
	mediaType       = "application/soap+xml" // of SOAP 1.2 (RFC 3902)
	contentType     = mediaType + `; charset=UTF-8; action="` + xacml.ActionRequest + `"`
)

// closedQueryURL returns where the closed query is asked, which wsa:To names too.
func closedQueryURL(endpoint string) string {
	return strings.TrimRight(endpoint, "/") + closedQueryPath
}

// ClosedQueryMessage returns the message by which a [Client] asks q at an endpoint, under a
// request id, which is a uuid in its canonical form. It is for showing it: the message holds
// the patient's number.
func ClosedQueryMessage(endpoint, requestID string, q consent.Question) ([]byte, error) {
	return xacml.EncodeRequest(xacml.Header{MessageID: requestID, To: closedQueryURL(endpoint)}, q)
}

// closedQuery is the operation of asking the closed query ("gesloten autorisatievraag").
type closedQuery struct {
	url     string
	line    *wire.Line
	timeout time.Duration
}

// budget is what the closed query may spend on a [Link]. It changes nothing at Mitz, so it is
// asked again when it failed in passing.
func (c Config) budget() link.Budget {
	return link.Budget{Timeout: c.Timeout, AtOnce: c.MaxConnections, PerMinute: c.QueriesPerMinute, Again: link.InPassing}
}

// ask sends one query, and fills the answer. It is called once more for a query that is sent
// again.
func (c *closedQuery) ask(ctx context.Context, q consent.Question, answer *Answer) *link.Failure {
	id := newRequestID()
	message, err := xacml.EncodeRequest(xacml.Header{MessageID: id, To: c.url}, q)
	if err != nil {
		return &link.Failure{Code: link.Code(InvalidQuestion), RequestID: id, Cause: err}
	}
	via := c.line.Connections()
	if via.Expired(time.Now()) {
		return &link.Failure{Code: link.TLS, Detail: "certificate_expired", RequestID: id}
	}
	ctx, cancel := bound(ctx, c.timeout)
	defer cancel()
	if ContextTrace(ctx).asking(ctx, id) != nil {
		return unrecorded(ctx)
	}
	answer.RequestID = id
	answer.Attempts++
	body, failure := c.line.Post(ctx, via, wire.Message{
		URL: c.url, RequestID: id, ContentType: contentType, Accept: mediaType, Body: message,
	})
	if failure == nil {
		answer.Decisions, failure = read(body, id, q)
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

// read returns what an answer decides about q.
func read(body []byte, id string, q consent.Question) (consent.Decisions, *link.Failure) {
	response, err := xacml.DecodeResponse(body)
	if fault, ok := errors.AsType[*soap.Fault](err); ok {
		return nil, &link.Failure{Code: faultCode(fault), Cause: fault}
	}
	if err != nil {
		return nil, &link.Failure{Code: link.MalformedAnswer, Detail: detailOf(err), Cause: err}
	}
	decisions, err := response.Match(id, q)
	if err != nil {
		return nil, &link.Failure{Code: link.Code(MismatchedAnswer), Detail: detailOf(err), Cause: err}
	}
	return decisions, nil
}

// faultIn returns the SOAP fault beside another status than 200, or nil. Mitz and the gateways
// before it use both faults and bare statuses.
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
