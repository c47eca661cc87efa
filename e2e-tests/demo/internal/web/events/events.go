// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package events carries what passed between the parties of the demo to whoever watches: who
// told whom what, and when.
//
// A message must never hold a patient's number, a token, or a secret path. Who publishes one masks
// it first.
package events

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Party is somebody who sends or gets messages.
type Party string

// The parties, from the requester to the patient.
const (
	Stranger        Party = "stranger"
	PracticeSystem  Party = "practice-system"
	PracticeNode    Party = "practice-node"
	CentreNode      Party = "centre-node"
	CentreRecords   Party = "centre-records"
	HospitalNode    Party = "hospital-node"
	HospitalRecords Party = "hospital-records"
	Mitz            Party = "mitz"
	Patient         Party = "patient"
	CIBG            Party = "cibg"
	Vektis          Party = "vektis"
)

// Order is the order in which the parties stand beside each other.
var order = []Party{Stranger, PracticeSystem, PracticeNode, CIBG, Vektis, CentreNode, CentreRecords, HospitalRecords, HospitalNode, Mitz, Patient}

// Order returns the order in which parties stand beside each other.
func Order() []Party { return slices.Clone(order) }

// Mood is how good a message is for who asked.
type Mood string

// The moods.
const (
	Plain   Mood = "plain"
	Good    Mood = "good"
	Refused Mood = "refused"
	Broken  Mood = "broken" // it could not be told
)

// Fact is something that a message says, for who wants to read it.
type Fact struct {
	Name  string // a key of the dictionaries, after "fact."
	Value string // as it is, masked
	Word  bool   // the value is a key of the dictionaries
}

// Event is one message that passed.
type Event struct {
	ID       int // from 1, one more for each
	Time     time.Time
	From, To Party
	Kind     string // a key of the dictionaries, after "event."
	Mood     Mood
	About    string // the patient's key; empty: nobody
	Facts    []Fact
}

// kept is how many events are remembered.
const kept = 300

// Bus passes events on. Its zero value is ready.
type Bus struct {
	mu       sync.Mutex
	last     int
	history  []Event
	watchers map[chan Event]struct{}
	now      func() time.Time // nil: time.Now
}

// Publish numbers and dates an event, and passes it on. Who is too slow misses it.
func (b *Bus) Publish(event Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	event.ID = b.last
	if event.Time.IsZero() {
		now := b.now
		if now == nil {
			now = time.Now
		}
		event.Time = now()
	}
	if event.Mood == "" {
		event.Mood = Plain
	}
	b.history = append(b.history, event)
	if surplus := len(b.history) - kept; surplus > 0 {
		b.history = slices.Delete(b.history, 0, surplus)
	}
	b.pass(event)
}

// Nudge passes on an event that is none, without a number: something else than a message changed.
func (b *Bus) Nudge() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pass(Event{})
}

func (b *Bus) pass(event Event) {
	for watcher := range b.watchers {
		select {
		case watcher <- event:
		default:
		}
	}
}

// Since returns the events that are remembered, after one with this number, the oldest first.
func (b *Bus) Since(id int) []Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	first := slices.IndexFunc(b.history, func(event Event) bool { return event.ID > id })
	if first < 0 {
		return nil
	}
	return slices.Clone(b.history[first:])
}

// Last is the number of the last event; 0: there was none.
func (b *Bus) Last() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

// backlog is how many events wait for who watches.
const backlog = 64

// Watch returns the events from now on, until the context ends.
func (b *Bus) Watch(ctx context.Context) <-chan Event {
	watcher := make(chan Event, backlog)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watchers == nil {
		b.watchers = map[chan Event]struct{}{}
	}
	b.watchers[watcher] = struct{}{}
	context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.watchers, watcher)
	})
	return watcher
}
