// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package drain

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const patience, grace = 3 * time.Second, time.Second

func TestWhatRunsComesToItsEnd(t *testing.T) {
	for _, tt := range []struct {
		name  string
		run   func(context.Context)
		took  time.Duration
		ended bool // before it was done
		left  int
	}{
		{"what ends by itself is not disturbed", sleep(patience - 1), patience - 1, false, 0},
		{"what takes too long is told to end", hang, patience, true, 0},
		{"what does not listen is left behind", sleep(time.Minute), patience + grace, true, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := New()
				d.Open()
				ctx, done, ok := d.Begin(context.Background())
				require.True(t, ok)
				ended := make(chan bool, 1)
				go func() {
					tt.run(ctx)
					ended <- ctx.Err() != nil
					done()
					done() // harmless
				}()
				began := time.Now()
				require.Equal(t, tt.left, d.Close(patience, grace))
				require.Equal(t, tt.took, time.Since(began))
				require.Equal(t, tt.ended, <-ended)
				require.ErrorIs(t, ctx.Err(), context.Canceled, "nothing is kept of what ran")
			})
		})
	}
}

func sleep(d time.Duration) func(context.Context) {
	return func(context.Context) { time.Sleep(d) }
}

func hang(ctx context.Context) { <-ctx.Done() }

func TestNothingBeginsBeforeOrAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := New()
		refused := func() {
			require.False(t, d.IsOpen())
			ctx, done, ok := d.Begin(t.Context())
			done()
			require.False(t, ok)
			require.NoError(t, ctx.Err())
		}
		refused()
		d.Open()
		require.True(t, d.IsOpen())
		_, done, ok := d.Begin(t.Context())
		require.True(t, ok)
		closed := make(chan int)
		go func() { closed <- d.Close(patience, grace) }()
		synctest.Wait()
		refused() // while it waits
		done()
		require.Zero(t, <-closed)
		refused()
		require.Zero(t, d.Close(patience, grace), "a second stop has nothing to wait for")
	})
}

func TestTheEndOfTheRequestIsHeard(t *testing.T) {
	d := New()
	d.Open()
	request, cancel := context.WithCancel(t.Context())
	ctx, done, _ := d.Begin(request)
	defer done()
	cancel()
	<-ctx.Done()
	require.True(t, d.IsOpen())
}
