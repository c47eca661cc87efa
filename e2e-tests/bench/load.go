// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// startDelay is between the decision to start and the first shot, so that the first is
// not late for having been the first.
const startDelay = 10 * time.Millisecond

// pace is a schedule of arrivals that does not depend on the answers (an open loop).
type pace struct {
	count int
	rate  int // a second; 0: all at once
}

// after is when a shot is due, counted from the first.
func (p pace) after(i int) time.Duration {
	if p.rate == 0 {
		return 0
	}
	return time.Duration(i) * time.Second / time.Duration(p.rate)
}

// shot is one request.
type shot struct {
	Latency time.Duration // from when it was due, whenever it was sent
	Lag     time.Duration // how much later than due it was sent
	Outcome outcome
}

// outcome is how a request ended: "token", an OAuth error's code, or what else there was.
type outcome string

const (
	gotToken     outcome = "token"
	gotPermit    outcome = "permit" // a bare client's
	accessDenied outcome = "access_denied"
	serverError  outcome = "server_error"
	expired      outcome = "expired" // the node came to the presentation too late
	noAnswer     outcome = "no answer"
)

// fire sends each shot when it is due, whether or not the earlier ones were answered,
// and waits for all. Latency counts from when a shot was due: had it counted from the
// sending, a stall would hide the requests that it holds up (coordinated omission).
//
// wait is [sleepPrecisely], except where time is not the real one.
func fire(ctx context.Context, p pace, wait func(context.Context, time.Time) bool, send func(ctx context.Context, i int) outcome) (shots []shot, took time.Duration) {
	shots = make([]shot, p.count)
	first := time.Now().Add(startDelay)
	var group sync.WaitGroup
	for i := range shots {
		due := first.Add(p.after(i))
		if !wait(ctx, due) {
			shots[i].Outcome = noAnswer
			continue
		}
		group.Go(func() {
			sent := time.Now()
			outcome := send(ctx, i)
			shots[i] = shot{Latency: time.Since(due), Lag: sent.Sub(due), Outcome: outcome}
		})
	}
	group.Wait()
	return shots, time.Since(first)
}

// sleepUntil reports whether the time came before the end of the context.
func sleepUntil(ctx context.Context, due time.Time) bool {
	wait := time.Until(due)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// dozeTime is how long before a shot is due the waiting becomes precise.
const dozeTime = 3 * time.Millisecond

// sleepPrecisely is [sleepUntil] with less lag.
func sleepPrecisely(ctx context.Context, due time.Time) bool {
	if !sleepUntil(ctx, due.Add(-dozeTime)) {
		return false
	}
	for left := time.Until(due); left > 0; left = time.Until(due) {
		doze(left)
	}
	return ctx.Err() == nil
}

// count counts the shots that ended so.
func count(shots []shot, outcome outcome) int {
	n := 0
	for _, each := range shots {
		if each.Outcome == outcome {
			n++
		}
	}
	return n
}

// endings says how often the shots ended how.
func endings(shots []shot) string {
	counts := map[outcome]int{}
	for _, each := range shots {
		counts[each.Outcome]++
	}
	var texts []string
	for _, outcome := range slices.Sorted(maps.Keys(counts)) {
		texts = append(texts, fmt.Sprintf("%s %d", outcome, counts[outcome]))
	}
	return strings.Join(texts, ", ")
}
