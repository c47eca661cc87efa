// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBuildsAreReproducible builds the simulator in two directories, as "make build" does:
// the same bytes come out, and none of them tells where. The node would take minutes; it is
// built with the same flags.
func TestBuildsAreReproducible(t *testing.T) {
	node, simulator := buildCommands(t)
	const flags = "CGO_ENABLED=0 go build -trimpath -buildvcs=auto -ldflags '-s -w"
	assert.True(t, strings.HasPrefix(node, flags), node)
	assert.True(t, strings.HasPrefix(simulator, flags), simulator)

	first, second := builtElsewhere(t, simulator), builtElsewhere(t, simulator)
	assert.True(t, first.binary == second.binary, "the directory in which it is built changes the binary")
	for _, path := range []string{first.directory, second.directory, goEnv(t, "GOMODCACHE"), os.Getenv("HOME")} {
		if len(path) > shortPath {
			assert.False(t, strings.Contains(first.binary, path), "a path of the machine is in the binary")
		}
	}
}

// shortPath is how long a path may be that a program can hold by chance.
const shortPath = 7

// TestTheNodeTellsItsVersion: the one that go.mod names, with its commit.
func TestTheNodeTellsItsVersion(t *testing.T) {
	goMod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^\s*github\.com/nuts-foundation/nuts-node (\S+-([0-9a-f]{12}))$`).FindStringSubmatch(string(goMod))
	require.NotNil(t, version)
	node, _ := buildCommands(t)
	const core = " -X github.com/nuts-foundation/nuts-node/core."
	assert.Contains(t, node, core+"GitVersion="+version[1]+core+"GitCommit="+version[2]+"'")
}

// buildCommands returns the two commands of "make build".
func buildCommands(t *testing.T) (node, simulator string) {
	t.Helper()
	command := exec.Command("make", "-s", "-n", "-C", root, "build", "GO=go")
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + homeWithoutTelemetry(t), "GOTOOLCHAIN=local"}
	output, err := command.Output()
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	require.Len(t, lines, 2)
	return lines[0], lines[1]
}

type built struct{ directory, binary string }

// builtElsewhere copies what the simulator is made of to a directory of its own, and builds
// it there.
func builtElsewhere(t *testing.T, build string) built {
	t.Helper()
	directory := t.TempDir()
	for _, each := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(root, each))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(directory, each), content, 0o600))
	}
	for _, each := range []string{"consent", "internal", "mitzclient"} {
		require.NoError(t, os.CopyFS(filepath.Join(directory, each), os.DirFS(filepath.Join(root, each))))
	}
	command := exec.Command("sh", "-c", build)
	command.Dir = directory
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	binary, err := os.ReadFile(filepath.Join(directory, "bin", "mitz-simulator"))
	require.NoError(t, err)
	return built{directory, string(binary)}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	output, err := exec.Command("go", "env", name).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(output))
}
