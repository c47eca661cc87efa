// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"bytes"
	"context"
	"flag"
	"io/fs"
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

	"github.com/nuts-foundation/nuts-node/cmd"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// update rewrites the pages in testdata/explain.
var update = flag.Bool("update", false, "rewrite testdata")

// runExplain runs "mitz explain" in a new working directory, see [runExplainHere].
func runExplain(t *testing.T, config string, args ...string) (output string, system *core.System, err error) {
	t.Helper()
	t.Chdir(t.TempDir())
	return runExplainHere(t, config, args...)
}

// runExplainHere runs "mitz explain" of a whole node's commands in the working directory,
// with a configuration that is written there. It gives what was printed.
func runExplainHere(t *testing.T, config string, args ...string) (output string, system *core.System, err error) {
	t.Helper()
	require.NoError(t, os.WriteFile("nuts.yaml", []byte(config), 0o600))
	before := filesIn(t, ".")
	system, root := newNode(t)
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(append([]string{"mitz", "explain", "--configfile", "nuts.yaml"}, args...))
	err = root.ExecuteContext(context.Background())
	assert.Equal(t, before, filesIn(t, "."), "files were written")
	return out.String(), system, err
}

// newNode makes a whole node with the plugin, and its commands.
func newNode(t *testing.T) (*core.System, *cobra.Command) {
	t.Helper()
	system := cmd.CreateSystem(func() {})
	require.NoError(t, Install(system))
	root := cmd.CreateCommand(system)
	AddCommands(root, system)
	return system, root
}

func filesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, _ fs.DirEntry, err error) error {
		if path != "." {
			names = append(names, path)
		}
		return err
	}))
	return names
}

// laxNode is the part of a configuration with which no certificates are needed.
const laxNode = `
url: https://node.example
strictmode: false
`

