// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"fmt"
	"io"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/spf13/cobra"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
)

// checkCommand is "mitz check": whether the link to Mitz works, and what is wrong if it
// does not. It loads and checks the configuration as the server does. It sends no query
// unless it is given a patient.
func checkCommand(system *core.System) *cobra.Command {
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
		// The error is told once, by who executes the command, as with the server.
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := system.Load(command.Flags()); err != nil {
				return err
			}
			engine, installed := system.FindEngineByName(moduleName).(*Engine)
			if !installed {
				return errors.New("the plugin is not installed in this node")
			}
			checked, err := engine.checkForCommand(*system.Config)
			if err != nil {
				return err
			}
			if checked.Off != "" {
				return errors.New(checked.Off + ", and so no link to check")
			}
			defer checked.Link.Close()
			question, warnings, err := flags.question(checked)
			if err != nil {
				return err
			}
			if err := engine.checkLink(command, checked, question == nil); err != nil || question == nil {
				return err
			}
			return askMitz(command, checked, *question, warnings, flags.yes)
		},
	}
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return errors.New(redactBSN(err.Error())) })
	flags.add(command.Flags())
	return command
}

// checkLink tries the link and writes what it found. last tells that nothing follows.
func (e *Engine) checkLink(command *cobra.Command, checked *config.Config, last bool) error {
	report := checked.Link.Probe(command.Context())
	findings := findingsOf(report, e.now())
	page := &page{}
	page.rows(0, [][2]string{{"Mitz", fmt.Sprintf("%s, at most %s for a query", checked.Endpoint, checked.Timeout)}})
	page.warnings(checked.SectionWarnings())
	fmt.Fprintln(page)
	failed := page.findings(findings)
	conclusion := workWords(report)
	switch {
	case failed > 0:
		conclusion = "The link does not work: begin with the first step that FAILED. No query was sent."
	case last:
		conclusion += " No query was sent: Mitz records nothing of this check."
	}
	page.paragraph(0, conclusion)
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
func workWords(report mitzclient.Report) string {
	switch {
	case !report.Encrypted:
		return "The connection works, without TLS."
	case report.Request == nil:
		return "Whether the link works is not known: no client certificate was asked for."
	case !report.Request.Presented:
		return "Whether the link works is not known: no client certificate was presented."
	default:
		return "The link works."
	}
}

// verdict is how a step of the check ended.
type verdict string

const (
	verdictOK      verdict = "ok"
	verdictWarning verdict = "warning"
	verdictFailed  verdict = "FAILED"
	verdictUntried verdict = "-"
)

// finding is what the check says of one step.
type finding struct {
	verdict verdict
	step    string
	text    string
	details []string
	advice  string // what to do about it; empty when there is nothing
}

// findings writes each finding, and tells how many steps failed.
func (p *page) findings(findings []finding) (failed int) {
	width := 0
	for _, each := range findings {
		width = max(width, len(each.step))
	}
	for _, each := range findings {
		if each.verdict == verdictFailed {
			failed++
		}
		prefix := fmt.Sprintf("%-9s%-*s  ", each.verdict, width, each.step)
		p.hanging(prefix, len(prefix), each.text)
		for _, detail := range each.details {
			p.paragraph(len(prefix), detail)
		}
		if each.advice != "" {
			p.paragraph(len(prefix), "What to do: "+each.advice)
		}
	}
	fmt.Fprintln(p)
	return failed
}
