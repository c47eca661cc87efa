// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/internal/turns"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/drain"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// Bounds of what is worked on at once. The key of a turn is the secret path: who knows one takes
// no turn from those who know another.
const (
	maxAtOnce, maxAtOncePath  = 32, 2   // whose bodies are in memory, of at most 1 MiB each
	maxWaiting, maxWaitingOne = 1024, 8 // of which nothing is read yet
	longestWait               = 5 * time.Second
	// maxEnding is how many that find no place may end tokens at once, one for each path. Each
	// reads nothing, and is one write to the session database.
	maxEnding = 64
)

// Received is what is told about a notification, after it.
type Received struct {
	Outcome Outcome
	Place   string // by which the patient of the path is known, see [withdrawal.Path]; empty: it came by no path of ours
	// DataHolder is that of the path, and Subject its Nuts subject; empty where it has several.
	DataHolder consent.URA
	Subject    string
	Patient    consent.BSN // zero where the notification is not about the patient of the path, or cannot be read
	Refusal    error       // why it was refused, in words that repeat nothing of it; may be nil
	Ends       bool        // tokens were to end
	Failure    error       // why they may live on
}

// Recorder is told what happened.
type Recorder interface {
	// Notified is called for every notification, after all that is done for it and before the answer.
	Notified(ctx context.Context, received Received)
	// Panic is called while a panic is recovered.
	Panic(message string)
}

// Parts are what the endpoint works with. All but Certificate and Withdrawn are needed.
type Parts struct {
	Keys        *withdrawal.Keys // under which the secret paths are made
	Marks       *withdrawal.Marks
	Policy      *policy.Policy // which knows the data holders
	Recorder    Recorder
	Certificate *Certificate // nil: none is wanted
	Requests    *drain.Drain // the stop waits for those that run
	Now         func() time.Time
	// Withdrawn is told that a patient's consent changed, after that was kept, so that what was
	// recorded before is not registered at Mitz any more; nil: nothing is.
	Withdrawn func(ctx context.Context, patient consent.BSN, dataHolder consent.URA) error
}

// Endpoint takes notifications. Its methods may be called from any goroutine.
type Endpoint struct {
	Parts
	working *turns.Turns[string]
	ending  *turns.Turns[string]
	guesses *guesses
	reading chan struct{} // one for each that is being taken apart, which keeps a core busy
}

// New makes the endpoint. It fails when a part is missing, or when the certificate is one that
// anybody has, or nobody.
func New(parts Parts) (*Endpoint, error) {
	if parts.Keys == nil || parts.Marks == nil || parts.Policy == nil || parts.Recorder == nil || parts.Requests == nil || parts.Now == nil {
		return nil, errors.New("a part of the endpoint for notifications is missing")
	}
	if parts.Certificate != nil && !parts.Certificate.isUsable() {
		return nil, errors.New("the client certificate of notifications needs roots, and a name")
	}
	return &Endpoint{
		Parts:   parts,
		working: turns.New[string](turns.Limits{Turns: maxAtOnce, Share: maxAtOncePath, Queue: maxWaiting, QueueShare: maxWaitingOne}),
		guesses: newGuesses(),
		ending:  turns.New[string](turns.Limits{Turns: maxEnding, Share: 1}),
		reading: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)), // so that a core is left for tokens
	}, nil
}

// Router is where routes are registered.
type Router interface {
	POST(path string, handler echo.HandlerFunc, middleware ...echo.MiddlewareFunc) *echo.Route
}

// Routes registers the route. The node serves it on its public address.
func (e *Endpoint) Routes(server Router) { server.POST(withdrawal.PathPrefix+":secret", e.handle) }

// handle takes one notification, tells of it, and answers. Whether the sender waits for the
// answer does not matter.
func (e *Endpoint) handle(c echo.Context) error {
	limitReading(c)
	path, known := e.Keys.ReadPath(c.Param("secret"))
	subjects := e.Policy.Lists().SubjectsOf(path.DataHolder)
	if !known || len(subjects) == 0 {
		e.Recorder.Notified(context.WithoutCancel(c.Request().Context()), Received{Outcome: UnknownPath})
		return answer(c, UnknownPath, nil)
	}
	ctx, done, running := e.Requests.Begin(c.Request().Context())
	defer done() // not before it was told: the stop waits for it
	r := &reception{Endpoint: e, c: c, path: path, Received: Received{Place: path.Place(), DataHolder: path.DataHolder}}
	if len(subjects) == 1 {
		r.Subject = subjects[0]
	}
	if r.Outcome = NotRunning; running {
		r.Outcome = r.takeSafely(ctx)
	}
	e.Recorder.Notified(context.WithoutCancel(ctx), r.Received)
	return answer(c, r.Outcome, r.Refusal)
}

// wantsCertificate returns why a request may not come in.
func (e *Endpoint) wantsCertificate(request *http.Request) error {
	if e.Certificate == nil {
		return nil
	}
	return e.Certificate.check(request, e.Now())
}
