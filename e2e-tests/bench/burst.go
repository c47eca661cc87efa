// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// burstDelay is how long Mitz takes for each query of a burst.
const burstDelay = 50 * time.Millisecond

// burst is many requests at once.
type burst struct {
	shots                         []shot
	took                          time.Duration
	memBefore, memMost, memBehind int64 // bytes
}

// burstRow is the bursts of one size.
type burstRow struct {
	size   int
	bursts []burst
}

// burstAnswers counts how the requests of a row ended.
type burstAnswers struct {
	tokens, denials int // where they are due
	busy            int // refused with server_error
	expired         int // presentations that were still waiting when their five seconds were over
	wrong           int // everything else
}

func (r burstRow) answers() (a burstAnswers) {
	for _, each := range r.bursts {
		for i, shot := range each.shots {
			switch {
			case shot.Outcome == gotToken && !mustBeDenied(i):
				a.tokens++
			case shot.Outcome == accessDenied && mustBeDenied(i):
				a.denials++
			case shot.Outcome == serverError:
				a.busy++
			case shot.Outcome == expired:
				a.expired++
			default:
				a.wrong++
			}
		}
	}
	return a
}

func (r burstRow) shots() (all []shot) {
	for _, each := range r.bursts {
		all = append(all, each.shots...)
	}
	return all
}

func (r burstRow) over(value func(burst) float64) spread {
	values := make([]float64, len(r.bursts))
	for i, each := range r.bursts {
		values[i] = value(each)
	}
	return spreadOf(values)
}

// measureBursts sends bursts of each size in turns. Half of the requests are about a
// patient for whom Mitz denies, so that an answer that went astray is seen.
func (s *scene) measureBursts(ctx context.Context, p plan) ([]burstRow, error) {
	target, err := s.target(ctx, s.ours, scopeGuarded)
	if err != nil {
		return nil, err
	}
	s.mitz.Misbehave(mitztest.Slow(burstDelay))
	defer s.mitz.Behave()
	rows := make([]burstRow, len(p.bursts))
	for range p.burstRounds {
		for i, size := range p.bursts {
			one, err := s.burst(ctx, target, size)
			if err != nil {
				return nil, err
			}
			rows[i].size = size
			rows[i].bursts = append(rows[i].bursts, one)
		}
	}
	return rows, nil
}

func (s *scene) burst(ctx context.Context, target *target, size int) (burst, error) {
	s.mitz.ResetLog()
	// The times in a presentation are whole seconds: signed late in one it lives shorter.
	if !sleepUntil(ctx, time.Now().Truncate(time.Second).Add(time.Second)) {
		return burst{}, ctx.Err()
	}
	send, err := target.mixed(ctx, pace{count: size})
	if err != nil {
		return burst{}, err
	}
	watch, err := watchMemory(s.ours.PID())
	if err != nil {
		return burst{}, err
	}
	shots, took, err := send(ctx)
	before, most, behind := watch.end()
	return burst{shots: shots, took: took, memBefore: before, memMost: most, memBehind: behind}, err
}

// memoryWatch looks at the memory of a process from time to time.
type memoryWatch struct {
	pid               int
	stop              chan struct{}
	group             sync.WaitGroup
	first, most, last int64
}

// memoryInterval is short beside a burst and long beside a look.
const memoryInterval = 20 * time.Millisecond

func watchMemory(pid int) (*memoryWatch, error) {
	first, err := residentMemory(pid)
	if err != nil {
		return nil, err
	}
	watch := &memoryWatch{pid: pid, stop: make(chan struct{}), first: first, most: first, last: first}
	watch.group.Go(watch.run)
	return watch, nil
}

func (w *memoryWatch) run() {
	ticker := time.NewTicker(memoryInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			w.look()
		case <-w.stop:
			w.look()
			return
		}
	}
}

func (w *memoryWatch) look() {
	if now, err := residentMemory(w.pid); err == nil {
		w.last, w.most = now, max(w.most, now)
	}
}

func (w *memoryWatch) end() (first, most, last int64) {
	close(w.stop)
	w.group.Wait()
	return w.first, w.most, w.last
}
