// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// disk is one whose syncs a test lets fail or hang.
type disk struct {
	failing atomic.Pointer[error]
	hanging atomic.Pointer[chan struct{}] // until it is closed
	syncs   atomic.Int32                  // of files and directories
}

func (d *disk) sync(*os.File) error {
	d.syncs.Add(1)
	if hanging := d.hanging.Load(); hanging != nil {
		<-*hanging
	}
	if failure := d.failing.Load(); failure != nil {
		return *failure
	}
	return nil
}

func (d *disk) hang() (release func()) {
	hanging := make(chan struct{})
	d.hanging.Store(&hanging)
	return func() {
		d.hanging.Store(nil)
		close(hanging)
	}
}

func openOn(t *testing.T, d *disk, path string, hooks Hooks) *Log {
	t.Helper()
	log, err := open(path, hooks, d.sync)
	require.NoError(t, err)
	return log
}

// coded is an entry that can be told from others.
func coded(t *testing.T, code string) Entry {
	t.Helper()
	entry := testEntry(t)
	entry.Code = code
	return entry
}

// codes are those of the entries in a file.
func codes(t *testing.T, path string) (codes []string) {
	t.Helper()
	for _, event := range lines(t, path) {
		code, _ := event["outcomeDesc"].(string)
		codes = append(codes, code)
	}
	return codes
}

func newPath(t *testing.T) string { return filepath.Join(t.TempDir(), "audit.jsonl") }

func TestWhoWaitsForWhat(t *testing.T) {
	path, d := newPath(t), &disk{}
	a, b, c, e := coded(t, "a"), coded(t, "b"), coded(t, "c"), coded(t, "e")
	synctest.Test(t, func(t *testing.T) {
		log := openOn(t, d, path, Hooks{})
		before := d.syncs.Load()
		require.NoError(t, log.Tell(a))
		require.NoError(t, log.Write(t.Context(), b))
		assert.Equal(t, []string{"a", "b"}, codes(t, path), "what was told is written before what comes after it")
		assert.Equal(t, before, d.syncs.Load(), "nobody waits for the disk")
		require.NoError(t, log.Append(t.Context(), c))
		assert.Equal(t, before+1, d.syncs.Load())
		time.Sleep(time.Minute)
		assert.Equal(t, before+1, d.syncs.Load(), "there is nothing to sync")
		require.NoError(t, log.Tell(e))
		require.NoError(t, log.Flush(t.Context()))
		assert.Equal(t, []string{"a", "b", "c", "e"}, codes(t, path))
		time.Sleep(syncAfter - time.Millisecond)
		assert.Equal(t, before+1, d.syncs.Load())
		time.Sleep(2 * time.Millisecond)
		assert.Equal(t, before+2, d.syncs.Load(), "on disk within a second")
		require.NoError(t, log.Write(t.Context(), e))
		require.NoError(t, log.Close())
		assert.Equal(t, before+3, d.syncs.Load(), "also at the end")
	})
}

