// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// assertNoToken checks that a guarded token is refused without a question to Mitz.
func assertNoToken(t *testing.T, c *cluster) {
	t.Helper()
	c.Mitz.ResetLog()
	answer, err := c.RequestToken(t.Context(), patient, birthCare)
	require.NoError(t, err)
	assert.NotEqual(t, http.StatusOK, answer.Status)
	assert.Empty(t, answer.Token())
	assert.Equal(t, "server_error", lastTokenAnswer(t, c.World).OAuthError().Code)
	assert.Zero(t, c.Mitz.Received(), "requests at Mitz")
}

// assertRefusedFor checks that, and what the node's log says to it.
func assertRefusedFor(t *testing.T, c *cluster, reason string) {
	t.Helper()
	log := must[*harness.LogFollower](t)(c.FollowLog(c.first))
	assertNoToken(t, c)
	waiting, done := context.WithTimeout(t.Context(), longest)
	defer done()
	require.NoError(t, log.WaitFor(waiting, "outcome="+reason))
}

// assertNotIntrospected checks that a node cannot tell of a token, and says so.
func assertNotIntrospected(t *testing.T, node *harness.Node, token string) {
	t.Helper()
	introspection, err := node.Introspect(t.Context(), token)
	require.Error(t, err)
	assert.Equal(t, http.StatusInternalServerError, introspection.Status)
	assert.False(t, introspection.Active)
}

// TestTheSessionDatabaseGoesAndComes has Redis gone for a while, restarted empty, and set back
// to an older state, below two nodes.
func TestTheSessionDatabaseGoesAndComes(t *testing.T) {
	c := newCluster(t, plainWorld(), harness.RedisConfig{})
	permit(t, c.World, patient, "00000659", "GGC002")
	everything := map[string]string{"patient": patient}

	t.Run("what is written and read of marks alone fails", func(t *testing.T) {
		before := guardedToken(t, c.World)
		c.gate.Refuse(readMark...)
		assertRefusedFor(t, c, "marks_failed")
		assertNotIntrospected(t, c.first, before)
		c.gate.Refuse(writeMark...)
		assert.Equal(t, http.StatusServiceUnavailable, revoke(t, c.first, "hospital-east", everything))
		c.gate.HoldNothing()
		assert.True(t, c.active(t, before), "nothing was said to have ended")
		assert.True(t, c.active(t, guardedToken(t, c.World)))
	})

	t.Run("while it is gone nobody gets a guarded token, no token is active, and nothing is said to have ended", func(t *testing.T) {
		before := guardedToken(t, c.World)
		c.redis.Kill()
		assertNoToken(t, c)
		assertNotIntrospected(t, c.first, before)
		assertNotIntrospected(t, c.second, before)
		assert.Equal(t, http.StatusServiceUnavailable, revoke(t, c.second, "hospital-east", everything))
		assert.Equal(t, http.StatusServiceUnavailable, revoke(t, c.first, "hospital-east", map[string]string{"token": before}))
		require.NoError(t, c.redis.Start(t.Context()))

		t.Run("and when it is back, empty, none of before is active and all goes on", func(t *testing.T) {
			assert.False(t, c.active(t, before))
			token := guardedToken(t, c.World)
			assert.True(t, c.active(t, token))
			require.Equal(t, http.StatusNoContent, revoke(t, c.second, "hospital-east", everything))
			assert.False(t, c.active(t, token))
		})
	})

	t.Run("while it is full nothing is said to have ended, and nobody gets a token", func(t *testing.T) {
		before := guardedToken(t, c.World)
		require.NoError(t, c.redis.Fill(t.Context()))
		assertNoToken(t, c)
		assert.Equal(t, http.StatusServiceUnavailable, revoke(t, c.first, "hospital-east", everything))
		assert.True(t, c.active(t, before), "which is what the answer says")
		c.redis.Kill()
		require.NoError(t, c.redis.Start(t.Context()))
	})

	t.Run("set back to before a withdrawal, the token lives again, until it is withdrawn again", func(t *testing.T) {
		token := guardedToken(t, c.World)
		require.NoError(t, c.redis.Save(t.Context()))
		require.Equal(t, http.StatusNoContent, revoke(t, c.first, "hospital-east", everything))
		require.False(t, c.active(t, token))
		c.redis.Kill()
		require.NoError(t, c.redis.Start(t.Context()))
		assert.True(t, c.active(t, token), "docs/withdrawal.md says that it does")
		require.Equal(t, http.StatusNoContent, revoke(t, c.first, "hospital-east", everything))
		assert.False(t, c.active(t, token))
	})

	t.Run("set back to after a withdrawal, the token stays dead", func(t *testing.T) {
		token := guardedToken(t, c.World)
		require.Equal(t, http.StatusNoContent, revoke(t, c.first, "hospital-east", everything))
		require.NoError(t, c.redis.Save(t.Context()))
		c.redis.Kill()
		require.NoError(t, c.redis.Start(t.Context()))
		assert.False(t, c.active(t, token))
	})
}

