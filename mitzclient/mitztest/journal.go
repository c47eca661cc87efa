// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Query is a closed query as Mitz notes it and shows it to the patient: who asked,
// about whom, for whom. However it is printed, the patient's number is not; compare
// that with [consent.BSN.Equal].
type Query struct {
	consent.Question // the categories in the order asked

	Time          time.Time
	RequestID     string // header X-Request-Id
	MessageID     string // wsa:MessageID
	ClientSubject string // distinguished name in the client's certificate (RFC 2253)
	// Decisions are those in the answer; nil when it was faulty, or none was given.
	Decisions consent.Decisions
	// Behaviour is how the simulator behaved.
	Behaviour Behaviour
}

// String tells who asked what, without the patient's number.
func (q Query) String() string {
	return fmt.Sprintf("%s: %s (%s) asked %v of %s (%s) about [BSN] for %s, request %s: %v",
		q.Time.UTC().Format(time.RFC3339), q.Requester.URA, q.Requester.FacilityType, q.Categories,
		q.DataHolder.URA, q.DataHolder.FacilityType, q.Purpose, q.RequestID, q.Decisions)
}

// Refusal is an HTTP request that was neither a query nor a subscription in the documented form.
type Refusal struct {
	Time          time.Time
	Status        int    // HTTP status
	Reason        string // what was wrong; never repeats what was received
	ClientSubject string
}

// journal notes what came in. Whoever waits for it to change holds changed.
type journal struct {
	mu        sync.Mutex
	received  int
	cancelled int
	queries   []Query
	located   []LocationQuery
	refusals  []Refusal
	notified  []Notification
	claimed   map[string]bool // ids of requests and assertions, for as long as the simulator lives
	changed   chan struct{}   // closed at the next change
}

// Queries returns the queries so far, oldest first. One is there before it is
// answered, and also when the simulator misbehaves.
func (s *Simulator) Queries() []Query {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	queries := slices.Clone(s.journal.queries)
	for i := range queries {
		queries[i].Categories = slices.Clone(queries[i].Categories)
		if mandated := queries[i].Requester.Mandated; mandated != nil {
			queries[i].Requester.Mandated = new(*mandated)
		}
		queries[i].Decisions = maps.Clone(queries[i].Decisions)
	}
	return queries
}

// Refusals returns the requests that were refused, oldest first.
func (s *Simulator) Refusals() []Refusal {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return slices.Clone(s.journal.refusals)
}

// Received counts all HTTP requests, refused ones included. A connection that
// failed its TLS handshake made none.
func (s *Simulator) Received() int {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.received
}

// Cancelled counts queries whose client went away before it had its answer, as far
// as the simulator could see: while it was slow, hung or sent without end.
func (s *Simulator) Cancelled() int {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.cancelled
}

// ResetLog empties the log and sets the counts to zero. Request ids that were used
// stay used, and subscriptions stay.
func (s *Simulator) ResetLog() {
	s.journal.change(func(j *journal) {
		j.received, j.cancelled, j.queries, j.located, j.refusals, j.notified = 0, 0, nil, nil, nil, nil
	})
}

// WaitForQueries waits until the log holds at least n queries. The error is the context's.
func (s *Simulator) WaitForQueries(ctx context.Context, n int) error {
	return s.journal.wait(ctx, func(j *journal) bool { return len(j.queries) >= n })
}

// WaitForLocationQueries waits until the log holds at least n open queries. The error is the
// context's.
func (s *Simulator) WaitForLocationQueries(ctx context.Context, n int) error {
	return s.journal.wait(ctx, func(j *journal) bool { return len(j.located) >= n })
}

// WaitForCancelled waits until at least n queries were cancelled. The error is the context's.
func (s *Simulator) WaitForCancelled(ctx context.Context, n int) error {
	return s.journal.wait(ctx, func(j *journal) bool { return j.cancelled >= n })
}

func (j *journal) receive()       { j.change(func(j *journal) { j.received++ }) }
func (j *journal) cancel()        { j.change(func(j *journal) { j.cancelled++ }) }
func (j *journal) record(q Query) { j.change(func(j *journal) { j.queries = append(j.queries, q) }) }
func (j *journal) refuse(r Refusal) {
	j.change(func(j *journal) { j.refusals = append(j.refusals, r) })
}

func (j *journal) notify(n Notification) {
	j.change(func(j *journal) { j.notified = append(j.notified, n) })
}

// claim reports whether a request id is new, and makes it a used one.
func (j *journal) claim(requestID string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	requestID = strings.ToLower(requestID)
	if j.claimed[requestID] {
		return false
	}
	if j.claimed == nil {
		j.claimed = map[string]bool{}
	}
	j.claimed[requestID] = true
	return true
}

func (j *journal) change(how func(*journal)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	how(j)
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
}

func (j *journal) wait(ctx context.Context, until func(*journal) bool) error {
	for {
		j.mu.Lock()
		if until(j) {
			j.mu.Unlock()
			return nil
		}
		if j.changed == nil {
			j.changed = make(chan struct{})
		}
		changed := j.changed
		j.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
