// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/jsonld"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/docs/credentials"
)

// TestContextsOnBoard: the node's own loader has the context, without network, and leaves no
// file behind.
func TestContextsOnBoard(t *testing.T) {
	for _, strict := range []bool{true, false} {
		engines := Engines{JSONLD: jsonld.NewJSONLDInstance()}
		engines.AllowContexts()
		require.NoError(t, engines.JSONLD.(core.Configurable).Configure(core.ServerConfig{Strictmode: strict}))
		directory := t.TempDir()
		require.NoError(t, engines.LoadContexts(directory))
		entries, err := os.ReadDir(directory)
		require.NoError(t, err)
		assert.Empty(t, entries)

		example, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "credentials", "attestation-v1.example.json"))
		require.NoError(t, err)
		require.NoError(t, jsonld.AllFieldsDefined(engines.JSONLD.DocumentLoader(), example))
		require.NoError(t, engines.LoadContexts(directory), "a second time")
	}
}

func TestAContextThatTheOperatorMappedIsHis(t *testing.T) {
	file := filepath.Join(t.TempDir(), "own.jsonld")
	require.NoError(t, os.WriteFile(file, []byte(`{"@context":{"own":"urn:own"}}`), 0o600))
	engines := Engines{JSONLD: jsonld.NewJSONLDInstance()}
	contexts, err := engines.contexts()
	require.NoError(t, err)
	contexts.LocalFileMapping[credentials.Context] = file
	engines.AllowContexts()
	require.NoError(t, engines.JSONLD.(core.Configurable).Configure(core.ServerConfig{Strictmode: true}))
	require.NoError(t, engines.LoadContexts(t.TempDir()))
	loaded, err := engines.JSONLD.DocumentLoader().LoadDocument(credentials.Context)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"@context": map[string]any{"own": "urn:own"}}, loaded.Document)
}

func TestContextsCannotBeTakenOnBoard(t *testing.T) {
	engines := Engines{JSONLD: jsonld.NewJSONLDInstance()}
	engines.AllowContexts()
	require.NoError(t, engines.JSONLD.(core.Configurable).Configure(core.ServerConfig{}))
	assert.ErrorContains(t, engines.LoadContexts(filepath.Join(t.TempDir(), "none")), "cannot be taken on board")
	assert.ErrorContains(t, Engines{}.LoadContexts(t.TempDir()), "no configuration")
}