func TestADiskThatHangs(t *testing.T) {
	entry, inFlight, queued, later := testEntry(t), coded(t, "in flight"), coded(t, "queued"), coded(t, "later")
	t.Run("the wait ends with the request, and what was not begun is not written", func(t *testing.T) {
		path, d := newPath(t), &disk{}
		synctest.Test(t, func(t *testing.T) {
			log := openOn(t, d, path, Hooks{})
			release := d.hang()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			results := make(chan error, 2)
			go func() { results <- log.Append(ctx, inFlight) }()
			synctest.Wait()
			go func() { results <- log.Append(ctx, queued) }()
			synctest.Wait()
			require.NoError(t, log.Tell(later))
			assert.Empty(t, results)
			time.Sleep(time.Second)
			synctest.Wait()
			first, second := <-results, <-results
			require.ErrorIs(t, first, context.DeadlineExceeded)
			require.ErrorIs(t, second, context.DeadlineExceeded)
			assert.NotEqual(t, errors.Is(first, ErrUncertain), errors.Is(second, ErrUncertain), "of the one that was begun it cannot be told")
			release()
			require.NoError(t, log.Close())
			assert.Equal(t, []string{"in flight", "later"}, codes(t, path), "what was told is not lost")
		})
	})
	t.Run("nothing more waits for one that hangs, and it is told for how long", func(t *testing.T) {
		path, d := newPath(t), &disk{}
		synctest.Test(t, func(t *testing.T) {
			log := openOn(t, d, path, Hooks{})
			release := d.hang()
			waiting := make(chan error, 1)
			go func() { waiting <- log.Append(t.Context(), entry) }()
			time.Sleep(stuckAfter)
			assert.NoError(t, log.Failure())
			time.Sleep(time.Second)
			assert.Equal(t, stuckAfter+time.Second, log.Stuck())
			require.ErrorIs(t, log.Failure(), errStuck)
			require.ErrorIs(t, log.Append(t.Context(), entry), errStuck)
			require.ErrorIs(t, log.Write(t.Context(), entry), errStuck)
			require.NoError(t, log.Tell(later))
			release()
			require.NoError(t, <-waiting)
			synctest.Wait()
			assert.Zero(t, log.Stuck())
			assert.NoError(t, log.Failure())
			require.NoError(t, log.Close())
			assert.Equal(t, []string{"permit", "later"}, codes(t, path))
		})
	})
	t.Run("the end does not wait for ever", func(t *testing.T) {
		path, d := newPath(t), &disk{}
		synctest.Test(t, func(t *testing.T) {
			log := openOn(t, d, path, Hooks{})
			release := d.hang()
			require.NoError(t, log.Tell(entry))
			time.Sleep(2 * syncAfter) // until it is synced
			began := time.Now()
			require.ErrorIs(t, log.Close(), errStuck)
			assert.Equal(t, closePatience, time.Since(began))
			release()
		})
	})
	t.Run("what waits for it is bounded", func(t *testing.T) {
		path, d := newPath(t), &disk{}
		entry := coded(t, strings.Repeat("x", 64<<10))
		synctest.Test(t, func(t *testing.T) {
			log := openOn(t, d, path, Hooks{})
			release := d.hang()
			require.NoError(t, log.Tell(entry))
			time.Sleep(2 * syncAfter) // until it is synced: the writer takes nothing more
			accepted := 1
			for log.Tell(entry) == nil {
				accepted++
			}
			assert.InDelta(t, maxQueued>>16, accepted, 8)
			require.ErrorIs(t, log.Append(t.Context(), entry), errFull)
			require.ErrorIs(t, log.Tell(entry), errFull)
			release()
			require.NoError(t, log.Flush(t.Context()))
			time.Sleep(2 * syncAfter)
			require.NoError(t, log.Tell(coded(t, "room again")))
			require.NoError(t, log.Close())
			interruptions := 0
			for _, event := range lines(t, path) {
				if subtype(event) == string(Interrupted) {
					interruptions++
					assert.Equal(t, "2", count(event), "how many are lost")
				}
			}
			assert.Equal(t, 1, interruptions)
			assert.Len(t, lines(t, path), accepted+interruptions+1)
		})
	})
}

func subtype(event map[string]any) string {
	code, _ := event["subtype"].([]any)[0].(map[string]any)["code"].(string)
	return code
}

// count is how many are told in one entry.
func count(event map[string]any) string {
	entities, _ := event["entity"].([]any)
	for _, each := range entities {
		if details, ok := each.(map[string]any)["detail"].([]any); ok {
			value, _ := details[0].(map[string]any)["valueString"].(string)
			return value
		}
	}
	return ""
}

