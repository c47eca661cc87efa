// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// What commands to Redis hold: to write a mark, to read one, to write a token.
var (
	writeMark  = []string{"set\r\n", "mitz.mark."}
	readMark   = []string{"get\r\n", "mitz.mark."}
	writeToken = []string{"set\r\n", "serveraccesstoken."}
)

// rotatedCluster has two keys for patients: a revocation writes two marks.
func rotatedCluster(t *testing.T, config harness.WorldConfig) *cluster {
	t.Helper()
	var lines string
	for range 2 {
		key := make([]byte, 32)
		_, _ = rand.Read(key) // which never fails
		lines += base64.StdEncoding.EncodeToString(key) + "\n"
	}
	file := filepath.Join(t.TempDir(), "patients.key")
	require.NoError(t, os.WriteFile(file, []byte(lines), 0o600))
	configure := config.ConfigureMitz
	config.ConfigureMitz = func(section *harness.MitzConfig) {
		configure(section)
		section.KeyFile = file
	}
	c := newCluster(t, config, harness.RedisConfig{})
	permit(t, c.World, patient, "00000659", "GGC002")
	return c
}

// TestAKilledNodeLeavesNoLiveToken kills the node that is asked to end a patient's tokens, at
// each moment of that. Where it answered, they have ended; where it did not, the other node
// ends them.
func TestAKilledNodeLeavesNoLiveToken(t *testing.T) {
	c := rotatedCluster(t, plainWorld())
	everything := map[string]string{"patient": patient}
	for name, moment := range map[string]struct {
		hold  func() *harness.Held
		ended bool // when the node was killed
	}{
		"before the first mark is written":                            {func() *harness.Held { return c.gate.HoldCommand(0, writeMark...) }, false},
		"when the first is written, and Redis's answer is on its way": {func() *harness.Held { return c.gate.HoldAnswer(writeMark...) }, true},
		"between the first and the second":                            {func() *harness.Held { return c.gate.HoldCommand(1, writeMark...) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, c.redis.Delete(t.Context(), "mitz.mark.")) // of the moments before
			tokens := []string{guardedToken(t, c.World), guardedToken(t, c.World)}
			require.True(t, c.active(t, tokens[0]))
			held := moment.hold()
			asked := make(chan error, 1)
			go func() {
				_, err := c.first.EndTokens(t.Context(), "hospital-east", everything)
				asked <- err
			}()
			require.NoError(t, held.Wait(t.Context()))
			c.first.Kill()
			require.Error(t, <-asked, "an answer of a killed node")

			for _, token := range tokens {
				assert.Equal(t, !moment.ended, isActive(t, c.second, token))
			}
			require.Equal(t, http.StatusNoContent, revoke(t, c.second, "hospital-east", everything))
			c.gate.HoldNothing()
			require.NoError(t, c.first.Restart(t.Context(), c.Workspace))
			for _, token := range tokens {
				assert.False(t, c.active(t, token))
			}
			assert.True(t, c.active(t, guardedToken(t, c.World)), "consent that is there counts at once")
		})
	}
	t.Run("after its answer", func(t *testing.T) {
		token := guardedToken(t, c.World)
		require.Equal(t, http.StatusNoContent, revoke(t, c.first, "hospital-east", everything))
		c.first.Kill()
		assert.False(t, isActive(t, c.second, token))
		require.NoError(t, c.first.Restart(t.Context(), c.Workspace))
		assert.False(t, c.active(t, token))
	})
	t.Run("when it takes one token away", func(t *testing.T) {
		token := guardedToken(t, c.World)
		held := c.gate.HoldCommand(0, "del\r\n", "serveraccesstoken.")
		asked := make(chan error, 1)
		go func() {
			_, err := c.first.EndTokens(t.Context(), "hospital-east", map[string]string{"token": token})
			asked <- err
		}()
		require.NoError(t, held.Wait(t.Context()))
		c.first.Kill()
		require.Error(t, <-asked)
		c.gate.HoldNothing()
		require.NoError(t, c.first.Restart(t.Context(), c.Workspace))
		require.True(t, c.active(t, token))
		require.Equal(t, http.StatusNoContent, revoke(t, c.second, "hospital-east", map[string]string{"token": token}))
		assert.False(t, c.active(t, token))
	})
}

