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

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/control"
)

// performance is one run of the demo.
type performance struct {
	once   bool
	cast   cast
	out    io.Writer
	colour bool
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
	errInterrupted = errors.New("interrupted before the story ended")
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

func (p performance) play(ctx context.Context, stage *stage, page page) (err error) {
	if failed := newStory(stage, p.cast, page).play(ctx); len(failed) > 0 {
		err = errStory
	}
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case p.once:
		return err
	}
	return errors.Join(err, p.stayUp(ctx, stage, page))
}

// stayUp leaves everything running for someone to try it by hand.
func (p performance) stayUp(ctx context.Context, stage *stage, page page) error {
	if err := stage.Mitz.Record(p.cast.client.permission()); err != nil {
		return err
	}
	address, end, err := control.Control{Simulator: stage.Mitz.Simulator}.Serve("127.0.0.1:0")
	if err != nil {
		return err
	}
	defer end()
	hands, err := newByHand(stage, p.cast, address)
	if err != nil {
		return err
	}
	hands.show(page)
	<-ctx.Done()
	return nil
}
