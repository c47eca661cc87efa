// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recheck

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/drain"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
)

// Token is a live token that may have to be looked at again.
type Token interface {
	// ID is what it is known by in this process.
	ID() string
	// Subject is the Nuts subject that issued it; empty when that is none of this node's.
	Subject() string
	// Claims are what it was issued with. They are not changed.
	Claims() map[string]any
	// Presenters are the DIDs that signed the presentations that it was issued on.
	Presenters() []string
	// Asked is what it keeps of the question that it rests on.
	Asked() policy.Asked

	// IsLive reports whether the token is there still, and nothing was withdrawn that it rests
	// on. It looks anew each time.
	IsLive() (bool, error)
	// Latest returns the claims that the last look kept; nil: there was none.
	Latest() (map[string]any, error)
	// KeepLatest keeps claims beside the token, for as long as it can live. It brings back no
	// token that ended.
	KeepLatest(claims map[string]any) error
	// End takes the token away. It reports whether there was one still.
	End() (bool, error)
}

// Parts are what is needed to look again. All are.
type Parts struct {
	Policy   *policy.Policy
	Grounds  *policy.Grounds
	Recorder *record.Recorder
	Requests *drain.Drain  // what a stop of the node waits for
	Timeout  time.Duration // of one look
	Now      func() time.Time
}

// Rechecker looks again at live tokens. Its methods may be called from any goroutine.
type Rechecker struct {
	parts   Parts
	flights singleflight.Group
}

// New returns a rechecker. It fails when a part is missing.
func New(parts Parts) (*Rechecker, error) {
	if parts.Policy == nil || parts.Grounds == nil || parts.Recorder == nil || parts.Requests == nil || parts.Timeout <= 0 || parts.Now == nil {
		return nil, errors.New("a part of the rechecker is missing")
	}
	return &Rechecker{parts: parts}, nil
}

// Verdict is what is known of a token after a look.
type Verdict struct {
	Holds bool // it may be active; false: it is not
	// Asked reports that finding out took a while: whether the token is there still must be
	// read again.
	Asked bool
	// Latest are claims that stand in the place of the token's own; nil: there are none.
	Latest map[string]any
}

// Check looks at a token, and asks again whether there is consent when that was established
// too long ago. Those who check one token at the same time wait for one look. On an error
// nobody can tell whether the token must be looked at.
//
// It takes no context: the look belongs to nobody who waits for it, and ends by itself.
func (r *Rechecker) Check(token Token) (Verdict, error) {
	latest, isDue, err := r.due(token)
	if err != nil {
		return Verdict{}, err
	}
	if !isDue {
		return Verdict{Holds: true, Latest: latest}, nil
	}
	shared, err, _ := r.flights.Do(token.ID(), func() (any, error) { return r.look(token) })
	if err != nil {
		return Verdict{}, err
	}
	return shared.(Verdict), nil
}

// due returns what the last look kept, and reports whether another is due.
func (r *Rechecker) due(token Token) (latest map[string]any, isDue bool, err error) {
	profile := r.parts.Policy.Profile(token.Asked().Scope)
	if profile == nil {
		return nil, true, nil // which ends it
	}
	if !profile.LooksAgain(token.Claims(), r.parts.Now()) {
		return nil, false, nil
	}
	if latest, err = token.Latest(); err != nil {
		return nil, false, fmt.Errorf("when a token was looked at last: %w", err)
	}
	return latest, profile.LooksAgain(latest, r.parts.Now()), nil
}

// look looks at a token for all who wait.
func (r *Rechecker) look(token Token) (verdict Verdict, err error) {
	defer func() {
		if recover() != nil { // it would end the process where several wait
			r.parts.Recorder.Panic("Panic while looking again at a token")
			verdict, err = Verdict{}, record.Panicked
		}
	}()
	// Somebody else may have looked just before, or ended it.
	if live, err := token.IsLive(); err != nil || !live {
		return Verdict{}, err
	}
	if latest, isDue, err := r.due(token); err != nil || !isDue {
		return Verdict{Holds: err == nil, Asked: true, Latest: latest}, err
	}
	decision := r.parts.Recorder.Begin(record.Request{Subject: token.Subject(), Presenters: token.Presenters(), Scope: token.Asked().Scope})
	if origin, _ := token.Claims()[policy.ClaimConsentRequestID].(string); origin != "" {
		decision.RestsOn(cmp.Or(token.Asked().Ground, policy.GroundClosedQuery), origin)
	}
	ctx, done, running := r.parts.Requests.Begin(context.Background())
	defer done() // not before the last entry: the stop waits for it
	var latest map[string]any
	err = record.NotRunning
	if running {
		latest, err = r.establish(ctx, token, decision)
	}
	return r.judge(ctx, token, decision, latest, err), nil
}

// judge says what becomes of a token, and tells it.
func (r *Rechecker) judge(ctx context.Context, token Token, decision *record.Decision, latest map[string]any, cause error) Verdict {
	var refusal *policy.Refusal
	switch {
	case cause == nil:
		decision.Confirmed()
		return Verdict{Holds: true, Asked: true, Latest: latest}
	case errors.As(cause, &refusal) && refusal.IsFinal():
		if existed, failure := token.End(); existed || failure != nil {
			decision.Ended(ctx, cause, failure)
		}
		return Verdict{}
	default:
		profile := r.parts.Policy.Profile(token.Asked().Scope)
		keeps := profile != nil && profile.KeepsUnchecked
		decision.Unchecked(cause, keeps)
		return Verdict{Holds: keeps, Asked: true}
	}
}

// establish looks for consent as at issuing, and keeps that it was found. Every error means
// that nothing is known to permit the token.
func (r *Rechecker) establish(ctx context.Context, token Token, decision *record.Decision) (latest map[string]any, cause error) {
	defer func() {
		if recover() != nil {
			r.parts.Recorder.Panic("Panic while looking again at a token")
			latest, cause = nil, record.Panicked
		}
	}()
	asked := token.Asked()
	question, err := asked.Question(token.Claims())
	if err != nil {
		return nil, err
	}
	decision.Asks(question)
	c, err := r.parts.Policy.CaseAgain(asked, token.Subject(), question, r.parts.Now())
	if err != nil {
		return nil, err
	}
	permission, err := r.permit(ctx, c, decision)
	if err != nil {
		return nil, err
	}
	if latest, err = permission.Latest(); err != nil {
		return nil, err
	}
	if err := decision.Settle(ctx); err != nil {
		return nil, err
	}
	if err := token.KeepLatest(maps.Clone(latest)); err != nil {
		return nil, fmt.Errorf("%w: %w", record.NotStored, err)
	}
	return latest, nil
}

// permit asks, within the time of one look.
func (r *Rechecker) permit(ctx context.Context, c *policy.Case, decision *record.Decision) (*policy.Permission, error) {
	ctx, cancel := context.WithTimeout(ctx, r.parts.Timeout)
	defer cancel()
	return r.parts.Grounds.Establish(ctx, c, decision)
}
