// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/commandtest"
)

// wholeSection is a section in which nothing is wrong, and that needs no certificates.
const wholeSection = `
mitz:
  endpoint: http://mitz.example/tst-us/mitz
  dataholders:
    - {subject: hospital-east, ura: "00000659", facilitytype: V6}
    - {subject: clinic-west, ura: "00000660", facilitytype: Z4}
  profiles:
    - {scope: birth-care, categories: [GGC002], purpose: TREAT}
    - {scope: medication, categories: [GGC002, GGC013], purpose: COC}
  trust:
    organization: ["did:x509:0:sha256:WE4P5dd8DnLHSkyHaIjhp4udlkF9LqoKwCvu9gl38jk::*"]
    facilitytype: ["did:web:vektis.example"]
    practitioner: ["holder"]
    enrollment: ["holder"]
`

var explain = commandtest.Command{Name: "explain"}

// TestNothingPassesInSilence loads the configuration as the node does: what the node makes
// of the file and the environment must not hide what they say.
func TestNothingPassesInSilence(t *testing.T) {
	right := wholeSection
	section := func(content string) string { return commandtest.LaxNode + content }
	strict := func(content string) string { return "url: https://node.example\n" + content }
	const refused = "unable to configure mitz: invalid configuration, 1 problem: "
	for _, tc := range []struct {
		name, config string
		environment  []string
		problem      string // of the message, which begins so; empty: it is right
	}{
		{"a whole section", section(right), nil, ""},
		{"an empty section", section("mitz:\n"), nil, refused + "mitz: is empty: "},
		{"an empty section in strict mode", strict("mitz:\n"), nil, refused + "mitz: is empty: "},
		{"true for a section", section("mitz: true\n"), nil, refused + "mitz: is no section: "},
		{"true for a section in strict mode", strict("mitz: true\n"), nil, refused + "mitz: is no section: "},
		{"a misspelt section", section(strings.Replace(right, "mitz:", "mits:", 1)), nil, refused + "mits: no such section: did you mean mitz?"},
		{"a misspelt section in strict mode", strict("mits: {endpoint: x}"), nil, refused + "mits: no such section: did you mean mitz?"},
		{"a misspelt section beside the right one", section(right + "\nmitz-consent: {}\n"), nil, refused + "mitz-consent: no such section"},
		{"one variable and no section", commandtest.LaxNode, []string{"NUTS_MITZ=true"}, refused + "mitz: is a section: "},
		{"a misspelt variable", section(right), []string{"NUTS_MITZ_ENDPONIT=x"}, refused + "mitz.endponit: no such key; did you mean endpoint?"},
		{"a misspelt variable and no section", commandtest.LaxNode, []string{"NUTS_MITS_ENDPOINT=x"}, refused + "NUTS_MITS_ENDPOINT: is no variable of the node"},
		{"a variable for a list of the file", section(right), []string{"NUTS_MITZ_TRUST_ORGANIZATION=did:web:other.example"},
			refused + "mitz.trust: lists can be given in the file only: remove the variable NUTS_MITZ_TRUST_ORGANIZATION"},
		{"a variable that replaces the list of profiles", section(right), []string{"NUTS_MITZ_PROFILES=x"},
			refused + "mitz.profiles: lists can be given in the file only"},
		{"nothing is guarded on purpose", section("mitz: {enabled: false, endpont: x}\n"), nil, ""},
		{"nothing is guarded on purpose, in the environment", section(right), []string{"NUTS_MITZ_ENABLED=false"}, ""},
		{"nothing is guarded, perhaps", section("mitz: {enabled: no, endpont: x}\n"), nil, "unable to configure mitz: "},
		{"nothing is guarded on purpose, and another section is misspelt", section("mitz: {enabled: false}\nmits: {}\n"), nil, refused + "mits: no such section"},
		{"a file that names another", section("configfile: nuts.yaml\n" + right), nil, refused + "configfile: has no place in the file nuts.yaml itself"},
		{"a tab", section("mitz:\n\tendpoint: x\n"), nil, "unable to load the configuration file nuts.yaml: line 5 is indented with a tab: use spaces, not a tab"},
		{"a section twice", section(right + "\nmitz: {}\n"), nil, "unable to load the configuration file nuts.yaml: the key at line "},
		{"the variables of a service in a cluster", section(right), serviceVariables("NUTS_MITZ"), ""},
		{"the variables of a service that is called as a key", section(right), serviceVariables("NUTS_MITZ_ENDPOINT"), ""},
		{"the variables of a service that is called as a list", section(right), serviceVariables("NUTS_MITZ_PROFILES"), ""},
		{"the variables of a service, and no section", commandtest.LaxNode, serviceVariables("NUTS_MITZ"), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, variable := range tc.environment {
				name, value, _ := strings.Cut(variable, "=")
				t.Setenv(name, value)
			}
			output, _, err := explain.Run(t, tc.config)
			if tc.problem == "" {
				require.NoError(t, err)
				off := !strings.Contains(tc.config, "profiles") || strings.Contains(strings.Join(tc.environment, ""), "ENABLED")
				assert.Equal(t, off, strings.Contains(output, "nothing is guarded"), output)
				return
			}
			require.Error(t, err)
			assert.Empty(t, output)
			assert.Equal(t, tc.problem, err.Error()[:min(len(err.Error()), len(tc.problem))])
		})
	}
}

func serviceVariables(prefix string) []string {
	return []string{
		prefix + "_SERVICE_HOST=10.96.0.17", prefix + "_SERVICE_PORT=8080", prefix + "_SERVICE_PORT_HTTP=8080",
		prefix + "_PORT=tcp://10.96.0.17:8080", prefix + "_PORT_8080_TCP=tcp://10.96.0.17:8080", prefix + "_PORT_8080_TCP_PROTO=tcp",
		prefix + "_PORT_8080_TCP_PORT=8080", prefix + "_PORT_8080_TCP_ADDR=10.96.0.17",
	}
}

