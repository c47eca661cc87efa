// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnExchangeThatOutlivesItsTimeIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := 0
		o := overdue{told: func() { told++ }}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ends := make(chan struct{})
		began := time.Now()
		body, failure := o.bound(ctx, func() ([]byte, *Error) { <-ends; panic("nobody waits for it") })
		require.Nil(t, body)
		requireCode(t, Timeout, failure)
		require.Equal(t, detailOverdue, failure.Detail)
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
			body, failure := o.bound(ctx, func() ([]byte, *Error) {
				time.Sleep(took)
				return []byte("body"), status(500)
			})
			require.Equal(t, "body", string(body))
			require.Equal(t, status(500), failure)
			require.Zero(t, o.left.Load())
		})
	}
}

func TestAPanicReachesWhoWaits(t *testing.T) {
	cause := errors.New("test")
	require.PanicsWithValue(t, cause, func() {
		_, _ = new(overdue).bound(t.Context(), func() ([]byte, *Error) { panic(cause) })
	})
}
