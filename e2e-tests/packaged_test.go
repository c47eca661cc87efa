// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// TestPackagedConfigurationsStart starts a node with the configuration that each package
// brings, with files and services of this machine in place of those that it names.
func TestPackagedConfigurationsStart(t *testing.T) {
	root, err := harness.RepositoryRoot()
	require.NoError(t, err)
	t.Run("of docker-compose.yml, on PostgreSQL and Redis", func(t *testing.T) {
		workspace := newWorkspace(t)
		postgres, err := workspace.StartPostgres(t.Context())
		require.NoError(t, err)
		_, settings, err := postgres.NewDatabase(t.Context())
		require.NoError(t, err)
		redis, err := workspace.StartRedis(t.Context(), harness.RedisConfig{})
		require.NoError(t, err)
		maps.Copy(settings, redis.Settings())
		startPackaged(t, workspace, binaries.Mitz, filepath.Join(root, "deploy", "compose", "nuts.yaml"), "", settings)
	})
	t.Run("of the Helm chart's example", func(t *testing.T) {
		// A Vault is not here: keys are in files. The two nodes of the example share their sessions: a
		// withdrawal ends tokens there only with a key.
		workspace := newWorkspace(t)
		redis, err := workspace.StartRedis(t.Context(), harness.RedisConfig{})
		require.NoError(t, err)
		settings := redis.Settings()
		settings["crypto.storage"] = "fs"
		node := startPackaged(t, workspace, binaries.Mitz, filepath.Join(root, "deploy", "helm", "nuts-mitz", "example-values.yaml"), "config", settings)
		assert.Equal(t, http.StatusNoContent, revoke(t, node, "hospital-east", map[string]string{"patient": patient}))
	})
}

func newWorkspace(t *testing.T) *harness.Workspace {
	t.Helper()
	workspace, err := harness.NewWorkspace(logs)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, workspace.Close()) })
	return workspace
}

// startPackaged starts a node with what stands in a file, below a key when one is given. What
// depends on the machine is replaced: addresses, directories, and the files for Mitz. The
// node, which it returns, guards the scope.
func startPackaged(t *testing.T, workspace *harness.Workspace, binary, file, below string, replaced map[string]any) *harness.Node {
	t.Helper()
	var config map[string]any
	require.NoError(t, yaml.Unmarshal(must[[]byte](t)(os.ReadFile(file)), &config))
	if below != "" {
		config = config[below].(map[string]any)
	}
	mitz, err := workspace.StartMitz()
	require.NoError(t, err)
	ours := config["mitz"].(map[string]any)
	ours["tls"] = map[string]any{"certfile": mitz.Files.Certificate, "certkeyfile": mitz.Files.Key, "truststorefile": mitz.Files.TrustStore}
	if audit, ok := ours["audit"].(map[string]any); ok {
		audit["file"] = workspace.Path("audit.jsonl")
	}
	if withdrawal, ok := ours["withdrawal"].(map[string]any); ok {
		withdrawal["keyfile"] = must[string](t)(workspace.PatientKeys())
	}
	section, err := yaml.Marshal(map[string]any{"mitz": ours})
	require.NoError(t, err)
	delete(config, "mitz")
	settings := map[string]any{}
	flatten(config, "", settings)
	assert.Equal(t, "127.0.0.1", settings["events.nats.hostname"], "the node's message bus would listen on all addresses")
	for _, ofTheMachine := range []string{"url", "datadir", "http.public.address", "http.internal.address", "storage.sql.connection"} {
		delete(settings, ofTheMachine)
	}
	settings["pki.denylist.url"] = "" // it is on the internet
	maps.Copy(settings, replaced)
	strict, _ := settings["strictmode"].(bool)
	node, err := workspace.StartNode(t.Context(), harness.NodeConfig{
		Name: "packaged", Binary: binary, Strict: strict, Settings: settings,
		YAML: string(section),
	})
	require.NoError(t, err)
	health, err := node.Get(t.Context(), "/health")
	require.NoError(t, err)
	assert.True(t, health.Contains(`"mitz.guard":{"status":"UP"}`), "%s", health.Body)
	assert.True(t, health.Contains(`"mitz.guarded":{"status":"UP","details":"1 scopes, for `), "%s", health.Body)
	status, err := node.Get(t.Context(), "/status")
	require.NoError(t, err)
	assert.Equal(t, 200, status.Status, "what a probe of liveness asks")
	return node
}

// flatten writes a tree of configuration as dotted keys.
func flatten(tree map[string]any, prefix string, settings map[string]any) {
	for key, value := range tree {
		if below, ok := value.(map[string]any); ok {
			flatten(below, prefix+key+".", settings)
			continue
		}
		settings[prefix+key] = value
	}
}
