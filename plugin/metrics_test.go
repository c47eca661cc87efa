// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/evidence"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/node"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/subscriptions"
)

// busy is a link that has much to do.
type busy struct{}

func (busy) circuit() mitzclient.CircuitState { return mitzclient.StateOpen }
func (busy) guardedScopes() int               { return 3 }
func (busy) load() mitzclient.Load {
	return mitzclient.Load{HeldBack: 4, Running: 5, Waiting: 6}
}

func (busy) registrationsIn(state evidence.State) int {
	return map[evidence.State]int{evidence.Waiting: 5, evidence.InForce: 6}[state]
}
func (busy) oldestUnregistered() time.Duration { return 3 * time.Minute }
func (busy) subscriptionsIn(state subscriptions.State) int {
	return map[subscriptions.State]int{subscriptions.Waiting: 7, subscriptions.Subscribed: 8, subscriptions.Ending: 9}[state]
}
func (busy) oldestWaiting() time.Duration { return 10 * time.Second }
func (busy) wishesDropped() int64         { return 11 }
func (busy) claimedWithoutTable() int64   { return 12 }

func TestMetricsAreNamedAsAgreed(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := newMetrics(busy{}, record.New(time.Now).Collectors()...)
	require.NoError(t, m.register(registry))
	m.certificateExpires(time.Unix(1_800_000_000, 0))

	families, err := registry.Gather()
	require.NoError(t, err)
	labels := map[string][]string{}
	for _, family := range families {
		labels[family.GetName()] = []string{}
		for _, label := range family.GetMetric()[0].GetLabel() {
			labels[family.GetName()] = append(labels[family.GetName()], label.GetName())
		}
		slices.Sort(labels[family.GetName()])
	}
	assert.Equal(t, map[string][]string{
		"nuts_mitz_consults_total":                              {"ground", "outcome"},
		"nuts_mitz_consult_duration_seconds":                    {"ground"},
		"nuts_mitz_tokens_refused_total":                        {"reason"},
		"nuts_mitz_tokens_revoked_total":                        {"cause"},
		"nuts_mitz_rechecks_total":                              {"result"},
		"nuts_mitz_notifications_total":                         {"outcome"},
		"nuts_mitz_access_total":                                {"outcome"},
		"nuts_mitz_localizations_total":                         {"outcome"},
		"nuts_mitz_door_refused_total":                          {"reason"},
		"nuts_mitz_decisions_total":                             {"basis", "outcome"},
		"nuts_mitz_panics_total":                                {},
		"nuts_mitz_circuit_state":                               {},
		"nuts_mitz_guarded_scopes":                              {},
		"nuts_mitz_requesters_held_back":                        {},
		"nuts_mitz_consults_running":                            {},
		"nuts_mitz_consults_waiting":                            {},
		"nuts_mitz_overdue_consults_total":                      {},
		"nuts_mitz_build_info":                                  {"node", "version"},
		"nuts_mitz_client_certificate_expiry_timestamp_seconds": {},
		"nuts_mitz_subscriptions":                               {"state"},
		"nuts_mitz_subscriptions_oldest_waiting_seconds":        {},
		"nuts_mitz_registrations":                               {"state"},
		"nuts_mitz_registrations_oldest_waiting_seconds":        {},
		"nuts_mitz_subscription_wishes_dropped_total":           {},
		"nuts_mitz_claims_without_sql_total":                    {},
	}, labels)
	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	assert.Empty(t, problems)
	assert.InDelta(t, 1_800_000_000, testutil.ToFloat64(m.certificate), 0)
	assert.InDelta(t, 2, testutil.ToFloat64(m.circuit), 0)
	assert.InDelta(t, 3, testutil.ToFloat64(m.guarded), 0)
	assert.InDelta(t, 4, testutil.ToFloat64(m.heldBack), 0)
	assert.InDelta(t, 5, testutil.ToFloat64(m.running), 0)
	assert.InDelta(t, 6, testutil.ToFloat64(m.waiting), 0)
	m.unregister(registry)
	require.NoError(t, newMetrics(busy{}, record.New(time.Now).Collectors()...).register(registry), "the names are free again")
}

// TestMetricsExistBeforeTheFirstEvent: a counter that begins with its first event hides it
// from whoever asks how fast it grows.
func TestMetricsExistBeforeTheFirstEvent(t *testing.T) {
	for _, collector := range newEngine(node.Engines{}).metrics.collectors() {
		assert.Positive(t, testutil.CollectAndCount(collector), "%T: a metric that is not there yet", collector)
	}
}
