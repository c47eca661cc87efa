// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import "time"

// plan says how much to measure.
type plan struct {
	only      string // measured are the parts whose names hold this; empty: all
	warmUp    time.Duration
	rounds    int
	roundTime time.Duration // at most 4 s: presentations are signed before a round
	rate      int           // requests a second
	slowRate  int           // to the Mitz that takes 100 ms

	besideRounds int
	besideTime   time.Duration

	decisionRate int // requests a second to the decision point

	unverified  int // requests of each kind
	floodRounds int
	soak        time.Duration // 0: none

	tokensInMemory, tokensInRedis int // live ones while consent is withdrawn
	withdrawals, introspections   int
	tokensIssued                  int // at each of two nodes that are compared
	subscribers                   int // patients
	notifying, changes            int // of the subscribers, how many change their minds, and how often
}

// fullPlan takes about ten minutes.
func fullPlan() plan {
	return plan{
		warmUp: time.Second, rounds: 8, roundTime: 2500 * time.Millisecond, rate: 50, slowRate: 100,
		besideRounds: 2, besideTime: 2500 * time.Millisecond,
		decisionRate: 1000, unverified: 40, floodRounds: 3,
		tokensInMemory: 10_000, tokensInRedis: 100_000, withdrawals: 300, introspections: 3000, tokensIssued: 1000,
		subscribers: 100_000, notifying: 10_000, changes: 2,
	}
}

// quickPlan takes about half a minute.
func quickPlan() plan {
	p := fullPlan()
	p.warmUp, p.rounds, p.roundTime = 300*time.Millisecond, 2, time.Second
	p.besideRounds, p.besideTime = 1, time.Second
	p.unverified = 20
	p.floodRounds = 2
	p.tokensInMemory, p.tokensInRedis, p.withdrawals, p.introspections = 500, 100_000, 50, 300
	p.tokensIssued = 200
	p.subscribers, p.notifying = 5000, 5000
	return p
}
