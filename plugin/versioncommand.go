// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/version"
)

// versionCommand is "mitz version". It reads no configuration: it also answers where that
// is wrong.
func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:           "version",
		Short:         "Prints the versions of the plugin, of the node, and of Go",
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(command *cobra.Command, _ []string) error {
			page := &page{}
			info := version.Read()
			page.rows(0, [][2]string{{"nuts-mitz", info.Plugin}, {"nuts-node", info.Node}, {"Go", info.Go}})
			_, err := io.WriteString(command.OutOrStdout(), page.String())
			return err
		},
	}
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
