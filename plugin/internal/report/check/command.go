// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package check

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
)

// Command returns "mitz check": whether the link to Mitz works, and what is wrong if it does
// not. It sends no query unless it is given a patient.
func Command(load report.Load) *cobra.Command {
	flags := &queryFlags{}
	command := &cobra.Command{
		Use:   "check",
		Short: "Tests the link to Mitz, and says in words what is wrong with it",
		Long: "Checks the configuration as the server does when it starts, connects to Mitz as the server\n" +
			"does, and says how far it came: name, connection, TLS and both certificates. Mitz is asked\n" +
			"nothing, so it records nothing, unless a patient is given with --bsn-file. It ends with an\n" +
			"error when a step FAILED. Warnings do not count.",
		// The text given is not repeated: it may be a patient's number, put in the wrong place.
		Args: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) > 0 {
				return errors.New("check takes no arguments: a patient's number goes into a file (--bsn-file)")
			}
			return nil
		},
		RunE: func(command *cobra.Command, _ []string) error {
			cfg, err := load(command)
			if err != nil {
				return err
			}
			return run(command, cfg, flags)
		},
	}
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return errors.New(redact.Text(err.Error())) })
	flags.add(command.Flags())
	return command
}

func run(command *cobra.Command, cfg *config.Config, flags *queryFlags) error {
	if cfg.Off != "" {
		return errors.New(cfg.Off + ", and so no link to check")
	}
	defer cfg.Close()
	if cfg.Link == nil {
		return checkNothing(command.OutOrStdout(), cfg, flags)
	}
	question, warnings, err := flags.question(cfg)
	if err != nil {
		return err
	}
	if err := checkLink(command, cfg, question == nil); err != nil || question == nil {
		return err
	}
	return ask(command, cfg.Link, *question, warnings, flags.yes)
}

// checkNothing tells of a configuration in which Mitz is never asked.
func checkNothing(out io.Writer, cfg *config.Config, flags *queryFlags) error {
	if *flags != (queryFlags{}) {
		return errors.New("no query can be asked: no profile has a ground for which Mitz is asked")
	}
	page := &page{}
	page.Warnings(cfg.SectionWarnings())
	page.Paragraph(0, "The configuration is in order, and there is no link to Mitz to check: no profile has a ground for which Mitz is asked. "+
		"All rests on credentials that requesters bring along.")
	_, err := io.WriteString(out, page.String())
	return err
}

// checkLink tries the link and writes what it found. last tells that nothing follows.
func checkLink(command *cobra.Command, cfg *config.Config, last bool) error {
	probed := cfg.Link.Probe(command.Context())
	page := &page{}
	page.Rows(0, [][2]string{{"Mitz", fmt.Sprintf("%s, at most %s for a query", cfg.Endpoint, cfg.Timeout)}})
	page.Warnings(cfg.SectionWarnings())
	fmt.Fprintln(page)
	findings := findingsOf(probed, time.Now())
	if cfg.NotifyURL != "" {
		findings = append(findings, notificationsFinding(command.Context(), cfg.NotifyURL, net.DefaultResolver.LookupNetIP))
	}
	failed := page.findings(findings)
	conclusion := workWords(probed)
	switch {
	case failed > 0:
		conclusion = "The link does not work: begin with the first step that FAILED. No query was sent."
	case last:
		conclusion += " No query was sent: Mitz records nothing of this check."
	}
	page.Paragraph(0, conclusion)
	if _, err := io.WriteString(command.OutOrStdout(), page.String()); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("the link to Mitz does not work: %d FAILED", failed)
	}
	return nil
}

// workWords says what a probe that did not fail has shown: that the link works only when
// this side was asked who it is, and could show it, for Mitz admits nobody else.
func workWords(probed mitzclient.Report) string {
	switch {
	case !probed.Encrypted:
		return "The connection works, without TLS."
	case probed.Request == nil:
		return "Whether the link works is not known: no client certificate was asked for."
	case !probed.Request.Presented:
		return "Whether the link works is not known: no client certificate was presented."
	default:
		return "The link works."
	}
}
