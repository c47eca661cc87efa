// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// walkBlock finds the marked blocks of docs/walkthrough.md.
var walkBlock = regexp.MustCompile("(?s)<!-- (file|run|shows|node|consent)(?:: ([^>]+))? -->\n```[a-z]+\n(.*?)```")

// TestTheWalkThroughIsTrue follows docs/walkthrough.md on two nodes in strict mode, from top to
// bottom: the hospital's node has the page's own configuration, and the page's addresses and the
// authorities in it are replaced by those of the test.
func TestTheWalkThroughIsTrue(t *testing.T) {
	t.Parallel()
	root, err := harness.RepositoryRoot()
	require.NoError(t, err)
	page, err := os.ReadFile(filepath.Join(root, "docs", "walkthrough.md"))
	require.NoError(t, err)
	blocks := walkBlock.FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, strings.Count(string(page), "\n```")/2, "every block is marked")
	walk := &simulatorWalk{dir: t.TempDir()}
	walk.path = os.Getenv("PATH") + string(os.PathListSeparator) + standInForCurl(t, root)
	require.NoError(t, os.Symlink(filepath.Dir(binaries.Mitz), filepath.Join(walk.dir, "bin")))

	var before []string
	config := plainWorld()
	config.Strict = true
	config.ConfigureDataHolder = func(_ context.Context, w *harness.World, node *harness.NodeConfig) error {
		before = []string{
			"https://mitz.example/tst-us/mitz", w.Mitz.Endpoint(),
			"/etc/nuts/mitz/client.pem", w.Mitz.Files.Certificate, "/etc/nuts/mitz/client.key", w.Mitz.Files.Key,
			"/etc/nuts/mitz/ca.pem", w.Mitz.Files.TrustStore, "/var/lib/nuts/", w.Path("data-holder", "data") + "/",
			"did:x509:0:sha256:WE4P5dd8DnLHSkyHaIjhp4udlkF9LqoKwCvu9gl38jk::", w.UZI.DIDPrefix(), "did:web:vektis.example", w.Authority.DID,
			"http://127.0.0.1:18081", w.Requester.InternalURL(), "keyfile: patients.key", "keyfile: " + filepath.Join(walk.dir, "patients.key"),
			"file: audit.jsonl", "file: " + filepath.Join(walk.dir, "audit.jsonl"),
		}
		walk.ports = strings.NewReplacer(before...)
		for i, block := range blocks {
			if block[1] == "node" {
				blocks = blocks[i+1:]
				break
			}
			walk.follow(t, nil, block)
		}
		return useConfiguration(filepath.Join(walk.dir, "nuts.yaml"), node)
	}
	config.DataHolders = []harness.DataHolder{{Subject: "another", URA: "00000667", FacilityType: "V6"}} // the page makes its own
	w := harness.StartWorld(t, config)
	walk.ports = strings.NewReplacer(append(before, "https://node.hospital.example", w.DataHolder.URL, "http://127.0.0.1:8081", w.DataHolder.InternalURL())...)
	for i, block := range blocks {
		if i > 0 && strings.Contains(block[3], "issue.json") {
			did := strings.TrimSpace(string(must[[]byte](t)(os.ReadFile(filepath.Join(walk.dir, "did.txt")))))
			organization := must[harness.Credential](t)(w.Server.X509Credential(did, harness.X509CredentialOptions{}))
			writeFile(t, filepath.Join(walk.dir, "organization.json"), string(organization))
		}
		walk.follow(t, w, block)
	}
	audit := string(must[[]byte](t)(os.ReadFile(filepath.Join(walk.dir, "audit.jsonl"))))
	assert.Contains(t, audit, `"token-issued"`)
	assert.Empty(t, w.Strangers(), "a node wanted something of the internet")
	t.Run("what stops the start", func(t *testing.T) { testDemands(t, w, string(page), filepath.Join(walk.dir, "nuts.yaml")) })
}

// follow does what a block says.
func (w *simulatorWalk) follow(t *testing.T, world *harness.World, block []string) {
	t.Helper()
	content := w.ports.Replace(block[3])
	switch block[1] {
	case "file":
		writeFile(t, filepath.Join(w.dir, block[2]), content)
	case "consent":
		permit(t, world, patient, "00000659", "GGC002")
		w.run(t, content)
	case "run":
		w.run(t, content)
	case "shows":
		assertShows(t, block[3], w.last)
	}
}

// useConfiguration has a node run with a configuration file, but for its addresses and the places of
// its files.
func useConfiguration(file string, node *harness.NodeConfig) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, section, _ := strings.Cut(string(content), "\nmitz:\n")
	var parsed map[string]any
	if err := yaml.Unmarshal([]byte(before), &parsed); err != nil {
		return err
	}
	for _, address := range []string{"url", "datadir", "http"} {
		delete(parsed, address)
	}
	maps.Copy(node.Settings, dotted("", parsed))
	node.YAML = "mitz:\n" + section
	return nil
}

func dotted(prefix string, tree map[string]any) map[string]any {
	flat := map[string]any{}
	for key, value := range tree {
		if below, isMap := value.(map[string]any); isMap {
			maps.Copy(flat, dotted(prefix+key+".", below))
			continue
		}
		flat[prefix+key] = value
	}
	return flat
}

// demanded finds the table of what the stock node says in strict mode.
var demanded = regexp.MustCompile("(?m)^\\| `([a-z.]+): ?(.*)` \\| `(.*)` \\|$")

var auditSection = regexp.MustCompile(`(?m)^  audit:\n    file: .*\n`)

// testDemands starts the page's node with each value of the table, which must stop it with these words.
func testDemands(t *testing.T, w *harness.World, page, configuration string) {
	t.Helper()
	demands := demanded.FindAllStringSubmatch(page, -1)
	require.NotEmpty(t, demands)
	for _, demand := range demands {
		node := harness.NodeConfig{Name: "demands", Binary: binaries.Mitz, Strict: true, Settings: map[string]any{}}
		require.NoError(t, useConfiguration(configuration, &node))
		node.YAML = auditSection.ReplaceAllString(node.YAML, "") // the other node's file
		var value any
		require.NoError(t, yaml.Unmarshal([]byte(demand[2]), &value))
		if value == nil {
			value = ""
		}
		node.Settings[demand[1]] = value
		failed, err := w.StartExpectFailure(t.Context(), node)
		require.NoError(t, err, demand[0])
		assert.Contains(t, failed.Message(), demand[3], demand[0])
	}
}
