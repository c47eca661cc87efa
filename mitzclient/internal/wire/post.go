// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package wire

import (
	"bytes"
	"cmp"
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

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
)

const (
	userAgent = "nuts-mitz"
	// maxBody bounds an answer, in bytes.
	maxBody = 1 << 20
)

// Message is what is sent.
type Message struct {
	Method        string // empty: POST
	URL           string
	RequestID     string // X-Request-Id
	Authorization string // the whole header; empty: none
	ContentType   string
	Accept        string // the media type that a good answer has, in UTF-8 and not compressed
	Body          []byte
}

// Post posts the message over these connections, and returns the body of an answer with
// status 200 and the media type asked for. An answer with a status 4xx or 5xx fails with
// [link.HTTPStatus]; when it has that media type its body is returned beside the failure: it
// may tell more. Post ends with ctx, see [DetailOverdue].
func (l *Line) Post(ctx context.Context, via *Connections, m Message) ([]byte, *link.Failure) {
	defer l.done(via)
	return l.overdue.bound(ctx, func() ([]byte, *link.Failure) { return via.exchange(ctx, m) })
}

// done closes the connections of before the files changed, the one just used too.
func (l *Line) done(via *Connections) {
	if l.connections.Load() != via {
		via.CloseIdleConnections()
	}
}

// exchange ends with ctx, whatever the other side does. The transport sees to that until the
// headers are there, and for the bodies of most answers; not for that of a 101, which is a
// connection handed over (RFC 9110, section 15.2.2). So the status is judged before the body
// is touched, and the end of ctx closes the body, whatever it is.
func (c *Connections) exchange(ctx context.Context, m Message) ([]byte, *link.Failure) {
	response, failure := c.roundTrip(ctx, m)
	if failure != nil {
		return nil, failure
	}
	defer func() { _ = response.Body.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = response.Body.Close() })
	defer stop()
	if response.StatusCode != http.StatusOK {
		return otherStatus(ctx, response, m.Accept)
	}
	body, failure := readBody(ctx, response)
	if failure == nil {
		failure = checkMedia(response.Header, m.Accept)
	}
	if failure != nil {
		return nil, failure
	}
	return body, nil
}

// roundTrip sends the message, and returns the answer when its headers are there.
func (c *Connections) roundTrip(ctx context.Context, m Message) (*http.Response, *link.Failure) {
	var connected, answering atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:              func(httptrace.GotConnInfo) { connected.Store(true) },
		GotFirstResponseByte: func() { answering.Store(true) },
	})
	request, err := http.NewRequestWithContext(traced, cmp.Or(m.Method, http.MethodPost), m.URL, bytes.NewReader(m.Body))
	if err != nil {
		return nil, &link.Failure{Code: link.Unreachable, Detail: "address"}
	}
	request.Header = http.Header{
		"Accept":       {m.Accept},
		"User-Agent":   {userAgent},
		"X-Request-Id": {m.RequestID},
	}
	if m.ContentType != "" {
		request.Header.Set("Content-Type", m.ContentType)
	}
	if m.Authorization != "" {
		request.Header.Set("Authorization", m.Authorization)
	}
	// The transport and not an http.Client: that would follow a redirect and so
	// bring the patient's number elsewhere.
	response, err := c.RoundTrip(request)
	if err != nil {
		failure := transportFailure(ctx, err)
		failure.Unsent, failure.Unanswered = !connected.Load(), !answering.Load()
		return nil, failure
	}
	return response, nil
}

// otherStatus says what an answer is with another status than 200. Its body is worth reading
// when it has the media type asked for: a SOAP fault comes with a status 4xx or 5xx (SOAP 1.2
// part 2, section 7.5.2.2).
func otherStatus(ctx context.Context, response *http.Response, media string) (body []byte, failure *link.Failure) {
	if response.StatusCode >= http.StatusBadRequest && checkMedia(response.Header, media) == nil {
		body, failure = readBody(ctx, response)
	}
	if failure == nil || failure.Code == link.OversizedAnswer {
		failure = &link.Failure{Code: link.HTTPStatus}
	}
	failure.Status = response.StatusCode
	switch failure.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		failure.RetryAfter = retryAfter(response.Header, time.Now())
	}
	return body, failure
}

// readBody reads at most maxBody bytes.
func readBody(ctx context.Context, response *http.Response) ([]byte, *link.Failure) {
	if response.ContentLength > maxBody {
		return nil, &link.Failure{Code: link.OversizedAnswer}
	}
	var body bytes.Buffer
	body.Grow(int(max(response.ContentLength, 0)) + bytes.MinRead)
	_, err := body.ReadFrom(io.LimitReader(response.Body, maxBody+1))
	if err == nil {
		err = ctx.Err() // the end of the body may still arrive when the time is over
	}
	if err != nil {
		return nil, transportFailure(ctx, err)
	}
	if body.Len() > maxBody {
		return nil, &link.Failure{Code: link.OversizedAnswer}
	}
	return body.Bytes(), nil
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

// checkMedia accepts one media type in UTF-8, such as SOAP 1.2's (RFC 3902), not compressed.
func checkMedia(header http.Header, want string) *link.Failure {
	if len(header["Content-Encoding"]) > 0 {
		return &link.Failure{Code: link.MalformedAnswer, Detail: "content_encoding"}
	}
	refusal := &link.Failure{Code: link.MalformedAnswer, Detail: "content_type"}
	types := header["Content-Type"]
	if len(types) != 1 {
		return refusal
	}
	media, parameters, err := mime.ParseMediaType(types[0])
	charset, declared := parameters["charset"]
	if err != nil || media != want || declared && !strings.EqualFold(charset, "utf-8") {
		return refusal
	}
	return nil
}