// TestAWithdrawalWhileATokenIsMade has one node make a token, and the other end the patient's
// tokens at each moment of that. There is never a live token, but where the mark was read
// after it was written: then Mitz was asked after the withdrawal.
func TestAWithdrawalWhileATokenIsMade(t *testing.T) {
	c := rotatedCluster(t, plainWorld())
	for name, moment := range map[string]struct {
		hold func() *harness.Held
		live bool
	}{
		"before the marks are read":   {func() *harness.Held { return c.gate.HoldCommand(0, readMark...) }, true},
		"when one mark is read":       {func() *harness.Held { return c.gate.HoldAnswer(readMark...) }, false},
		"before the token is written": {func() *harness.Held { return c.gate.HoldCommand(0, writeToken...) }, false},
		"when the token is written":   {func() *harness.Held { return c.gate.HoldAnswer(writeToken...) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, c.redis.Delete(t.Context(), "mitz.mark.")) // of the moments before
			held := moment.hold()
			answered := make(chan harness.Answer, 1)
			go func() {
				answer, err := c.RequestToken(t.Context(), patient, birthCare)
				assert.NoError(t, err)
				answered <- answer
			}()
			require.NoError(t, held.Wait(t.Context()))
			require.Equal(t, http.StatusNoContent, revoke(t, c.second, "hospital-east", map[string]string{"patient": patient}))
			held.Pass()
			answer := <-answered
			require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
			assert.Equal(t, moment.live, c.active(t, answer.Token()))
			c.gate.HoldNothing()
		})
	}
}

// TestAKilledNodeDoesNotAnswerMitz kills the node that Mitz tells of a withdrawal, at each moment
// of that: then Mitz has no answer. Once it has one, no token is left, and the node that goes on
// has the same patients subscribed.
func TestAKilledNodeDoesNotAnswerMitz(t *testing.T) {
	c := rotatedCluster(t, subscribingWorld())
	guardedToken(t, c.World)
	require.NoError(t, c.Mitz.WaitForSubscriptions(t.Context(), 1))
	// told returns the status with which Mitz was answered about a change.
	told := func(change func()) int {
		before := len(c.Mitz.Notifications())
		change()
		require.NoError(t, c.Mitz.WaitForNotifications(t.Context(), before+1))
		return c.Mitz.Notifications()[before].Status
	}
	for name, hold := range map[string]func() *harness.Held{
		"before the first mark is written":                            func() *harness.Held { return c.gate.HoldCommand(0, writeMark...) },
		"when the first is written, and Redis's answer is on its way": func() *harness.Held { return c.gate.HoldAnswer(writeMark...) },
		"between the first and the second":                            func() *harness.Held { return c.gate.HoldCommand(1, writeMark...) },
		"before the last":                                             func() *harness.Held { return c.gate.HoldCommand(3, writeMark...) },
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, http.StatusCreated, told(func() { permit(t, c.World, patient, "00000659", "GGC002") }))
			require.Equal(t, http.StatusCreated, told(func() { permitHospitals(t, c.World) }))
			require.NoError(t, c.redis.Delete(t.Context(), "mitz.mark.")) // of the moments before
			tokens := []string{guardedToken(t, c.World), guardedToken(t, c.World)}
			require.True(t, c.active(t, tokens[0]))
			held := hold()
			require.NotEqual(t, http.StatusCreated, told(func() {
				require.True(t, c.Mitz.Withdraw(requesterPermission(patient, "GGC002")))
				require.NoError(t, held.Wait(t.Context()))
				c.first.Kill()
			}), "the answer of a killed node")

			c.gate.HoldNothing()
			require.NoError(t, c.first.Restart(t.Context(), c.Workspace))
			require.Equal(t, http.StatusCreated, told(func() { permitHospitals(t, c.World) }), "Mitz tells the state again")
			for _, token := range tokens {
				assert.False(t, c.active(t, token))
			}
			require.Len(t, c.Mitz.Subscriptions(), 1)
		})
	}
}
