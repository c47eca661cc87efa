// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/spf13/cobra"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
)

// explainCommand is "mitz explain": what this node's configuration comes down to. It
// loads and checks the configuration as the server does, and starts nothing: it connects
// to nothing, opens no database and writes no file.
func explainCommand(system *core.System) *cobra.Command {
	message := false
	explain := &cobra.Command{
		Use:   "explain [scope]",
		Short: "Explains what a guarded scope demands, whom it trusts, and what Mitz would be asked",
		Long: "Checks the configuration as the server does when it starts, and explains one guarded scope,\n" +
			"or all of them: what a requester must present, whom this node trusts for what, and the\n" +
			"question that Mitz would be asked; with --message also the message. Nothing is started and\n" +
			"nobody is contacted.",
		Args: cobra.MaximumNArgs(1),
		// The error is told once, by who executes the command, as with the server.
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(command *cobra.Command, scopes []string) error {
			if err := system.Load(command.Flags()); err != nil {
				return err
			}
			engine, installed := system.FindEngineByName(moduleName).(*Engine)
			if !installed {
				return errors.New("the plugin is not installed in this node")
			}
			return engine.explain(command.OutOrStdout(), *system.Config, scopes, message)
		},
	}
	explain.Flags().BoolVar(&message, "message", false, "Print the message in which Mitz would be asked, too.")
	return explain
}

// checkForCommand checks the configuration, see [Engine.readConfig]. What is wrong with it is
// told in the words of a start that fails.
func (e *Engine) checkForCommand(server core.ServerConfig) (*config.Config, error) {
	// The node's own policy files are part of it: they say what a guarded scope demands.
	if err := e.node.Policy.Configure(server); err != nil {
		return nil, fmt.Errorf("unable to configure %s: %w", e.node.Policy.Name(), err)
	}
	checked, err := e.readConfig(server)
	if err != nil {
		return nil, fmt.Errorf("unable to configure %s: %w", e.Name(), err)
	}
	return checked, nil
}

// explain writes the explanation of the scopes, or of all guarded ones; the messages to
// Mitz are part of it on request.
func (e *Engine) explain(out io.Writer, server core.ServerConfig, scopes []string, message bool) error {
	checked, err := e.checkForCommand(server)
	if err != nil {
		return err
	}
	if checked.Off != "" && len(scopes) == 0 {
		_, err = fmt.Fprintf(out, "In this configuration nothing is guarded, and the node behaves as the stock node: %s.\n", checked.Off)
		return err
	}
	if checked.Off != "" {
		return errors.New("no such guarded scope: " + checked.Off)
	}
	defer checked.Link.Close()
	guarded := checked.Scopes()
	if len(scopes) == 0 {
		scopes = guarded
	}
	page := &page{messages: message}
	page.overview(checked, e.now())
	for _, scope := range scopes {
		// The text given is not repeated: it may be anything.
		if !slices.Contains(guarded, scope) {
			return fmt.Errorf("no such guarded scope; guarded are: %s", strings.Join(guarded, " "))
		}
		page.profile(checked, checked.Policy.Explain(checked.Policy.Profile(scope)))
	}
	_, err = io.WriteString(out, page.String())
	return err
}
