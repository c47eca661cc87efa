// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// floodFactor is how much longer an honest requester may take beside a stranger.
	floodFactor = 2.0
	// floodConnections is over how many connections a stranger floods the node.
	floodConnections = 16
)

// floodRow is what an honest requester got while a stranger sent one kind of request as
// fast as it could, and what that took.
type floodRow struct {
	name          string
	honest        []shot
	sent          int
	took          time.Duration
	node, clients time.Duration // of a processor: our node, and all that sends requests
}

// p50 is the honest requester's latency, in milliseconds.
func (r floodRow) p50() float64 { return milliseconds(percentile(sortedBy(r.honest, latencyOf), 50)) }

// cores is how many processors something kept busy.
func (r floodRow) cores(used time.Duration) float64 { return used.Seconds() / r.took.Seconds() }

// measureFloods has an honest requester ask alone, beside a flood of requests that are
// refused at once, and beside one of the costliest. All share the processors of this
// machine, also with the strangers' own client: the second shows how much that takes. They
// take turns, so that what else the machine does disturbs them alike.
func (s *scene) measureFloods(ctx context.Context, p plan, guarded, strange *target) ([]floodRow, error) {
	rows := []floodRow{{name: "alone"}, {name: "beside as large requests that are refused at once"}, {name: "beside the costliest requests"}}
	for range p.floodRounds {
		costly, err := s.costliest(ctx, guarded, 10*p.unverified)
		if err != nil {
			return nil, err
		}
		refused := make([]string, len(costly))
		for i, body := range costly {
			refused[i] = "unknown=" + strings.Repeat("x", len(body)-len("unknown="))
		}
		for i, bodies := range [][]string{nil, refused, costly} {
			if err := rows[i].round(ctx, s, p, guarded, strange, bodies); err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}

// costliest makes requests of the kind that costs the node most.
func (s *scene) costliest(ctx context.Context, t *target, count int) ([]string, error) {
	kinds := s.unverifiedKinds(t)
	bodies := make([]string, count)
	for i := range bodies {
		var err error
		if bodies[i], err = kinds[len(kinds)-1].body(ctx); err != nil {
			return nil, err
		}
	}
	return bodies, nil
}

// round adds what happens while the honest requester asks for a second or two.
func (r *floodRow) round(ctx context.Context, s *scene, p plan, guarded, strange *target, bodies []string) error {
	honest, err := guarded.permitted(ctx, pace{rate: 10, count: p.unverified / 2})
	if err != nil {
		return err
	}
	used := func() (node, clients time.Duration, err error) {
		if node, err = processTime(s.ours.PID()); err == nil {
			clients, err = processTime(os.Getpid())
		}
		return node, clients, err
	}
	nodeBefore, clientsBefore, err := used()
	if err != nil {
		return err
	}
	began := time.Now()
	stop := func() int { return 0 }
	if len(bodies) > 0 {
		stop = strange.flood(ctx, bodies)
	}
	shots, _, err := honest(ctx)
	r.sent += stop()
	if err != nil {
		return err
	}
	r.took += time.Since(began)
	r.honest = append(r.honest, shots...)
	nodeAfter, clientsAfter, err := used()
	r.node, r.clients = r.node+nodeAfter-nodeBefore, r.clients+clientsAfter-clientsBefore
	return err
}

// flood sends the bodies again and again until stop is called, which tells how many it sent.
func (t *target) flood(ctx context.Context, bodies []string) (stop func() int) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	var sent atomic.Int64
	for i := range floodConnections {
		all.Go(func() {
			for j := i; ctx.Err() == nil; j += floodConnections {
				t.send(ctx, bodies[j%len(bodies)])
				sent.Add(1)
			}
		})
	}
	return func() int {
		cancel()
		all.Wait()
		return int(sent.Load())
	}
}
