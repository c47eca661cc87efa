// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package explain_test

import (
	"flag"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/commandtest"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// update rewrites the pages in testdata.
var update = flag.Bool("update", false, "rewrite testdata")

var command = commandtest.Command{Name: "explain"}

// testdata returns a file's absolute name: the working directory of these tests changes.
func testdata(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	require.NoError(t, err)
	return path
}

// definitionName is a file beside nuts.yaml: its name is the same wherever this is tested.
const definitionName = "definition.json"

func TestExplainPages(t *testing.T) {
	for _, tc := range []struct {
		name, config string
		arguments    []string
	}{
		{"builtin", "builtin", nil},
		{"full", "full", nil},
		{"operators", "operators", nil},
		{"brought", "brought", nil},
		{"message", "builtin", []string{"birth-care", "--message"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			page := testdata(t, tc.name+".txt")
			output := explainPage(t, tc.config, definitionName, tc.arguments...)
			assert.Equal(t, slices.Contains(tc.arguments, "--message"), strings.Contains(output, `extension="[BSN]"`), "the message is shown on request")
			if tc.name == "message" { // the rest is in the other pages
				output = output[strings.Index(output, "What Mitz would be asked"):]
			}
			if *update {
				require.NoError(t, os.WriteFile(page, []byte(output), 0o644))
			}
			kept, err := os.ReadFile(page)
			require.NoError(t, err)
			assert.Equal(t, string(kept), output)
			assertTidy(t, output)
		})
	}
}

// TestExplainNamesFilesWherever: a file's name is shown in one piece, and where it is
// changes nothing else.
func TestExplainNamesFilesWherever(t *testing.T) {
	var expected []string
	t.Run("beside the configuration", func(t *testing.T) {
		expected = strings.Fields(explainPage(t, "operators", definitionName))
	})
	for name, dir := range map[string]string{
		"in a folder of the working directory": "policies",
		"where everything is far away":         filepath.Join(t.TempDir(), strings.Repeat("far/", 40)),
		"in a folder with blanks":              filepath.Join(t.TempDir(), "My  documents", "of the hospital"),
		"in a folder with letters like é":      filepath.Join(t.TempDir(), strings.Repeat("ziekenhuis Curaçao, één, ", 4)),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, definitionName)
			output := explainPage(t, "operators", path)
			assert.Contains(t, output, path)
			assert.Equal(t, expected, strings.Fields(strings.ReplaceAll(output, path, definitionName)))
			for line := range strings.Lines(strings.ReplaceAll(output, path, "")) {
				assert.LessOrEqual(t, utf8.RuneCountInString(line), 101, line)
			}
		})
	}
}

// explainPage explains a configuration of testdata, whose own definition is in a file of
// that name.
func explainPage(t *testing.T, name, definition string, arguments ...string) string {
	t.Helper()
	config, err := os.ReadFile(testdata(t, name+".yaml"))
	require.NoError(t, err)
	content, err := os.ReadFile(testdata(t, definitionName))
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	require.NoError(t, os.MkdirAll(filepath.Dir(definition), 0o700))
	require.NoError(t, os.WriteFile(definition, content, 0o600))
	require.NoError(t, os.WriteFile("patients.key", withdrawal.NewKeys().Lines(), 0o600))
	output, _, err := command.RunHere(t, commandtest.LaxNode+strings.ReplaceAll(string(config), "DEFINITION", strconv.Quote(definition)), arguments...)
	require.NoError(t, err)
	return output
}

// assertTidy checks that a page fits a terminal and holds no patient's number.
func assertTidy(t *testing.T, page string) {
	t.Helper()
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 100, line)
		assert.Equal(t, strings.TrimRight(line, " \t"), line, "spaces at the end")
	}
	for _, run := range regexp.MustCompile(`[0-9]+`).FindAllString(page, -1) {
		assert.False(t, consent.IsBSN(run), "a patient's number")
	}
	assert.Equal(t, strings.Contains(page, "What Mitz would be asked"), strings.Contains(page, "about patient [BSN]"))
}

func TestExplainOneScope(t *testing.T) {
	config, err := os.ReadFile(testdata(t, "builtin.yaml"))
	require.NoError(t, err)
	t.Run("only the scope that is asked for is explained", func(t *testing.T) {
		output, _, err := command.Run(t, commandtest.LaxNode+string(config), "medication")
		require.NoError(t, err)
		assert.Contains(t, output, "\nScope medication\n")
		assert.NotContains(t, output, "\nScope birth-care\n")
	})
	t.Run("a scope that is not guarded is an error, and not repeated", func(t *testing.T) {
		output, _, err := command.Run(t, commandtest.LaxNode+string(config), "900186021")
		assert.EqualError(t, err, "no such guarded scope; guarded are: birth-care medication")
		assert.Empty(t, output)
	})
	t.Run("flags go before the file, as with the server", func(t *testing.T) {
		output, _, err := command.Run(t, commandtest.LaxNode+string(config), "--message", "--mitz.endpoint", "http://elsewhere.example")
		require.NoError(t, err)
		assert.Contains(t, output, "<wsa:To>http://elsewhere.example/geslotenautorisatievraag/xacml3</wsa:To>")
	})
	t.Run("the environment goes before the file, as with the server", func(t *testing.T) {
		t.Setenv("NUTS_MITZ_TIMEOUT", "7s")
		output, _, err := command.Run(t, commandtest.LaxNode+string(config))
		require.NoError(t, err)
		assert.Contains(t, output, "at most 7s")
	})
	t.Run("without a mitz section it says so", func(t *testing.T) {
		output, _, err := command.Run(t, commandtest.LaxNode)
		require.NoError(t, err)
		assert.Contains(t, output, "nothing is guarded")
		_, _, err = command.Run(t, commandtest.LaxNode, "birth-care")
		assert.ErrorContains(t, err, "no such guarded scope")
	})
}

