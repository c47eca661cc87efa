// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package version tells what a binary was built from: which version of this software, in
// which version of the node, with which Go. It knows what the linker wrote into the binary
// and nothing else: it must never look at files, the environment or the network.
package version

import (
	"runtime"
	"runtime/debug"
)

const (
	ours  = "github.com/nuts-mitz/nuts-mitz"
	nodes = "github.com/nuts-foundation/nuts-node"
	// unknown stands for a version that the binary does not tell, as that of a test.
	unknown = "unknown"
)

// Info is what a binary was built from.
type Info struct {
	Plugin string // this software's version; of a build from a checkout with its commit
	Node   string // nuts-node's version
	Go     string
}

// Read returns what this binary was built from.
func Read() Info {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		build = &debug.BuildInfo{}
	}
	return of(build)
}

func of(build *debug.BuildInfo) Info {
	info := Info{Plugin: moduleVersion(build, ours), Node: moduleVersion(build, nodes), Go: runtime.Version()}
	if build.Main.Path == ours {
		info.Plugin = withCommit(build.Main.Version, build.Settings)
	}
	return info
}

// moduleVersion returns the version of a module that a binary is made of. One that replaces
// it counts, as it is the code of that.
func moduleVersion(build *debug.BuildInfo, path string) string {
	for _, module := range build.Deps {
		if module.Path != path {
			continue
		}
		if module.Replace == nil {
			return module.Version
		}
		if module.Replace.Version == "" { // a directory, whose name concerns nobody
			return module.Version + " (replaced)"
		}
		return module.Replace.Version + " (replaced)"
	}
	return unknown
}

// withCommit returns the version of a build from a checkout: what Go made of its commit, or
// "devel" where it was built without looking at that.
func withCommit(version string, settings []debug.BuildSetting) string {
	if version != "" && version != "(devel)" {
		return version
	}
	for _, setting := range settings {
		if setting.Key == "vcs.revision" {
			return "devel " + setting.Value[:min(len(setting.Value), 12)]
		}
	}
	return "devel"
}
