// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package wire

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { leaks.VerifyTestMain(m, nil) }

func TestAnExchangeThatOutlivesItsTimeIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := 0
		o := overdue{told: func() { told++ }}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ends := make(chan struct{})
		began := time.Now()
		body, failure := o.bound(ctx, func() ([]byte, *link.Failure) { <-ends; panic("nobody waits for it") })
		require.Nil(t, body)
		require.Equal(t, link.Timeout, failure.Code)
		require.Equal(t, DetailOverdue, failure.Detail)
		require.Equal(t, time.Second+overdueGrace, time.Since(began))
		require.Equal(t, 1, told)
		require.EqualValues(t, 1, o.left.Load())
		close(ends)
		synctest.Wait()
		require.Zero(t, o.left.Load(), "it ended after all")
	})
}

func TestAnExchangeThatEndsInTimeIsNotOverdue(t *testing.T) {
	for _, took := range []time.Duration{0, time.Second - 1, time.Second + overdueGrace - 1} {
		synctest.Test(t, func(t *testing.T) {
			o := overdue{told: func() { t.Error("told") }}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			body, failure := o.bound(ctx, func() ([]byte, *link.Failure) {
				time.Sleep(took)
				return []byte("body"), &link.Failure{Code: link.HTTPStatus, Status: 500}
			})
			require.Equal(t, "body", string(body))
			require.Equal(t, &link.Failure{Code: link.HTTPStatus, Status: 500}, failure)
			require.Zero(t, o.left.Load())
		})
	}
}

func TestAPanicReachesWhoWaits(t *testing.T) {
	cause := errors.New("test")
	require.PanicsWithValue(t, cause, func() {
		_, _ = new(overdue).bound(t.Context(), func() ([]byte, *link.Failure) { panic(cause) })
	})
}
