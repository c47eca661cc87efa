// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// verified follows the chain through the files.
func verified(t *testing.T, expected Expected, files ...string) Report {
	t.Helper()
	report, err := Verify(files, expected, func(Line) error { return nil })
	require.NoError(t, err)
	return report
}

// assertWhole asserts that the files hold one chain of so many entries, from its first.
func assertWhole(t *testing.T, entries int, files ...string) {
	t.Helper()
	report := verified(t, Expected{}, files...)
	assert.Nil(t, report.Break)
	assert.Equal(t, entries, report.Entries)
	assert.Equal(t, uint64(1), report.First.Number)
}

// appendSome opens the log, appends so many entries, and closes it.
func appendSome(t *testing.T, path string, entries int) {
	t.Helper()
	log, err := Open(path, Hooks{})
	require.NoError(t, err)
	for range entries {
		require.NoError(t, log.Append(t.Context(), testEntry(t)))
	}
	require.NoError(t, log.Close())
}

func TestChainGoesOn(t *testing.T) {
	t.Run("in one process, in batches", func(t *testing.T) {
		path := newPath(t)
		log := openLog(t, path)
		for range 3 {
			for range 500 {
				require.NoError(t, log.Tell(testEntry(t)))
			}
			require.NoError(t, log.Append(t.Context(), testEntry(t)))
		}
		assertWhole(t, 1503, path)
	})
	t.Run("after a restart", func(t *testing.T) {
		path := newPath(t)
		appendSome(t, path, 2)
		appendSome(t, path, 3)
		assertWhole(t, 5, path)
	})
	t.Run("across a rotation while it runs", func(t *testing.T) {
		path := newPath(t)
		log := openLog(t, path)
		require.NoError(t, log.Append(t.Context(), testEntry(t)))
		require.NoError(t, os.Rename(path, path+".1"))
		require.NoError(t, log.Append(t.Context(), testEntry(t)))
		assertWhole(t, 2, path+".1", path)
	})
	t.Run("across a rotation while it is down", func(t *testing.T) {
		path := newPath(t)
		appendSome(t, path, 2)
		require.NoError(t, os.Rename(path, filepath.Join(t.TempDir(), "elsewhere")))
		appendSome(t, path, 1)
		report := verified(t, Expected{}, path)
		assert.Nil(t, report.Break)
		assert.Equal(t, uint64(3), report.First.Number)
	})
	t.Run("where the head is behind the former file, as after a power loss", func(t *testing.T) {
		path := newPath(t)
		appendSome(t, path, 1)
		behind, err := os.ReadFile(path + headSuffix)
		require.NoError(t, err)
		appendSome(t, path, 4)
		require.NoError(t, os.Rename(path, path+"-20260301"))
		require.NoError(t, os.WriteFile(path+headSuffix, behind, 0o600))
		other := filepath.Join(filepath.Dir(path), "audit-of-another-node.jsonl")
		appendSome(t, other, 9)
		appendSome(t, path, 1)
		assertWhole(t, 6, path+"-20260301", path)
	})
	t.Run("where the head is behind the file", func(t *testing.T) {
		path := newPath(t)
		appendSome(t, path, 1)
		behind, err := os.ReadFile(path + headSuffix)
		require.NoError(t, err)
		appendSome(t, path, 4)
		require.NoError(t, os.WriteFile(path+headSuffix, behind, 0o600))
		appendSome(t, path, 1)
		assertWhole(t, 6, path)
	})
	t.Run("without a head that can be read, from the end of the file", func(t *testing.T) {
		path := newPath(t)
		appendSome(t, path, 2)
		require.NoError(t, os.WriteFile(path+headSuffix, []byte("\x00\x01 what is this"), 0o600))
		appendSome(t, path, 2)
		assertWhole(t, 4, path)
	})
	t.Run("with a line that a crash left, which is vouched for", func(t *testing.T) {
		path := newPath(t)
		appendSome(t, path, 2)
		cut(t, path, 40)
		appendSome(t, path, 2)
		cut(t, path, 1) // the line end alone: the entry is whole
		appendSome(t, path, 1)
		report := verified(t, Expected{}, path)
		assert.Equal(t, Report{Entries: 4, Unfinished: 1, First: report.First, Last: report.Last}, report)
	})
	t.Run("with an unfinished line at the end of the former file, and in the new one", func(t *testing.T) {
		path := newPath(t)
		appendSome(t, path, 2)
		cut(t, path, 40)
		log := openLog(t, path)
		require.NoError(t, os.Rename(path, path+".1"))
		require.NoError(t, os.WriteFile(path, []byte(`{"resourceType`), 0o600))
		require.NoError(t, log.Append(t.Context(), testEntry(t)))
		report := verified(t, Expected{}, path+".1", path)
		assert.Nil(t, report.Break)
		assert.Equal(t, 2, report.Entries)
		assert.Equal(t, 2, report.Unfinished)
	})
}

