// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
	"math"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestOneOperationCostsAnotherNothing has one operation go wrong in every way, with many
// parties and without end, while another is used now and then.
func TestOneOperationCostsAnotherNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(context.Context, int) *Failure
	}{
		{"that is stuck", hangs},
		{"that fails", ends(status(500))},
		{"that cannot be sent", ends(refused())},
		{"that is told to pause", tooMany},
		{"that floods", takes(time.Second)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told := func(what string) Hooks {
					return Hooks{
						CircuitChanged: func(State) { t.Error(what, "changed") },
						Paused:         func(time.Duration, bool) { t.Error(what, "pauses") },
						HeldBack:       func() { t.Error(what, "holds back") },
					}
				}
				well, _ := fakeOperation(takes(100*time.Millisecond), told("what goes well"))
				wrong, sends := fakeOperation(tt.end, Hooks{}, func(b *Budget) { b.AtOnce, b.PerMinute = 8, math.MaxInt32 })
				ctx, stop := context.WithCancel(t.Context())
				for i := range 200 {
					go func() {
						for ctx.Err() == nil {
							_ = wrong.Do(ctx, from(strconv.Itoa(i)))
							_ = sleep(ctx, 50*time.Millisecond)
						}
					}()
				}
				for i := range 20 {
					time.Sleep(500 * time.Millisecond)
					began := time.Now()
					require.Nil(t, well.Do(ctx, from(strconv.Itoa(i))), "the same parties, about the same subject")
					require.Equal(t, 100*time.Millisecond, time.Since(began), "it does not even wait")
				}
				require.Equal(t, Closed, well.State())
				require.Zero(t, well.Load())
				require.Positive(t, sends.messages.Load())
				stop()
				synctest.Wait()
			})
		})
	}
}

func TestACallAboutNobodyIsNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		operation, sends := fakeOperation(ends(nil), Hooks{}, perMinute(1))
		for range 5 {
			require.Nil(t, operation.Do(t.Context(), Call{By: "a"}))
		}
		require.EqualValues(t, 5, sends.messages.Load())
	})
}

func TestAnOperationSendsWhatTheCallSays(t *testing.T) {
	operation := New(Budget{Timeout: testTimeout, AtOnce: 1, PerMinute: 10, Again: InPassing}, Hooks{})
	var sent int
	call := Call{By: "a", Send: func(ctx context.Context) *Failure {
		require.Less(t, Left(ctx), testTimeout)
		if sent++; sent == 1 {
			failure := lost()
			failure.Attempts = 1
			return failure
		}
		return nil
	}}
	require.Nil(t, operation.Do(t.Context(), call))
	require.Equal(t, 2, sent)
}
