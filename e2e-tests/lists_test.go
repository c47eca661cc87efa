// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// TestListsInFilesOfTheirOwn changes the lists of a node that runs.
func TestListsInFilesOfTheirOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	holders, types := filepath.Join(dir, "holders.yaml"), filepath.Join(dir, "types.json")
	write := func(path, content string) {
		writeFile(t, path+".new", content)
		require.NoError(t, os.Rename(path+".new", path))
	}
	const east, west = "- {subject: hospital-east, ura: \"00000659\", facilitytype: V6}\n", "- {subject: hospital-west, ura: \"00000660\", facilitytype: V4}\n"
	write(holders, east+west)
	write(types, `{"00001234": "G3"}`)
	config := plainWorld()
	configure := config.ConfigureMitz
	config.ConfigureMitz = func(section *harness.MitzConfig) {
		configure(section)
		section.DataHolders, section.DataHoldersFile, section.FacilityTypesFile = nil, holders, types
		section.Trust.FacilityType = nil
	}
	w := harness.StartWorld(t, config)
	// ask asks for a token without a facility type: the file has it, or there is none.
	ask := func(t *testing.T) harness.Answer {
		t.Helper()
		reset(w)
		permit(t, w, patient, "00000659", "GGC002")
		a := newAttempt(t, w, harness.VPToken)
		a.set.Facility = nil
		return a.send()
	}
	awaitLine := func(t *testing.T, text string, times int) {
		t.Helper()
		require.Eventually(t, func() bool {
			log, err := os.ReadFile(w.DataHolder.LogFile())
			return err == nil && strings.Count(string(log), text) >= times
		}, longest, 50*time.Millisecond, text)
	}
	const taken, refused = "The changed lists of data holders and facility types are in use", "The changed lists of data holders or facility types are not good"
	assertPermitted(t, w, ask(t))

	write(holders, west)
	awaitLine(t, taken, 1)
	assertRefused(t, w, ask(t), "invalid_scope", "", 0)

	write(holders, west+"- {subject: hospital-east, ura: 00000659, facilitytype: V6}\n")
	awaitLine(t, refused, 1)
	assertRefused(t, w, ask(t), "invalid_scope", "", 0)
	health := must[harness.Answer](t)(w.DataHolder.Get(t.Context(), "/health"))
	assert.True(t, health.Contains(`"mitz.lists":{"status":"UNKNOWN"`), "%s", health.Body)

	write(holders, west+east)
	awaitLine(t, taken, 2)
	assertPermitted(t, w, ask(t))

	write(types, "{}")
	awaitLine(t, taken, 3)
	assertRefused(t, w, ask(t), "invalid_request", "", 0)
}

// TestGuardingNothing starts nodes on which nothing is guarded, on purpose or for want of a
// section: in a cluster whose variables look like configuration, too.
func TestGuardingNothing(t *testing.T) {
	for name, tc := range map[string]struct{ section, details string }{
		"on purpose":        {"mitz: {enabled: false}\n", "0 scopes: mitz.enabled is false"},
		"without a section": {"", "0 scopes: there is no mitz section"},
	} {
		t.Run(name, func(t *testing.T) {
			workspace, err := harness.NewWorkspace(logs)
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, workspace.Close()) })
			node, err := workspace.StartNode(t.Context(), harness.NodeConfig{
				Name: "unguarded", Binary: binaries.Mitz, YAML: tc.section,
				Env: []string{"NUTS_MITZ_SERVICE_HOST=10.96.0.17", "NUTS_MITZ_PORT=tcp://10.96.0.17:80", "NUTS_MITZ_PORT_80_TCP_PROTO=tcp"},
			})
			require.NoError(t, err)
			health := must[harness.Answer](t)(node.Get(t.Context(), "/health"))
			assert.True(t, health.Contains(`"mitz.guarded":{"status":"UP","details":"`+tc.details+`"}`), "%s", health.Body)
			assert.False(t, health.Contains(`"mitz.guard":`), "%s", health.Body)
			metrics := must[harness.Answer](t)(node.Get(t.Context(), "/metrics"))
			assert.True(t, metrics.Contains("\nnuts_mitz_guarded_scopes 0\n"))
		})
	}
}