func TestAFileThatCannotBeWritten(t *testing.T) {
	// broken puts a directory in the file's place.
	broken := func(t *testing.T, path string) {
		t.Helper()
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.Mkdir(path, 0o700))
	}
	entry, happened := testEntry(t), coded(t, "denied")
	t.Run("heals by itself, keeps what happened, and says how long it was broken", func(t *testing.T) {
		path, d := newPath(t), &disk{}
		synctest.Test(t, func(t *testing.T) {
			var changes []error
			log := openOn(t, d, path, Hooks{Changed: func(failure error) { changes = append(changes, failure) }})
			broken(t, path)
			began := time.Now()
			require.Error(t, log.Write(t.Context(), entry))
			require.Error(t, log.Failure())
			require.Error(t, log.Append(t.Context(), entry))
			require.NoError(t, log.Tell(happened))
			require.NoError(t, log.Tell(coded(t, "claim_missing")))
			time.Sleep(time.Hour - retryAfter/2)
			require.Error(t, log.Failure())
			require.NoError(t, os.Remove(path))
			time.Sleep(retryAfter)
			synctest.Wait()
			assert.NoError(t, log.Failure())
			require.NoError(t, log.Append(t.Context(), entry))
			require.NoError(t, log.Close())
			assert.Equal(t, []string{"audit_unwritten", "denied", "claim_missing", "permit"}, codes(t, path), "what was refused is not there")
			first := lines(t, path)[0]
			assert.Equal(t, string(Interrupted), subtype(first))
			assert.Equal(t, "0", count(first), "nothing is lost")
			assert.Equal(t, map[string]any{
				"start": began.UTC().Format(time.RFC3339Nano), "end": began.Add(time.Hour).UTC().Format(time.RFC3339Nano),
			}, first["period"])
			require.Len(t, changes, 2, "told once, and once that it is over")
			require.Error(t, changes[0])
			assert.NoError(t, changes[1])
		})
	})
	t.Run("the end tells what is lost", func(t *testing.T) {
		path, d := newPath(t), &disk{}
		synctest.Test(t, func(t *testing.T) {
			log := openOn(t, d, path, Hooks{})
			broken(t, path)
			require.NoError(t, log.Tell(happened))
			synctest.Wait()
			assert.ErrorContains(t, log.Close(), "1 entries are lost")
			assert.ErrorContains(t, log.Close(), "1 entries are lost")
		})
	})
}

func TestWhatIsNotOnDiskIsAnError(t *testing.T) {
	path, d := newPath(t), &disk{}
	synctest.Test(t, func(t *testing.T) {
		failure := errors.New("input/output error")
		log := openOn(t, d, path, Hooks{})
		require.NoError(t, log.Write(t.Context(), coded(t, "query")))
		d.failing.Store(&failure)
		err := log.Append(t.Context(), testEntry(t))
		require.ErrorIs(t, err, failure)
		require.ErrorIs(t, err, ErrUncertain)
		require.ErrorIs(t, log.Failure(), failure)
		require.NoError(t, log.Tell(coded(t, "token-not-stored")))
		d.failing.Store(nil)
		require.NoError(t, log.Append(t.Context(), coded(t, "next")))
		assert.NoError(t, log.Failure())
		require.NoError(t, log.Close())
		found := codes(t, path)
		assert.Equal(t, []string{"query", "permit"}, found[:2])
		last := found[len(found)-4:]
		assert.Equal(t, []string{"audit_unwritten", "query", "token-not-stored", "next"}, last, "what may be lost is written again")
	})
	t.Run("a new file's name is on disk before anything in it counts", func(t *testing.T) {
		path, failure := newPath(t), errors.New("input/output error")
		var failing atomic.Bool
		log, err := open(path, Hooks{}, func(file *os.File) error {
			if failing.Load() && file.Name() == filepath.Dir(path) {
				return failure
			}
			return nil
		})
		require.NoError(t, err)
		t.Cleanup(func() { _ = log.Close() })
		failing.Store(true)
		require.NoError(t, log.Append(t.Context(), testEntry(t)), "the file's directory was synced before")
		require.NoError(t, os.Rename(path, path+".1"))
		require.ErrorIs(t, log.Append(t.Context(), testEntry(t)), failure, "the new file's name may be lost")
		require.ErrorIs(t, log.Append(t.Context(), testEntry(t)), failure, "and still may")
		failing.Store(false)
		require.NoError(t, log.Append(t.Context(), testEntry(t)))
		assert.Contains(t, codes(t, path), "permit")
		_, err = open(newPath(t), Hooks{}, func(*os.File) error { return failure })
		assert.ErrorIs(t, err, failure)
	})
}
