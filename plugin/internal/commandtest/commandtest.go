// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package commandtest runs the commands of a whole node with the plugin in the process of a
// test. It must never be part of a node.
package commandtest

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/nuts-foundation/nuts-node/cmd"
	"github.com/nuts-foundation/nuts-node/core"
	nutspolicy "github.com/nuts-foundation/nuts-node/policy"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
)

// LaxNode is the part of a configuration with which no certificates are needed.
const LaxNode = `
url: https://node.example
strictmode: false
`

// configFile is where the configuration of a command is, in the working directory.
const configFile = "nuts.yaml"

// NewNode returns a whole node with the plugin, and its commands.
func NewNode(t testing.TB) (*core.System, *cobra.Command) {
	t.Helper()
	system := cmd.CreateSystem(func() {})
	require.NoError(t, plugin.Install(system))
	root := cmd.CreateCommand(system)
	plugin.AddCommands(root, system)
	return system, root
}

// Command is one of the plugin's commands, such as "explain".
type Command struct {
	Name  string
	Input io.Reader       // nil: none
	Ctx   context.Context // nil: the test's
}

// Run runs the command in a new working directory, with a configuration. It returns what was
// printed.
func (c Command) Run(t *testing.T, settings string, args ...string) (output string, system *core.System, err error) {
	t.Helper()
	t.Chdir(t.TempDir())
	return c.RunHere(t, settings, args...)
}

// RunHere runs the command in the working directory, where the configuration is written, and
// sees that the command writes no file.
func (c Command) RunHere(t *testing.T, settings string, args ...string) (output string, system *core.System, err error) {
	t.Helper()
	require.NoError(t, os.WriteFile(configFile, []byte(settings), 0o600))
	before := filesHere(t)
	system, root := NewNode(t)
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetIn(strings.NewReader(""))
	if c.Input != nil {
		root.SetIn(c.Input)
	}
	ctx := c.Ctx
	if ctx == nil {
		ctx = t.Context()
	}
	root.SetArgs(append([]string{"mitz", c.Name, "--configfile", configFile}, args...))
	err = root.ExecuteContext(ctx)
	assert.Equal(t, before, filesHere(t), "files were written")
	return out.String(), system, err
}

func filesHere(t *testing.T) (names []string) {
	t.Helper()
	require.NoError(t, fs.WalkDir(os.DirFS("."), ".", func(path string, _ fs.DirEntry, err error) error {
		names = append(names, path)
		return err
	}))
	return names
}

// StartError returns the error with which a start of a command's node fails for its
// configuration, as the node tells it.
func StartError(t testing.TB, system *core.System, engine string) string {
	t.Helper()
	found, ok := system.FindEngineByName(engine).(core.Configurable)
	require.True(t, ok)
	err := found.Configure(*system.Config)
	require.Error(t, err)
	return "unable to configure " + engine + ": " + err.Error()
}

// AssertUnused asserts that nothing of the plugin's engine is in use.
func AssertUnused(t testing.TB, system *core.System) {
	t.Helper()
	engine, ok := system.FindEngineByName(config.Name).(core.HealthCheckable)
	require.True(t, ok)
	assert.NotContains(t, engine.CheckHealth(), "guard")
}

// Config returns the configuration of a system that a command has loaded.
func Config(t testing.TB, system *core.System) *config.Config {
	t.Helper()
	policies, ok := system.FindEngineByName("policy").(nutspolicy.PDPBackend)
	require.True(t, ok)
	read, err := config.Read(*system.Config, config.Node{Policies: policies}, config.Hooks{})
	require.NoError(t, err)
	if read.Link != nil {
		t.Cleanup(read.Link.Close)
	}
	return read
}
