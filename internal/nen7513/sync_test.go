// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
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
		log, err := open(path, Hooks{}, func(file *os.File) error {
			if file.Name() == path {
				<-onDisk
			}
			return file.Sync()
		})
		require.NoError(t, err)
		appended := make(chan error, 1)
		go func() { appended <- log.Append(t.Context(), entry) }()
		synctest.Wait()
		assert.Len(t, lines(t, path), 1, "it is written ...")
		assert.Empty(t, appended, "... and not on disk yet")
		close(onDisk)
		require.NoError(t, <-appended)
		require.NoError(t, log.Close())
	})
}

func TestWhatIsSynced(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "audit.jsonl")
	var synced []string
	var log *Log
	reopen := func(path string) *Log {
		if log != nil {
			require.NoError(t, log.Close())
		}
		synced = nil
		log, err := open(path, Hooks{}, func(file *os.File) error {
			synced = append(synced, file.Name())
			return file.Sync()
		})
		require.NoError(t, err)
		t.Cleanup(func() { _ = log.Close() })
		return log
	}
	log = reopen(path)
	assert.Equal(t, []string{directory}, synced, "a new file's name")
	require.NoError(t, log.Append(t.Context(), testEntry(t)))
	assert.Equal(t, []string{directory, path}, synced)
	require.NoError(t, os.Rename(path, path+".1"))
	require.NoError(t, log.Append(t.Context(), testEntry(t)))
	assert.Equal(t, []string{directory, path, directory, path}, synced, "also after a rotation")

	log = reopen(path)
	assert.Empty(t, synced, "nothing is new")
	elsewhere := filepath.Join(t.TempDir(), "link.jsonl")
	require.NoError(t, os.Symlink(filepath.Join(directory, "new.jsonl"), elsewhere))
	log = reopen(elsewhere)
	assert.Equal(t, []string{directory}, synced, "where the file is, not where a link to it is")
}
