// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Hooks tell what happens on a link, for logs and metrics; a [Trace] tells of one consult.
// Each may be nil. They are called while a consult or the link waits for them: return at
// once, and do not call the link.
type Hooks struct {
	CircuitChanged func(CircuitState)                    // its new state
	HeldBack       func()                                // a requester whose queries fail is refused for a while, the others are not
	Paused         func(d time.Duration, everybody bool) // Mitz asked to be left alone; for how long it is, by everybody or by one requester
	Overdue        func()                                // a query did not end when its time was over, and was left behind
	Reloaded       func(notAfter time.Time)              // changed TLS files are in use; when the client certificate expires
	ReloadFailed   func(error)                           // changed TLS files are not, once for each change
}

// Link is a [Client] that can be relied on: every consult ends in time, Mitz is not
// overrun, nor asked while it is down, what fails in passing is asked once more, no
// requester takes the link from the others, nor has a patient asked about without end, and
// new certificates are taken into use without a restart.
type Link struct {
	client    *Client
	breaker   *breaker
	pause     *pause
	frequency *frequency
	limit     *limit
	chain     Consulter
	reloader  *reloader // nil when there are no files
}

var _ Consulter = (*Link)(nil)

// NewLink checks cfg, loads its files and makes a link. It does not connect and
// starts nothing. The error lists every problem of cfg.
func NewLink(cfg Config, hooks Hooks) (*Link, error) {
	link := &Link{}
	if cfg.Files != nil {
		link.reloader = newReloader(*cfg.Files, hooks)
	}
	client, err := New(cfg)
	if err != nil {
		return nil, err
	}
	if link.reloader != nil {
		link.reloader.use = client.use
	}
	link.client = client
	client.overdue.told = hooks.Overdue
	link.decorate(client, client.config, hooks)
	return link, nil
}

// decorate puts the decorators around a client. All that count go by requester. The order
// is, from the outside in:
//
//   - deadline: its time runs for everything below;
//   - gate: refuses before the queue what the pause, the breaker and the frequency would
//     refuse after it; while the queue is full of consults that wait for a Mitz that hangs,
//     a refusal still comes at once;
//   - limit: above the retry, which keeps its turn; above the breaker, which must not
//     take our own queue for a slow Mitz;
//   - retry: above all that follows, so that a second query too is sent only where a
//     first would be;
//   - pause: above the breaker, so that a consult it refuses is not the one that may
//     try whether Mitz is back;
//   - breaker: judges each query by itself;
//   - frequency: next to the client, so that it counts the queries that are sent, and no
//     consult that was refused.
func (l *Link) decorate(client Consulter, cfg Config, hooks Hooks) {
	l.frequency = newFrequency(client, cfg.QueriesPerMinute)
	l.breaker = newBreaker(l.frequency, cfg.Timeout/2, hooks.CircuitChanged, hooks.HeldBack)
	l.pause = newPause(l.breaker, hooks.Paused)
	retry := &retry{next: l.pause}
	l.limit = newLimit(retry, cfg.MaxConnections, queueFactor*cfg.MaxConnections)
	gate := &gate{next: l.limit, pause: l.pause, breaker: l.breaker, frequency: l.frequency}
	l.chain = &deadline{next: gate, timeout: cfg.Timeout}
}

// Consult asks the closed query, see [Client.Consult]: it sends at most two queries,
// the second only when the first failed in passing.
func (l *Link) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	return l.chain.Consult(ctx, q)
}

// Circuit says whether consults reach Mitz. It is open also while Mitz asked to be left
// alone (status 429), and when all that came lately failed, be it from one requester.
func (l *Link) Circuit() CircuitState {
	if l.pause.lasts() {
		return StateOpen
	}
	return l.breaker.state()
}

// Load is how many consults a link has, and how many requesters it holds back.
type Load struct {
	Running  int // that are with Mitz
	Waiting  int // that wait for their turn
	Overdue  int // left behind: their time is over, and they have not ended
	HeldBack int // requesters that are refused for a while, because their queries failed or met a 429
}

// Load says how many consults there are at this moment.
func (l *Link) Load() Load {
	running := l.limit.turns.Load()
	load := Load{Running: running.Running, Waiting: running.Waiting}
	if l.client != nil {
		load.Overdue = int(l.client.overdue.left.Load())
	}
	held := map[consent.URA]bool{}
	l.breaker.held(held)
	l.pause.held(held)
	load.HeldBack = len(held)
	return load
}

// Certificate says when the client certificate in use expires; zero when there is
// none. Once it has, every consult fails with [TLS] (detail "certificate_expired").
func (l *Link) Certificate() (notAfter time.Time) { return l.client.expiry() }

// FilesRejected tells whether the TLS files have changed and are not good, so that those
// before are still in use: the next start would fail.
func (l *Link) FilesRejected() bool { return l.reloader != nil && l.reloader.rejected.Load() }

// Reload looks for changed TLS files now, and takes them into use when they are
// good. The error says what is wrong with them; those before stay in use then.
func (l *Link) Reload() error {
	if l.reloader == nil {
		return nil
	}
	return l.reloader.check()
}

// Start begins to watch the TLS files. A link that is not started works, and keeps
// what it loaded.
func (l *Link) Start() {
	if l.reloader != nil {
		l.reloader.start()
	}
}

// Close ends watching and closes the connections that are idle. Consults in progress go on.
func (l *Link) Close() {
	if l.reloader != nil {
		l.reloader.stop()
	}
	l.client.Close()
}
