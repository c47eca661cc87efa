// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package explain

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
)

// Command returns "mitz explain": what this node's configuration comes down to.
func Command(load report.Load) *cobra.Command {
	messages := false
	command := &cobra.Command{
		Use:   "explain [scope]",
		Short: "Explains what a guarded scope demands, whom it trusts, and what Mitz would be asked",
		Long: "Checks the configuration as the server does when it starts, and explains one guarded scope,\n" +
			"or all of them: what a requester must present, whom this node trusts for what, and the\n" +
			"question that Mitz would be asked; with --message also the message. Nothing is started and\n" +
			"nobody is contacted.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, scopes []string) error {
			cfg, err := load(command)
			if err != nil {
				return err
			}
			return explain(command.OutOrStdout(), cfg, scopes, messages)
		},
	}
	command.Flags().BoolVar(&messages, "message", false, "Print the message in which Mitz would be asked, too.")
	return command
}

// explain writes the explanation of the scopes, or of all guarded ones; the messages to Mitz
// are part of it on request.
func explain(out io.Writer, cfg *config.Config, scopes []string, messages bool) error {
	if cfg.Off != "" && len(scopes) == 0 {
		_, err := fmt.Fprintf(out, "In this configuration nothing is guarded, and the node behaves as the stock node: %s.\n", cfg.Off)
		return err
	}
	if cfg.Off != "" {
		return errors.New("no such guarded scope: " + cfg.Off)
	}
	defer cfg.Close()
	guarded := cfg.Scopes()
	if len(scopes) == 0 {
		scopes = guarded
	}
	page := &page{cfg: cfg, messages: messages}
	page.overview(time.Now())
	for _, scope := range scopes {
		// The text given is not repeated: it may be anything.
		if !slices.Contains(guarded, scope) {
			return fmt.Errorf("no such guarded scope; guarded are: %s", strings.Join(guarded, " "))
		}
		page.profile(cfg.Policy.Explain(cfg.Policy.Profile(scope)))
	}
	_, err := io.WriteString(out, page.String())
	return err
}

// page is a page that explains a configuration.
type page struct {
	report.Page
	cfg      *config.Config
	messages bool // messages to Mitz are shown too
}
