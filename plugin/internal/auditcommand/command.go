// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package auditcommand has the commands about the NEN 7513 log: whether it is whole, and what
// it says of one patient. They only read. A patient's number is never given on a command line,
// and no error repeats what a file holds.
package auditcommand

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
)

// New returns the command "audit" with all that belongs to it. Where no file is given, the
// configured one is read.
func New(load report.Load) *cobra.Command {
	group := &cobra.Command{
		Use: "audit", Short: "Commands about the audit file (NEN 7513)",
		SilenceErrors: true, SilenceUsage: true,
		RunE: func(command *cobra.Command, arguments []string) error {
			if len(arguments) == 0 {
				return command.Help()
			}
			return fmt.Errorf("no such command: see '%s --help'", command.CommandPath())
		},
	}
	for _, command := range []*cobra.Command{verifyCommand(load), showCommand(load), keyCommand(load)} {
		// The error is told once, by who executes the command, as with the server.
		command.SilenceErrors, command.SilenceUsage = true, true
		// What is given is not repeated: it may be a patient's number, put in the wrong place.
		command.Args = func(*cobra.Command, []string) error { return nil }
		run := command.RunE
		command.RunE = func(command *cobra.Command, arguments []string) error {
			if len(arguments) > 0 {
				return errors.New("this takes no arguments: a file is given with --file, a patient's number in a file with --patient-file")
			}
			return run(command, arguments)
		}
		command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return errors.New(redact.Text(err.Error())) })
		group.AddCommand(command)
	}
	return group
}

// files are those that a command reads, oldest first.
type files struct {
	given []string
	load  report.Load
}

func (f *files) add(command *cobra.Command) {
	command.Flags().StringArrayVar(&f.given, "file", nil,
		"Audit file to read, also one that was rotated away; packed if its name ends in .gz. Give several, oldest first. The configured one if not given.")
}

// paths returns the files that were given, or the configured one.
func (f *files) paths(command *cobra.Command) ([]string, error) {
	if len(f.given) > 0 {
		return f.given, nil
	}
	loaded, err := f.load(command)
	if err != nil {
		return nil, err
	}
	if loaded.Link != nil {
		loaded.Link.Close()
	}
	if loaded.Off != "" {
		return nil, errors.New(loaded.Off + ", and so no audit file: give one with --file")
	}
	if loaded.Audit.File == "" {
		return nil, errors.New("no audit file is configured (mitz.audit.file): give one with --file")
	}
	return []string{loaded.Audit.File}, nil
}
