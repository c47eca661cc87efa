// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package control

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// TestTheDocumentationHasEveryRouteAndBehaviour reads the tables of docs/simulator.md.
func TestTheDocumentationHasEveryRouteAndBehaviour(t *testing.T) {
	content, err := os.ReadFile("../../../docs/simulator.md")
	require.NoError(t, err)
	var routes, documented []string
	for _, route := range (Control{Curl: "curl", Stop: func() {}}).routes() {
		routes = append(routes, route.method+" "+route.path)
	}
	assert.Equal(t, routes, firstColumn(t, string(content), "| Request |"))
	documented = firstColumn(t, string(content), "| `behaviour` |")
	assert.ElementsMatch(t, mitztest.BehaviourNames(), documented)
}

var inBackticks = regexp.MustCompile("`([^`]+)`")

// firstColumn returns what stands in backticks in the first column of the table that has
// this heading.
func firstColumn(t *testing.T, page, heading string) (texts []string) {
	t.Helper()
	_, table, found := strings.Cut(page, heading)
	require.True(t, found, heading)
	table, _, _ = strings.Cut(table, "\n\n")
	for _, row := range strings.Split(table, "\n")[2:] {
		first := strings.Split(row, "|")[1]
		for _, match := range inBackticks.FindAllStringSubmatch(first, -1) {
			texts = append(texts, match[1])
		}
	}
	return texts
}
