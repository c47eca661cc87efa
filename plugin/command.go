// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/spf13/cobra"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
)

// AddCommands adds the engine's flags to the node's commands that load its
// configuration, and the engine's own commands: "mitz explain", "mitz check" and "mitz
// version". The system is the one that [Install] was given.
func AddCommands(root *cobra.Command, system *core.System) {
	engine, installed := system.FindEngineByName(moduleName).(*Engine)
	config.AddFlags(root)
	group := &cobra.Command{
		Use: moduleName, Short: "Commands about patients' consent (Mitz)",
		RunE: refuseUnknown, SilenceErrors: true, SilenceUsage: true,
	}
	server, _, err := root.Find([]string{"server"})
	for _, command := range []*cobra.Command{explainCommand(system), checkCommand(system)} {
		if err == nil {
			config.AddServerFlags(command, server)
		}
		group.AddCommand(command)
	}
	group.AddCommand(versionCommand())
	root.AddCommand(group)
	if installed {
		engine.flags = config.Prepare(root)
	}
}
