// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
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

// auditEvent is as much of a FHIR R4 AuditEvent as is looked at.
type auditEvent struct {
	Subtype []struct{ Code string }
	Entity  []struct {
		What struct{ Identifier struct{ Value string } }
	}
}

// auditEvents reads the whole lines of the log.
func auditEvents(t *testing.T, file string) (events []auditEvent) {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	for line := range strings.Lines(string(content)) {
		var event auditEvent
		if strings.HasSuffix(line, "\n") && json.Unmarshal([]byte(line), &event) == nil && len(event.Subtype) == 1 {
			events = append(events, event)
		}
	}
	return events
}

// auditActions are what was done, by the log.
func auditActions(t *testing.T, file string) (actions []string) {
	t.Helper()
	for _, event := range auditEvents(t, file) {
		actions = append(actions, event.Subtype[0].Code)
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
	assert.Equal(t, []string{"query", "consult", "token-issued", "query", "consult", "token-refused"}, auditActions(t, file))
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, 3, strings.Count(string(content), `"value":"`+patient+`"`), "it says whom it is about")
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
	assert.Equal(t, []string{"query", "consult", "query", "consult", "token-issued"}, auditActions(t, file), "also the one that failed")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	queries := w.Mitz.Queries()
	require.Len(t, queries, 2)
	for _, query := range queries {
		assert.Equal(t, 3, strings.Count(string(content), `"urn:uuid:`+query.RequestID+`"`), "in the entries of the query, its end, and the token")
	}
	assert.Equal(t, queries[1].RequestID, introspection.Text("consent_request_id"), "the token rests on the second")
}

// TestUnwritableAuditFile puts a directory in the place of the audit file: Mitz is not asked.
// When it is gone the node heals, without any traffic.
func TestUnwritableAuditFile(t *testing.T) {
	w, file := auditedWorld(t)
	permit(t, w, patient, "00000659", "GGC002")
	require.NoError(t, os.Remove(file))
	require.NoError(t, os.Mkdir(file, 0o700))
	for range 3 {
		_, err := w.RequestToken(t.Context(), patient, birthCare)
		require.NoError(t, err)
		assertRefused(t, w, lastTokenAnswer(t, w), "server_error", undetermined, 0) // the patient sees every query
	}
	health, err := w.DataHolder.Get(t.Context(), "/health")
	require.NoError(t, err)
	assert.True(t, health.Contains(`"mitz.audit":{"status":"DOWN","details":"the last entry could not be written`))

	require.NoError(t, os.Remove(file))
	require.Eventually(t, func() bool {
		health, err := w.DataHolder.Get(t.Context(), "/health")
		return err == nil && health.Contains(`"mitz.audit":{"status":"UP"}`)
	}, time.Minute, 100*time.Millisecond)
	answer, err := w.RequestToken(t.Context(), patient, birthCare)
	require.NoError(t, err)
	assertPermitted(t, w, answer)
	actions := auditActions(t, file)
	assert.Equal(t, "log-interrupted", actions[0])
	assert.Equal(t, []string{"query", "consult", "token-issued"}, actions[len(actions)-3:])
	assert.Contains(t, actions, "token-refused", "what happened meanwhile is told")
}

// TestNoEntryIsLostWhenTheNodeStops stops the node in the middle of many consults.
func TestNoEntryIsLostWhenTheNodeStops(t *testing.T) {
	const requests = 30
	w, file := auditedWorld(t)
	permit(t, w, patient, "00000659", "GGC002")
	w.Mitz.Misbehave(mitztest.Slow(300 * time.Millisecond))
	var clients sync.WaitGroup
	attempts := make([]*attempt, requests)
	for i := range attempts {
		attempts[i] = newAttempt(t, w, harness.JWTBearer)
		attempts[i].request.Credentials = attempts[i].set.All()
	}
	for _, a := range attempts {
		clients.Go(func() { _, _ = a.wallet.RequestToken(t.Context(), a.request) })
	}
	require.NoError(t, w.Mitz.WaitForQueries(t.Context(), requests/3))
	require.NoError(t, w.DataHolder.Stop())
	clients.Wait()

	counts := map[string]int{}
	for _, action := range auditActions(t, file) {
		counts[action]++
	}
	queries := len(w.Mitz.Queries())
	assert.GreaterOrEqual(t, counts["query"], queries)
	assert.Equal(t, counts["query"], counts["consult"], "it says of each how it ended")
	assert.GreaterOrEqual(t, counts["token-issued"]+counts["token-refused"], counts["consult"])
	live, err := w.Sessions.RequestIDs()
	require.NoError(t, err)
	assert.Subset(t, issuedRequestIDs(t, file), live)
}

// TestKilledNodeLeavesNoTokenWithoutItsEntry kills the node in the middle of many token
// requests, sooner and later. The session database outlives it: each token in it must be
// in the log.
func TestKilledNodeLeavesNoTokenWithoutItsEntry(t *testing.T) {
	for _, queries := range []int{1, 9, 40, 90} {
		t.Run(fmt.Sprintf("after query %d", queries), func(t *testing.T) {
			w, file := auditedWorld(t)
			permit(t, w, patient, "00000659", "GGC002")
			ended := requestUntilGone(t, w)
			require.NoError(t, w.Mitz.WaitForQueries(t.Context(), queries))
			require.NoError(t, syscall.Kill(w.DataHolder.PID(), syscall.SIGKILL))
			ended.Wait()

			live, err := w.Sessions.RequestIDs()
			require.NoError(t, err)
			assert.Subset(t, issuedRequestIDs(t, file), live, "a token is live of which the log knows nothing")
			if queries > 8 { // by then the first ones were answered
				assert.NotEmpty(t, live)
			}
		})
	}
}

// requestUntilGone has eight clients ask for tokens until the node is gone.
func requestUntilGone(t *testing.T, w *harness.World) *sync.WaitGroup {
	t.Helper()
	var clients sync.WaitGroup
	attempts := make([]*attempt, 8)
	for i := range attempts {
		attempts[i] = newAttempt(t, w, harness.JWTBearer)
		attempts[i].request.Credentials = attempts[i].set.All()
	}
	for _, a := range attempts {
		clients.Go(func() {
			for {
				if answer, err := requestInTime(t, a); err != nil || answer.Token() == "" {
					return
				}
			}
		})
	}
	return &clients
}

// issuedRequestIDs are those of the queries on which the tokens in the log rest.
func issuedRequestIDs(t *testing.T, file string) (ids []string) {
	t.Helper()
	for _, event := range auditEvents(t, file) {
		for _, entity := range event.Entity {
			if id, found := strings.CutPrefix(entity.What.Identifier.Value, "urn:uuid:"); found && event.Subtype[0].Code == "token-issued" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
