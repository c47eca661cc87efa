// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Command mitz-simulator is the simulator of Mitz for whoever does not write Go: it makes
// its own certificates, takes consents from a file, and is told over HTTP what to do.
// docs/simulator.md begins with nothing and ends with a Permit.
//
// It must never serve real patients, write a patient's number to its log, or leave behind
// anything but the certificates that it was asked to make.
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

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main without the process around it. It returns the exit status.
func run(ctx context.Context, arguments []string, stdin io.Reader, stdout, stderr io.Writer) int {
	options, err := parseOptions(arguments)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(stdout, usage)
		return success
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "mitz-simulator: %v\n\nmitz-simulator --help tells more.\n", err)
		return misuse
	}
	if err := options.simulate(ctx, stdin, stdout, stderr); err != nil {
		_, _ = fmt.Fprintf(stderr, "mitz-simulator: %v\n", err)
		return failure
	}
	return success
}
