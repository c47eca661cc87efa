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
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/scene"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/control"
)

// performance is one run of the demo.
type performance struct {
	once     bool
	commands bool // are printed too, to try it by hand
	cast     cast
	out      io.Writer
	colour   bool
}

// give plays the story, and leaves nothing behind but the logs of what went wrong. It
// returns the exit status.
func (p performance) give(ctx context.Context) int {
	logRoot, err := os.MkdirTemp("", "nuts-mitz-demo-*")
	if err != nil {
		_, _ = fmt.Fprintln(p.out, "FAILED:", err)
		return failure
	}
	err = p.withTranscript(logRoot, func(page page) error { return p.onStage(ctx, page, logRoot) })
	leak := harness.ScanLogs(logRoot, p.cast.bsns())
	worthKeeping := leak != nil || (err != nil && !errors.Is(err, errInterrupted))
	if !worthKeeping {
		err = errors.Join(err, os.RemoveAll(logRoot))
	}
	return p.conclude(err, leak, logRoot, worthKeeping)
}

// conclude says how it ended, and returns the exit status.
func (p performance) conclude(err, leak error, logRoot string, kept bool) int {
	page := page{out: p.out, colour: p.colour}
	if leak != nil {
		err = errors.Join(err, fmt.Errorf("a patient's number is in a log: %w", leak))
	}
	if err == nil {
		page.line("No patient's number is in any log, nor in what is printed above.")
		return success
	}
	page.space()
	page.line(page.styled(red, "FAILED: ") + err.Error())
	if kept {
		page.line("The logs are kept in " + logRoot)
	}
	return failure
}

var (
	errStory       = errors.New("the story did not come out as it must: see the steps above")
	errInterrupted = errors.New("interrupted before it was ready, or before the story ended")
)

// withTranscript has all that is printed also in a file among the logs, to be searched
// with them.
func (p performance) withTranscript(logRoot string, play func(page) error) error {
	transcript, err := os.OpenFile(filepath.Join(logRoot, "transcript.log"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// The file comes first: a terminal that went away must not keep it from being written.
	err = play(page{out: io.MultiWriter(transcript, p.out), colour: p.colour})
	return errors.Join(err, transcript.Close())
}

// onStage builds, plays, stays up unless told otherwise, and stops everything.
func (p performance) onStage(ctx context.Context, page page, logRoot string) error {
	stage, err := p.prepare(ctx, page, logRoot)
	switch {
	case ctx.Err() != nil:
		err = errInterrupted
	case err == nil:
		err = p.play(ctx, stage, page)
	}
	if stage == nil {
		return err
	}
	page.space()
	page.line("Stopping everything ...")
	return errors.Join(err, stage.Close())
}

func (p performance) prepare(ctx context.Context, page page, logRoot string) (*stage, error) {
	binaries, err := build(ctx, page.out)
	if err != nil {
		return nil, err
	}
	return openStage(ctx, binaries, p.cast, logRoot, page.out)
}

// play tells the story once, or serves the demo until it is stopped.
func (p performance) play(ctx context.Context, stage *stage, page page) error {
	if !p.once {
		return p.serve(ctx, stage, page)
	}
	failed := newStory(stage, p.cast, page).play(ctx)
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case len(failed) > 0:
		return errStory
	default:
		return nil
	}
}

// serve serves the demo to browsers, and prints where.
func (p performance) serve(ctx context.Context, stage *stage, page page) error {
	server, err := web.Start(web.Config{
		Cast: p.cast.scene(), World: stage.World, Centre: stage.centre, CentreSessions: stage.centreSessions, Address: webAddress, Pace: webPace,
		AuditFiles: map[string]string{scene.Hospital: stage.Path(hospitalAudit), scene.Centre: stage.Path(centreAudit)},
	})
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