// TestExplainTheExampleToBeginWith runs the command on the configuration in docs/install.md, in
// strict mode.
func TestExplainTheExampleToBeginWith(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "install.md"))
	require.NoError(t, err)
	example := regexp.MustCompile("(?s)<!-- example:[^>]*-->\n```yaml\n(.*?)```").FindStringSubmatch(string(page))
	require.NotNil(t, example)
	identity, err := mitztest.NewIdentity()
	require.NoError(t, err)
	files, err := identity.WriteFiles(t.TempDir())
	require.NoError(t, err)
	output, _, err := command.Run(t, "url: https://node.example\n"+strings.NewReplacer(
		"/etc/nuts/mitz/client.pem", files.Certificate,
		"/etc/nuts/mitz/client.key", files.Key,
		"/etc/nuts/mitz/ca.pem", files.TrustStore,
	).Replace(example[1]))
	require.NoError(t, err)
	assertTidy(t, output)
	assert.Contains(t, output, "strict mode  on\n")
	for _, attribute := range []string{"organization", "facilitytype", "practitioner", "enrollment"} {
		assert.Contains(t, output, "\n  "+attribute+": ")
	}
}

// TestExplainWrongConfiguration: the message is the one with which a start would fail.
func TestExplainWrongConfiguration(t *testing.T) {
	const wrong = commandtest.LaxNode + `
mitz:
  endpoint: mitz.example
  endpont: x
  profiles: [{scope: birth-care, categories: [GGC002], purpose: BTG}]
`
	output, system, err := command.Run(t, wrong)
	assert.Empty(t, output)
	require.ErrorContains(t, err, "unable to configure mitz: invalid configuration, ")
	for _, problem := range []string{"mitz.endpont: no such key", "mitz.endpoint: not a URL", "mitz.profiles[0].purpose: ", "mitz.dataholders: none"} {
		assert.ErrorContains(t, err, problem)
	}
	assert.EqualError(t, err, commandtest.StartError(t, system, "mitz"))

	t.Run("so is that of the node's own policy files", func(t *testing.T) {
		_, system, err := command.Run(t, commandtest.LaxNode+"policy: {directory: /does/not/exist}")
		require.Error(t, err)
		assert.EqualError(t, err, commandtest.StartError(t, system, "policy"))
	})
}

// TestExplainContactsNobody: the helper sees that no file is written; this, that nobody
// is connected to, and that nothing of the engine is in use afterwards.
func TestExplainContactsNobody(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var connections atomic.Int32
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			_ = connection.Close()
		}
	}()
	config, err := os.ReadFile(testdata(t, "full.yaml"))
	require.NoError(t, err)
	address := "http://" + listener.Addr().String()
	output, system, err := command.Run(t, strings.ReplaceAll(commandtest.LaxNode+string(config), "http://mitz.example", address))
	require.NoError(t, err)
	assert.Contains(t, output, address)
	require.NoError(t, listener.Close())
	<-ended
	assert.Zero(t, connections.Load())
	commandtest.AssertUnused(t, system)
}

func TestExplainSaysWhenAnyoneMayAttest(t *testing.T) {
	config, err := os.ReadFile(testdata(t, "operators.yaml"))
	require.NoError(t, err)
	definition, err := os.ReadFile(testdata(t, "definition.json"))
	require.NoError(t, err)
	open := filepath.Join(t.TempDir(), "definition.json")
	filter := `{"path": ["$.issuer"], "filter": {"type": "string", "const": "did:web:vektis.example"}},`
	require.Contains(t, string(definition), filter)
	require.NoError(t, os.WriteFile(open, []byte(strings.ReplaceAll(string(definition), filter, "")), 0o600))
	config = []byte(strings.ReplaceAll(string(config), "DEFINITION", strconv.Quote(open)))

	_, _, err = command.Run(t, commandtest.LaxNode+string(config))
	require.ErrorContains(t, err, `descriptor "kind"`, "without leave it is no configuration")
	output, _, err := command.Run(t, commandtest.LaxNode+strings.ReplaceAll(string(config), "purpose:", "allowunconstrained: true, purpose:"))
	require.NoError(t, err)
	assert.Equal(t, 1, strings.Count(output, "perhaps issued by ANYONE"))

	output, _, err = command.Run(t, commandtest.LaxNode+string(config)+`  trust: {facilitytype: ["did:web:vektis.example"]}`)
	require.NoError(t, err)
	assert.NotContains(t, output, "ANYONE")
	assert.Contains(t, output, "issued by: who is trusted for it, below\n    Trusted for it:\n    - did:web:vektis.example: this DID alone\n")
}
