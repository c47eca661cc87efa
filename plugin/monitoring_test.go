// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/node"
)

var (
	metricName   = regexp.MustCompile(`\bnuts_mitz_[a-z_]+`)
	metricLabels = regexp.MustCompile(`\b(nuts_mitz_[a-z_]+)\{([^}]*)\}`)
	labelValues  = regexp.MustCompile(`([a-z]+)(?:=|=~|!=|!~)"([a-z_|-]+)"`)
	alertName    = regexp.MustCompile(`(?m)^ +- alert: (\w+)$`)
)

// told are the names of all metrics, and of each label's values those that are there before anything
// happened.
func told(t *testing.T) (names map[string]bool, values map[string]bool) {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(newEngine(node.Engines{}).metrics.collectors()...)
	registry.MustRegister(newStrangers().refused)
	families, err := registry.Gather()
	require.NoError(t, err)
	names, values = map[string]bool{}, map[string]bool{}
	for _, family := range families {
		names[family.GetName()] = true
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				values[family.GetName()+" "+label.GetName()+"="+label.GetValue()] = true
			}
		}
	}
	return names, values
}

// TestMonitoringAsksForWhatIsThere: every metric, and every value of a label, that the alert rules and
// the dashboard name is told by the code. A rule about a name that is misspelt never fires.
func TestMonitoringAsksForWhatIsThere(t *testing.T) {
	names, values := told(t)
	for _, file := range []string{"alerts.yml", "alerts_test.yml", "dashboard.json"} {
		content := monitoring(t, file)
		asked := metricName.FindAllString(content, -1)
		assert.NotEmpty(t, asked, file)
		for _, name := range asked {
			assert.True(t, names[strings.TrimSuffix(name, "_bucket")], "%s: %s", file, name)
		}
		for _, match := range metricLabels.FindAllStringSubmatch(content, -1) {
			for _, label := range labelValues.FindAllStringSubmatch(match[2], -1) {
				if label[1] == "instance" || label[1] == "version" || label[1] == "node" {
					continue
				}
				for value := range strings.SplitSeq(label[2], "|") {
					assert.True(t, values[strings.TrimSuffix(match[1], "_bucket")+" "+label[1]+"="+value] || label[1] == "le",
						"%s: %s{%s=%q}", file, match[1], label[1], value)
				}
			}
		}
	}
	dashboard := monitoring(t, "dashboard.json")
	for name := range names {
		assert.Contains(t, dashboard, name, "is on the dashboard")
	}
}

// TestEveryAlertHasSomethingToDo: each is in the table of docs/operations.md, and has a test.
func TestEveryAlertHasSomethingToDo(t *testing.T) {
	operations, err := os.ReadFile(filepath.Join("..", "docs", "operations.md"))
	require.NoError(t, err)
	alerts := alertName.FindAllStringSubmatch(monitoring(t, "alerts.yml"), -1)
	require.Greater(t, len(alerts), 15)
	tests := monitoring(t, "alerts_test.yml")
	for _, alert := range alerts {
		assert.Contains(t, string(operations), "\n| `"+alert[1]+"` | ")
		assert.Equal(t, 2, strings.Count(tests, "alertname: "+alert[1]+"\n")+strings.Count(tests, "alertname: "+alert[1]+","),
			"%s: seen to fire, and seen not to", alert[1])
	}
	assert.Equal(t, len(alerts), strings.Count(string(operations), "\n| `Mitz"), "no alert in the table that is not there")
}

// TestAlertRules has Prometheus's own tool check the rules, and play their tests.
func TestAlertRules(t *testing.T) {
	for _, arguments := range [][]string{{"check", "rules", "alerts.yml"}, {"test", "rules", "alerts_test.yml"}} {
		command := exec.CommandContext(t.Context(), "promtool", arguments...)
		command.Dir = filepath.Join("..", "deploy", "monitoring")
		output, err := command.CombinedOutput()
		require.NoError(t, err, "%s", output)
	}
}

// TestTheDashboard: Grafana takes it, as far as can be told without one.
func TestTheDashboard(t *testing.T) {
	var dashboard struct {
		Title  string `json:"title"`
		Panels []struct {
			ID      int    `json:"id"`
			Title   string `json:"title"`
			Type    string `json:"type"`
			GridPos struct{ X, Y, W, H int }
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	require.NoError(t, json.Unmarshal([]byte(monitoring(t, "dashboard.json")), &dashboard))
	assert.Equal(t, "nuts-mitz", dashboard.Title)
	seen := map[int]bool{}
	var rules strings.Builder
	rules.WriteString("groups: [{name: dashboard, rules: [")
	for _, panel := range dashboard.Panels {
		assert.False(t, seen[panel.ID], "%s: its id is another's", panel.Title)
		seen[panel.ID] = true
		assert.LessOrEqual(t, panel.GridPos.X+panel.GridPos.W, 24, panel.Title)
		require.NotEmpty(t, panel.Targets, panel.Title)
		for _, target := range panel.Targets {
			expression, err := json.Marshal(strings.ReplaceAll(target.Expr, "$__rate_interval", "5m"))
			require.NoError(t, err)
			rules.WriteString("{record: a, labels: {panel: p" + strconv.Itoa(len(seen)) + "}, expr: " + string(expression) + "},\n")
		}
	}
	rules.WriteString("]}]\n")
	file := filepath.Join(t.TempDir(), "rules.yml")
	require.NoError(t, os.WriteFile(file, []byte(rules.String()), 0o600))
	command := exec.CommandContext(t.Context(), "promtool", "check", "rules", filepath.Base(file))
	command.Dir = filepath.Dir(file)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "an expression is none: %s", output)
}

func monitoring(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "deploy", "monitoring", file))
	require.NoError(t, err)
	return string(content)
}
