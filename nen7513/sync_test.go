// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAppendWaitsForTheDisk(t *testing.T) {
	path, entry := filepath.Join(t.TempDir(), "audit.jsonl"), testEntry(t)
	synctest.Test(t, func(t *testing.T) {
		onDisk := make(chan struct{})
		log, err := open(path, func(file *os.File) error {
			if file.Name() == path {
				<-onDisk
			}
			return file.Sync()
		})
		require.NoError(t, err)
		appended := make(chan error, 1)
		go func() { appended <- log.Append(entry) }()
		synctest.Wait()
		assert.Len(t, lines(t, path), 1, "it is written ...")
		assert.Empty(t, appended, "... and not on disk yet")
		close(onDisk)
		require.NoError(t, <-appended)
		require.NoError(t, log.Close())
	})
}

func TestWhatIsNotOnDiskIsAnError(t *testing.T) {
	path, failure := filepath.Join(t.TempDir(), "audit.jsonl"), errors.New("input/output error")
	failing := path
	log, err := open(path, func(file *os.File) error {
		if file.Name() == failing {
			return failure
		}
		return nil
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = log.Close() })

	require.ErrorIs(t, log.Append(testEntry(t)), failure)
	require.ErrorIs(t, log.Failure(), failure)
	failing = filepath.Dir(path)
	require.NoError(t, log.Append(testEntry(t)), "the file's directory was synced before")
	require.NoError(t, os.Rename(path, path+".1"))
	require.ErrorIs(t, log.Append(testEntry(t)), failure, "the new file's name may be lost")
	require.ErrorIs(t, log.Append(testEntry(t)), failure, "and still may")
	failing = ""
	require.NoError(t, log.Append(testEntry(t)))
	assert.Len(t, lines(t, path), 1)

	_, err = open(filepath.Join(t.TempDir(), "audit.jsonl"), func(*os.File) error { return failure })
	assert.ErrorIs(t, err, failure)
}

func TestWhatIsSynced(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "audit.jsonl")
	var synced []string
	reopen := func(path string) *Log {
		synced = nil
		log, err := open(path, func(file *os.File) error {
			synced = append(synced, file.Name())
			return file.Sync()
		})
		require.NoError(t, err)
		t.Cleanup(func() { _ = log.Close() })
		return log
	}
	log := reopen(path)
	assert.Equal(t, []string{directory}, synced, "a new file's name")
	require.NoError(t, log.Append(testEntry(t)))
	assert.Equal(t, []string{directory, path}, synced)
	require.NoError(t, os.Rename(path, path+".1"))
	require.NoError(t, log.Append(testEntry(t)))
	assert.Equal(t, []string{directory, path, directory, path}, synced, "also after a rotation")

	reopen(path)
	assert.Empty(t, synced, "nothing is new")
	elsewhere := filepath.Join(t.TempDir(), "link.jsonl")
	require.NoError(t, os.Symlink(filepath.Join(directory, "new.jsonl"), elsewhere))
	reopen(elsewhere)
	assert.Equal(t, []string{directory}, synced, "where the file is, not where a link to it is")
}
