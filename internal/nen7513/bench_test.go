// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func BenchmarkAppend(b *testing.B) {
	log := openBench(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := log.Append(b.Context(), Entry{Action: Consult}); err != nil {
				b.Error(err)
			}
		}
	})
}

func openBench(b *testing.B) *Log {
	b.Helper()
	log, err := Open(filepath.Join(b.TempDir(), "audit.jsonl"), Hooks{})
	require.NoError(b, err)
	b.Cleanup(func() { _ = log.Close() })
	return log
}

// BenchmarkSeal measures what the chain adds to an entry.
func BenchmarkSeal(b *testing.B) {
	event, err := json.Marshal(testEntry(b).event())
	require.NoError(b, err)
	head, _, err := openHead(filepath.Join(b.TempDir(), "head"))
	require.NoError(b, err)
	b.Cleanup(func() { _ = head.Close() })
	w := &writer{place: Place{Chain: "8a5e2b1c-4d3f-4a6b-9c7d-0e1f2a3b4c5d", Hash: noHash}, head: head}
	batch := []*pending{{event: event}}
	for b.Loop() {
		lines := w.seal(batch)
		w.wrote(lines, len(lines.content))
	}
}

// BenchmarkToken measures the entries of one token on the disk below TMPDIR, in the ways
// that docs/operations.md weighs: what is known before a query leaves.
func BenchmarkToken(b *testing.B) {
	entry := testEntry(b)
	for _, way := range []struct {
		name   string
		before func(log *Log) error // before the query
	}{
		{"the query's entry is written", func(log *Log) error { return log.Write(b.Context(), entry) }},
		{"the query's entry is on disk", func(log *Log) error { return log.Append(b.Context(), entry) }},
		{"the file is only looked at", func(log *Log) error {
			_, err := os.Stat(log.path)
			return errors.Join(log.Failure(), err)
		}},
	} {
		token := func(log *Log) {
			if err := errors.Join(way.before(log), log.Tell(entry), log.Append(b.Context(), entry)); err != nil {
				b.Error(err)
			}
		}
		b.Run(way.name+"/one by one", func(b *testing.B) {
			log := openBench(b)
			for b.Loop() {
				token(log)
			}
		})
		b.Run(way.name+"/32 at once", func(b *testing.B) {
			log := openBench(b)
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					token(log)
				}
			})
		})
	}
}
