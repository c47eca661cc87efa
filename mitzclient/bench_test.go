// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/stretchr/testify/require"
)

// BenchmarkDecorators is what they add to a consult that succeeds.
func BenchmarkDecorators(b *testing.B) {
	link, _ := fakeLink(nil, Hooks{}, func(c *Config) { c.QueriesPerMinute = math.MaxInt32 })
	bare := consulterFunc(func(context.Context, consent.Question) (Answer, error) { return Answer{Attempts: 1}, nil })
	link.frequency.next = bare
	q := question(b, "GGC002")
	for name, c := range map[string]Consulter{
		"none": bare, "all": link, "refusing": refusing(b),
		"deadline": &deadline{bare, time.Second}, "limit": newLimit(bare, 1, 1), "retry": &retry{next: bare},
		"pause": newPause(bare, nil), "breaker": newBreaker(bare, 0, nil, nil), "frequency": newFrequency(bare, math.MaxInt32),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = c.Consult(b.Context(), q)
			}
		})
	}
}

// refusing is a link with an open circuit.
func refusing(b *testing.B) *Link {
	link, _ := fakeLink(ends(&Error{Code: FaultReceiver}), Hooks{})
	for range openAfter {
		_, _ = link.Consult(b.Context(), consent.Question{})
	}
	return link
}

// BenchmarkLink is to be read beside BenchmarkConsult.
func BenchmarkLink(b *testing.B) {
	server, q := start(b, permits(b)), question(b, "GGC002")
	files := server.authority.files(b)
	link, err := NewLink(Config{Endpoint: server.URL + "/mitz", Files: &files, QueriesPerMinute: math.MaxInt32}, Hooks{})
	require.NoError(b, err)
	defer link.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := link.Consult(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
}
