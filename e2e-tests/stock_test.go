// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	spanpb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// tracedNode is a node that exports its spans and log lines.
type tracedNode struct {
	*harness.Node
	collector *harness.Collector
}

func startTracedNode(t *testing.T, config harness.NodeConfig) tracedNode {
	t.Helper()
	workspace, err := harness.NewWorkspace(logs)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, workspace.Close()) })
	collector := harness.NewCollector()
	t.Cleanup(collector.Close)
	config.Settings, config.Env = collector.Settings()
	node, err := workspace.StartNode(t.Context(), config)
	require.NoError(t, err)
	_, err = node.CreateSubject(t.Context(), "hospital-east")
	require.NoError(t, err)
	return tracedNode{node, collector}
}

// TestADisabledNodeIsTheStockNode compares what a node on which nothing is guarded shows with
// what the stock node shows, but for what says by its name that it is ours. Among the requests
// are those that a guarded node refuses at its door.
func TestADisabledNodeIsTheStockNode(t *testing.T) {
	stock := startTracedNode(t, harness.NodeConfig{Name: "stock", Binary: binaries.Stock})
	expected := shownBy(t, stock)
	require.Contains(t, expected["spans"], "browser/"+planted, "the stock node exports what a requester sends: otherwise this test shows nothing")
	require.Contains(t, expected["log"], planted)
	for name, section := range map[string]string{"without a section": "", "on purpose": "mitz: {enabled: false}\n"} {
		t.Run(name, func(t *testing.T) {
			shown := shownBy(t, startTracedNode(t, harness.NodeConfig{Name: "disabled", Binary: binaries.Mitz, YAML: section}))
			for _, what := range slices.Sorted(maps.Keys(expected)) {
				assert.Equal(t, expected[what], shown[what], what)
			}
			assert.Len(t, shown, len(expected))
		})
	}
}

// shownBy returns what a node answers, exports and logs, by what it is, without what differs
// from one node to another.
func shownBy(t *testing.T, node tracedNode) map[string]string {
	t.Helper()
	shown := map[string]string{}
	client := &http.Client{Timeout: longest, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, form := range []string{
		"grant_type=vp_token-bearer&scope=" + planted,
		"grant_type=vp_token-bearer&scope=a&scope=b&assertion=x",
		"grant_type=" + strings.Repeat("x", 300),
		"grant_type=authorization_code&code=a&client_id=" + planted,
		"grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&scope=&client_id=x&assertion=eyJhbGciOiJub25lIn0.e30.",
		strings.Repeat("a=b&", 50),
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, node.PublicURL()+"/oauth2/hospital-east/token", strings.NewReader(form))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		shown["POST "+form] = exchange(t, client, node, request)
	}
	for _, path := range []string{
		"/oauth2/hospital-east/authorize?response_type=code&client_id=" + planted,
		"/oauth2/hospital-east/authorize?request=x&request=y",
		"/oauth2/hospital-east/callback?error=" + planted,
		"/oauth2/hospital-east/oauth-client", "/oauth2/hospital-east/presentation_definition?scope=nowhere", "/oauth2/nobody/presentation_definition?scope=x",
		"/.well-known/oauth-authorization-server/oauth2/hospital-east", "/statuslist/did:web:" + planted + "/1", "/iam/x/did.json",
		"/", "/status", "/nowhere/" + planted,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, node.PublicURL()+path, nil)
		require.NoError(t, err)
		shown["GET "+path] = exchange(t, client, node, request)
	}
	shown["/health"] = namesOf(t, must[harness.Answer](t)(node.Get(t.Context(), "/health")).Body)
	shown["/metrics"] = metricsOf(must[harness.Answer](t)(node.Get(t.Context(), "/metrics")).Body)
	require.Eventually(t, func() bool {
		return hasSpan(node.collector.Spans(), func(_, value string) bool { return strings.Contains(value, "nowhere/"+planted) })
	}, longest, 20*time.Millisecond, "the last request is exported")
	shown["spans"] = strings.ReplaceAll(attributesOf(node.collector.Spans()), node.URL, "URL")
	content, err := os.ReadFile(node.LogFile())
	require.NoError(t, err)
	log := strings.ReplaceAll(string(content), node.URL, "URL")
	shown["log"] = eachOnce(regexp.MustCompile(`\S*`+planted+`\S*`).FindAllString(log, -1))
	shown["log of the tracing"] = eachOnce(regexp.MustCompile(`msg="[^"]*OpenTelemetry[^"]*"`).FindAllString(log, -1))
	require.NotEmpty(t, shown["log of the tracing"])
	return shown
}

// exchange sends a request and returns its answer as a text.
func exchange(t *testing.T, client *http.Client, node tracedNode, request *http.Request) string {
	t.Helper()
	request.Header.Set("User-Agent", "browser/"+planted)
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	header := response.Header.Clone()
	header.Del("Date")
	var text strings.Builder
	_, _ = fmt.Fprintln(&text, response.StatusCode)
	require.NoError(t, header.Write(&text))
	return particulars.ReplaceAllString(strings.ReplaceAll(text.String()+"\n"+string(body), node.URL, "URL"), "ID")
}

// particulars are ids and keys that are new on every node.
var particulars = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|eyJ[\w.-]+|"(x|y|kid)":"[^"]*"|[\w-]{40,}`)

// namesOf returns the entries of a health answer but ours, each with its status.
func namesOf(t *testing.T, body []byte) string {
	t.Helper()
	var health struct {
		Details map[string]struct{ Status string }
	}
	require.NoError(t, json.Unmarshal(body, &health))
	var lines []string
	for name, entry := range health.Details {
		if !strings.HasPrefix(name, "mitz.") {
			lines = append(lines, name+" "+entry.Status)
		}
	}
	require.NotEmpty(t, lines)
	return eachOnce(lines)
}

// metricsOf returns the names of the metrics but ours.
func metricsOf(body []byte) string {
	var names []string
	for line := range strings.Lines(string(body)) {
		if name, found := strings.CutPrefix(line, "# TYPE "); found && !strings.HasPrefix(name, "nuts_mitz_") {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return eachOnce(names)
}

// attributesOf returns what spans hold of the number that was planted, each once.
func attributesOf(spans []*spanpb.Span) string {
	var lines []string
	for _, span := range spans {
		for _, each := range span.Attributes {
			if value := each.Value.GetStringValue(); strings.Contains(value, planted) {
				lines = append(lines, span.Name+" "+each.Key+" "+value)
			}
		}
	}
	return eachOnce(lines)
}

// eachOnce returns texts in order, each once.
func eachOnce(texts []string) string {
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), "\n")
}
