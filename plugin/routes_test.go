// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/openapi"
)

// parameter finds the parameters of a path as the server has them.
var parameter = regexp.MustCompile(`:([a-z]+)`)

// TestANodeServesWhatIsDescribed compares all routes of a running node that are ours with
// docs/openapi.yaml. The node has a key, without which there is no address for notifications.
func TestANodeServesWhatIsDescribed(t *testing.T) {
	key := filepath.Join(t.TempDir(), "patients.key")
	require.NoError(t, os.WriteFile(key, []byte(base64.StdEncoding.EncodeToString([]byte("a key of thirty-two bytes, really"[:32]))), 0o600))
	t.Setenv("NUTS_MITZ_WITHDRAWAL_KEYFILE", key)
	mitz, files := startMitz(t)
	node := startNode(t, mitz, files)
	server := echo.New()
	for _, each := range node.system.Routers {
		each.Routes(server)
	}
	var ours []string
	for _, route := range server.Routes() {
		if strings.Contains(route.Path, "mitz") {
			ours = append(ours, route.Method+" "+strings.Replace(parameter.ReplaceAllString(route.Path, "{$1}"), "*", "{original}", 1))
		}
	}
	assert.Greater(t, len(server.Routes()), len(ours), "those of the node are among them")
	assert.ElementsMatch(t, openapi.Read(t, "../docs/openapi.yaml").Routes("/"), ours)
}
