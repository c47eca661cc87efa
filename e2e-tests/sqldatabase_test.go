// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the node's database

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// TestTokensGoOnWhileTheSQLDatabaseIsLocked has somebody else hold the node's SQL database:
// tokens are issued and end as ever, subscribing waits and is made up for, and health tells.
func TestTokensGoOnWhileTheSQLDatabaseIsLocked(t *testing.T) {
	config := subscribingWorld()
	configure := config.ConfigureDataHolder
	config.ConfigureDataHolder = func(ctx context.Context, w *harness.World, node *harness.NodeConfig) error {
		// Nodes that share their sessions keep in the SQL database what may be used once.
		maps.DeleteFunc(node.Settings, func(key string, _ any) bool { return strings.HasPrefix(key, "storage.session.") })
		return configure(ctx, w, node)
	}
	w := harness.StartWorld(t, config)
	permit(t, w, patient, "00000659", "GGC002")
	permit(t, w, otherPatient, "00000659", "GGC002")
	first := guardedToken(t, w)
	require.NoError(t, w.Mitz.WaitForSubscriptions(t.Context(), 1))

	database, err := sql.Open("sqlite", filepath.Join(w.Path(w.DataHolder.Name), "data", "sqlite.db")+"?_pragma=busy_timeout(60000)")
	require.NoError(t, err)
	defer func() { require.NoError(t, database.Close()) }()
	database.SetMaxOpenConns(1)
	_, err = database.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)

	answer, err := w.RequestToken(t.Context(), otherPatient, birthCare)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status, "%s", lastTokenAnswer(t, w).Body)
	require.True(t, isActive(t, w.DataHolder, answer.Token()))
	before := len(w.Mitz.Notifications())
	require.True(t, w.Mitz.Withdraw(requesterPermission(patient, "GGC002")))
	require.NoError(t, w.Mitz.WaitForNotifications(t.Context(), before+1))
	require.Equal(t, http.StatusCreated, w.Mitz.Notifications()[before].Status)
	assert.False(t, isActive(t, w.DataHolder, first), "a notification needs no SQL database")
	require.Eventually(t, func() bool { return subscriptionsHealth(t, w.DataHolder) == "UNKNOWN" }, time.Minute, 100*time.Millisecond)
	require.Len(t, w.Mitz.Subscriptions(), 1)

	_, err = database.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, w.Mitz.WaitForSubscriptions(t.Context(), 2), "what was wished for meanwhile")
	require.Eventually(t, func() bool { return subscriptionsHealth(t, w.DataHolder) == "UP" }, time.Minute, 100*time.Millisecond)
}

// subscriptionsHealth returns the status of mitz.subscriptions.
func subscriptionsHealth(t *testing.T, node *harness.Node) string {
	t.Helper()
	answer, err := node.Get(t.Context(), "/health")
	require.NoError(t, err)
	var health struct {
		Details map[string]struct {
			Status string `json:"status"`
		} `json:"details"`
	}
	require.NoError(t, json.Unmarshal(answer.Body, &health))
	return health.Details["mitz.subscriptions"].Status
}
