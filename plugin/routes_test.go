// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/internal/openapi"
)

// parameter finds the parameters of a path as the server has them.
var parameter = regexp.MustCompile(`:([a-z]+)`)

// TestANodeServesWhatIsDescribed compares all routes of a running node that are ours with
// docs/openapi.yaml.
func TestANodeServesWhatIsDescribed(t *testing.T) {
	mitz, files := startMitz(t)
	node := startNode(t, mitz, files)
	server := echo.New()
	for _, each := range node.system.Routers {
		each.Routes(server)
	}
	var ours []string
	for _, route := range server.Routes() {
		if strings.Contains(route.Path, "mitz") {
			ours = append(ours, route.Method+" "+parameter.ReplaceAllString(route.Path, "{$1}"))
		}
	}
	assert.Greater(t, len(server.Routes()), len(ours), "those of the node are among them")
	assert.ElementsMatch(t, openapi.Read(t, "../docs/openapi.yaml").Routes("/"), ours)
}
