// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package ground has the ways in which consent can be established: one small struct each,
// behind [policy.Ground]. A ground finds out what was decided; it never decides itself whether
// there may be a token.
package ground

import (
	"context"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// ClosedQuery asks Mitz (guide OpenGesloten 3.8.2, closed query), anew for every case: Mitz
// records each query and shows it to the patient.
type ClosedQuery struct {
	mitz mitzclient.Consulter
	now  func() time.Time
}

var _ policy.Ground = (*ClosedQuery)(nil)

// NewClosedQuery returns the ground that asks over a link to Mitz.
func NewClosedQuery(mitz mitzclient.Consulter, now func() time.Time) *ClosedQuery {
	return &ClosedQuery{mitz: mitz, now: now}
}

// Name returns "mitz-closed-query".
func (*ClosedQuery) Name() policy.GroundName { return policy.GroundClosedQuery }

// HasOwnProof reports false: all rests on Mitz's answer.
func (*ClosedQuery) HasOwnProof() bool { return false }

// Seek asks Mitz. A finding beside an error holds the id of the query that failed, if one
// left.
func (g *ClosedQuery) Seek(ctx context.Context, c *policy.Case) (policy.Finding, error) {
	answer, err := g.mitz.Consult(ctx, c.Question())
	finding := policy.Finding{ID: answer.RequestID, At: g.now()}
	if err != nil {
		return finding, err
	}
	finding.Decisions = answer.Decisions
	return finding, nil
}
