// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// patience is how long a body may take to arrive. The node itself waits for ever.
const patience = 15 * time.Second

// readBody reads the whole of a notification. When the context ends it waits no longer. The
// outcome is empty when it is there.
func readBody(ctx context.Context, c echo.Context) ([]byte, Outcome) {
	request := c.Request()
	if len(request.Header.Values(echo.HeaderContentType)) > 1 {
		return nil, unknownMediaType // which of them is meant cannot be told
	}
	if isEncoded(request.Header) {
		return nil, ContentEncoding
	}
	if request.ContentLength > mitzclient.MaxNotification {
		return nil, TooLarge
	}
	control := http.NewResponseController(c.Response())
	stop := context.AfterFunc(ctx, func() { _ = control.SetReadDeadline(time.Now()) })
	defer stop()
	content := bytes.NewBuffer(make([]byte, 0, max(request.ContentLength, 0)+bytes.MinRead))
	_, err := io.Copy(content, http.MaxBytesReader(c.Response(), request.Body, mitzclient.MaxNotification))
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return nil, TooLarge
	case err != nil:
		return nil, Incomplete
	}
	_ = control.SetReadDeadline(time.Time{})
	return content.Bytes(), ""
}

// isEncoded reports whether a body is compressed, or may be (RFC 9110 section 8.4).
func isEncoded(header http.Header) bool {
	for _, value := range header.Values("Content-Encoding") {
		if !strings.EqualFold(strings.TrimSpace(value), "identity") {
			return true
		}
	}
	return false
}

// limitReading gives a body, and what is left of it after the answer, its time. A writer that
// knows no deadlines is not that of the node's HTTP server.
func limitReading(c echo.Context) {
	_ = http.NewResponseController(c.Response()).SetReadDeadline(time.Now().Add(patience))
}
