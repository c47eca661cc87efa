// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
	"math"
	"testing"
	"time"
)

// BenchmarkDecorators is what they add to a call that succeeds.
func BenchmarkDecorators(b *testing.B) {
	bare := exchangerFunc(func(context.Context, Call) *Failure { return nil })
	all := decorate(bare, Budget{Timeout: testTimeout, AtOnce: testAtOnce, PerMinute: math.MaxInt32, Again: InPassing}, Hooks{})
	call := from("a")
	for name, e := range map[string]exchanger{
		"none": bare, "all": all.chain, "refusing": refusing(b),
		"deadline": &deadline{bare, time.Second}, "limit": newLimit(bare, 1, 1), "retry": &retry{next: bare},
		"pause": newPause(bare, nil), "breaker": newBreaker(bare, 0, nil, nil), "frequency": newFrequency(bare, math.MaxInt32),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = e.Exchange(b.Context(), call)
			}
		})
	}
}

// refusing is an operation with an open circuit.
func refusing(b *testing.B) exchanger {
	operation, _ := fakeOperation(ends(&Failure{Code: FaultReceiver}), Hooks{})
	for range openAfter {
		_ = operation.Do(b.Context(), from("a"))
	}
	return operation.chain
}
