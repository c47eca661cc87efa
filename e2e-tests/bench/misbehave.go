// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

const (
	// besideDelay is how long Mitz takes for an honest query.
	besideDelay = 50 * time.Millisecond
	// honestRate and oddRate are arrivals a second, of a requester that does what it should,
	// and of one that does not. So many cost the node little time to verify: what is measured
	// is the link, and not the processor.
	honestRate = 10
	oddRate    = 15
	// besideFactor is how much longer the honest one may take beside the other.
	besideFactor = 2
	// tokenLimit is how long to wait for a first token.
	tokenLimit = 30 * time.Second
)

// way is a way in which a requester misbehaves, or nobody does.
type way struct {
	name      string
	behaviour mitztest.Behaviour // of Mitz towards the other requester; nil: there is none
	tokens    bool               // which gets them all the same
}

func waysToMisbehave() []way {
	return []way{
		{name: "alone"},
		{name: "many requests", behaviour: mitztest.Slow(2500 * time.Millisecond), tokens: true},
		{name: "questions that Mitz does not answer", behaviour: mitztest.Hanging},
		{name: "a fault Sender, status 500", behaviour: mitztest.SenderFaultWith500},
		{name: "a fault Receiver", behaviour: mitztest.ReceiverFault},
		{name: "status 503", behaviour: mitztest.HTTPStatus(503)},
		{name: "status 429 for five minutes", behaviour: mitztest.TooManyRequests(5 * time.Minute)},
		{name: "status 101", behaviour: mitztest.SwitchingProtocols},
	}
}

// besideRow is what an honest requester got while another misbehaved in one way.
type besideRow struct {
	way
	honest []shot
	odd    []shot
}

func (r besideRow) wrong() int {
	wrong := len(r.honest) - count(r.honest, gotToken)
	if !r.tokens {
		wrong += count(r.odd, gotToken)
	}
	return wrong
}

// latency is a percentile of the honest requester's, in milliseconds.
func (r besideRow) latency(p float64) float64 {
	return milliseconds(percentile(sortedBy(r.honest, latencyOf), p))
}

// measureBeside has a requester misbehave in each way, at a node of its own, while another
// asks as it does alone.
func (s *scene) measureBeside(ctx context.Context, p plan) ([]besideRow, error) {
	section, err := s.mitzSection("")
	if err != nil {
		return nil, err
	}
	node, err := s.startDataHolder(ctx, s.ourNode("beside", section))
	if err != nil {
		return nil, err
	}
	target, err := s.target(ctx, node, scopeGuarded)
	if err == nil {
		err = awaitToken(ctx, target) // it is warm
	}
	rows := make([]besideRow, len(waysToMisbehave()))
	for round := range p.besideRounds {
		for i, each := range waysToMisbehave() {
			if err == nil {
				rows[i].way = each
				// In each turn another organisation: none is held back for what was before.
				err = rows[i].turn(ctx, s, target, p, consent.URA(fmt.Sprintf("9%02d%05d", round, i)))
			}
		}
	}
	return rows, errors.Join(err, node.Stop())
}

// turn lets both ask for as long as a round takes.
func (r *besideRow) turn(ctx context.Context, s *scene, target *target, p plan, ura consent.URA) error {
	s.mitz.Behave()
	s.mitz.Misbehave(mitztest.Slow(besideDelay))
	defer s.mitz.Behave()
	seconds := p.besideTime.Seconds()
	misbehave := func(context.Context) ([]shot, time.Duration, error) { return nil, 0, nil }
	if r.behaviour != nil {
		pass, err := s.uzi.Issue(harness.UZISubject{Organization: "Another", Locality: "Utrecht", URA: string(ura), AGB: "08001234"})
		if err != nil {
			return err
		}
		credentials, err := s.credentials(pass, mitztest.PatientAlwaysPermit)
		if err != nil {
			return err
		}
		misbehave, err = target.load(ctx, pace{count: max(1, int(seconds*oddRate)), rate: oddRate}, func(int) []harness.Credential { return credentials })
		if err != nil {
			return err
		}
		s.mitz.MisbehaveTowards(ura, r.behaviour)
	}
	ask, err := target.permitted(ctx, pace{count: max(1, int(seconds*honestRate)), rate: honestRate})
	if err != nil {
		return err
	}
	var both sync.WaitGroup
	var odd, honest []shot
	var oddErr, honestErr error
	both.Go(func() { odd, _, oddErr = misbehave(ctx) })
	both.Go(func() { honest, _, honestErr = ask(ctx) })
	both.Wait()
	r.odd, r.honest = slices.Concat(r.odd, odd), slices.Concat(r.honest, honest)
	return errors.Join(oddErr, honestErr)
}

// awaitToken asks until there is a token.
func awaitToken(ctx context.Context, target *target) error {
	ctx, cancel := context.WithTimeout(ctx, tokenLimit)
	defer cancel()
	for {
		send, err := target.permitted(ctx, pace{count: 1})
		if err != nil {
			return err
		}
		if shots, _, err := send(ctx); err == nil && shots[0].Outcome == gotToken {
			return nil
		}
		if !sleepUntil(ctx, time.Now().Add(20*time.Millisecond)) {
			return fmt.Errorf("no token within %s", tokenLimit)
		}
	}
}
