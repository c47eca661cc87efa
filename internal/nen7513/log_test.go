// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/leaks"
)

func TestMain(m *testing.M) { leaks.VerifyTestMain(m, nil) }

const testBSN = "900186021"

func testEntry(t testing.TB) Entry {
	t.Helper()
	patient, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	return Entry{
		Time: time.Date(2026, 3, 1, 13, 0, 0, 5, time.FixedZone("CET", 3600)), Action: TokenIssued, Outcome: Success, Code: "permit",
		RequestIDs: []string{"5b1f0c2e-8a4e-4c51-9b6a-0d3a5f1c7e11"}, Scope: "birth-care", Subject: "hospital-east",
		Presenters: []string{"did:web:midwife.example"},
		Question: &consent.Question{
			Patient:    patient,
			DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"},
			Requester: consent.Requester{
				URA: "12345678", FacilityType: "G3",
				Responsible: consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000008"}, Role: "01.046"},
				Mandated:    &consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000009"},
			},
			Categories: []consent.Category{"GGC002"},
			Purpose:    consent.PurposeTreatment,
		},
	}
}

func openLog(t *testing.T, path string) *Log {
	t.Helper()
	log, err := Open(path, Hooks{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = log.Close() })
	return log
}

// lines reads the entries in a file, which must all be whole.
func lines(t *testing.T, path string) (events []map[string]any) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, line := range bytes.Split(bytes.TrimSuffix(content, []byte("\n")), []byte("\n")) {
		var event map[string]any
		if json.Unmarshal(line, &event) == nil {
			events = append(events, event)
		}
	}
	return events
}

func modeOf(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Mode().Perm()
}

// foreign is a file of another user.
type foreign struct {
	os.FileInfo
	mode os.FileMode
}

func (f foreign) Mode() os.FileMode { return f.mode }

func (foreign) Sys() any { return &syscall.Stat_t{Uid: uint32(os.Geteuid()) + 1} }

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.jsonl")
	assert.NoError(t, Check(path))
	assert.NoFileExists(t, path, "it made the file")
	assert.ErrorContains(t, Check(filepath.Join(dir, "none", "audit.jsonl")), "no such file or directory")
	assert.ErrorContains(t, Check(dir), "not a regular file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	assert.NoError(t, Check(path))
	require.NoError(t, os.Chmod(path, 0o660))
	assert.NoError(t, Check(path), "a start takes that away")
	require.NoError(t, os.Chmod(path, 0o644))
	assert.ErrorContains(t, Check(path), "others than its owner have access (mode 0644)")
}

func TestFile(t *testing.T) {
	t.Run("a new file is its owner's alone", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		openLog(t, path)
		assert.Equal(t, fileMode, modeOf(t, path))
	})
	for _, mode := range []os.FileMode{0o644, 0o604, 0o666, 0o602} {
		t.Run(fmt.Sprintf("a file with mode %04o, which everybody can reach, is refused", mode), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit.jsonl")
			require.NoError(t, os.WriteFile(path, nil, 0o600))
			require.NoError(t, os.Chmod(path, mode))
			_, err := Open(path, Hooks{})
			assert.ErrorContains(t, err, fmt.Sprintf("others than its owner have access (mode %04o)", mode))
		})
	}
	for _, mode := range []os.FileMode{0o640, 0o660, 0o670} {
		t.Run(fmt.Sprintf("our own file with mode %04o, as a volume's fsGroup makes it, is tightened", mode), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit.jsonl")
			require.NoError(t, os.WriteFile(path, nil, 0o600))
			require.NoError(t, os.Chmod(path, mode))
			log := openLog(t, path)
			assert.Equal(t, fileMode, modeOf(t, path))
			require.NoError(t, os.Chmod(path, mode), "another pod mounts the volume")
			require.NoError(t, log.Append(t.Context(), testEntry(t)))
			assert.Equal(t, fileMode, modeOf(t, path))
		})
	}
	t.Run("another's file with mode 0660 is refused, and the message tells why", func(t *testing.T) {
		info := foreign{mode: 0o660}
		assert.ErrorContains(t, checkMode(info), "fsGroup")
		assert.ErrorContains(t, checkMode(info), "belongs to another user")
		assert.NoError(t, checkMode(foreign{mode: 0o600}))
	})
	t.Run("what is no file is refused", func(t *testing.T) {
		_, err := Open(os.DevNull, Hooks{})
		assert.ErrorContains(t, err, "not a regular file")
		assert.NoFileExists(t, os.DevNull+headSuffix)
	})
	t.Run("entries are added to those that are there", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		for range 2 {
			log := openLog(t, path)
			require.NoError(t, log.Append(t.Context(), testEntry(t)))
			require.NoError(t, log.Close())
		}
		assert.Len(t, lines(t, path), 2)
	})
	t.Run("a line that a crash left unfinished spoils none after it", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		require.NoError(t, os.WriteFile(path, []byte(`{"resourceType":"Audit`), 0o600))
		require.NoError(t, openLog(t, path).Append(t.Context(), testEntry(t)))
		assert.Len(t, lines(t, path), 1)
	})
	t.Run("a rotated file is left, and a new one begun", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		log := openLog(t, path)
		require.NoError(t, log.Append(t.Context(), testEntry(t)))
		require.NoError(t, os.Rename(path, path+".1"))
		require.NoError(t, log.Append(t.Context(), testEntry(t)))
		assert.Len(t, lines(t, path), 1)
		assert.Len(t, lines(t, path+".1"), 1)
	})
}

func TestAppend(t *testing.T) {
	t.Run("many at once are each on their own line", func(t *testing.T) {
		const entries = 2000
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		log := openLog(t, path)
		var waiting sync.WaitGroup
		for i := range entries {
			entry := testEntry(t)
			entry.Code = fmt.Sprint(i)
			waiting.Go(func() { assert.NoError(t, log.Append(t.Context(), entry)) })
		}
		waiting.Wait()
		seen := map[any]bool{}
		for _, event := range lines(t, path) {
			seen[event["outcomeDesc"]] = true
		}
		assert.Len(t, seen, entries)
	})
	t.Run("a closed log takes nothing", func(t *testing.T) {
		log := openLog(t, filepath.Join(t.TempDir(), "audit.jsonl"))
		require.NoError(t, log.Close())
		require.NoError(t, log.Close(), "closing twice is no error")
		assert.ErrorIs(t, log.Append(t.Context(), testEntry(t)), errClosed)
	})
}
