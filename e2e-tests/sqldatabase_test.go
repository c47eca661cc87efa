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
	"regexp"
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
	require.Eventually(t, func() bool { return health(t, w.DataHolder, "subscriptions") == "UNKNOWN" }, time.Minute, 100*time.Millisecond)
	require.Len(t, w.Mitz.Subscriptions(), 1)

	_, err = database.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, w.Mitz.WaitForSubscriptions(t.Context(), 2), "what was wished for meanwhile")
	require.Eventually(t, func() bool { return health(t, w.DataHolder, "subscriptions") == "UP" }, time.Minute, 100*time.Millisecond)
}

// TestTheSQLDatabaseGoesAndComes has PostgreSQL fail in every way below two nodes that share it:
// tokens go on, what was used once is not used on the other node, withdrawals end tokens, what
// is to be subscribed waits and is made up for, and health tells.
func TestTheSQLDatabaseGoesAndComes(t *testing.T) {
	for name, fail := range map[string]func(ctx context.Context, c *cluster) (mend func() error, err error){
		"read-only": func(ctx context.Context, c *cluster) (func() error, error) { return c.sql.MakeReadOnly(ctx) },
		"locked": func(ctx context.Context, c *cluster) (func() error, error) {
			return c.sql.Lock(ctx, c.database, "mitz_used_once", "mitz_subscriptions", "mitz_subjects", "mitz_work")
		},
		"silent": func(ctx context.Context, c *cluster) (func() error, error) { return c.sql.Freeze(ctx) },
		"gone": func(ctx context.Context, c *cluster) (func() error, error) {
			return func() error { return c.sql.Start(context.WithoutCancel(ctx)) }, c.sql.Stop()
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, subscribingWorld(), harness.RedisConfig{})
			nodes := []*harness.Node{c.first, c.second}
			permit(t, c.World, patient, "00000659", "GGC002")
			permit(t, c.World, otherPatient, "00000659", "GGC002")
			before := eventuallyToken(t, c, patient)
			require.Equal(t, "UP", health(t, c.first, "claims"))
			require.NoError(t, c.Mitz.WaitForSubscriptions(t.Context(), 1))

			mend, err := fail(t.Context(), c)
			require.NoError(t, err)
			mended := false
			defer func() { // for the tests after this one
				if !mended {
					assert.NoError(t, mend())
				}
			}()
			require.Eventually(t, func() bool {
				eventuallyToken(t, c, otherPatient)
				return claimsWithoutSQL(t, c.first)
			}, longest, 10*time.Millisecond)
			assert.True(t, c.active(t, before))
			assert.Len(t, atOnce(t, nodes, tokenEast, tokenForm(t, c.World, harness.VPToken, birthCare)), 1)
			if name != "silent" { // the node's own health check waits for the database without end
				require.Eventually(t, func() bool {
					return health(t, c.first, "claims") == "UNKNOWN" && health(t, c.first, "subscriptions") == "UNKNOWN"
				}, longest, 10*time.Millisecond)
			}
			require.Len(t, c.Mitz.Subscriptions(), 1)
			notified := len(c.Mitz.Notifications())
			require.True(t, c.Mitz.Withdraw(requesterPermission(patient, "GGC002")))
			require.NoError(t, c.Mitz.WaitForNotifications(t.Context(), notified+1))
			require.Equal(t, http.StatusCreated, c.Mitz.Notifications()[notified].Status)
			assert.False(t, c.active(t, before), "a notification needs no SQL database")

			require.NoError(t, mend())
			mended = true
			require.NoError(t, c.Mitz.WaitForSubscriptions(t.Context(), 2), "what was wished for meanwhile")
			require.Eventually(t, func() bool {
				eventuallyToken(t, c, otherPatient)
				return health(t, c.first, "claims") == "UP" && health(t, c.first, "subscriptions") == "UP"
			}, longest, 10*time.Millisecond)
		})
	}
}

// claimsWithoutSQL reports whether a node issued tokens without the SQL database.
func claimsWithoutSQL(t *testing.T, node *harness.Node) bool {
	t.Helper()
	metrics, err := node.Get(t.Context(), "/metrics")
	require.NoError(t, err)
	return regexp.MustCompile(`(?m)^nuts_mitz_claims_without_sql_total [1-9]`).Match(metrics.Body)
}

// eventuallyToken returns a guarded token, of the first node.
func eventuallyToken(t *testing.T, c *cluster, bsn string) string {
	t.Helper()
	var token string
	require.Eventually(t, func() bool {
		answer, err := c.RequestToken(t.Context(), bsn, birthCare)
		token = answer.Token()
		return err == nil && answer.Status == http.StatusOK && token != ""
	}, longest, 10*time.Millisecond)
	require.True(t, c.active(t, token))
	return token
}

// health returns the status of a part of mitz.
func health(t *testing.T, node *harness.Node, part string) string {
	t.Helper()
	answer, err := node.Get(t.Context(), "/health")
	require.NoError(t, err)
	var health struct {
		Details map[string]struct {
			Status string `json:"status"`
		} `json:"details"`
	}
	require.NoError(t, json.Unmarshal(answer.Body, &health))
	return health.Details["mitz."+part].Status
}
