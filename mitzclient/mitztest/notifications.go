// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"context"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Notification is what became of one notification: it was sent, once, or it never will be.
type Notification struct {
	Time         time.Time // when that was known
	Subscription string    // its id
	DataHolder   consent.URA
	Category     consent.Category
	Behaviour    Behaviour // [Behaving] or a [Notifying]
	Status       int       // the HTTP status that was answered; 0 when none was
	Problem      string    // why none was
}

// Notifications returns the notifications so far, in the order in which they were answered.
// One that is kept back is not among them yet.
func (s *Simulator) Notifications() []Notification {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return slices.Clone(s.journal.notified)
}

// WaitForNotifications waits until there are at least n notifications. The error is the context's.
func (s *Simulator) WaitForNotifications(ctx context.Context, n int) error {
	return s.journal.wait(ctx, func(j *journal) bool { return len(j.notified) >= n })
}

// WaitUntilTold waits until no notification is on its way. Those that are kept back are not. The
// error is the context's.
func (s *Simulator) WaitUntilTold(ctx context.Context) error {
	select {
	case <-s.postman.settled():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// notify queues what is to be told after these consents of a patient changed: for each data
// holder and category the state as it is now. The caller holds s.changing, so that what is told
// later is the later state.
func (s *Simulator) notify(patient consent.BSN, changed []scope) {
	told := map[scope]bool{}
	for _, about := range changed {
		about.requesterType = ""
		if told[about] {
			continue
		}
		told[about] = true
		subscriptions := s.subscribers.to(patient, about.dataHolder)
		if len(subscriptions) == 0 {
			continue
		}
		now := state{category: about.category, at: s.clock()}
		now.permitted, now.refused = s.register.kinds(patient, about.dataHolder, about.category)
		for _, each := range subscriptions {
			s.postman.take(parcel{to: each, state: now, behaviour: s.conduct.nextNotifying()})
		}
	}
}

// settle notes and logs what became of a notification.
func (s *Simulator) settle(p parcel, status int, problem string) {
	n := Notification{
		Time: s.clock(), Subscription: p.to.ID, DataHolder: p.to.DataHolder, Category: p.state.category,
		Behaviour: p.behaviour, Status: status, Problem: problem,
	}
	s.logNotification(n)
	s.journal.notify(n)
}
