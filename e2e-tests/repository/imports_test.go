// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package repository

import (
	"go/ast"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A rule says what packages may import. It names packages by patterns as the go command has
// them: "a/..." is a and all packages below it. Packages of this module are named without
// the module; "nuts/" stands for github.com/nuts-foundation/.
type rule struct {
	// of are the packages that the rule is about, but those of except.
	of, except []string
	// ours are the packages of this module that they may import, besides each other.
	ours []string
	// never are other packages that they must not import, but those of but.
	never, but []string
	// tests says that the rule is about their tests too.
	tests   bool
	because string
}

var (
	network = []string{"net", "net/http/...", "net/rpc/...", "net/smtp", "crypto/tls"}
	disk    = []string{"os/...", "io/ioutil", "syscall", "path/filepath"}
	nuts    = []string{"nuts/..."}
	rooms   = []string{"docs/credentials", "internal/policy/...", "internal/errlist", "internal/htu", "internal/nen7513", "internal/recent", "internal/strictjson", "internal/textfile", "internal/turns", "internal/watch", "recordguard"}
	tests   = []string{"testing/...", "net/http/httptest"}
)

// rules hold the directions of docs/architecture.md. A package that no rule is about fails
// the test, and so does a rule that is about no package.
var rules = []rule{
	{
		of: []string{"."}, ours: []string{"plugin"},
		because: "main adds the plugin to the node and does nothing else",
	},
	{
		of: []string{"consent"}, never: slices.Concat(network, disk, nuts),
		because: "the vocabulary knows neither Nuts nor the messages of Mitz",
	},
	{
		of: []string{"internal/policy/..."}, ours: []string{"consent", "internal/errlist", "internal/systems"},
		never: slices.Concat(network, disk, nuts), but: []string{"nuts/nuts-node/vcr/pe"},
		because: "policy decides from values: no network, no disk, no engines of the node",
	},
	{
		of:     []string{"mitzclient/..."},
		except: []string{"mitzclient/mitztest/...", "mitzclient/internal/memorynet", "mitzclient/internal/strictxml", "mitzclient/internal/soap", "mitzclient/internal/xacml", "mitzclient/internal/notification", "mitzclient/internal/subscription", "mitzclient/internal/registration", "mitzclient/internal/location", "mitzclient/internal/saml", "mitzclient/internal/link", "mitzclient/internal/wire"},
		ours:   []string{"mitzclient/internal/...", "consent", "internal/recent", "internal/textfile", "internal/turns", "internal/watch"},
		never:  nuts, because: "the client is of use without Nuts, and the simulator is for tests",
	},
	{
		of: []string{"mitzclient/internal/memorynet"}, never: slices.Concat(nuts, tests),
		because: "a network for tests knows nothing of what is tested",
	},
	{
		of: []string{"mitzclient/internal/link"}, ours: []string{"internal/recent", "internal/turns"}, never: slices.Concat(nuts, []string{"crypto/tls", "net"}),
		because: "the link knows no message and does no I/O",
	},
	{
		of: []string{"mitzclient/internal/wire"}, ours: []string{"mitzclient/internal/link"}, never: nuts,
		because: "what carries messages knows none of them",
	},
	{
		of: []string{"mitzclient/internal/strictxml"}, never: slices.Concat(network, disk, nuts),
		because: "the XML reader knows no message, so that each kind can stand on it",
	},
	{
		of: []string{"mitzclient/internal/soap"}, ours: []string{"mitzclient/internal/strictxml"}, never: slices.Concat(network, disk, nuts),
		because: "the reader of envelopes knows none of the messages in them",
	},
	{
		of: []string{"mitzclient/internal/xacml"}, ours: []string{"mitzclient/internal/strictxml", "mitzclient/internal/soap", "consent", "internal/systems"}, never: slices.Concat(network, disk, nuts),
		because: "a message form is values and bytes",
	},
	{
		of: []string{"mitzclient/internal/location"}, ours: []string{"mitzclient/internal/strictxml", "mitzclient/internal/soap", "consent", "internal/systems"}, never: slices.Concat(network, disk, nuts),
		because: "a message form is values and bytes",
	},
	{
		of: []string{"mitzclient/internal/saml"}, ours: []string{"mitzclient/internal/strictxml", "consent", "internal/systems"}, never: slices.Concat(network, disk, nuts),
		because: "an assertion is values and bytes; the time and the randomness are given",
	},
	{
		of: []string{"mitzclient/internal/subscription"}, ours: []string{"mitzclient/internal/strictxml", "consent"}, never: slices.Concat(network, disk, nuts),
		because: "a message form is values and bytes",
	},
	{
		of: []string{"mitzclient/internal/registration"}, ours: []string{"internal/strictjson", "consent", "internal/systems"}, never: slices.Concat(network, disk, nuts),
		because: "a message form is values and bytes",
	},
	{
		of: []string{"mitzclient/internal/notification"}, ours: []string{"mitzclient/internal/strictxml", "internal/strictjson", "consent", "internal/systems"}, never: slices.Concat(network, disk, nuts),
		because: "a message form is values and bytes",
	},
	{
		of: []string{"mitzclient/mitztest/..."}, except: []string{"mitzclient/mitztest/cmd/mitz-simulator"},
		ours: []string{"consent"}, never: nuts,
		because: "the simulator shares no code with the client: one mistake would hide in both",
	},
	{
		of:      []string{"mitzclient/mitztest/cmd/mitz-simulator"},
		ours:    []string{"mitzclient/mitztest/...", "mitzclient/internal/tlsfile"},
		never:   nuts,
		because: "the command reads certificate files as the client does, and shares nothing else with it",
	},
	{
		of: []string{"recordguard"}, ours: []string{"consent", "internal/htu", "internal/strictjson", "internal/systems"}, never: slices.Concat(disk, nuts),
		because: "record servers use it, and have nothing to do with the plugin or the node's code",
	},
	{
		of: []string{"internal/nen7513/..."}, ours: []string{"consent", "internal/systems", "internal/textfile"}, never: slices.Concat(network, nuts),
		because: "the audit file tells what it is given, and asks nobody",
	},
	{
		of:    []string{"internal/errlist", "internal/htu", "internal/recent", "internal/strictjson", "internal/systems", "internal/textfile", "internal/turns", "internal/vulnerabilities", "internal/watch"},
		never: nuts, because: "a tool that several packages use knows none of them",
	},
	{
		of: []string{"internal/recordattacks"}, ours: []string{"recordguard"}, never: nuts, tests: true,
		because: "it attacks any record server",
	},
	{
		of: []string{"internal/harness/..."}, ours: []string{"mitzclient/mitztest/...", "consent", "recordguard"}, never: nuts, tests: true,
		because: "the tests meet a node as everybody does: as a process, over HTTP",
	},
	{
		of: []string{"internal/authzentest"}, never: nuts,
		because: "it asks any decision point",
	},
	{
		of: []string{"internal/simulation"}, ours: []string{"internal/recent"}, never: slices.Concat(network, disk, nuts),
		because: "a simulation is computed from numbers, and is no part of a node",
	},
	{
		of: []string{"docs/nationwide"}, ours: []string{"internal/simulation", "mitzclient"}, never: slices.Concat(network, nuts),
		because: "the tables are computed from assumptions and from the defaults",
	},
	{
		of: []string{"docs/credentials"}, never: slices.Concat(network, disk, nuts),
		because: "what is published is files",
	},
	{
		of: []string{"internal/openapi"}, never: nuts, tests: true,
		because: "it holds any server against the document",
	},
	{
		of: []string{"internal/leaks"}, never: nuts, tests: true,
		because: "it looks at the goroutines of any test",
	},
	{
		of:      []string{"plugin"},
		ours:    slices.Concat([]string{"plugin/internal/...", "mitzclient", "consent"}, rooms),
		never:   tests,
		because: "the simulator and the harness are for tests",
	},
	{
		of:      []string{"plugin/internal/commandtest"},
		ours:    []string{"plugin", "plugin/internal/config"},
		because: "it runs the plugin's commands for tests, and knows nothing of how they do what they do",
	},
	{
		of: []string{"plugin/internal/databasetest"}, ours: []string{"internal/harness"},
		because: "it gives tests their databases, and knows no table",
	},
	{
		of:      []string{"plugin/internal/..."},
		except:  []string{"plugin/internal/commandtest", "plugin/internal/databasetest"},
		ours:    slices.Concat([]string{"mitzclient", "consent"}, rooms),
		never:   tests,
		because: "what the plugin stands on does not know the plugin",
	},
	{
		of: []string{"e2e-tests/..."}, ours: []string{"internal/authzentest", "internal/harness", "internal/openapi", "internal/recordattacks", "mitzclient/...", "consent"}, never: nuts, tests: true,
		because: "the tests meet a node as everybody does: as a process, over HTTP",
	},
}

// TestDirectionOfImports: imports point one way, as docs/architecture.md draws them.
func TestDirectionOfImports(t *testing.T) {
	packages := packagesOfThisModule(t)
	for name := range packages {
		about := 0
		for _, each := range rules {
			if each.isAbout(name) {
				about++
			}
		}
		assert.Equal(t, 1, about, "%s: so many rules are about it, and there must be one", name)
	}
	for _, each := range rules {
		assertRule(t, each, packages)
	}
}

// TestTheNetworkInMemoryIsForTests: nothing that is built has another network than the system's.
func TestTheNetworkInMemoryIsForTests(t *testing.T) {
	for name, files := range packagesOfThisModule(t) {
		for _, file := range files {
			for _, imported := range file.Imports {
				assert.True(t, strings.HasSuffix(file.path, "_test.go") || imported.Path.Value != strconv.Quote(module+"/mitzclient/internal/memorynet"), name)
			}
		}
	}
}

// TestTheNodesVersionIsInOneRoom: what depends on the node's version is in
// plugin/internal/node. Of the other rooms each knows only these packages of the node, and
// most know none.
func TestTheNodesVersionIsInOneRoom(t *testing.T) {
	known := map[string][]string{
		"plugin":                     {"audit", "core", "crypto"},
		"plugin/internal/config":     {"core", "http", "policy", "vcr/pe"},
		"plugin/internal/door":       {"auth/oauth", "core"},
		"plugin/internal/guard":      {"auth/oauth"},
		"plugin/internal/once":       {"storage"},
		"plugin/internal/record":     {"audit", "core", "tracing"},
		"plugin/internal/telemetry":  {"audit", "core", "tracing"},
		"plugin/internal/wellformed": {"vcr/credential", "vcr/pe"},
	}
	packages := packagesOfThisModule(t)
	for name := range known {
		assert.Contains(t, packages, name, "there is no such room")
	}
	for name := range packages {
		if !matches([]string{"plugin/..."}, name) || matches([]string{"plugin/internal/node/...", "plugin/internal/commandtest"}, name) {
			continue
		}
		var but []string
		for _, each := range known[name] {
			but = append(but, "nuts/nuts-node/"+each)
		}
		assertRule(t, rule{
			of: []string{name}, ours: []string{"..."}, never: []string{"nuts/nuts-node/..."}, but: but,
			because: "what depends on the node's version is in plugin/internal/node",
		}, packages)
	}
}

func assertRule(t *testing.T, checked rule, packages map[string][]source) {
	t.Helper()
	some := false
	for name, files := range packages {
		if !checked.isAbout(name) {
			continue
		}
		some = true
		for _, file := range files {
			if strings.HasSuffix(file.path, "_test.go") && !checked.tests {
				continue
			}
			for _, imported := range file.Imports {
				path, err := strconv.Unquote(imported.Path.Value)
				require.NoError(t, err)
				assert.True(t, checked.allows(path), "%s imports %s: %s", file.path, path, checked.because)
			}
		}
	}
	assert.True(t, some, "the rule is about no package: %v", checked.of)
}

func (r rule) isAbout(name string) bool { return matches(r.of, name) && !matches(r.except, name) }

func (r rule) allows(imported string) bool {
	if name, ours := strings.CutPrefix(imported, module+"/"); ours {
		return matches(r.ours, name) || r.isAbout(name)
	}
	if name, found := strings.CutPrefix(imported, "github.com/nuts-foundation/"); found {
		imported = "nuts/" + name
	}
	return !matches(r.never, imported) || matches(r.but, imported)
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		above, all := strings.CutSuffix(pattern, "...")
		return name == pattern || all && (above == "" || name+"/" == above || strings.HasPrefix(name, above))
	})
}

// TestPolicyHasNoClock: a decision depends on what it is given, the time included; and so does what
// is computed for docs/nationwide.md.
func TestPolicyHasNoClock(t *testing.T) {
	// What reads a clock or waits for one. The rest of package time makes values of values.
	clocks := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	looked := 0
	for name, files := range packagesOfThisModule(t) {
		if !matches([]string{"internal/policy/...", "consent", "internal/simulation", "docs/nationwide"}, name) {
			continue
		}
		for _, file := range files {
			if strings.HasSuffix(file.path, "_test.go") {
				continue
			}
			looked++
			for _, each := range file.Imports {
				assert.False(t, each.Path.Value == `"time"` && each.Name != nil, "%s gives the package time another name", file.path)
			}
			ast.Inspect(file.File, func(node ast.Node) bool {
				if selector, ok := node.(*ast.SelectorExpr); ok {
					if from, ok := selector.X.(*ast.Ident); ok && from.Name == "time" {
						assert.NotContains(t, clocks, selector.Sel.Name, "%s reads the clock", file.path)
					}
				}
				return true
			})
		}
	}
	assert.NotZero(t, looked)
}
