// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	nutspolicy "github.com/nuts-foundation/nuts-node/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/node/bounded"
)

func TestAuthorities(t *testing.T) {
	named := func(letter string) string { return "did:x509:0:sha256:" + strings.Repeat(letter, 43) + "::" }
	directory := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(directory, "a.json"), []byte(`{"pattern":"^`+named("b")+`.+$"}`), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(directory, "a.txt"), []byte(named("c")), 0o600))
	node := Engines{Policy: nutspolicy.New()}
	assert.Equal(t, bounded.AuthoritiesIn(named("a")), node.Authorities(named("a")+"*"))
	config, ok := node.Policy.Config().(*nutspolicy.Config)
	require.True(t, ok)
	config.Directory = directory
	assert.Equal(t, bounded.AuthoritiesIn(named("a"), named("b")), node.Authorities(named("a")+"*"))
}
