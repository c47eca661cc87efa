// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	spanpb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// planted is a patient's number that a requester writes wherever it can. The stock node
// keeps it in its own log, which is why it is none of those that all logs are searched for.
const planted = "123456782"

// plant sends requests to a node that hold the number in all places that a requester chooses.
func plant(t *testing.T, node *harness.Node, subject string) {
	t.Helper()
	client := &http.Client{Timeout: longest, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	escaped := "%31%32%33%34%35%36%37%38%32"
	for _, target := range []string{
		"/oauth2/" + subject + "/authorize?response_type=" + planted + "&client_id=" + planted + "&state=" + planted,
		"/oauth2/" + subject + "/authorize?response_type=code&request=" + escaped,
		"/oauth2/" + planted + "/oauth-client",
		"/.well-known/oauth-authorization-server/oauth2/" + escaped,
		"/oauth2/" + subject + "/callback?error=" + planted + "&error_description=" + escaped,
		"/iam/" + planted + "/did.json",
		"/statuslist/did:web:" + planted + "/1",
		"/" + planted + "?q=123.456.782",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, node.PublicURL()+target, nil)
		require.NoError(t, err)
		send(t, client, request)
	}
	for _, form := range []url.Values{
		{"grant_type": {planted}, "scope": {"x" + planted}},
		{"grant_type": {"vp_token-bearer"}, "assertion": {planted}, "presentation_submission": {planted}, "scope": {birthCare}, "client_id": {planted}},
		{"grant_type": {"authorization_code"}, "code": {planted}, "client_id": {"https://example.com/" + planted}, "code_verifier": {planted}},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, node.PublicURL()+"/oauth2/"+subject+"/token", strings.NewReader(form.Encode()))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		send(t, client, request)
	}
}

func send(t *testing.T, client *http.Client, request *http.Request) {
	t.Helper()
	request.Header.Set("User-Agent", "browser/"+planted)
	request.Header.Set("Tracestate", "vendor="+planted)
	request.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	request.Header.Set("Baggage", "patient="+planted)
	request.Header.Set("Referer", "https://example.com/"+planted)
	request.Header.Set("X-Forwarded-For", planted)
	response, err := client.Do(request)
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, response.Body)
	require.NoError(t, response.Body.Close())
}

// TestTracesHoldNoPatientsNumber has both nodes export their spans and log lines. The
// requester's, a stock node, shows that the number does reach the traces.
func TestTracesHoldNoPatientsNumber(t *testing.T) {
	ours, stock := harness.NewCollector(), harness.NewCollector()
	t.Cleanup(ours.Close)
	t.Cleanup(stock.Close)
	export := func(collector *harness.Collector, node *harness.NodeConfig) {
		settings, env := collector.Settings()
		if node.Settings == nil {
			node.Settings = map[string]any{}
		}
		maps.Copy(node.Settings, settings)
		node.Env = append(node.Env, env...)
	}
	config := plainWorld()
	config.ConfigureRequester = func(node *harness.NodeConfig) { export(stock, node) }
	config.ConfigureDataHolder = func(_ context.Context, _ *harness.World, node *harness.NodeConfig) error {
		export(ours, node)
		return nil
	}
	w, err := harness.NewWorld(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, w.Close()) })

	permit(t, w, patient, "00000659", "GGC002")
	answer, err := w.RequestToken(t.Context(), patient, birthCare)
	require.NoError(t, err)
	assertPermitted(t, w, answer)
	plant(t, w.DataHolder, "hospital-east")
	plant(t, w.Requester, w.RequesterOrg.Name)
	require.Eventually(t, func() bool {
		return hasSpan(stock.Spans(), func(key, value string) bool { return key == "user_agent.original" && value == "browser/"+planted })
	}, longest, 20*time.Millisecond, "the stock node exports what a requester sends: otherwise this test shows nothing")
	require.NoError(t, w.DataHolder.Stop())
	require.NoError(t, w.Requester.Stop())

	text, lines := ours.Text()
	assert.Positive(t, lines, "log lines are exported")
	assert.Contains(t, text, "Stopping Tracing...", "also those of the end")
	assertNoPatients(t, text)
	assert.NotContains(t, text, planted)
	assert.NotContains(t, text, "%31%32%33")
	assert.NotContains(t, text, "123.456.782")

	spans := ours.Spans()
	assert.True(t, hasSpan(spans, func(key, value string) bool { return key == "user_agent.original" && value == "browser/[BSN]" }), "the user agent")
	assert.True(t, hasSpan(spans, func(key, value string) bool { return key == "url.path" && strings.Contains(value, "[BSN]") }), "the path")
	assert.True(t, hasSpan(spans, func(key, _ string) bool { return strings.HasPrefix(key, "db.") }), "SQL statements")
	for _, span := range spans {
		assert.NotContains(t, span.TraceState, "vendor")
	}
	names := map[string]bool{}
	for _, span := range spans {
		names[span.Name] = true
	}
	assert.True(t, names["mitz.consult"], "the consult has a span")
}

func hasSpan(spans []*spanpb.Span, is func(key, value string) bool) bool {
	for _, span := range spans {
		for _, each := range span.Attributes {
			if is(each.Key, each.Value.GetStringValue()) {
				return true
			}
		}
	}
	return false
}
