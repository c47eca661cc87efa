// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/nuts-mitz/nuts-mitz"

// run runs a command with the Go that runs this test, with JSON v2 or without.
func run(t *testing.T, experiment string, command ...string) (output string, err error) {
	t.Helper()
	run := exec.Command(command[0], command[1:]...)
	run.Env = append(os.Environ(), "GOEXPERIMENT="+experiment)
	text, err := run.CombinedOutput()
	return string(text), err
}

// TestJSONv2CannotBeBuiltIn: a build with JSON v2, which Go 1.27 has by default, fails and
// says why. Whoever compiles the plugin into a node of their own gets the same.
func TestJSONv2CannotBeBuiltIn(t *testing.T) {
	const guard = module + "/plugin/internal/plainjson"
	output, err := run(t, "jsonv2", "go", "build", guard)
	require.Error(t, err, "it was built")
	assert.Contains(t, output, "with JSON v2 any stranger can end this node: build it with Go 1.26, or Go 1.27 and GOEXPERIMENT=nojsonv2 (nuts-mitz, docs/upgrading.md)")
	output, err = run(t, "nojsonv2", "go", "build", guard)
	require.NoError(t, err, output)
	dependencies, err := exec.Command("go", "list", "-deps", module+"/plugin").Output()
	require.NoError(t, err)
	assert.True(t, slices.Contains(strings.Fields(string(dependencies)), guard), "the plugin can be built without what keeps JSON v2 out")
}

// TestJSONv2StillEndsTheNode notices when go-did's CredentialStatus no longer calls itself
// for ever. Then plugin/internal/plainjson/jsonv2.go, which keeps Go 1.27 out, can go: when
// the list in docs/upgrading.md was gone through with it.
func TestJSONv2StillEndsTheNode(t *testing.T) {
	for experiment, survives := range map[string]bool{"nojsonv2": true, "jsonv2": false} {
		t.Run(experiment, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "program")
			output, err := run(t, experiment, "go", "build", "-o", program, "./testdata/jsonv2")
			require.NoError(t, err, output)
			text, err := exec.Command(program).CombinedOutput()
			if survives {
				require.NoError(t, err, "%s", text)
				assert.Equal(t, "read\n", string(text))
				return
			}
			require.Error(t, err, "the cause is gone: see this test's comment")
			assert.Contains(t, string(text), "stack overflow")
		})
	}
}
