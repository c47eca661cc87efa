// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

// begin lets a request in, which lasts until answer is called.
func begin(t *testing.T) (visit *door.Visit, answer func(error) error) {
	t.Helper()
	visits, answers, ends := make(chan *door.Visit), make(chan error, 1), make(chan error, 1)
	d := door.New(door.Rules{HoldsNumber: func(string) bool { return false }}, func(door.Reason) {})
	c := echo.New().NewContext(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), httptest.NewRecorder())
	go func() {
		ends <- d.Before(func(_ echo.Context, visit *door.Visit) error {
			visits <- visit
			return <-answers
		})(c)
	}()
	return <-visits, func(err error) error {
		answers <- err
		return <-ends
	}
}

// visitOf is the visit of a request that lasts as long as the test.
func visitOf(t *testing.T) *door.Visit {
	t.Helper()
	visit, answer := begin(t)
	t.Cleanup(func() { _ = answer(nil) })
	return visit
}

func noVisit() *door.Visit { return nil }

// assertSpent sees how much work a visit has, which then has no more.
func assertSpent(t *testing.T, visit *door.Visit, work time.Duration) {
	t.Helper()
	require.NoError(t, visit.Spend(door.MaxWork-work), "it has more work")
	assert.ErrorIs(t, visit.Spend(1), door.ErrWork, "it has less work")
}