// TestNoNumberInTheDatabases searches what two nodes keep in Redis and PostgreSQL, and the
// files of those. In Redis the tokens hold the patient's number, which introspection tells;
// nothing else does, no key of theirs either.
func TestNoNumberInTheDatabases(t *testing.T) {
	c := newCluster(t, subscribingWorld(), harness.RedisConfig{})
	permit(t, c.World, patient, "00000659", "GGC002")
	require.NoError(t, c.StoreForUserGrant(t.Context(), patient))
	guardedToken(t, c.World)
	require.NoError(t, c.Mitz.WaitForSubscriptions(t.Context(), 1))
	result, err := c.RequestUserToken(t.Context(), birthCare)
	require.NoError(t, err)
	require.NotEmpty(t, result.Token)
	require.Equal(t, http.StatusNoContent, revoke(t, c.second, "hospital-east", map[string]string{"patient": patient}))

	all, err := c.redis.All(t.Context())
	require.NoError(t, err)
	tokens, marks := 0, 0
	for key, value := range all {
		assertNoPatients(t, key)
		if harness.IsToken(key) {
			tokens++
			assert.True(t, slices.Contains(digitRuns.FindAllString(value, -1), patient), "a guarded token without its patient")
			continue
		}
		if strings.HasPrefix(key, "mitz.mark.") {
			marks++
		}
		assertNoPatients(t, value)
	}
	assert.Equal(t, 2, tokens)
	assert.Equal(t, 1, marks)

	require.NoError(t, c.redis.Save(t.Context()))
	require.Error(t, harness.ScanLogs(c.redis.Dir(), patients), "with the tokens in it, the file has the number")
	require.NoError(t, c.redis.Delete(t.Context(), "serveraccesstoken"))
	require.NoError(t, c.redis.Save(t.Context()))
	require.NoError(t, harness.ScanLogs(c.redis.Dir(), patients))

	dump, err := c.sql.Dump(t.Context(), c.database)
	require.NoError(t, err)
	require.Contains(t, dump, "INSERT INTO public.mitz_used_once")
	require.Contains(t, dump, "INSERT INTO public.mitz_subscriptions")
	assertNoPatients(t, dump)
	require.NoError(t, c.sql.Stop())
	files := harness.ScanLogs(c.sql.Dir(), patients)
	require.NoError(t, c.sql.Start(t.Context()))
	require.NoError(t, files)
}

// TestNoNumberInTheFilesOfANode searches what a node keeps on its own disk, its SQLite
// database too.
func TestNoNumberInTheFilesOfANode(t *testing.T) {
	w := harness.StartWorld(t, subscribingWorld())
	permit(t, w, patient, "00000659", "GGC002")
	guardedToken(t, w)
	require.NoError(t, w.Mitz.WaitForSubscriptions(t.Context(), 1))
	require.Equal(t, http.StatusNoContent, revoke(t, w.DataHolder, "hospital-east", map[string]string{"patient": patient}))
	files := w.Path(w.DataHolder.Name)
	require.ErrorContains(t, harness.ScanLogs(files, []string{"mitz_subscriptions"}), "sqlite.db")
	require.NoError(t, harness.ScanLogs(files, patients))
}
