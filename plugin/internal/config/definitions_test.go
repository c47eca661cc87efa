// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nuts-foundation/nuts-node/core"
	nutspolicy "github.com/nuts-foundation/nuts-node/policy"
	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/internal/strictjson"
)

// nodesPolicies are the definitions in the node's own policy files, by scope.
type nodesPolicies map[string]pe.WalletOwnerMapping

func (p nodesPolicies) PresentationDefinitions(_ context.Context, scope string) (pe.WalletOwnerMapping, error) {
	if scope == "broken" {
		return nil, errors.New("the policy files cannot be read")
	}
	if mapping, exists := p[scope]; exists {
		return mapping, nil
	}
	return nil, nutspolicy.ErrNotFound
}

// smallDefinition is a valid one, of the organisation's wallet.
const smallDefinition = `{"id": "from-a-file", "input_descriptors": [{"id": "one", "constraints": {"fields": [{"path": ["$.type"]}]}}]}`

func TestOperatorsDefinitions(t *testing.T) {
	nodes := nodesPolicies{"policy-file": {pe.WalletOwnerOrganization: {Id: "from-the-node"}}}
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	small := file("small.json", smallDefinition)
	spaces := func(size int) string { return smallDefinition + strings.Repeat(" ", size-len(smallDefinition)) }
	for _, tc := range []struct {
		name, scope, file string
		expected          string // id of the definition; empty: none
		problem           string // in the error; empty: no error
	}{
		{"neither: the built-in one", "free", "", "", ""},
		{"the node's policy files", "policy-file", "", "from-the-node", ""},
		{"the profile's file", "free", small, "from-a-file", ""},
		{"a file that an editor on Windows saved", "free", file("windows.json", "\uFEFF"+smallDefinition+"\r\n"), "from-a-file", ""},
		{"the largest file", "free", file("largest.json", spaces(maxDefinitionSize)), "from-a-file", ""},
		{"both", "policy-file", small, "", "the node's policy files define this scope too: which of the two counts?"},
		{"policy files that cannot be read", "broken", small, "", "the policy files cannot be read"},
		{"a file that is too large", "free", file("large.json", spaces(maxDefinitionSize+1)), "", "large.json: not a file of at most 1048576 bytes"},
		{"a directory", "free", dir, "", dir + ": not a file of at most 1048576 bytes"},
		{"a device that never ends", "free", "/dev/zero", "", "/dev/zero: not a file of at most 1048576 bytes"},
		{"a file that is not there", "free", filepath.Join(dir, "missing.json"), "", "missing.json: no such file or directory"},
		{"an empty file", "free", file("empty.json", ""), "", "empty.json: not JSON"},
		{"no JSON", "free", file("text.json", "id: from-a-file"), "", "text.json: not JSON"},
		{"another JSON", "free", file("list.json", "[]"), "", "list.json: not a presentation definition: "},
		{"a policy file in place of a definition", "free", file("policy.json", `{"free": {"organization": `+smallDefinition+`}}`), "",
			"policy.json: not a presentation definition: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			mapping, err := operatorsDefinitions(nodes)(policy.ProfileConfig{Scope: tc.scope, PresentationDefinition: tc.file})
			if tc.problem != "" {
				assert.ErrorContains(t, err, tc.problem)
				assert.Nil(t, mapping)
				return
			}
			require.NoError(t, err)
			if tc.expected == "" {
				assert.Nil(t, mapping, "a definition")
				return
			}
			require.Len(t, mapping, 1)
			assert.Equal(t, tc.expected, mapping[pe.WalletOwnerOrganization].Id)
		})
	}
}

// TestMeaningOfDoubledMembersInDefinitions pins how the node reads them, see docs/upgrading.md.
func TestMeaningOfDoubledMembersInDefinitions(t *testing.T) {
	const doubled = `{"id":"d","input_descriptors":[{"id":"one",
		"constraints":{"fields":[{"path":["$.issuer"],"filter":{"type":"string","const":"did:web:issuer"}}]},
		"constraints":{"limit_disclosure":"required"}}]}`
	var definition pe.PresentationDefinition
	require.NoError(t, json.Unmarshal([]byte(doubled), &definition))
	constraints := definition.InputDescriptors[0].Constraints
	assert.Len(t, constraints.Fields, 1, "both are merged")
	assert.Equal(t, "required", constraints.LimitDisclosure)

	dir := t.TempDir()
	file := filepath.Join(dir, "definition.json")
	require.NoError(t, os.WriteFile(file, []byte(doubled), 0o600))
	_, err := readDefinition(file)
	require.ErrorIs(t, err, strictjson.ErrDoubled)

	t.Run("in the node's policy files the last definition of a scope counts", func(t *testing.T) {
		const empty = `{"organization":{"id":"%","input_descriptors":[]}}`
		text := `{"birth-care":` + strings.ReplaceAll(empty, "%", "first") + `,"birth-care":` + strings.ReplaceAll(empty, "%", "last") + `}`
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		node := nutspolicy.New()
		node.Config().(*nutspolicy.Config).Directory = dir
		require.NoError(t, node.Configure(core.ServerConfig{}))
		definitions, err := node.PresentationDefinitions(t.Context(), "birth-care")
		require.NoError(t, err)
		assert.Equal(t, "last", definitions[pe.WalletOwnerOrganization].Id)
		_, err = operatorsDefinitions(node)(policy.ProfileConfig{Scope: "birth-care"})
		require.ErrorIs(t, err, strictjson.ErrDoubled)
		assert.ErrorContains(t, err, "policy.directory: definition.json: ")
		definitions, err = operatorsDefinitions(node)(policy.ProfileConfig{Scope: "another"})
		require.NoError(t, err, "no guarded scope is defined there")
		assert.Empty(t, definitions)
	})
}
