// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// TestNoSecretPathIsLoggedOrTraced: who knows the path by which Mitz notifies can end tokens. The
// node's own HTTP server writes every path that is asked of it; it writes none of these.
func TestNoSecretPathIsLoggedOrTraced(t *testing.T) {
	collector := harness.NewCollector()
	t.Cleanup(collector.Close)
	config := subscribingWorld()
	audited := filepath.Join(t.TempDir(), "audit.jsonl")
	config.ConfigureDataHolder = func(_ context.Context, _ *harness.World, node *harness.NodeConfig) error {
		var env []string
		node.Settings, env = collector.Settings()
		node.Env = append(append(node.Env, env...), "NUTS_MITZ_AUDIT_FILE="+audited)
		return nil
	}
	w := harness.StartWorld(t, config)
	permit(t, w, patient, "00000659", "GGC002")
	guardedToken(t, w)
	require.NoError(t, w.Mitz.WaitForSubscriptions(t.Context(), 1))
	permitHospitals(t, w)
	require.NoError(t, w.Mitz.WaitForNotifications(t.Context(), 1))
	require.Equal(t, http.StatusCreated, w.Mitz.Notifications()[0].Status)

	address, err := url.Parse(w.Mitz.Subscriptions()[0].Endpoint)
	require.NoError(t, err)
	secret := path.Base(address.Path)
	require.Greater(t, len(secret), 80)
	for _, place := range []string{
		"/mitz/notify/" + secret, "/mitz/notify/" + secret + "/x", "/mitz/notify/x" + secret, "/mitz/notify/" + secret[:30], "/mitz/" + secret,
		"/mitz/%6eotify/" + secret, "//mitz/notify/" + secret + "?a=b",
	} {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			request, err := http.NewRequestWithContext(t.Context(), method, w.DataHolder.PublicURL()+place, strings.NewReader("<"))
			require.NoError(t, err)
			request.Header.Set("Content-Type", "application/fhir+xml")
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
		}
	}
	metrics, err := w.DataHolder.Get(t.Context(), "/metrics")
	require.NoError(t, err)
	for _, line := range []string{
		`nuts_mitz_notifications_total{outcome="accepted"} 1`,
		`nuts_mitz_notifications_total{outcome="malformed"} 1`,
		`nuts_mitz_tokens_revoked_total{cause="notification"} 2`,
	} {
		assert.True(t, metrics.Contains(line), line)
	}
	require.NoError(t, w.DataHolder.Stop())
	assert.Equal(t, []string{"query", "consult", "token-issued", "notification", "tokens-revoked", "notification", "tokens-revoked", "log-signed"}, auditActions(t, audited))

	log, err := os.ReadFile(w.DataHolder.LogFile())
	require.NoError(t, err)
	traced, _ := collector.Text()
	content, err := os.ReadFile(audited)
	require.NoError(t, err)
	assert.NotContains(t, string(content), secret[:20])
	for name, text := range map[string]string{"the log": string(log), "what is exported": traced} {
		assert.Contains(t, text, "/mitz/notify/[secret]", name)
		assert.NotContains(t, text, secret[:20], name)
	}
	assert.Contains(t, string(log), "outcome=unknown_path")
}
