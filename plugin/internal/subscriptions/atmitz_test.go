// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// sent is a message that arrived.
type sent struct {
	at        time.Time
	ends      string                  // the id; empty: it subscribes
	subscribe mitzclient.Subscription // else
}

// atMitz is Mitz: the same question again has the same id, as in the simulator.
type atMitz struct {
	takes time.Duration // each message
	// byPatient says that a question is the same where only patient and data holder are.
	byPatient bool

	mu         sync.Mutex
	answer     func(sent) error // nil: all is well; called before anything changes
	lost       func(sent) bool  // whether the answer gets lost; may be nil
	begun      func(sent)       // is told when a message arrives, once; may be nil
	messages   []sent
	running    int
	most       int // at once
	next       int
	live       map[string]mitzclient.Subscription
	byQuestion map[string]string // ids
}

var _ Mitz = (*atMitz)(nil)

func newMitz() *atMitz {
	return &atMitz{takes: 50 * time.Millisecond, live: map[string]mitzclient.Subscription{}, byQuestion: map[string]string{}}
}

// behave has Mitz answer so from now on; nil: all is well.
func (m *atMitz) behave(answer func(sent) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = answer
}

func (m *atMitz) arrive(ctx context.Context, message sent) error {
	m.mu.Lock()
	message.at = time.Now()
	m.messages = append(m.messages, message)
	m.running++
	m.most = max(m.most, m.running)
	answer, begun := m.answer, m.begun
	m.begun = nil
	m.mu.Unlock()
	if begun != nil {
		begun(message)
	}
	timer := time.NewTimer(m.takes)
	defer timer.Stop()
	var err error
	select {
	case <-timer.C:
	case <-ctx.Done():
		err = &mitzclient.Error{Code: mitzclient.Canceled, Attempts: 1}
	}
	if err == nil && answer != nil {
		err = answer(message)
	}
	m.mu.Lock()
	m.running--
	m.mu.Unlock()
	return err
}

func (m *atMitz) Subscribe(ctx context.Context, subscription mitzclient.Subscription) (string, error) {
	if err := m.arrive(ctx, sent{subscribe: subscription}); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	id, again := m.byQuestion[m.question(subscription)]
	if _, lives := m.live[id]; again && lives {
		return id, m.isLost(sent{subscribe: subscription})
	}
	m.next++
	id = fmt.Sprintf("at-mitz-%d", m.next)
	m.live[id], m.byQuestion[m.question(subscription)] = subscription, id
	return id, m.isLost(sent{subscribe: subscription})
}

// isLost returns an error when the answer to a message gets lost.
func (m *atMitz) isLost(message sent) error {
	if m.lost != nil && m.lost(message) {
		return &mitzclient.Error{Code: mitzclient.Timeout, Attempts: 1}
	}
	return nil
}

// lose has answers get lost from now on.
func (m *atMitz) lose(lost func(sent) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lost = lost
}

// forget has Mitz know no subscription any more.
func (m *atMitz) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.live)
}

// meanwhile has something done once, while the next message is on its way.
func (m *atMitz) meanwhile(do func(sent)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.begun = do
}

// question is what is the same when the same is asked again.
func (m *atMitz) question(s mitzclient.Subscription) string {
	question := s.Patient.Expose() + fmt.Sprint(s.DataHolder)
	if !m.byPatient {
		question += strings.Join([]string{s.NotifyURL, s.BirthDate, s.GatewaySystem, s.SourceSystem, s.Payload}, " ")
	}
	return question
}

func (m *atMitz) EndSubscription(ctx context.Context, id string) error {
	if err := m.arrive(ctx, sent{ends: id}); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, there := m.live[id]; !there {
		return status(404)
	}
	delete(m.live, id)
	return m.isLost(sent{ends: id})
}

// known returns the ids of the subscriptions there are.
func (m *atMitz) known() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.live))
}

func (m *atMitz) received() []sent {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.messages)
}

// status is an answer with another status.
func status(code int) *mitzclient.Error {
	details := map[int]string{400: "bad_request", 403: "unauthorized", 404: "not_found", 422: "unprocessable", 429: "throttled"}
	return &mitzclient.Error{
		Code: mitzclient.HTTPStatus, Detail: cmp.Or(details[code], "unavailable"), Status: code, Attempts: 1, RequestID: "5f4dcc3b-5aa7-465d-8327-deb882cf99ad",
	}
}

// proxied is an answer of what stands before Mitz.
func proxied(code int) *mitzclient.Error {
	failure := status(code)
	failure.Detail = "not_fhir"
	return failure
}

func always(err error) func(sent) error { return func(sent) error { return err } }
