// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/version"
)

// versionCommand returns "mitz version". It reads no configuration: it also answers where that
// is wrong.
func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Prints the versions of the plugin, of the node, and of Go",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			page := &report.Page{}
			info := version.Read()
			page.Rows(0, [][2]string{{"nuts-mitz", info.Plugin}, {"nuts-node", info.Node}, {"Go", info.Go}})
			_, err := io.WriteString(command.OutOrStdout(), page.String())
			return err
		},
	}
}
