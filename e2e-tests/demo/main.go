// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Command demo shows, for people who need not know Nuts, Mitz or OAuth, how a patient's consent
// decides about medical data: a midwife asks a hospital for the notes of an earlier pregnancy, then
// a birth centre that has no Mitz, and then with consent that she recorded herself. Three real
// nodes, a simulator of Mitz and record servers run on loopback. Package web serves the stories to a
// browser; with --once they are played one after the other and told in the terminal. Every step is
// checked, and one that did not come out as it must is shown as such.
//
// It must never listen beyond loopback, print a patient's number, or leave a process or
// a temporary file behind. Only logs that show what went wrong are kept.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses.
const (
	success = iota
	failure
	misuse // of the command line
)

const usage = `Shows in a browser how a patient's consent decides about medical data: a midwife
asks a hospital for the notes of an earlier pregnancy, and gets them only when the
patient agrees. It builds the Nuts nodes (a first time takes minutes), runs three of
them, a simulator of Mitz and record servers, all on this machine only, and prints
the address to open.

Usage: make run                  or  bin/demo
       make run ARGS=--once      or  bin/demo --once

  --once      Tell the stories in the terminal instead, and end. The exit status is 0
              only if every story ended as it must and no log holds a patient's
              number, and 1 otherwise: what was wrong is then on standard error.
  --language  nl or en, for --once. The default is that of the terminal (LC_ALL,
              LC_MESSAGES or LANG) where it is Dutch, and English otherwise.
  --commands  Print commands too, to make each call by hand: as a requester in all
              three scenarios, as a record server, and to verify the audit file.
  --help      Show this.

Without --once, Ctrl-C stops everything. Temporary files are removed at the end; logs
are kept only if something went wrong. Set NO_COLOR to have no colours.
`

func main() {
	// A reader that went away ("| head") must not keep the demo from cleaning up.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, wantsColour(os.Stdout))
	stop()
	os.Exit(code)
}

// run is main without the process around it. It returns the exit status.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer, colour bool) int {
	p, err := parse(arguments)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(stdout, usage)
		return success
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "%v\n\n%s", err, usage)
		return misuse
	}
	p.cast, p.out, p.errors, p.colour = theCast(), stdout, stderr, colour
	return p.give(ctx)
}

// parse reads the command line. The error is [flag.ErrHelp] when help is asked for.
func parse(arguments []string) (p performance, err error) {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	once := flags.Bool("once", false, "")
	language := flags.String("language", "", "")
	flags.BoolVar(&p.commands, "commands", false, "")
	switch err := flags.Parse(arguments); {
	case err != nil:
		return p, err
	case flags.NArg() > 0:
		return p, errors.New("no arguments are expected, only flags")
	case *once && p.commands:
		return p, errors.New("--commands is for a demo that stays up: --once ends it")
	case *language != "" && !*once:
		return p, errors.New("--language is for --once: a browser chooses its own")
	case *once:
		p.words, err = readWords(*language, os.Getenv)
		return p, err
	default:
		return p, nil
	}
}
