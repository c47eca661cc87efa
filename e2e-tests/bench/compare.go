// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// contestant is one row of the comparison.
type contestant struct {
	name      string
	process   int // id of the node, or of the bare client
	rate      int // requests a second
	behaviour mitztest.Behaviour
	want      outcome
	asksMitz  bool
	load      func(context.Context, pace) (volley, error)
}

// round is one turn of a contestant.
type round struct {
	shots     []shot
	took      time.Duration
	cpuTime   time.Duration // processor time of the node
	ownTime   time.Duration // and of this process: generator and simulator
	elseTime  time.Duration // and of everything else on this machine
	queries   int           // requests that Mitz received
	memBefore int64         // its resident memory, in bytes
	memAfter  int64
}

// row is a contestant with its rounds.
type row struct {
	contestant
	rounds []round
}

// wrong counts the requests that did not end as they must, and queries too many or too few.
func (r row) wrong() int {
	wrong, queries := 0, r.queries()
	for _, each := range r.rounds {
		wrong += len(each.shots) - count(each.shots, r.want)
	}
	expected := 0
	if r.asksMitz {
		expected = r.requests()
	}
	wrong += max(queries-expected, expected-queries)
	return wrong
}

// queries counts what Mitz received.
func (r row) queries() (n int) {
	for _, each := range r.rounds {
		n += each.queries
	}
	return n
}

func (r row) requests() (n int) {
	for _, each := range r.rounds {
		n += len(each.shots)
	}
	return n
}

// The rows of the comparison.
const (
	rowStock = iota
	rowUnguarded
	rowGuarded
	rowBuiltIn
	rowSlow
	rowBare
)

// contestants are in the order of the constants.
func (s *scene) contestants(ctx context.Context, p plan, bare *bareClient) ([]contestant, error) {
	all := []contestant{
		{name: "a stock node, unguarded", process: s.stock.PID(), rate: p.rate, want: gotToken},
		{name: "b our node, unguarded", process: s.ours.PID(), rate: p.rate, want: gotToken},
		{name: "c our node, guarded, same definition", process: s.ours.PID(), rate: p.rate, want: gotToken, asksMitz: true},
		{name: "d our node, guarded, built-in definition", process: s.ours.PID(), rate: p.rate, want: gotToken, asksMitz: true},
		{name: "e as c, Mitz takes 100 ms", process: s.ours.PID(), rate: p.slowRate, want: gotToken, asksMitz: true, behaviour: mitztest.Slow(100 * time.Millisecond)},
		{name: "f bare client, no node", process: bare.pid(), load: bare.load, rate: p.rate, want: gotPermit, asksMitz: true},
	}
	for i, at := range []struct {
		node  *harness.Node
		scope string
	}{{s.stock, scopePlain}, {s.ours, scopePlain}, {s.ours, scopeGuarded}, {s.ours, scopeBuiltIn}, {s.ours, scopeGuarded}} {
		target, err := s.target(ctx, at.node, at.scope)
		if err != nil {
			return nil, err
		}
		all[i].load = target.permitted
	}
	return all, nil
}

// compare lets the contestants take turns, so that what disturbs the machine hits all
// alike; each round begins with another one. A first round warms up and does not count.
func (s *scene) compare(ctx context.Context, p plan) (rows []row, err error) {
	bare, err := s.startBareClient()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, bare.close()) }()
	contestants, err := s.contestants(ctx, p, bare)
	if err != nil {
		return nil, err
	}
	rows = make([]row, len(contestants))
	for i, each := range contestants {
		rows[i].contestant = each
		if _, err := s.turn(ctx, each, p.warmUp); err != nil {
			return nil, err
		}
	}
	for number := range p.rounds {
		for i := range rows {
			current := &rows[(i+number)%len(rows)]
			turn, err := s.turn(ctx, current.contestant, p.roundTime)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", current.name, err)
			}
			current.rounds = append(current.rounds, turn)
		}
	}
	return rows, nil
}

// turn fires at a contestant for this long.
func (s *scene) turn(ctx context.Context, c contestant, length time.Duration) (round, error) {
	p := pace{count: max(1, int(length.Seconds()*float64(c.rate))), rate: c.rate}
	s.mitz.Misbehave(c.behaviour)
	defer s.mitz.Behave()
	s.mitz.ResetLog()
	send, err := c.load(ctx, p)
	if err != nil {
		return round{}, err
	}
	runtime.GC() // of what came before; not in the middle of the measuring
	before, err := gaugesOf(c.process)
	if err != nil {
		return round{}, err
	}
	shots, took, err := send(ctx)
	if err != nil {
		return round{}, err
	}
	after, err := gaugesOf(c.process)
	if err != nil {
		return round{}, err
	}
	return round{
		shots: shots, took: took, queries: s.mitz.Received(),
		cpuTime: after.process - before.process, ownTime: after.own - before.own,
		elseTime:  max(0, after.machine-before.machine-(after.process-before.process)-(after.own-before.own)),
		memBefore: before.memory, memAfter: after.memory,
	}, nil
}

// gauges are readings of what is measured, of this process and of the machine.
type gauges struct {
	process, own, machine time.Duration
	memory                int64
}

func gaugesOf(pid int) (g gauges, err error) {
	var processErr, machineErr, memoryErr error
	g.own, err = processTime(os.Getpid())
	g.process, processErr = processTime(pid)
	g.machine, machineErr = machineTime()
	g.memory, memoryErr = residentMemory(pid)
	return g, errors.Join(err, processErr, machineErr, memoryErr)
}
