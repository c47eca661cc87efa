// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

const (
	// recheckAge is how old consent may be in the world that looks again: so old that on a
	// busy machine too a token is introspected before.
	recheckAge = 5 * time.Second
	// recheckPatience is how long a test waits for something at the most.
	recheckPatience = longest
)

// recheckingWorld looks again: for birth care a token ends its use when nobody can tell, for
// results it is kept.
func recheckingWorld(t *testing.T) (w *harness.World, audited string) {
	audited = filepath.Join(t.TempDir(), "audit.jsonl")
	config := plainWorld()
	for i, failure := range []string{"", "keep"} {
		config.Profiles[i].Recheck, config.Profiles[i].RecheckFailure = recheckAge.String(), failure
	}
	config.ConfigureDataHolder = func(_ context.Context, _ *harness.World, node *harness.NodeConfig) error {
		node.Env = append(node.Env, "NUTS_MITZ_AUDIT_FILE="+audited)
		return nil
	}
	return harness.StartWorld(t, config), audited
}

// tokenFor requests a token that Mitz permits.
func tokenFor(t *testing.T, w *harness.World, scope string) string {
	t.Helper()
	permit(t, w, patient, "00000659", "GGC002", "GGC012")
	answer, err := w.RequestToken(t.Context(), patient, scope)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	return answer.Token()
}

// awaitAge waits until the consent of a token that was looked at just now is old.
func awaitAge(t *testing.T) {
	t.Helper()
	began := time.Now()
	require.Eventually(t, func() bool { return time.Since(began) > recheckAge+time.Second/10 }, recheckPatience, 10*time.Millisecond)
}

// TestWithdrawnConsentEndsATokenThatIsLookedAtAgain: the token that worked is dead at the next
// introspection after its consent is old, and stays dead when consent is given again.
func TestWithdrawnConsentEndsATokenThatIsLookedAtAgain(t *testing.T) {
	w, audited := recheckingWorld(t)
	token := tokenFor(t, w, birthCare)
	first, err := w.DataHolder.Introspect(t.Context(), token)
	require.NoError(t, err)
	require.True(t, first.Active)
	require.Len(t, w.Mitz.Queries(), 1)

	awaitAge(t)
	second, err := w.DataHolder.Introspect(t.Context(), token)
	require.NoError(t, err)
	require.True(t, second.Active, "there is consent still")
	queries := w.Mitz.Queries()
	require.Len(t, queries, 2)
	assert.Equal(t, queries[0].Question, queries[1].Question, "another question was asked")
	assert.Equal(t, queries[0].RequestID, first.Text("consent_request_id"))
	assert.Equal(t, queries[1].RequestID, second.Text("consent_request_id"))
	assert.Greater(t, second.Text("consent_checked_at"), first.Text("consent_checked_at"))
	for _, hidden := range []string{"asked", "stamp", "latest"} {
		assert.NotContains(t, string(second.Body), `mitz_`+hidden)
	}

	require.True(t, w.Mitz.Forget(patient))
	awaitAge(t)
	assert.False(t, isActive(t, w.DataHolder, token))
	require.Len(t, w.Mitz.Queries(), 3)
	permit(t, w, patient, "00000659", "GGC002")
	awaitAge(t)
	assert.False(t, isActive(t, w.DataHolder, token), "it came back to life")
	assert.Len(t, w.Mitz.Queries(), 3, "nobody asks about a dead token")
	assert.Zero(t, w.Sessions.Tokens())

	assert.Equal(t, []string{"query", "consult", "token-issued", "query", "consult", "query", "consult", "tokens-revoked"}, auditActions(t, audited))
	metrics, err := w.DataHolder.Get(t.Context(), "/metrics")
	require.NoError(t, err)
	for _, line := range []string{
		`nuts_mitz_tokens_revoked_total{cause="recheck"} 1`,
		`nuts_mitz_rechecks_total{result="confirmed"} 1`,
		`nuts_mitz_rechecks_total{result="revoked"} 1`,
	} {
		assert.True(t, metrics.Contains(line), line)
	}
}

// TestTroubleWhenATokenIsLookedAtAgain follows what the profile says.
func TestTroubleWhenATokenIsLookedAtAgain(t *testing.T) {
	w, _ := recheckingWorld(t)
	denied, kept := tokenFor(t, w, birthCare), tokenFor(t, w, results)
	awaitAge(t)
	w.Mitz.Misbehave(mitztest.HTTPStatus(http.StatusServiceUnavailable))
	assert.False(t, isActive(t, w.DataHolder, denied))
	assert.True(t, isActive(t, w.DataHolder, kept))
	w.Mitz.Behave()
	for _, token := range []string{denied, kept} {
		require.Eventually(t, func() bool { return isActive(t, w.DataHolder, token) }, recheckPatience, 100*time.Millisecond,
			"trouble ends no token")
	}
	require.True(t, w.Mitz.Forget(patient))
	for _, token := range []string{denied, kept} {
		require.Eventually(t, func() bool { return !isActive(t, w.DataHolder, token) }, recheckPatience, 100*time.Millisecond,
			"Mitz's word ends it, whatever follows on trouble")
	}
}

// TestManyWhoIntrospectWaitForOneQuery, and whoever hangs up ends it for nobody.
func TestManyWhoIntrospectWaitForOneQuery(t *testing.T) {
	w, _ := recheckingWorld(t)
	token := tokenFor(t, w, birthCare)
	awaitAge(t)
	w.Mitz.ResetLog()
	w.Mitz.Misbehave(mitztest.Slow(500 * time.Millisecond))
	received := w.Mitz.Received()

	impatient, hangUp := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		_, err := w.DataHolder.Introspect(impatient, token)
		assert.ErrorIs(t, err, context.Canceled)
	})
	require.Eventually(t, func() bool { return w.Mitz.Received() > received }, recheckPatience, time.Millisecond, "nobody asks")
	for range 20 {
		group.Go(func() {
			introspection, err := w.DataHolder.Introspect(t.Context(), token)
			if assert.NoError(t, err) {
				assert.True(t, introspection.Active)
			}
		})
	}
	hangUp()
	group.Wait()
	assert.Len(t, w.Mitz.Queries(), 1)
	assert.Zero(t, w.Mitz.Cancelled())
}
