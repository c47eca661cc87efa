// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inAForeignPlace has temporary directories be where people have them.
func inAForeignPlace(t *testing.T) {
	t.Helper()
	parent := t.TempDir()
	dir := filepath.Join(parent, "nuts mitz é")
	require.NoError(t, os.Mkdir(dir, 0o700))
	for _, each := range []string{filepath.Dir(parent), parent, dir} { // PostgreSQL may be run by another user
		require.NoError(t, os.Chmod(each, 0o755))
	}
	t.Setenv("TMPDIR", dir)
}

func TestRedisKeepsWhatItSaved(t *testing.T) {
	inAForeignPlace(t)
	for name, config := range map[string]RedisConfig{"plain": {}, "with TLS and a password": {Secured: true}} {
		t.Run(name, func(t *testing.T) {
			workspace := newWorkspace(t)
			server, err := workspace.StartRedis(t.Context(), config)
			require.NoError(t, err)
			require.NoError(t, server.client.Set(t.Context(), "saved", "1", 0).Err())
			require.NoError(t, server.Save(t.Context()))
			require.NoError(t, server.client.Set(t.Context(), "lost", "1", 0).Err())
			server.Kill()
			require.NoError(t, server.Start(t.Context()))
			all, err := server.All(t.Context())
			require.NoError(t, err)
			assert.Equal(t, map[string]string{"saved": "1"}, all)
			assert.FileExists(t, filepath.Join(server.Dir(), "dump.rdb"))
			require.NoError(t, server.Delete(t.Context(), "save"))
			all, err = server.All(t.Context())
			require.NoError(t, err)
			assert.Empty(t, all)
		})
	}
}

func TestPostgresKeepsItsDatabasesApart(t *testing.T) {
	inAForeignPlace(t)
	workspace := newWorkspace(t)
	server, err := workspace.StartPostgres(t.Context())
	require.NoError(t, err)
	first, settings, err := server.NewDatabase(t.Context())
	require.NoError(t, err)
	second, others, err := server.NewDatabase(t.Context())
	require.NoError(t, err)
	assert.NotEqual(t, settings, others)
	require.NoError(t, server.Execute(t.Context(), first, "CREATE TABLE words (word TEXT)"))
	require.NoError(t, server.Execute(t.Context(), first, "INSERT INTO words VALUES ('"+testBSN+"')"))
	require.ErrorContains(t, server.Execute(t.Context(), second, "SELECT * FROM words"), "words")
	require.NoError(t, server.Stop())
	require.ErrorContains(t, ScanLogs(server.Dir(), []string{testBSN}), "forbidden text", "in its files")
	require.NoError(t, server.Start(t.Context()))
	dump, err := server.Dump(t.Context(), first)
	require.NoError(t, err)
	assert.Contains(t, dump, testBSN)
}

// TestAGateHoldsWhatItIsToldTo holds one command and its answer, and breaks another.
func TestAGateHoldsWhatItIsToldTo(t *testing.T) {
	workspace := newWorkspace(t)
	server, err := workspace.StartRedis(t.Context(), RedisConfig{})
	require.NoError(t, err)
	gate, err := workspace.StartGate(server)
	require.NoError(t, err)
	options := *server.client.Options()
	options.Addr = gate.listener.Addr().String()
	through := redis.NewClient(&options)
	defer func() { assert.NoError(t, through.Close()) }()
	exists := func(key string) bool {
		all, err := server.All(t.Context())
		require.NoError(t, err)
		_, there := all[key]
		return there
	}
	for name, moment := range map[string]struct {
		hold    func(words ...string) *Held
		written bool
	}{
		"command": {func(words ...string) *Held { return gate.HoldCommand(0, words...) }, false},
		"answer":  {gate.HoldAnswer, true},
	} {
		held := moment.hold("set\r\n", name)
		answered := make(chan error, 1)
		go func() { answered <- through.Set(t.Context(), name, "1", 0).Err() }()
		require.NoError(t, held.Wait(t.Context()))
		assert.Equal(t, moment.written, exists(name), name)
		held.Pass()
		require.NoError(t, <-answered)
		assert.True(t, exists(name))
	}
	gate.Refuse("refused")
	require.Error(t, through.Set(t.Context(), "refused", "1", 0).Err())
	require.NoError(t, through.Set(t.Context(), "other", "1", 0).Err())
	gate.HoldNothing()
	require.NoError(t, through.Set(t.Context(), "refused", "1", 0).Err())
}
