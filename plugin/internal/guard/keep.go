// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"errors"
	"fmt"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/evidence"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
)

// Keeper keeps the consents that requesters recorded, with their proofs.
type Keeper interface {
	// Keep returns when a registration is where it stays. The same again changes nothing. The
	// error holds nothing of it.
	Keep(ctx context.Context, registration evidence.Registration) error
}

var errNoEvidence = errors.New("a recorded consent without what it is proven by, or nobody who keeps it")

// keep keeps the consent that a permission rests on, where a requester recorded it: no token is
// issued on what nobody can show later.
func (g *Guard) keep(ctx context.Context, permission *policy.Permission, token Token) error {
	if permission.Ground() != policy.GroundRegistration {
		return nil
	}
	recorded, is := permission.Recorded()
	rests := permission.Rests()
	if !is || len(rests) == 0 || g.Keeper == nil {
		return fmt.Errorf("%w: %w", record.EvidenceFailed, errNoEvidence)
	}
	question := permission.Question()
	registration := evidence.Registration{
		ID: rests[0].ID, Subject: token.Subject(), Patient: question.Patient, DataHolder: question.DataHolder,
		Consent: evidence.Consent(recorded),
	}
	for _, each := range rests {
		registration.Credentials = append(registration.Credentials, each.Raw)
	}
	if err := g.Keeper.Keep(ctx, registration); err != nil {
		return fmt.Errorf("%w: %w", record.EvidenceFailed, err)
	}
	return nil
}
