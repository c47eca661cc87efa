// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

func TestMetricsAreNamedAsAgreed(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := newMetrics(func() mitzclient.CircuitState { return mitzclient.StateOpen }, func() int { return 3 },
		func() mitzclient.Load { return mitzclient.Load{HeldBack: 4, Running: 5, Waiting: 6} })
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
		"nuts_mitz_door_refused_total":                          {"reason"},
		"nuts_mitz_panics_total":                                {},
		"nuts_mitz_circuit_state":                               {},
		"nuts_mitz_guarded_scopes":                              {},
		"nuts_mitz_requesters_held_back":                        {},
		"nuts_mitz_consults_running":                            {},
		"nuts_mitz_consults_waiting":                            {},
		"nuts_mitz_overdue_consults_total":                      {},
		"nuts_mitz_build_info":                                  {"node", "version"},
		"nuts_mitz_client_certificate_expiry_timestamp_seconds": {},
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
	require.NoError(t, newMetrics(nil, nil, nil).register(registry), "the names are free again")
}

// TestMetricsExistBeforeTheFirstEvent: a counter that begins with its first event hides it
// from whoever asks how fast it grows.
func TestMetricsExistBeforeTheFirstEvent(t *testing.T) {
	m := newMetrics(func() mitzclient.CircuitState { return mitzclient.StateClosed }, func() int { return 0 }, func() mitzclient.Load { return mitzclient.Load{} })
	for _, collector := range m.collectors() {
		assert.Positive(t, testutil.CollectAndCount(collector), "%T: a metric that is not there yet", collector)
	}
	series := func(collector *prometheus.CounterVec, labels ...string) (exists bool) {
		before := testutil.CollectAndCount(collector)
		value := testutil.ToFloat64(collector.WithLabelValues(labels...))
		assert.Zero(t, value, labels)
		return testutil.CollectAndCount(collector) == before
	}
	for file, isAboutAnAnswer := range map[string]func(code string) bool{
		"refusal.go":                    func(string) bool { return false },
		"../internal/policy/refusal.go": func(code string) bool { return slices.Contains(policy.AnswerReasons(), policy.Reason(code)) },
		"../mitzclient/errors.go":       func(string) bool { return true },
	} {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		codes := codeConstant.FindAllSubmatch(source, -1)
		require.NotEmpty(t, codes, file)
		for _, code := range codes {
			assert.True(t, series(m.tokensRefused, string(code[1])), "tokens refused: %s", code[1])
			if isAboutAnAnswer(string(code[1])) {
				assert.True(t, series(m.consults, "mitz-closed-query", string(code[1])), "consults: %s", code[1])
			}
		}
	}
	assert.True(t, series(m.consults, "mitz-closed-query", "permit"))
	assert.True(t, series(m.tokensRefused, "internal"))
}

func TestConsultsAreMeasured(t *testing.T) {
	for _, tc := range []struct {
		outcome string
		consult consulter
	}{
		{"permit", deciding(consent.Permit)},
		{"denied", deciding(consent.Deny)},
		{"indeterminate", deciding(consent.Indeterminate)},
		{"timeout", func(context.Context, consent.Question) (mitzclient.Answer, error) {
			return mitzclient.Answer{RequestID: "request-1"}, &mitzclient.Error{Code: mitzclient.Timeout}
		}},
		{"internal", func(context.Context, consent.Question) (mitzclient.Answer, error) {
			return mitzclient.Answer{RequestID: "request-1"}, errors.New("something else")
		}},
	} {
		t.Run(tc.outcome, func(t *testing.T) {
			spans := tracetest.NewInMemoryExporter()
			provider := trace.NewTracerProvider(trace.WithSyncer(spans))
			before := otel.GetTracerProvider()
			otel.SetTracerProvider(provider)
			t.Cleanup(func() { otel.SetTracerProvider(before) })
			engine := newTestEngine(t, tc.consult)
			ctx, parent := provider.Tracer("test").Start(t.Context(), "token request")
			token := testToken(guarded)

			err := issueFor(ctx, engine, &token)

			parent.End()
			assert.Equal(t, tc.outcome == "permit", err == nil)
			assert.InDelta(t, 1, testutil.ToFloat64(engine.metrics.consults.WithLabelValues("mitz-closed-query", tc.outcome)), 0)
			assert.Equal(t, 1, testutil.CollectAndCount(engine.metrics.consultDuration))
			refused := 0.0
			for _, reason := range refusalReasons() {
				refused += testutil.ToFloat64(engine.metrics.tokensRefused.WithLabelValues(reason))
			}
			if tc.outcome == "permit" {
				assert.Zero(t, refused)
			} else {
				assert.InDelta(t, 1, refused, 0)
				assert.InDelta(t, 1, testutil.ToFloat64(engine.metrics.tokensRefused.WithLabelValues(tc.outcome)), 0)
			}

			recorded := spans.GetSpans()
			require.Len(t, recorded, 2)
			span := recorded[0]
			assert.Equal(t, "mitz.consult", span.Name)
			assert.Equal(t, parent.SpanContext().SpanID(), span.Parent.SpanID(), "under the token request's span")
			attributes := map[string]string{}
			for _, attribute := range span.Attributes {
				attributes[string(attribute.Key)] = attribute.Value.String()
			}
			assert.Equal(t, map[string]string{
				"mitz.ground": "mitz-closed-query", "mitz.categories": "1", "mitz.outcome": tc.outcome, "mitz.request_id": "request-1",
			}, attributes)
		})
	}
}
