// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/scene"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/words"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/control"
)

// performance is one run of the demo.
type performance struct {
	words    words.Words // to tell the stories in, once; nil: they are served
	commands bool        // are printed too, to try it by hand
	cast     cast
	out      io.Writer
	errors   io.Writer // for what went wrong, in technical terms
	colour   bool
}

// give plays the demo, and leaves nothing behind but the logs of what went wrong. It
// returns the exit status.
func (p performance) give(ctx context.Context) int {
	logRoot, err := os.MkdirTemp("", "nuts-mitz-demo-*")
	if err != nil {
		return p.conclude(err, "")
	}
	err = p.withTranscript(logRoot, func(p performance, log io.Writer) error { return p.onStage(ctx, log, logRoot) })
	interrupted := errors.Is(err, errInterrupted)
	if leak := harness.ScanLogs(logRoot, p.cast.bsns()); leak != nil {
		err, interrupted = errors.Join(err, fmt.Errorf("a patient's number is in a log: %w", leak)), false
	}
	if err != nil && !interrupted {
		return p.conclude(err, logRoot)
	}
	return p.conclude(errors.Join(err, os.RemoveAll(logRoot)), "")
}

// conclude says how it ended, and returns the exit status. Logs are those that are kept.
func (p performance) conclude(err error, logs string) int {
	page := page{out: p.out, colour: p.colour}
	switch {
	case err != nil:
		_, _ = fmt.Fprintf(p.errors, "\nFAILED: %v\n", err)
		if logs != "" {
			_, _ = fmt.Fprintln(p.errors, "The logs are kept in "+logs)
		}
		return failure
	case p.words != nil:
		page.line(p.words.Text("told.clean"))
		page.line(p.words.Text("told.further"))
	default:
		page.line("No patient's number is in any log, nor in what is printed above.")
	}
	return success
}

var errInterrupted = errors.New("interrupted before it was ready, or before the stories ended")

// withTranscript has all that is printed also in a file among the logs, to be searched with them.
func (p performance) withTranscript(logRoot string, play func(performance, io.Writer) error) error {
	transcript, err := os.OpenFile(filepath.Join(logRoot, "transcript.log"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// The file comes first: a terminal that went away must not keep it from being written.
	p.out = io.MultiWriter(transcript, p.out)
	err = play(p, transcript)
	if err != nil {
		_, _ = fmt.Fprintln(transcript, err)
	}
	return errors.Join(err, transcript.Close())
}

// onStage builds, plays, stays up unless told otherwise, and stops everything.
func (p performance) onStage(ctx context.Context, log io.Writer, logRoot string) error {
	stage, err := p.prepare(ctx, log, logRoot)
	switch {
	case ctx.Err() != nil:
		err = errInterrupted
	case err == nil:
		err = p.play(ctx, stage)
	}
	if stage == nil {
		return err
	}
	if p.words == nil {
		_, _ = fmt.Fprintln(p.out, "\nStopping everything ...")
	}
	return errors.Join(err, stage.Close())
}

// prepare builds the nodes and starts them, and goes on saying so. Who reads the stories is not
// told what is built and started; the log is.
func (p performance) prepare(ctx context.Context, log io.Writer, logRoot string) (*stage, error) {
	shown := &lockedWriter{out: p.out}
	progress, busy := io.Writer(shown), "  ... still busy, %s so far"
	if p.words != nil {
		progress, busy = log, p.words.Text("told.busy")
		page{out: shown}.line(p.words.Text("told.wait"))
	}
	defer keepTelling(shown, signOfLife, busy)()
	binaries, err := harness.Build(ctx, progress)
	if err != nil {
		return nil, err
	}
	return openStage(ctx, binaries, logRoot, progress)
}

// play tells the stories once, or serves the demo until it is stopped.
func (p performance) play(ctx context.Context, stage *stage) error {
	page := page{out: p.out, colour: p.colour}
	if p.words == nil {
		return p.serve(ctx, stage, page)
	}
	watching, end := context.WithCancel(ctx)
	defer end()
	config := stage.scene(p.cast)
	config.Bus = new(events.Bus) // nobody watches
	living, err := scene.New(watching, config)
	if err == nil {
		err = newTelling(living, p.words, page, p.cast).tell(ctx)
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// serve serves the demo to browsers, and prints where.
func (p performance) serve(ctx context.Context, stage *stage, page page) error {
	server, err := web.Start(web.Config{Scene: stage.scene(p.cast), Address: webAddress, Pace: webPace})
	if err != nil {
		return err
	}
	defer server.Close()
	if p.commands {
		end, err := p.printCommands(stage, page)
		if err != nil {
			return err
		}
		defer end()
	}
	page.heading("The demo is ready. Open this address in a browser on this machine")
	page.space()
	page.line("    " + page.styled(bold, server.URL))
	page.space()
	page.line(page.styled(dim, "Everything runs on this machine only. Ctrl-C stops it."))
	<-ctx.Done()
	return nil
}

const (
	// webAddress is where the demo is served, or at any other port where that one is taken.
	webAddress = "127.0.0.1:8484"
	// webPace leaves time to read a step before the next one.
	webPace = 1800 * time.Millisecond
)

// printCommands prints what someone needs to try everything by hand, and has Mitz be told what to
// do, until it is ended.
func (p performance) printCommands(stage *stage, page page) (end func(), err error) {
	if err := stage.Mitz.Record(p.cast.client.permission()); err != nil {
		return nil, err
	}
	address, end, err := control.Control{Simulator: stage.Mitz.Simulator}.Serve("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	hands, err := newByHand(stage, p.cast, address)
	if err != nil {
		end()
		return nil, err
	}
	hands.show(page)
	return end, nil
}
