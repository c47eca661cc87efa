// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/xacml"
)

const (
	mediaType   = "application/soap+xml"
	contentType = mediaType + `; charset=UTF-8; action="` + xacml.ActionRequest + `"`
	userAgent   = "nuts-mitz"
	// maxBody bounds an answer, in bytes.
	maxBody = 1 << 20
)

// exchange posts the message and gives the body of a 200 answer of SOAP's media
// type (SOAP 1.2 part 2, section 7).
//
// It ends with ctx, whatever the other side does. The transport sees to that until the
// headers are there, and for the bodies of most answers; not for that of a 101, which is a
// connection handed over (RFC 9110, section 15.2.2). So the status is judged before the body
// is touched, and the end of ctx closes the body, whatever it is.
func (c *Client) exchange(ctx context.Context, via *connections, id string, message []byte) ([]byte, *Error) {
	var connected, answering atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:              func(httptrace.GotConnInfo) { connected.Store(true) },
		GotFirstResponseByte: func() { answering.Store(true) },
	})
	request, err := http.NewRequestWithContext(traced, http.MethodPost, c.url, bytes.NewReader(message))
	if err != nil {
		return nil, &Error{Code: Unreachable, Detail: "address"}
	}
	request.Header = http.Header{
		"Accept":       {mediaType},
		"Content-Type": {contentType},
		"User-Agent":   {userAgent},
		"X-Request-Id": {id},
	}
	// The transport and not an http.Client: that would follow a redirect and so
	// bring the patient's number elsewhere.
	response, err := via.RoundTrip(request)
	if err != nil {
		failure := transportError(ctx, err)
		failure.unsent, failure.unanswered = !connected.Load(), !answering.Load()
		return nil, failure
	}
	defer func() { _ = response.Body.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = response.Body.Close() })
	defer stop()
	switch {
	case response.StatusCode == http.StatusOK:
		body, failure := readBody(ctx, response)
		if failure == nil {
			failure = checkMedia(response.Header)
		}
		return body, failure
	case mayHoldFault(response):
		body, failure := readBody(ctx, response)
		return nil, statusError(response, body, failure)
	default:
		return nil, statusError(response, nil, &Error{Code: HTTPStatus})
	}
}

// mayHoldFault reports whether an answer with another status than 200 is worth reading: a
// SOAP fault comes with a status 4xx or 5xx (SOAP 1.2 part 2, section 7.5.2.2).
func mayHoldFault(response *http.Response) bool {
	return response.StatusCode >= http.StatusBadRequest && checkMedia(response.Header) == nil
}

// readBody reads at most maxBody bytes.
func readBody(ctx context.Context, response *http.Response) ([]byte, *Error) {
	if response.ContentLength > maxBody {
		return nil, &Error{Code: OversizedAnswer}
	}
	var body bytes.Buffer
	body.Grow(int(max(response.ContentLength, 0)) + bytes.MinRead)
	_, err := body.ReadFrom(io.LimitReader(response.Body, maxBody+1))
	if err == nil {
		err = ctx.Err() // the end of the body may still arrive when the time is over
	}
	if err != nil {
		return nil, transportError(ctx, err)
	}
	if body.Len() > maxBody {
		return nil, &Error{Code: OversizedAnswer}
	}
	return body.Bytes(), nil
}

// statusError tells a SOAP fault from a bare HTTP status. Mitz and the gateways
// before it use both.
func statusError(response *http.Response, body []byte, failure *Error) *Error {
	if failure == nil {
		_, err := xacml.DecodeResponse(body)
		if fault, ok := errors.AsType[*xacml.Fault](err); ok {
			failure = faultError(fault)
		}
	}
	if failure == nil || failure.Code == OversizedAnswer {
		failure = &Error{Code: HTTPStatus}
	}
	failure.Status = response.StatusCode
	switch failure.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		failure.RetryAfter = retryAfter(response.Header, time.Now())
	}
	return failure
}

// retryAfter reads for how long the server asks to be left alone, in seconds or
// until a date (RFC 9110, section 10.2.3); 0 when it does not, or not legibly. A date
// is taken by the server's own clock where the answer tells that.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	seconds, err := strconv.ParseUint(value, 10, 32)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, math.MaxUint32)) * time.Second
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return max(until.Sub(now), 0)
}

// checkMedia accepts SOAP 1.2's media type in UTF-8 (RFC 3902), not compressed.
func checkMedia(header http.Header) *Error {
	if len(header["Content-Encoding"]) > 0 {
		return &Error{Code: MalformedAnswer, Detail: "content_encoding"}
	}
	refusal := &Error{Code: MalformedAnswer, Detail: "content_type"}
	types := header["Content-Type"]
	if len(types) != 1 {
		return refusal
	}
	media, parameters, err := mime.ParseMediaType(types[0])
	charset, declared := parameters["charset"]
	if err != nil || media != mediaType || declared && !strings.EqualFold(charset, "utf-8") {
		return refusal
	}
	return nil
}
