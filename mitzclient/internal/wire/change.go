// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package wire

import (
	"context"
	"io"
	"mime"
	"net/http"
	"slices"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
)

// maxUnread is how much of a body that nobody reads is taken in, so that its connection can be
// used again.
const maxUnread = 64 << 10

// Change sends a message that changes something at Mitz, and returns the header of an answer
// with one of these statuses. The body says nothing that counts, and is not looked at. Any
// other answer fails with [link.HTTPStatus], and says whether it is FHIR. Change ends with ctx, see [DetailOverdue].
func (l *Line) Change(ctx context.Context, via *Connections, m Message, good ...int) (http.Header, *link.Failure) {
	defer l.done(via)
	var header http.Header // not touched once the exchange was left behind
	_, failure := l.overdue.bound(ctx, func() ([]byte, *link.Failure) {
		answered, failure := via.change(ctx, m, good)
		header = answered
		return nil, failure
	})
	if failure != nil {
		return nil, failure
	}
	return header, nil
}

// change ends with ctx: the transport sees to that for the bodies that it reads here. That of
// an answer with another status is not touched, see [Connections.exchange].
func (c *Connections) change(ctx context.Context, m Message, good []int) (http.Header, *link.Failure) {
	response, failure := c.roundTrip(ctx, m)
	if failure != nil {
		return nil, failure
	}
	defer func() { _ = response.Body.Close() }()
	if !slices.Contains(good, response.StatusCode) {
		_, failure = otherStatus(ctx, response, "")
		failure.IsFHIR = isFHIR(response.Header)
		return nil, failure
	}
	if response.ContentLength > 0 && response.ContentLength <= maxUnread {
		_, _ = io.Copy(io.Discard, response.Body)
	}
	return response.Header, nil
}

// isFHIR reports whether a body says that it is FHIR, in XML or JSON (HL7 FHIR R4, section
// 3.1.0.1.11).
func isFHIR(header http.Header) bool {
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	return err == nil && (media == "application/fhir+xml" || media == "application/fhir+json")
}
