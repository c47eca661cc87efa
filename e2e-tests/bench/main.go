// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Command bench measures what consent costs: the token endpoint of a stock node and of
// ours, side by side in one run, and what else the design promises about speed. It prints
// tables, and beside each target whether it was reached; a missed one is no failure, a
// request that ended as it must not is.
//
// The load generator, the simulator of Mitz and the nodes share one machine. It must
// never listen beyond loopback, print a patient's number, or leave a process or a
// temporary file behind.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// Exit statuses.
const (
	success = iota
	failure
	misuse // of the command line
)

const usage = `Measures what consent costs, on real nodes on this machine, and prints tables.

Usage: make bench                     or  bin/bench
       make bench ARGS="--quick"      or  bin/bench --quick

  --quick     Fewer rounds: about a minute instead of about ten.
  --tokens N  How many tokens are alive in a node's memory while consent is withdrawn; 10000, or 500 with
              --quick. Each has to be asked for.
  --only X    Only the parts whose names hold X, such as withdrawals.
  --soak 10m  Afterwards, keep a node busy for so long and print its memory every minute.
  --help      Show this.

The exit status is 0 if every request ended as it must, whether or not a target was
reached, and 1 otherwise. Linux only: processor time and memory come from /proc.
`

func main() {
	signal.Ignore(syscall.SIGPIPE) // a reader that went away must not keep it from cleaning up
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := success
	if os.Getenv(bareVariable) == "" {
		code = run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	} else if err := beBareClient(context.WithoutCancel(ctx), os.Stdin, os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bare client:", err)
		code = failure
	}
	stop()
	os.Exit(code)
}

// run is main without the process around it. It returns the exit status.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	quick := flags.Bool("quick", false, "")
	soak := flags.Duration("soak", 0, "")
	tokens := flags.Int("tokens", 0, "")
	only := flags.String("only", "", "")
	err := flags.Parse(arguments)
	if err == nil && (flags.NArg() > 0 || *soak < 0 || *tokens < 0) {
		err = errors.New("no arguments are expected, only flags, and no negative time")
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(stdout, usage)
		return success
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "%v\n\n%s", err, usage)
		return misuse
	}
	p := fullPlan()
	if *quick {
		p = quickPlan()
	}
	p.soak, p.only = *soak, *only
	if *tokens > 0 {
		p.tokensInMemory = *tokens
	}
	binaries, err := harness.Build(ctx, stderr)
	if err == nil {
		err = bench(ctx, binaries, "", p, stdout, stderr)
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "FAIL:", err)
		return failure
	}
	return success
}

// bench measures everything and prints it.
func bench(ctx context.Context, binaries harness.Binaries, logRoot string, p plan, out, progress io.Writer) error {
	printMachine(out)
	measured, err := measure(ctx, binaries, logRoot, p, out, progress)
	if err != nil {
		return err
	}
	return measured.complaint()
}

// measure prints each table as soon as it is there.
func measure(ctx context.Context, binaries harness.Binaries, logRoot string, p plan, out, progress io.Writer) (results, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // the generator's own collections disturb the nodes
	measured := results{plan: p}
	parts, err := partsNamed(p.only)
	if err != nil {
		return measured, err
	}
	_, _ = fmt.Fprintln(progress, "Starting nodes ...")
	s, err := newScene(ctx, binaries, logRoot)
	if err != nil {
		return measured, err
	}
	for _, part := range parts {
		_, _ = fmt.Fprintf(progress, "Measuring %s ...\n", part.name)
		if err := part.measure(ctx, s, p, &measured); err != nil {
			return measured, errors.Join(fmt.Errorf("%s: %w", part.name, err), s.Close())
		}
		part.print(out, measured)
	}
	if p.soak > 0 {
		err = s.soak(ctx, p, out)
	}
	return measured, errors.Join(err, s.Close())
}

// printMachine says what the numbers depend on.
func printMachine(out io.Writer) {
	load := "unknown"
	if content, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = strings.Join(strings.Fields(string(content))[:3], " ")
	}
	_, _ = fmt.Fprintf(out, `nuts-mitz bench, %s
%d processors, %s, %s/%s, load average before: %s
The load generator, the simulator of Mitz and the nodes share this machine, so that they take time from each other.

`, time.Now().UTC().Format("2006-01-02 15:04 UTC"), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, load)
}
