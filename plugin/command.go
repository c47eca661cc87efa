// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"fmt"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/spf13/cobra"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/auditcommand"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report/check"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report/explain"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// AddCommands adds the engine's flags to the node's commands that load its configuration, and
// the engine's own commands: "mitz explain", "mitz check", "mitz audit", "mitz pdp" and "mitz version". The
// system is the one that [Install] was given.
func AddCommands(root *cobra.Command, system *core.System) {
	config.AddFlags(root)
	group := &cobra.Command{Use: moduleName, Short: "Commands about patients' consent (Mitz)", RunE: refuseUnknown,
		Long: "Commands about patients' consent (Mitz). They read the node's configuration (--configfile) as\n" +
			"the server does; what the server takes as a flag, such as --mitz.timeout, they take too."}
	load := configLoader(system)
	explainCommand, checkCommand, audit := explain.Command(load), check.Command(load), auditcommand.New(load)
	pdp := pdpCommand(system)
	if server, _, err := root.Find([]string{"server"}); err == nil {
		for _, command := range append(audit.Commands(), explainCommand, checkCommand) {
			config.AddServerFlags(command, server, "")
		}
		config.AddServerFlags(pdp, server, moduleName+".pdp.")
	}
	group.AddCommand(explainCommand, checkCommand, audit, pdp, versionCommand(), withdrawal.KeyCommand())
	root.AddCommand(group)
	for _, command := range append(group.Commands(), group) {
		// The error is told once, by who executes the command, as with the server.
		command.SilenceErrors, command.SilenceUsage = true, true
	}
	flags := config.Prepare(root)
	if engine, installed := installedEngine(system); installed {
		engine.flags = flags
	}
}

func installedEngine(system *core.System) (*Engine, bool) {
	engine, installed := system.FindEngineByName(moduleName).(*Engine)
	return engine, installed
}

// configLoader returns what loads a command's configuration. What is wrong with it is told in
// the words of a start that fails. Nothing of the engine is in use afterwards.
func configLoader(system *core.System) report.Load {
	return func(command *cobra.Command) (*config.Config, error) {
		engine, err := loadSystem(system, command)
		if err != nil {
			return nil, err
		}
		cfg, err := config.Read(*system.Config, engine.configNode(), config.Hooks{})
		if err != nil {
			return nil, fmt.Errorf("unable to configure %s: %w", engine.Name(), err)
		}
		cfg.LookedIn(command)
		return cfg, nil
	}
}

// loadSystem loads the node's configuration for a command, and configures what is needed to read
// ours: nothing that has a database, keys or an address.
func loadSystem(system *core.System, command *cobra.Command) (*Engine, error) {
	if err := system.Load(command.Flags()); err != nil {
		return nil, err
	}
	engine, installed := installedEngine(system)
	if !installed {
		return nil, errors.New("the plugin is not installed in this node")
	}
	// The node's own policy files are part of it: they say what a guarded scope demands.
	policies := engine.node.Policy
	if err := policies.Configure(*system.Config); err != nil {
		return nil, fmt.Errorf("unable to configure %s: %w", policies.Name(), err)
	}
	return engine, nil
}

// refuseUnknown is for a command that only has subcommands: without it cobra prints the
// help for a misspelt one, and ends well.
func refuseUnknown(command *cobra.Command, arguments []string) error {
	if len(arguments) == 0 {
		return command.Help()
	}
	// The text given is not repeated: it may be anything.
	return fmt.Errorf("no such command: see '%s --help'", command.CommandPath())
}
