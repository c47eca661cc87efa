// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Command demo plays the three scenarios as a story for people who need not know Nuts, Mitz or
// OAuth: a midwife asks a hospital for the notes of an earlier pregnancy, then a birth centre
// that has no Mitz, and then with consent that she recorded herself. Three real nodes, a
// simulator of Mitz and record servers run on loopback; every step is checked, and a step that
// did not come out as it must is shown as such.
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

const usage = `Plays a story: a midwife asks a hospital for the notes of an earlier pregnancy, and
gets them only when the patient has given consent in Mitz, or to the midwife herself
under the Mitz agreements. It builds the Nuts nodes (a first time takes minutes) and
runs three of them, a simulator of Mitz and record servers, all on this machine only. Afterwards everything stays up, to try it by hand.

Usage: make run                 or  bin/demo
       make run ARGS=--once     or  bin/demo --once

  --once   End after the story. The exit status is 0 only if every step came out as it
           must and no log holds a patient's number, and 1 otherwise.
  --help   Show this.

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
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	once := flags.Bool("once", false, "")
	err := flags.Parse(arguments)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("no arguments are expected, only flags")
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(stdout, usage)
		return success
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "%v\n\n%s", err, usage)
		return misuse
	}
	return performance{once: *once, cast: theCast(), out: stdout, colour: colour}.give(ctx)
}
