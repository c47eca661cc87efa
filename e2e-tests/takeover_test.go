// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// TestAnotherNodeSubscribesWhenOneIsKilled kills the node that tells Mitz of subscriptions while
// it does: Mitz took one, and did not answer yet. The other node finds in PostgreSQL what is to be
// done, and does it once.
func TestAnotherNodeSubscribesWhenOneIsKilled(t *testing.T) {
	c := newCluster(t, subscribingWorld(), harness.RedisConfig{})
	log, err := c.FollowLog(c.second)
	require.NoError(t, err)
	permit(t, c.World, patient, "00000659", "GGC002")
	token := guardedToken(t, c.World)
	require.NoError(t, c.Mitz.WaitForSubscriptions(t.Context(), 1))
	require.Eventually(t, func() bool { return counted(t, c.second)["subscribed"] == 1 }, longest, 50*time.Millisecond)

	c.Mitz.Misbehave(mitztest.Subscribing{Behaviour: mitztest.Hanging})
	others := []map[string]string{}
	for _, each := range []string{
		otherPatient, mitztest.PatientAlwaysPermit, mitztest.PatientAlwaysDeny, mitztest.UnaskedPatient,
	} {
		others = append(others, map[string]string{"patient": each, "birthDate": "1980-01-31"})
	}
	answer, err := c.second.Subscribe(t.Context(), "hospital-east", map[string]any{"patients": others})
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, answer.Status)
	require.NoError(t, c.Mitz.WaitForSubscriptions(t.Context(), 2), "the first node tells Mitz of what the second took")
	c.first.Kill()
	c.Mitz.Behave()
	all := 1 + len(others)
	require.NoError(t, log.WaitFor(t.Context(), "This node tells Mitz of subscriptions from now on"))
	require.NoError(t, c.Mitz.WaitForSubscriptions(t.Context(), all))
	require.Eventually(t, func() bool { return counted(t, c.second)["subscribed"] == all }, longest, 50*time.Millisecond)
	assert.Len(t, c.Mitz.Subscriptions(), all, "also the one whose answer the killed node did not get, once")

	require.NoError(t, c.first.Restart(t.Context(), c.Workspace))
	assert.Equal(t, all, counted(t, c.first)["subscribed"])
	notified := len(c.Mitz.Notifications())
	require.True(t, c.Mitz.Withdraw(requesterPermission(patient, "GGC002")))
	require.NoError(t, c.Mitz.WaitForNotifications(t.Context(), notified+1))
	assert.False(t, c.active(t, token))
}

// counted returns how many subscriptions of hospital-east are in each state.
func counted(t *testing.T, node *harness.Node) map[string]int {
	t.Helper()
	counts, err := node.CountSubscriptions(t.Context(), "hospital-east")
	require.NoError(t, err)
	return counts
}
