// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package version

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOf(t *testing.T) {
	node := &debug.Module{Path: nodes, Version: "v1.0.1"}
	for _, tc := range []struct {
		name         string
		build        debug.BuildInfo
		plugin, node string
	}{
		{"this repository's node, of a commit", debug.BuildInfo{Main: debug.Module{Path: ours, Version: "v0.3.1-0.20261127-abcdef+dirty"}, Deps: []*debug.Module{node}},
			"v0.3.1-0.20261127-abcdef+dirty", "v1.0.1"},
		{"without looking at the commit", debug.BuildInfo{Main: debug.Module{Path: ours, Version: "(devel)"}, Deps: []*debug.Module{node}}, "devel", "v1.0.1"},
		{"with a commit and no version of it", debug.BuildInfo{
			Main: debug.Module{Path: ours, Version: "(devel)"}, Deps: []*debug.Module{node},
			Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}},
		}, "devel 0123456789ab", "v1.0.1"},
		{"a node of somebody else's", debug.BuildInfo{
			Main: debug.Module{Path: "example.org/node", Version: "v9.9.9"},
			Deps: []*debug.Module{{Path: "example.org/x", Version: "v7"}, {Path: ours, Version: "v0.3.0"}, node},
		}, "v0.3.0", "v1.0.1"},
		{"a node that somebody changed", debug.BuildInfo{
			Main: debug.Module{Path: ours, Version: "v0.3.0"},
			Deps: []*debug.Module{{Path: nodes, Version: "v1.0.1", Replace: &debug.Module{Path: "/home/somebody/node"}}},
		}, "v0.3.0", "v1.0.1 (replaced)"},
		{"a node of another place", debug.BuildInfo{
			Main: debug.Module{Path: ours, Version: "v0.3.0"},
			Deps: []*debug.Module{{Path: nodes, Version: "v1.0.1", Replace: &debug.Module{Path: "example.org/node", Version: "v1.0.2"}}},
		}, "v0.3.0", "v1.0.2 (replaced)"},
		{"a binary that tells nothing", debug.BuildInfo{}, unknown, unknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, Info{Plugin: tc.plugin, Node: tc.node, Go: runtime.Version()}, of(&tc.build))
		})
	}
}
