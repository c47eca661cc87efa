// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package decisionpoint

import (
	"context"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
)

// begin begins the record of an answer that rests on claims. A place that is no data holder of
// ours is not repeated.
func (r *request) begin(put question) *record.Decision {
	begun := record.Request{Basis: policy.BasisClaims}
	if _, listed := r.Policy.Lists().DataHolder(r.place); listed {
		begun.Subject = r.place
	}
	if put.profile != nil {
		begun.Scope = put.profile.Scope
	}
	if put.presenter != "" {
		begun.Presenters = []string{put.presenter}
	}
	return r.Recorder.Begin(begun)
}

// refuse records that something is not permitted for which nobody was asked.
func (r *request) refuse(ctx context.Context, put question, cause error) error {
	r.begin(put).Refused(ctx, cause)
	return cause
}

// consult looks for consent, as for a token, and records what is found. The entry that it is
// permitted is written before it is.
func (r *request) consult(ctx context.Context, put question) (cause error) {
	decision := r.begin(put)
	ctx, done, running := r.Requests.Begin(ctx)
	defer done() // not before the last entry: the stop waits for it
	cause = record.NotRunning
	if running {
		cause = r.establish(ctx, put, decision)
	}
	if cause != nil {
		decision.Refused(ctx, cause)
		return cause
	}
	decision.Issued(ctx)
	return nil
}

// establish ends with nil where there is consent, which is in the NEN 7513 file by then.
func (r *request) establish(ctx context.Context, put question, decision *record.Decision) (cause error) {
	defer func() {
		if recover() != nil {
			r.Recorder.Panic("Panic at the decision point")
			cause = record.Panicked
		}
	}()
	c, err := r.Policy.Case(put.profile, policy.Evidence{Basis: policy.BasisClaims, Subject: r.place, Claims: put.claims, Now: r.Now()})
	if err != nil {
		return err
	}
	decision.Asks(c.Question())
	asking, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	permission, err := r.Grounds.Establish(asking, c, decision)
	if err != nil {
		return err
	}
	if _, err := permission.Claims(); err != nil { // nothing was decided
		return err
	}
	return decision.Announce(ctx)
}
