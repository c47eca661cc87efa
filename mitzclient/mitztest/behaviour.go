// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Behaviour is how the simulator treats a query that has the documented form:
// [Behaving], a [Variant], a [Fault], [HTTPStatus], [TooManyRequests] or [Slow]. A query without
// that form is refused, however the simulator behaves. [Locating] is about open queries
// instead, [Subscribing] about subscriptions, [Registering] about registrations, and [Notifying] about notifications. Behaviours can be compared with ==.
type Behaviour interface {
	// String names the behaviour, fit for the name of a test.
	String() string
	// decide returns the decisions for the log, from those on record.
	decide(onRecord consent.Decisions) consent.Decisions
	respond(*exchange)
}

var (
	_ Behaviour = Behaving{}
	_ Behaviour = Fault(0)
	_ Behaviour = HTTPStatus(0)
	_ Behaviour = TooManyRequests(0)
	_ Behaviour = Slow(0)
)

// Behaving is to answer from the consents on record.
type Behaving struct{}

// String returns "behaving".
func (Behaving) String() string                                      { return "behaving" }
func (Behaving) decide(onRecord consent.Decisions) consent.Decisions { return onRecord }
func (Behaving) respond(x *exchange)                                 { x.answer() }

// HTTPStatus is to answer with this status, from 400 to 599, and a line of text.
// Other values count as 500.
type HTTPStatus int

// String returns for example "status 503".
func (h HTTPStatus) String() string                           { return "status " + strconv.Itoa(h.code()) }
func (HTTPStatus) decide(consent.Decisions) consent.Decisions { return nil }
func (h HTTPStatus) respond(x *exchange)                      { x.fail(h.code()) }

func (h HTTPStatus) code() int {
	if h < 400 || h > 599 {
		return http.StatusInternalServerError
	}
	return int(h)
}

// TooManyRequests is to answer with status 429 and this duration as Retry-After,
// rounded up to seconds (RFC 9110, section 10.2.3).
type TooManyRequests time.Duration

// String returns for example "too many requests, retry after 1m0s".
func (t TooManyRequests) String() string {
	return fmt.Sprintf("too many requests, retry after %s", time.Duration(t))
}
func (TooManyRequests) decide(consent.Decisions) consent.Decisions { return nil }
func (t TooManyRequests) respond(x *exchange) {
	x.w.Header().Set("Retry-After", strconv.Itoa(t.seconds()))
	x.fail(http.StatusTooManyRequests)
}

func (t TooManyRequests) seconds() int {
	return int((time.Duration(t) + time.Second - 1) / time.Second)
}

// Slow is to answer from the consents on record, but only after this duration.
type Slow time.Duration

// String returns for example "slow by 2s".
func (d Slow) String() string                                    { return fmt.Sprintf("slow by %s", time.Duration(d)) }
func (Slow) decide(onRecord consent.Decisions) consent.Decisions { return onRecord }
func (d Slow) respond(x *exchange) {
	timer := time.NewTimer(time.Duration(d))
	defer timer.Stop()
	x.await(timer.C)
	x.answer()
}

// Misbehave makes the simulator behave so for every closed query until [Simulator.Behave], or for
// every open query, subscription or notification when it is a [Locating], [Subscribing] or [Notifying]. Nil means
// [Behaving].
func (s *Simulator) Misbehave(b Behaviour) {
	s.conduct.mu.Lock()
	defer s.conduct.mu.Unlock()
	s.conduct.planOf(b).lasting = b
}

// MisbehaveTowards makes the simulator behave so for every query on behalf of one
// requester until [Simulator.Behave], whatever else it was told. Nil ends that.
func (s *Simulator) MisbehaveTowards(requester consent.URA, b Behaviour) {
	s.conduct.mu.Lock()
	defer s.conduct.mu.Unlock()
	if s.conduct.towards == nil {
		s.conduct.towards = map[consent.URA]Behaviour{}
	}
	s.conduct.towards[requester] = b
}

// MisbehaveOnce makes the simulator behave so for the next queries (open queries, subscriptions,
// notifications), one each, in this order and after those of earlier calls; then as before.
func (s *Simulator) MisbehaveOnce(b ...Behaviour) {
	s.conduct.mu.Lock()
	defer s.conduct.mu.Unlock()
	for _, each := range b {
		plan := s.conduct.planOf(each)
		plan.once = append(plan.once, each)
	}
}

// Behave ends all misbehaviour, except towards queries that are under way. Notifications
// that were kept back are sent, oldest first.
func (s *Simulator) Behave() {
	s.conduct.mu.Lock()
	s.conduct.queries, s.conduct.subscribing, s.conduct.notifying, s.conduct.registering, s.conduct.towards = plan{}, plan{}, plan{}, plan{}, nil
	s.conduct.locating = plan{}
	s.conduct.mu.Unlock()
	s.postman.release()
}

// conduct is how to treat what is to come.
type conduct struct {
	mu                                                     sync.Mutex
	queries, locating, subscribing, notifying, registering plan
	towards                                                map[consent.URA]Behaviour // closed queries alone
}

// plan is how to treat one kind of thing.
type plan struct {
	lasting Behaviour
	once    []Behaviour
}

func (c *conduct) planOf(b Behaviour) *plan {
	switch b.(type) {
	case Locating:
		return &c.locating
	case Subscribing:
		return &c.subscribing
	case Notifying:
		return &c.notifying
	case Registering:
		return &c.registering
	default:
		return &c.queries
	}
}

func (p *plan) next() Behaviour {
	next := p.lasting
	if len(p.once) > 0 {
		next, p.once = p.once[0], p.once[1:]
	}
	if next == nil {
		return Behaving{}
	}
	return next
}

func (c *conduct) next(requester consent.URA) Behaviour {
	c.mu.Lock()
	defer c.mu.Unlock()
	if towards := c.towards[requester]; towards != nil {
		return towards
	}
	return c.queries.next()
}

func (c *conduct) nextLocating() Behaviour {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.locating.next()
}

func (c *conduct) nextSubscribing() Behaviour {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.subscribing.next()
}

func (c *conduct) nextRegistering() Behaviour {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.registering.next()
}

func (c *conduct) nextNotifying() Behaviour {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.notifying.next()
}
