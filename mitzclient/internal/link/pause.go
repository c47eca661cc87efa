// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/recent"
)

const (
	// defaultPause is for an answer 429 that names no time. One of 503 says nothing then.
	defaultPause = time.Second
	// maxPause bounds what an answer can ask for: no single header may stop the
	// exchange of care data for a day.
	maxPause = 5 * time.Minute
	// pauseAll parties, of whom nobody else got an answer meanwhile, must have been asked to
	// before everybody pauses.
	pauseAll = 3
)

// pause leaves Mitz alone when it answered with status 429 (RFC 6585, section 4), or with 503 and
// a time (RFC 9110, section 10.2.3), for as long as it asked: calls are refused at once, none is
// kept waiting. Only the party whose message met that pauses, since it may be the one that asks
// too much; when Mitz says so to several, with no answer to anybody in between, it means all of us.
//
// The call that met it fails with it and is not repeated: a second in which
// Mitz can be asked again rarely fits in what is left of a token request, and holding
// calls back for it would send them all at the same moment.
type pause struct {
	next   exchanger
	paused func(d time.Duration, everybody bool) // may be nil

	mu  sync.Mutex
	all time.Time // until when everybody pauses
	own *recent.Recent[string, time.Time]
	met map[string]bool // who was asked to since Mitz last answered anybody
}

var _ exchanger = (*pause)(nil)

func newPause(next exchanger, paused func(time.Duration, bool)) *pause {
	return &pause{
		next: next, paused: paused,
		own: recent.New[string, time.Time](maxPause, maxParties), met: map[string]bool{},
	}
}

// Exchange fails with [RateLimited] while the pause lasts, with detail "requester" when it is
// the party's own; nothing was sent then.
func (p *pause) Exchange(ctx context.Context, c Call) *Failure {
	if failure := p.refusal(c.By); failure != nil {
		return failure
	}
	failure := p.next.Exchange(ctx, c)
	switch {
	case failure == nil:
		p.answered()
	case asksForLess(failure):
		p.extend(c.By, failure.RetryAfter)
	}
	return failure
}

// asksForLess reports whether Mitz, or what stands before it, asked to be left alone.
func asksForLess(failure *Failure) bool {
	return failure.Status == http.StatusTooManyRequests || failure.Status == http.StatusServiceUnavailable && failure.RetryAfter > 0
}

// refusal is nil when a call would be let through now.
func (p *pause) refusal(who string) *Failure {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if rest := p.all.Sub(now); rest > 0 {
		return &Failure{Code: RateLimited, RetryAfter: rest}
	}
	if until := p.own.Get(now, who); until != nil && until.After(now) {
		failure := heldBack(RateLimited)
		failure.RetryAfter = until.Sub(now)
		return failure
	}
	return nil
}

func (p *pause) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.met)
}

// extend never makes a pause end earlier.
func (p *pause) extend(who string, asked time.Duration) {
	if asked <= 0 {
		asked = defaultPause
	}
	asked = min(asked, maxPause)
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	until := now.Add(asked)
	if len(p.met) < pauseAll {
		p.met[who] = true
	}
	everybody := len(p.met) >= pauseAll
	ends := p.own.Of(now, who)
	if everybody {
		ends = &p.all
	}
	if !until.After(*ends) {
		return
	}
	*ends = until
	if p.paused != nil {
		p.paused(asked, everybody)
	}
}

// lasts reports whether everybody pauses, or all that ask do: whoever was asked to, while
// nobody else gets an answer.
func (p *pause) lasts() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for who := range p.met {
		if until := p.own.Get(now, who); until != nil && until.After(now) {
			return true
		}
	}
	return p.all.After(now)
}

// held adds the parties that pause, when not everybody does.
func (p *pause) held(parties map[string]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for who, until := range p.own.All(now) {
		if until.After(now) {
			parties[who] = true
		}
	}
}
