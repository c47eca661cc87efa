// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package wire

import (
	"context"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
	"github.com/stretchr/testify/require"
)

func TestABodyThatEndsAfterTheTimeIsNoAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	body, failure := readBody(ctx, &http.Response{Body: io.NopCloser(strings.NewReader("late"))})
	require.Nil(t, body)
	require.Equal(t, link.Canceled, failure.Code)
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, tt := range []struct {
		name, value, date string
		want              time.Duration
	}{
		{"seconds", "120", "", 2 * time.Minute},
		{"no time at all", "0", "", 0},
		{"a date", date(90 * time.Second), "", 90 * time.Second},
		{"a date by the server's clock", date(90 * time.Second), date(time.Minute), 30 * time.Second},
		{"a date beside a date that is none", date(90 * time.Second), "today", 90 * time.Second},
		{"a date that was", date(-time.Second), "", 0},
		{"a day in years to come", "Fri, 31 Dec 9999 23:59:59 GMT", "", math.MaxInt64},
		{"more seconds than there are", "99999999999999999999999", "", math.MaxUint32 * time.Second},
		{"nothing", "", "", 0},
		{"a negative number", "-5", "", 0},
		{"a fraction", "1.5", "", 0},
		{"something else", "soon", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header := http.Header{"Retry-After": {tt.value}, "Date": {tt.date}}
			require.Equal(t, tt.want, retryAfter(header, now))
		})
	}
}
