// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package stories

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/scene"
)

// The states of a step.
const (
	Waiting = "waiting"
	Running = "running"
	Done    = "done"
	Failed  = "failed" // it did not come out as it must
)

// Run is how far a story is.
type Run struct {
	Story  string
	Steps  []string // the state of each step
	First  int      // the number of the last event before it
	Ended  bool
	Failed bool
}

// Player plays one story at a time.
type Player struct {
	ctx   context.Context // of all plays
	scene *scene.Scene
	bus   *events.Bus
	pace  time.Duration

	plays sync.WaitGroup
	mu    sync.Mutex
	run   *Run
}

// NewPlayer returns a player that waits so long before each step, for who watches. Plays end with
// the context.
func NewPlayer(ctx context.Context, living *scene.Scene, bus *events.Bus, pace time.Duration) *Player {
	return &Player{ctx: ctx, scene: living, bus: bus, pace: pace}
}

// Wait waits until nothing is played.
func (p *Player) Wait() { p.plays.Wait() }

// Run returns how far the last story is; nil: none was played.
func (p *Player) Run() *Run {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.run == nil {
		return nil
	}
	run := *p.run
	run.Steps = slices.Clone(run.Steps)
	return &run
}

// Play begins a story. The error is [scene.ErrUnknown], or [scene.ErrBusy] when something else is
// being done.
func (p *Player) Play(key string) error {
	all := All()
	at := slices.IndexFunc(all, func(each Story) bool { return each.Key == key })
	if at < 0 {
		return scene.ErrUnknown
	}
	waiting, cancel := context.WithTimeout(p.ctx, time.Second)
	defer cancel()
	release, err := p.scene.Hold(waiting)
	if err != nil {
		return err
	}
	story := all[at]
	p.mu.Lock()
	p.run = &Run{Story: key, Steps: slices.Repeat([]string{Waiting}, len(story.Steps)), First: p.bus.Last()}
	p.mu.Unlock()
	p.plays.Go(func() {
		defer release()
		p.play(story)
	})
	return nil
}

func (p *Player) play(story Story) {
	err := Perform(p.ctx, p.scene, story, func(step int, state string) {
		p.change(func(run *Run) {
			if step == 0 && state == Running {
				run.First = p.bus.Last() // what made everything as in the beginning is not of the story
			}
			run.Steps[step] = state
		})
		if state == Running {
			p.rest()
		}
	})
	p.change(func(run *Run) { run.Ended, run.Failed = true, err != nil })
}

// rest leaves time to read what was.
func (p *Player) rest() {
	timer := time.NewTimer(p.pace)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.ctx.Done():
	}
}

// change changes the run, and has the pages look at it.
func (p *Player) change(how func(*Run)) {
	p.mu.Lock()
	how(p.run)
	p.mu.Unlock()
	p.bus.Nudge()
}
