// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
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
// new certificates are taken into use without a restart. It locates data and subscribes too;
// what becomes of that changes nothing of consults.
type Link struct {
	client        *Client
	query         *link.Operation // the closed query
	locations     *locations
	subscriptions *subscriptions
	registrations *registrations // nil when there is no endpoint for them
	reloader      *reloader      // nil when there are no files
}

var _ Consulter = (*Link)(nil)

// NewLink checks cfg, loads its files and makes a link. It does not connect and
// starts nothing. The error lists every problem of cfg.
func NewLink(cfg Config, hooks Hooks) (*Link, error) {
	l := &Link{}
	if cfg.Files != nil {
		l.reloader = newReloader(*cfg.Files, hooks)
	}
	client, err := newClient(cfg, hooks.Overdue)
	if err != nil {
		return nil, err
	}
	if l.reloader != nil {
		l.reloader.use = client.peer.Use
	}
	l.client = client
	l.query = link.New(client.config.budget(), hooks.ofOperation())
	l.locations = newLocations(client, hooks.Overdue)
	l.subscriptions = newSubscriptions(client)
	l.registrations = newRegistrations(client)
	return l, nil
}

func (h Hooks) ofOperation() link.Hooks {
	hooks := link.Hooks{HeldBack: h.HeldBack, Paused: h.Paused}
	if h.CircuitChanged != nil {
		hooks.CircuitChanged = func(state link.State) { h.CircuitChanged(CircuitState(state)) }
	}
	return hooks
}

// Consult asks the closed query, see [Client.Consult]: it sends at most two queries,
// the second only when the first failed in passing.
func (l *Link) Consult(ctx context.Context, q consent.Question) (Answer, error) {
	var answer Answer
	return outcome(&answer, l.query.Do(ctx, link.Call{
		By: string(q.Requester.URA), About: q.Patient,
		Send:      func(ctx context.Context) *link.Failure { return l.client.query.ask(ctx, q, &answer) },
		Repeating: func(failed *link.Failure) { ContextTrace(ctx).retrying(errorOf(failed)) },
	}))
}

// CircuitState says whether consults reach Mitz. Its numbers serve as a metric.
type CircuitState int

// The states of the circuit.
const (
	StateClosed   CircuitState = 0 // consults go through
	StateHalfOpen CircuitState = 1 // one consult may try; the others are refused
	StateOpen     CircuitState = 2 // consults are refused
)

// String returns closed, half_open or open.
func (s CircuitState) String() string {
	switch s {
	case StateClosed:
		return "closed"
	case StateHalfOpen:
		return "half_open"
	default:
		return "open"
	}
}

// Circuit says whether consults reach Mitz. It is open also while Mitz asked to be left
// alone (status 429, or 503 with a time), and when all that came lately failed, be it from one requester.
func (l *Link) Circuit() CircuitState { return CircuitState(l.query.State()) }

// Load is how many consults a link has, and how many requesters it holds back.
type Load struct {
	Running  int // that are with Mitz
	Waiting  int // that wait for their turn
	Overdue  int // left behind: their time is over, and they have not ended
	HeldBack int // requesters that are refused for a while, because their queries failed or Mitz asked for less
}

// Load returns how many consults there are at this moment.
func (l *Link) Load() Load {
	load := l.query.Load()
	return Load{Running: load.Running, Waiting: load.Waiting, Overdue: l.client.query.line.Overdue(), HeldBack: load.HeldBack}
}

// Certificate returns when the client certificate in use expires; zero when there is
// none. Once it has, every consult fails with [TLS] (detail "certificate_expired").
func (l *Link) Certificate() (notAfter time.Time) { return l.client.peer.NotAfter() }

// FilesRejected reports whether the TLS files have changed and are not good, so that those
// before are still in use: the next start would fail.
func (l *Link) FilesRejected() bool { return l.reloader != nil && l.reloader.rejected.Load() }

// Start begins to watch the TLS files. A link that is not started works, and keeps
// what it loaded.
func (l *Link) Start() {
	if l.reloader != nil {
		l.reloader.watch.Start()
	}
}

// Close ends watching and closes the connections that are idle. Consults in progress go on.
func (l *Link) Close() {
	if l.reloader != nil {
		l.reloader.watch.Stop()
	}
	l.client.Close()
}