func TestTheConfigurationFileIsTheNodes(t *testing.T) {
	right := wholeSection
	t.Run("also when the environment names it", func(t *testing.T) {
		other := filepath.Join(t.TempDir(), "other.yaml")
		require.NoError(t, os.WriteFile(other, []byte(commandtest.LaxNode+"mits: {}\n"), 0o600))
		t.Setenv("NUTS_CONFIGFILE", other)
		_, _, err := explain.Run(t, commandtest.LaxNode)
		assert.NoError(t, err, "the flag goes before it")
		system, root := commandtest.NewNode(t)
		root.SetArgs([]string{"mitz", "explain"})
		assert.ErrorContains(t, root.ExecuteContext(t.Context()), "mits: no such section")
		commandtest.AssertUnused(t, system)
	})
	t.Run("the default one need not be there", func(t *testing.T) {
		t.Chdir(t.TempDir())
		t.Setenv("NUTS_URL", "https://node.example")
		_, root := commandtest.NewNode(t)
		root.SetArgs([]string{"mitz", "explain"})
		assert.NoError(t, root.ExecuteContext(t.Context()))

		require.NoError(t, os.Mkdir("config", 0o700))
		require.NoError(t, os.WriteFile("config/nuts.yaml", []byte("mitz: true\n"), 0o600))
		_, root = commandtest.NewNode(t)
		root.SetArgs([]string{"mitz", "explain"})
		assert.ErrorContains(t, root.ExecuteContext(t.Context()), "mitz: is no section")
	})
	t.Run("the server tells what is wrong with it before it starts", func(t *testing.T) {
		t.Chdir(t.TempDir())
		require.NoError(t, os.WriteFile("nuts.yaml", []byte("url: x\nmitz:\n\tendpoint: x\n"), 0o600))
		_, root := commandtest.NewNode(t)
		root.SetArgs([]string{"server", "--configfile", "nuts.yaml"})
		assert.EqualError(t, root.ExecuteContext(t.Context()),
			"unable to load the configuration file nuts.yaml: line 3 is indented with a tab: use spaces, not a tab")
	})
	t.Run("a pipe is left for the node, and then refused", func(t *testing.T) {
		t.Chdir(t.TempDir())
		require.NoError(t, syscall.Mkfifo("pipe", 0o600))
		written := make(chan error, 1)
		go func() { written <- os.WriteFile("pipe", []byte(commandtest.LaxNode+right), 0) }()
		system, root := commandtest.NewNode(t)
		root.SetArgs([]string{"mitz", "explain", "--configfile", "pipe"})
		assert.ErrorContains(t, root.ExecuteContext(t.Context()), "configfile: pipe is no regular file")
		assert.NoError(t, <-written)
		assert.Equal(t, "https://node.example", system.Config.URL, "the node has read it")
	})
	t.Run("a section that appears while it is read is refused, since the node's spans are not redacted", func(t *testing.T) {
		_, system, err := explain.Run(t, commandtest.LaxNode)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile("nuts.yaml", []byte(commandtest.LaxNode+right), 0o600))
		assert.Equal(t, "unable to configure mitz: the configuration changed while it was read: start again", commandtest.StartError(t, system, "mitz"))
	})
	t.Run("one flag is a section", func(t *testing.T) {
		_, _, err := explain.Run(t, commandtest.LaxNode, "--mitz.timeout", "3s")
		assert.ErrorContains(t, err, "mitz.endpoint: missing")
		output, _, err := explain.Run(t, commandtest.LaxNode+right, "--mitz.enabled=false")
		require.NoError(t, err)
		assert.Contains(t, output, "nothing is guarded, and the node behaves as the stock node: mitz.enabled is false")
	})
}

func TestListsInFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	holders, types := dir+"/holders.json", dir+"/types.yaml"
	var content, numbers strings.Builder
	for i := range 200 {
		fmt.Fprintf(&content, ",{\"subject\": \"practice-%03d\", \"ura\": \"%08d\", \"facilitytype\": \"Z3\"}\n", i, i)
		fmt.Fprintf(&numbers, "\"%08d\": G3\n", i)
	}
	require.NoError(t, os.WriteFile(holders, []byte("["+strings.TrimPrefix(content.String(), ",")+"]"), 0o600))
	require.NoError(t, os.WriteFile(types, []byte(numbers.String()), 0o600))
	config := commandtest.LaxNode + wholeSection + "  dataholdersfile: " + holders + "\n  facilitytypesfile: " + types + "\n"
	output, _, err := explain.Run(t, config)
	require.NoError(t, err)
	assert.Contains(t, output, "clinic-west: URA 00000660")
	assert.Contains(t, output, "practice-000: URA 00000000")
	assert.Contains(t, output, "and 182 more", "data holders")
	assert.Contains(t, output, "and 180 more", "types")
	assert.Contains(t, output, "At the other 192 data holders likewise.")

	require.NoError(t, os.WriteFile(holders, []byte("[{\"subject\": \"clinic-west\", \"ura\": \"659\"}]"), 0o600))
	_, _, err = explain.Run(t, config)
	assert.EqualError(t, err, "unable to configure mitz: invalid configuration, 3 problems: "+
		"mitz.dataholdersfile[line 1].ura: not a URA: eight digits; "+
		"mitz.dataholdersfile[line 1].facilitytype: not an organisation type: a capital and one to three capitals or digits; "+
		`mitz.dataholdersfile[line 1].subject: "clinic-west" is given twice, first in dataholders[1]`)
}
