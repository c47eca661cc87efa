// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/nuts-foundation/nuts-node/cmd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// runMitz runs one of our commands in a node's commands, where there is no configuration.
func runMitz(t *testing.T, arguments ...string) (output string, err error) {
	t.Helper()
	t.Chdir(t.TempDir())
	system := cmd.CreateSystem(func() {})
	require.NoError(t, Install(system))
	root := cmd.CreateCommand(system)
	AddCommands(root, system)
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(append([]string{"mitz"}, arguments...))
	err = root.ExecuteContext(t.Context())
	return out.String(), err
}

func TestVersionCommand(t *testing.T) {
	t.Setenv("NUTS_CONFIGFILE", "/does/not/exist")
	output, err := runMitz(t, "version")
	require.NoError(t, err)
	assert.Regexp(t, `^nuts-mitz  \S.*\nnuts-node  \S.*\nGo         `+runtime.Version()+"\n$", output)
	_, err = runMitz(t, "version", "more")
	assert.Error(t, err)
}

func TestCommandsThatDoNotExist(t *testing.T) {
	for name, arguments := range map[string][]string{
		"a misspelt command":            {"explian"},
		"one that is none with flags":   {"explian", "--help=false"},
		"one with what could be a BSN":  {"900186021"},
		"one after the name of another": {"check", "explain"},
	} {
		t.Run(name+" is an error", func(t *testing.T) {
			output, err := runMitz(t, arguments...)
			require.Error(t, err)
			assert.NotContains(t, output+err.Error(), "900186021")
		})
	}
	_, err := runMitz(t, "explian")
	assert.EqualError(t, err, "no such command: see 'nuts mitz --help'")
	output, err := runMitz(t)
	require.NoError(t, err)
	for _, command := range []string{"check", "explain", "version"} {
		assert.Contains(t, output, "\n  "+command+" ")
	}
}

func TestDiagnosticsTellTheVersions(t *testing.T) {
	engine := newTestEngine(t)
	found := map[string]any{}
	for _, each := range engine.Diagnostics() {
		found[each.Name()] = each.Result()
	}
	assert.NotEmpty(t, found["version"])
	assert.NotEmpty(t, found["node_version"])
}

// TestWhoNamesNoFileIsToldWhichWasLookedFor: the default is not the file of a package's service.
func TestWhoNamesNoFileIsToldWhichWasLookedFor(t *testing.T) {
	const missing = "there is no mitz section (there is no file ./config/nuts.yaml: name yours with --configfile)"
	for command, want := range map[string]string{
		"check": missing + ", and so no link to check",
		"pdp":   "unable to configure mitz: " + missing + ", and so nothing to decide",
	} {
		_, err := runMitz(t, command, "--strictmode=false")
		assert.EqualError(t, err, want, command)
	}
	output, err := runMitz(t, "explain", "--strictmode=false")
	require.NoError(t, err)
	assert.Contains(t, output, missing)
}

// TestHelpShowsACommandsOwnFlags, and not every key of the configuration, which is taken all the same.
func TestHelpShowsACommandsOwnFlags(t *testing.T) {
	for command, flags := range map[string][]string{
		"check": {"--bsn-file"}, "explain": {"--message"}, "audit verify": {"--key", "--entry", "--file"}, "audit show": {"--patient-file"}, "pdp": {"--mitz.pdp.address"},
	} {
		output, err := runMitz(t, append(strings.Fields(command), "--help")...)
		require.NoError(t, err)
		for _, flag := range append(flags, "--configfile") {
			assert.Contains(t, output, flag+" ", command)
		}
		assert.NotContains(t, output, "--mitz.timeout", command)
	}
	_, err := runMitz(t, "check", "--mitz.timeout=4s", "--mitz.enabled=false")
	assert.EqualError(t, err, "mitz.enabled is false, and so no link to check")
}
