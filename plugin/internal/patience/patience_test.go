// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package patience

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func answers(context.Context) error { return nil }

func hangs(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestTry(t *testing.T) {
	t.Run("a database that does not answer is waited for once, and then asked now and then", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var p Patience
			began := time.Now()
			require.NoError(t, p.Try(t.Context(), answers))
			require.ErrorIs(t, p.Try(t.Context(), hangs), ErrTooLong)
			assert.Equal(t, Longest, time.Since(began))
			for range 3 {
				require.ErrorIs(t, p.Try(t.Context(), answers), ErrResting)
			}
			time.Sleep(Rest)
			asked := make(chan error, 1)
			go func() { asked <- p.Try(t.Context(), hangs) }()
			synctest.Wait()
			require.ErrorIs(t, p.Try(t.Context(), answers), ErrResting, "one looks")
			require.ErrorIs(t, <-asked, ErrTooLong)
			time.Sleep(Rest)
			require.NoError(t, p.Try(t.Context(), answers))
			require.NoError(t, p.Try(t.Context(), answers))
		})
	})
	t.Run("one that refuses at once is asked each time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var p Patience
			refusal := errors.New("read-only")
			for range 3 {
				require.Equal(t, refusal, p.Try(t.Context(), func(context.Context) error { return refusal }))
			}
			require.NoError(t, p.Try(t.Context(), answers))
		})
	})
	t.Run("whoever goes away tells nothing of the database", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var p Patience
			ctx, goAway := context.WithTimeout(t.Context(), Longest/2)
			defer goAway()
			require.Equal(t, context.DeadlineExceeded, p.Try(ctx, hangs))
			require.NoError(t, p.Try(t.Context(), answers))
		})
	})
}