// testdata gives a file's absolute name: the working directory of these tests changes.
func testdata(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", "explain", name))
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

func TestPagesCountColumns(t *testing.T) {
	page := &page{}
	page.section("Één")
	page.rows(2, [][2]string{{"één", "a"}, {"two", strings.Repeat("é ", 60)}})
	assert.Equal(t, "\nÉén\n---\n  één  a\n  two  "+strings.TrimSpace(strings.Repeat("é ", 47))+
		"\n       "+strings.TrimSpace(strings.Repeat("é ", 13))+"\n", page.String())
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
	output, _, err := runExplainHere(t, laxNode+strings.ReplaceAll(string(config), "DEFINITION", strconv.Quote(definition)), arguments...)
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
	assert.Contains(t, page, "about patient [BSN]")
}

func TestExplainOneScope(t *testing.T) {
	config, err := os.ReadFile(testdata(t, "builtin.yaml"))
	require.NoError(t, err)
	t.Run("only the scope that is asked for is explained", func(t *testing.T) {
		output, _, err := runExplain(t, laxNode+string(config), "medication")
		require.NoError(t, err)
		assert.Contains(t, output, "\nScope medication\n")
		assert.NotContains(t, output, "\nScope birth-care\n")
	})
	t.Run("a scope that is not guarded is an error, and not repeated", func(t *testing.T) {
		output, _, err := runExplain(t, laxNode+string(config), "900186021")
		assert.EqualError(t, err, "no such guarded scope; guarded are: birth-care medication")
		assert.Empty(t, output)
	})
	t.Run("flags go before the file, as with the server", func(t *testing.T) {
		output, _, err := runExplain(t, laxNode+string(config), "--message", "--mitz.endpoint", "http://elsewhere.example")
		require.NoError(t, err)
		assert.Contains(t, output, "<wsa:To>http://elsewhere.example/geslotenautorisatievraag/xacml3</wsa:To>")
	})
	t.Run("the environment goes before the file, as with the server", func(t *testing.T) {
		t.Setenv("NUTS_MITZ_TIMEOUT", "7s")
		output, _, err := runExplain(t, laxNode+string(config))
		require.NoError(t, err)
		assert.Contains(t, output, "at most 7s")
	})
	t.Run("without a mitz section it says so", func(t *testing.T) {
		output, _, err := runExplain(t, laxNode)
		require.NoError(t, err)
		assert.Contains(t, output, "nothing is guarded")
		_, _, err = runExplain(t, laxNode, "birth-care")
		assert.ErrorContains(t, err, "no such guarded scope")
	})
}

// TestExplainREADME runs the command on the README's example, in strict mode.
func TestExplainREADME(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	require.NoError(t, err)
	example := regexp.MustCompile("(?s)<!-- example:[^>]*-->\n```yaml\n(.*?)```").FindStringSubmatch(string(readme))
	require.NotNil(t, example)
	identity, err := mitztest.NewIdentity()
	require.NoError(t, err)
	files, err := identity.WriteFiles(t.TempDir())
	require.NoError(t, err)
	output, _, err := runExplain(t, "url: https://node.example\n"+strings.NewReplacer(
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
	const wrong = laxNode + `
mitz:
  endpoint: mitz.example
  endpont: x
  profiles: [{scope: birth-care, categories: [GGC002], purpose: BTG}]
`
	output, system, err := runExplain(t, wrong)
	assert.Empty(t, output)
	require.ErrorContains(t, err, "unable to configure mitz: invalid configuration, ")
	for _, problem := range []string{"mitz.endpont: no such key", "mitz.endpoint: not a URL", "mitz.profiles[0].purpose: ", "mitz.dataholders: none"} {
		assert.ErrorContains(t, err, problem)
	}
	engine := system.FindEngineByName(moduleName).(*Engine)
	assert.EqualError(t, err, "unable to configure mitz: "+engine.Configure(*system.Config).Error())

	t.Run("so is that of the node's own policy files", func(t *testing.T) {
		_, system, err := runExplain(t, laxNode+"policy: {directory: /does/not/exist}")
		require.Error(t, err)
		policies := system.FindEngineByName("policy").(core.Configurable)
		assert.EqualError(t, err, "unable to configure policy: "+policies.Configure(*system.Config).Error())
	})
}

// TestExplainContactsNobody: runExplain sees that no file is written; this, that nobody
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
	output, system, err := runExplain(t, strings.ReplaceAll(laxNode+string(config), "http://mitz.example", address))
	require.NoError(t, err)
	assert.Contains(t, output, address)
	require.NoError(t, listener.Close())
	<-ended
	assert.Zero(t, connections.Load())
	engine := system.FindEngineByName(moduleName).(*Engine)
	assert.False(t, engine.enabled())
	assert.Nil(t, engine.client)
	assert.False(t, engine.redacting.Load())
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

	_, _, err = runExplain(t, laxNode+string(config))
	require.ErrorContains(t, err, `descriptor "kind"`, "without leave it is no configuration")
	output, _, err := runExplain(t, laxNode+strings.ReplaceAll(string(config), "purpose:", "allowunconstrained: true, purpose:"))
	require.NoError(t, err)
	assert.Equal(t, 1, strings.Count(output, "perhaps issued by ANYONE"))

	output, _, err = runExplain(t, laxNode+string(config)+`  trust: {facilitytype: ["did:web:vektis.example"]}`)
	require.NoError(t, err)
	assert.NotContains(t, output, "ANYONE")
	assert.Contains(t, output, "issued by: who is trusted for it, below\n    Trusted for it:\n    - did:web:vektis.example: this DID alone\n")
}

func TestEveryCodeHasWords(t *testing.T) {
	for code := range facilityTypeWords {
		assert.True(t, code.Known(), code)
	}
	config, err := os.ReadFile(testdata(t, "full.txt"))
	require.NoError(t, err)
	assert.Contains(t, string(config), "GGC002 (treatment data)")
	for check, words := range checkWords {
		assert.Contains(t, strings.Join(strings.Fields(string(config)), " "), words, "the full page tells every check: %s", check)
	}
	assert.Equal(t, "X9 (a code that this software has no words for)", coded(consent.FacilityType("X9"), facilityTypeWords))
}
