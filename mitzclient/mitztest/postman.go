// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// maxWaiting is how many notifications may wait; more are given up.
	maxWaiting = 100_000
	// maxSending is how many are sent at once, to different subscriptions.
	maxSending = 16
	// sendingLimit bounds the sending of one.
	sendingLimit = 10 * time.Second
	// maxReply is how many bytes of a reply are read, so that the connection serves again.
	maxReply = 64 << 10
)

// parcel is one notification on its way.
type parcel struct {
	to        Subscription
	state     state
	behaviour Behaviour
}

// postman sends notifications: those of one subscription one after the other, in the order in
// which they were taken. Each is sent once, whatever is answered.
type postman struct {
	sim     *Simulator
	client  *http.Client
	ctx     context.Context // ends with the simulator
	cancel  context.CancelFunc
	sending chan struct{} // one for each that is being sent
	running sync.WaitGroup

	mu      sync.Mutex
	ended   bool
	waiting int                 // in queues and kept
	limit   int                 // of waiting
	queues  map[string][]parcel // by subscription; one that is there has a goroutine
	kept    []parcel            // late or reordered, oldest first
	idle    []chan struct{}     // closed when no queue is left
}

func (m *postman) start(s *Simulator, transport *http.Transport) {
	m.sim = s
	m.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.sending = make(chan struct{}, maxSending)
	m.queues, m.limit = map[string][]parcel{}, maxWaiting
}

// end gives up what waits or is under way.
func (m *postman) end() {
	m.mu.Lock()
	m.ended = true
	m.mu.Unlock()
	m.cancel()
}

func (m *postman) wait() {
	m.running.Wait()
	m.client.CloseIdleConnections()
}

// take queues a notification, keeps it, or gives it up.
func (m *postman) take(p parcel) {
	if p.behaviour == NotifyingNever {
		m.sim.settle(p, 0, "told never to send it")
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.ended:
		return
	case m.waiting >= m.limit:
		m.sim.settle(p, 0, "too many wait")
		return
	}
	m.waiting++
	overtaken := slices.IndexFunc(m.kept, func(each parcel) bool {
		return each.behaviour == NotifyingReordered && each.to.ID == p.to.ID
	})
	if p.behaviour == NotifyingLate || p.behaviour == NotifyingReordered && overtaken < 0 {
		m.kept = append(m.kept, p)
		return
	}
	m.queue(p)
	if overtaken >= 0 {
		m.queue(m.kept[overtaken])
		m.kept = slices.Delete(m.kept, overtaken, overtaken+1)
	}
}

// release queues what was kept.
func (m *postman) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.kept {
		m.queue(p)
	}
	m.kept = nil
}

// queue has a goroutine send it. The caller holds the lock.
func (m *postman) queue(p parcel) {
	if m.ended {
		return
	}
	_, runs := m.queues[p.to.ID]
	m.queues[p.to.ID] = append(m.queues[p.to.ID], p)
	if !runs {
		m.running.Go(func() { m.run(p.to.ID) })
	}
}

// settled returns what is closed when nothing is queued or being sent.
func (m *postman) settled() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	done := make(chan struct{})
	if len(m.queues) == 0 {
		close(done)
	} else {
		m.idle = append(m.idle, done)
	}
	return done
}

// run sends the notifications of one subscription until none is left.
func (m *postman) run(subscription string) {
	for {
		select {
		case m.sending <- struct{}{}:
		case <-m.ctx.Done():
			return
		}
		p, found := m.next(subscription)
		if found {
			m.send(p)
		}
		<-m.sending
		if !found {
			return
		}
	}
}

func (m *postman) next(subscription string) (p parcel, found bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	queue := m.queues[subscription]
	if len(queue) == 0 {
		delete(m.queues, subscription)
		if len(m.queues) == 0 {
			for _, each := range m.idle {
				close(each)
			}
			m.idle = nil
		}
		return p, false
	}
	m.queues[subscription] = queue[1:]
	m.waiting--
	return queue[0], true
}

// send sends a notification and notes the answer.
func (m *postman) send(p parcel) {
	if !m.sim.subscribers.has(p.to.ID) {
		m.sim.settle(p, 0, "the subscription was ended")
		return
	}
	message := p.message()
	times := 1
	if p.behaviour == NotifyingTwice {
		times = 2
	}
	for range times {
		status, err := m.post(message)
		if m.ctx.Err() != nil {
			return
		}
		m.sim.settle(p, status, problemOf(err))
	}
}

func (m *postman) post(message message) (status int, err error) {
	ctx, cancel := context.WithTimeout(m.ctx, sendingLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, message.url, strings.NewReader(message.body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", message.mediaType)
	response, err := m.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxReply))
	return response.StatusCode, nil
}

// problemOf leaves out the URL, which is a secret, and what could be a patient's number.
func problemOf(err error) string {
	if err == nil {
		return ""
	}
	if failed, isURL := errors.AsType[*url.Error](err); isURL {
		err = failed.Err
	}
	return nineDigits.ReplaceAllString(err.Error(), "[number]")
}

// transport returns what carries notifications.
func (cfg Config) transport() *http.Transport {
	transport := &http.Transport{}
	if cfg.Notify != nil {
		transport = cfg.Notify.Clone()
	}
	if transport.DialContext == nil {
		dialer := &net.Dialer{}
		if !cfg.BeyondLoopback {
			dialer.Control = onlyLoopback
		}
		transport.DialContext = dialer.DialContext
	}
	transport.MaxIdleConnsPerHost = maxSending
	return transport
}

// onlyLoopback refuses to dial another address.
func onlyLoopback(_, address string, _ syscall.RawConn) error {
	if at, err := netip.ParseAddrPort(address); err != nil || !at.Addr().IsLoopback() {
		return errors.New("notifications go to loopback addresses only")
	}
	return nil
}
