// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// auditedWorld keeps the NEN 7513 log in a file.
func auditedWorld(t *testing.T) (w *harness.World, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "audit.jsonl")
	config := plainWorld()
	config.ConfigureDataHolder = func(_ context.Context, _ *harness.World, node *harness.NodeConfig) error {
		node.Env = append(node.Env, "NUTS_MITZ_AUDIT_FILE="+file)
		return nil
	}
	return harness.StartWorld(t, config), file
}

// auditActions reads what was done, by the whole lines of the log.
func auditActions(t *testing.T, file string) (actions []string) {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	for line := range strings.Lines(string(content)) {
		var event struct{ Subtype []struct{ Code string } }
		if strings.HasSuffix(line, "\n") && json.Unmarshal([]byte(line), &event) == nil && len(event.Subtype) == 1 {
			actions = append(actions, event.Subtype[0].Code)
		}
	}
	return actions
}

func TestAuditFile(t *testing.T) {
	w, file := auditedWorld(t)
	permit(t, w, patient, "00000659", "GGC002")
	for _, bsn := range []string{patient, otherPatient} {
		_, err := w.RequestToken(t.Context(), bsn, birthCare)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"consult", "token-issued", "consult", "token-refused"}, auditActions(t, file))
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(string(content), `"value":"`+patient+`"`), "it says whom it is about")
	health, err := w.DataHolder.Get(t.Context(), "/health")
	require.NoError(t, err)
	assert.True(t, health.Contains(`"mitz.audit":{"status":"UP"}`))
}

func TestEveryQueryIsInTheAuditFile(t *testing.T) {
	w, file := auditedWorld(t)
	permit(t, w, patient, "00000659", "GGC002")
	w.Mitz.MisbehaveOnce(mitztest.HTTPStatus(503))
	answer, err := w.RequestToken(t.Context(), patient, birthCare)
	require.NoError(t, err)
	introspection := assertPermitted(t, w, answer)
	assert.Equal(t, []string{"consult", "consult", "token-issued"}, auditActions(t, file), "also the one that failed")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	queries := w.Mitz.Queries()
	require.Len(t, queries, 2)
	for _, query := range queries {
		assert.Equal(t, 2, strings.Count(string(content), `"urn:uuid:`+query.RequestID+`"`), "in the entries of the query and of the token")
	}
	assert.Equal(t, queries[1].RequestID, introspection.Text("consent_request_id"), "the token rests on the second")
}

// TestKilledNodeLeavesNoTokenWithoutItsEntry kills the node in the middle of many token
// requests. The session database outlives it: each token in it must be in the log.
func TestKilledNodeLeavesNoTokenWithoutItsEntry(t *testing.T) {
	w, file := auditedWorld(t)
	permit(t, w, patient, "00000659", "GGC002")
	const clients = 8
	attempts := make([]*attempt, clients)
	for i := range attempts {
		attempts[i] = newAttempt(t, w, harness.JWTBearer)
		attempts[i].request.Credentials = attempts[i].set.All()
	}
	var waiting sync.WaitGroup
	for _, a := range attempts {
		waiting.Go(func() {
			for { // until the node is gone
				if answer, err := a.wallet.RequestToken(t.Context(), a.request); err != nil || answer.Token() == "" {
					return
				}
			}
		})
	}
	require.NoError(t, w.Mitz.WaitForQueries(t.Context(), 40))
	require.NoError(t, syscall.Kill(w.DataHolder.PID(), syscall.SIGKILL))
	waiting.Wait()

	tokens, issued := w.Sessions.Tokens(), 0
	for _, action := range auditActions(t, file) {
		if action == "token-issued" {
			issued++
		}
	}
	assert.Positive(t, tokens)
	assert.GreaterOrEqual(t, issued, tokens, "a token is live of which the log knows nothing")
}