func TestPlacesAreReadAsTheyAreLogged(t *testing.T) {
	place := Place{Number: 12, Hash: strings.Repeat("123456782", 8)[:hashLength]}
	assert.Equal(t, "12:12345678-21234567-82123456-78212345-67821234-56782123-45678212-34567821", place.String())
	parsed, err := ParsePlace(place.String())
	require.NoError(t, err)
	assert.Equal(t, place, parsed)
	for _, text := range []string{"", "12", ":" + place.Hash, "0:" + place.Hash, "12:" + place.Hash[1:], "-1:" + place.Hash} {
		_, err := ParsePlace(text)
		assert.Error(t, err, text)
	}
}

// cut takes bytes from the end of the file, as a crash may; what was known of the chain is
// known no more.
func cut(t *testing.T, path string, bytes int64) {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, info.Size()-bytes))
	require.NoError(t, os.Remove(path+headSuffix))
}

func TestEntriesThatAreGoneAtAStartShow(t *testing.T) {
	path := newPath(t)
	appendSome(t, path, 5)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := strings.SplitAfter(string(content), "\n")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines[:3], "")), 0o600))
	appendSome(t, path, 1)
	assert.Equal(t, &Break{Fault: FaultRemoved, File: path, Line: 4}, verified(t, Expected{}, path).Break)
}

func TestTwoProcessesDoNotWriteOneChain(t *testing.T) {
	path := newPath(t)
	log := openLog(t, path)
	_, err := Open(path, Hooks{})
	require.ErrorIs(t, err, errLocked)
	require.NoError(t, log.Append(t.Context(), testEntry(t)))
	require.NoError(t, log.Close())
	appendSome(t, path, 1)
	assertWhole(t, 2, path)
}

func TestAnEntryThatIsTooLongIsRefused(t *testing.T) {
	path := newPath(t)
	log := openLog(t, path)
	require.ErrorIs(t, log.Append(t.Context(), coded(t, strings.Repeat("x", maxLine))), errLong)
	require.NoError(t, log.Append(t.Context(), coded(t, strings.Repeat("x", maxLine-4096))))
	assertWhole(t, 1, path)
}

// TestWrittenInParts writes a batch in two parts, cut at every byte.
func TestWrittenInParts(t *testing.T) {
	event := []byte(`{"resourceType":"AuditEvent"}`)
	batch := []*pending{{}, {event: event}, {}, {event: event}}
	start := Place{Chain: "8a5e2b1c-4d3f-4a6b-9c7d-0e1f2a3b4c5d", Hash: noHash}
	whole := (&writer{place: start}).seal(batch)
	head, _, err := openHead(newPath(t))
	require.NoError(t, err)
	t.Cleanup(func() { _ = head.Close() })
	for cutAt := range len(whole.content) + 1 {
		for again := range 3 { // of the second attempt
			t.Run(fmt.Sprintf("after %d bytes, and %d", cutAt, again), func(t *testing.T) {
				w := &writer{place: start, head: head}
				var content []byte
				left, entries := batch, 0
				for _, limit := range []int{cutAt, again, 1 << 20} {
					lines := w.seal(left)
					n := min(limit, len(lines.content))
					content = append(content, lines.content[:n]...)
					for _, p := range left[:w.wrote(lines, n)] {
						entries += min(1, len(p.event))
						left = left[1:]
					}
				}
				require.Empty(t, left)
				assert.Nil(t, breakIn(t, Expected{}, string(content)))
				assert.Equal(t, 2, entries)
				assert.Equal(t, endingOf(content).place, w.place)
			})
		}
	}
}
