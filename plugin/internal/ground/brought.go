// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package ground

import (
	"context"
	"errors"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
)

// Attestation takes what Mitz attested to the requester. Mitz is not asked.
type Attestation struct{ brought }

var _ policy.Ground = (*Attestation)(nil)

// NewAttestation returns the ground. It fails without revocations.
func NewAttestation(revocations Revocations) (*Attestation, error) {
	brought, err := newBrought(policy.GroundAttestation, revocations, (*policy.Case).Attested)
	if err != nil {
		return nil, err
	}
	return &Attestation{brought}, nil
}

// Registration takes the consent that the requester recorded under the Mitz agreements. Mitz is
// not asked.
type Registration struct{ brought }

var _ policy.Ground = (*Registration)(nil)

// NewRegistration returns the ground. It fails without revocations.
func NewRegistration(revocations Revocations) (*Registration, error) {
	brought, err := newBrought(policy.GroundRegistration, revocations, (*policy.Case).Registered)
	if err != nil {
		return nil, err
	}
	return &Registration{brought}, nil
}

// Revocations tell whether credentials were revoked since they were presented.
type Revocations interface {
	// IsRevoked looks a credential up anew. On an error nobody can tell.
	IsRevoked(ctx context.Context, kept policy.Kept) (bool, error)
}

// brought is a ground that rests on credentials which the request brings along. They were
// verified, and looked up, before a case was made of the request.
type brought struct {
	name        policy.GroundName
	revocations Revocations
	judge       func(*policy.Case) (policy.Finding, error)
}

func newBrought(name policy.GroundName, revocations Revocations, judge func(*policy.Case) (policy.Finding, error)) (brought, error) {
	if revocations == nil {
		return brought{}, errors.New("the ground " + string(name) + " needs to know of revocations")
	}
	return brought{name: name, revocations: revocations, judge: judge}, nil
}

// Name returns the ground's name.
func (g brought) Name() policy.GroundName { return g.name }

// HasOwnProof reports true: all of it came with the request.
func (g brought) HasOwnProof() bool { return true }

// Seek judges the credentials of a request. Of a token that is looked at again it looks up
// whether they were revoked.
func (g brought) Seek(ctx context.Context, c *policy.Case) (policy.Finding, error) {
	if c.Basis() != policy.BasisToken {
		return g.judge(c)
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
