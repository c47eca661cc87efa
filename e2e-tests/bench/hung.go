// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

const (
	// hungRate is the arrival rate while Mitz hangs.
	hungRate = 50
	// openLimit is in what time a breaker that is open must refuse.
	openLimit = 10 * time.Millisecond
	// recoveryLimit is how long to wait for a token once Mitz answers again.
	recoveryLimit = 30 * time.Second
)

// hungRow is what became of the requests while Mitz did not answer.
type hungRow struct {
	timeout   time.Duration
	waiting   []shot // sent before anything had failed
	following []shot // sent after that
	unguarded []shot // sent then too, for a scope of which Mitz is not asked
	recovery  []float64
}

// broken tells whether the node stopped asking: a breaker opened.
func (r hungRow) broken() bool {
	latencies := sortedBy(r.following, latencyOf)
	return len(latencies) > 0 && percentile(latencies, 50) < r.timeout/2
}

func (r hungRow) wrong() int {
	return len(r.waiting) + len(r.following) + len(r.unguarded) -
		count(r.waiting, serverError) - count(r.following, serverError) - count(r.unguarded, gotToken)
}

// measureHung has Mitz hang for a node of its own, which gives up sooner.
func (s *scene) measureHung(ctx context.Context, p plan) (hungRow, error) {
	result := hungRow{timeout: p.hungTimeout}
	section, err := s.mitzSection(p.hungTimeout.String())
	if err != nil {
		return result, err
	}
	node, err := s.startDataHolder(ctx, s.ourNode("hung", section))
	if err != nil {
		return result, err
	}
	guarded, err := s.target(ctx, node, scopeGuarded)
	unguarded, unguardedErr := s.target(ctx, node, scopePlain)
	err = errors.Join(err, unguardedErr)
	for range p.hungRounds {
		if err == nil {
			err = result.round(ctx, s, guarded, unguarded, p)
		}
	}
	return result, errors.Join(err, node.Stop())
}

// round starts and ends with a Mitz that answers, and with a node that is warm.
func (r *hungRow) round(ctx context.Context, s *scene, guarded, unguarded *target, p plan) error {
	if _, err := awaitToken(ctx, guarded); err != nil {
		return err
	}
	if _, err := volleyAt(ctx, unguarded, p.openCount); err != nil {
		return err
	}
	s.mitz.ResetLog()
	s.mitz.Misbehave(mitztest.Hanging)
	defer s.mitz.Behave()
	waiting, err := volleyAt(ctx, guarded, p.hungCount)
	if err != nil {
		return err
	}
	following, err := volleyAt(ctx, guarded, p.openCount)
	if err != nil {
		return err
	}
	beside, err := volleyAt(ctx, unguarded, p.openCount)
	if err != nil {
		return err
	}
	s.mitz.Behave()
	took, err := awaitToken(ctx, guarded)
	if err != nil {
		return err
	}
	r.waiting = slices.Concat(r.waiting, waiting)
	r.following = slices.Concat(r.following, following)
	r.unguarded = slices.Concat(r.unguarded, beside)
	r.recovery = append(r.recovery, took.Seconds())
	return nil
}

func volleyAt(ctx context.Context, target *target, count int) ([]shot, error) {
	send, err := target.permitted(ctx, pace{count: count, rate: hungRate})
	if err != nil {
		return nil, err
	}
	shots, _, err := send(ctx)
	return shots, err
}

// awaitToken asks until there is a token, and says how long that took.
func awaitToken(ctx context.Context, target *target) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, recoveryLimit)
	defer cancel()
	started := time.Now()
	for {
		send, err := target.permitted(ctx, pace{count: 1})
		if err != nil {
			return 0, err
		}
		if shots, _, err := send(ctx); err == nil && shots[0].Outcome == gotToken {
			return time.Since(started), nil
		}
		if !sleepUntil(ctx, time.Now().Add(20*time.Millisecond)) {
			return 0, fmt.Errorf("no token within %s of Mitz answering", recoveryLimit)
		}
	}
}
