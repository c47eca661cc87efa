// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package decisionpoint

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/authzen"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/drain"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/live"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

// Parts are what is needed to decide. All are, but for Tokens and Categories.
type Parts struct {
	Policy   *policy.Policy
	Grounds  *policy.Grounds
	Recorder *record.Recorder
	Requests *drain.Drain  // what a stop waits for
	Timeout  time.Duration // of one consult, with its retries
	Now      func() time.Time
	Tokens   live.Tokens // of the node that the point is in; nil: it is in none
	// Categories say which data category covers which resource types; nil: those of [recordguard].
	Categories recordguard.Categories
}

// Point decides. Its methods may be called from any goroutine.
type Point struct{ parts Parts }

var _ authzen.Point = (*Point)(nil)

// New returns a decision point. It fails when a part is missing.
func New(parts Parts) (*Point, error) {
	if parts.Policy == nil || parts.Grounds == nil || parts.Recorder == nil || parts.Requests == nil || parts.Timeout <= 0 || parts.Now == nil {
		return nil, errors.New("a part of the decision point is missing")
	}
	if parts.Categories == nil {
		parts.Categories = recordguard.DefaultCategories()
	}
	return &Point{parts: parts}, nil
}

// Serves reports whether a place is a Nuts subject in mitz.dataholders, for which the point
// decides. Of any other it permits nothing.
func (p *Point) Serves(place string) bool {
	_, listed := p.parts.Policy.Lists().DataHolder(place)
	return listed
}

// Begin begins to decide for one HTTP request. The place is the Nuts subject of the data holder.
func (p *Point) Begin(place string) authzen.Evaluator { return &request{Parts: p.parts, place: place} }

// request decides for one HTTP request.
type request struct {
	Parts
	place string
	first *consulted // nil: no question was asked yet
	token *lookedUp  // nil: no token was looked up yet
}

// question is what one HTTP request may ask once.
type question struct {
	profile   *policy.Profile
	claims    map[string]any
	presenter string // the DID that presented them to the node that asks; empty: it is not known
}

// is reports whether both ask the same.
func (q question) is(other question) bool {
	return q.profile == other.profile && q.presenter == other.presenter && reflect.DeepEqual(q.claims, other.claims)
}

// consulted is a question that was asked, and how that ended; nil: it is permitted.
type consulted struct {
	question question
	cause    error
}

// Evaluate decides one evaluation.
func (r *request) Evaluate(ctx context.Context, asked authzen.Evaluation) (decision authzen.Decision) {
	defer func() {
		if recover() != nil {
			r.Recorder.Panic("Panic at the decision point")
			decision = authzen.Decision{Reason: string(record.Panicked)}
		}
	}()
	if cause := r.decide(ctx, asked); cause != nil {
		return authzen.Decision{Reason: record.Reason(cause)}
	}
	return authzen.Decision{Permit: true}
}

// decide ends with nil where it is permitted, or with the cause why it is not.
func (r *request) decide(ctx context.Context, asked authzen.Evaluation) error {
	read := r.readGeneral
	if isNodes(asked) {
		read = r.readNodes
	} else if _, has := asked.Context[contextToken]; has {
		return r.byToken(ctx, asked)
	}
	put, err := read(asked)
	if err != nil {
		return r.refuse(ctx, put, err)
	}
	switch {
	case r.token != nil:
		return r.refuse(ctx, put, policy.RefuseSecondQuestion())
	case r.first == nil:
		r.first = &consulted{question: put, cause: record.Panicked} // until it ended
		r.first.cause = r.consult(ctx, put)
		return r.first.cause
	case !r.first.question.is(put):
		return r.refuse(ctx, put, policy.RefuseSecondQuestion())
	}
	return r.first.cause
}
