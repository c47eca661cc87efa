// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package ground

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
)

// Attestation takes what Mitz attested to the requester. Mitz is not asked.
type Attestation struct{ brought }

var _ policy.Ground = (*Attestation)(nil)

// NewAttestation returns the ground. It fails when a part is missing.
func NewAttestation(revocations Revocations, withdrawals Withdrawals) (*Attestation, error) {
	brought, err := newBrought(policy.GroundAttestation, revocations, withdrawals, (*policy.Case).Attested)
	if err != nil {
		return nil, err
	}
	return &Attestation{brought}, nil
}

// Registration takes the consent that the requester recorded under the Mitz agreements. Mitz is
// not asked.
type Registration struct{ brought }

var _ policy.Ground = (*Registration)(nil)

// NewRegistration returns the ground. It fails when a part is missing but evidence: nil, nothing
// is kept of what was presented.
func NewRegistration(revocations Revocations, withdrawals Withdrawals, evidence Evidence) (*Registration, error) {
	brought, err := newBrought(policy.GroundRegistration, revocations, withdrawals, (*policy.Case).Registered)
	if err != nil {
		return nil, err
	}
	brought.evidence = evidence
	return &Registration{brought}, nil
}

// Revocations tell whether credentials were revoked since they were presented.
type Revocations interface {
	// IsRevoked looks a credential up anew. On an error nobody can tell.
	IsRevoked(ctx context.Context, kept policy.Kept) (bool, error)
}

// Withdrawals tell when consent was withdrawn.
type Withdrawals interface {
	// Last returns when something that a question is about was withdrawn last; zero: never, as far
	// as that is kept. On an error nobody can tell.
	Last(ctx context.Context, question consent.Question) (time.Time, error)
}

// Evidence is of the registrations on which tokens were issued.
type Evidence interface {
	// KeptSince returns since when a registration of a subject is kept, by its credential as it
	// was presented; zero: it is not. On an error nobody can tell.
	KeptSince(ctx context.Context, subject string, dataHolder consent.URA, credential string) (time.Time, error)
}

// brought is a ground that rests on credentials which the request brings along. They were
// verified, and looked up, before a case was made of the request.
type brought struct {
	name        policy.GroundName
	revocations Revocations
	withdrawals Withdrawals
	evidence    Evidence // nil: there is none
	judge       func(*policy.Case) (policy.Finding, error)
}

func newBrought(name policy.GroundName, revocations Revocations, withdrawals Withdrawals, judge func(*policy.Case) (policy.Finding, error)) (brought, error) {
	if revocations == nil || withdrawals == nil {
		return brought{}, errors.New("the ground " + string(name) + " needs to know of revocations and withdrawals")
	}
	return brought{name: name, revocations: revocations, withdrawals: withdrawals, judge: judge}, nil
}

// Name returns the ground's name.
func (g brought) Name() policy.GroundName { return g.name }

// HasOwnProof reports true: all of it came with the request.
func (g brought) HasOwnProof() bool { return true }

// Seek judges the credentials of a request, and whether consent was withdrawn since. Of a token
// that is looked at again it looks up whether they were revoked: a withdrawal has ended that.
func (g brought) Seek(ctx context.Context, c *policy.Case) (policy.Finding, error) {
	if c.Basis() != policy.BasisToken {
		finding, err := g.judge(c)
		if err != nil {
			return policy.Finding{}, err
		}
		return g.unlessWithdrawn(ctx, c, finding)
	}
	kept, finding, err := c.Again(g.name)
	if err != nil {
		return policy.Finding{}, err
	}
	for _, each := range kept {
		revoked, err := g.revocations.IsRevoked(ctx, each)
		if err != nil {
			return policy.Finding{}, err
		}
		if revoked {
			return policy.Finding{}, policy.RefuseRevoked(each)
		}
	}
	return finding, nil
}

// unlessWithdrawn refuses what was found when consent was withdrawn after it was recorded or
// attested. A finding beside the refusal says what was refused.
func (g brought) unlessWithdrawn(ctx context.Context, c *policy.Case, found policy.Finding) (policy.Finding, error) {
	question := c.Question()
	last, err := g.withdrawals.Last(ctx, question)
	if err != nil {
		return policy.Finding{}, fmt.Errorf("%w: %w", record.MarksFailed, err)
	}
	if last.IsZero() {
		return found, nil
	}
	since := found.At
	if g.evidence != nil {
		// The date is the requester's word. What gave a token before is not newer than that.
		kept, err := g.evidence.KeptSince(ctx, c.Subject(), question.DataHolder.URA, found.Rests[0].Raw)
		if err != nil {
			return policy.Finding{}, fmt.Errorf("%w: %w", record.MarksFailed, err)
		}
		if !kept.IsZero() && kept.Before(since) {
			since = kept
		}
	}
	if !since.After(last) {
		return policy.Finding{ID: found.ID, At: found.At}, policy.RefuseWithdrawn(found.Rests[0])
	}
	return found, nil
}
