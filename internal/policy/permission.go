// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Permission says that a token may be issued for one case, on one ground. Only
// [Grounds.Establish] makes one; the zero value permits nothing.
type Permission struct {
	c       *Case
	ground  GroundName
	finding Finding
}

var errNoPermission = errors.New("a permission that nothing was decided for")

// Ground returns the ground that the permission rests on.
func (p *Permission) Ground() GroundName { return p.ground }

// Question returns what was asked and permitted. A permission that was not decided has none.
func (p *Permission) Question() consent.Question {
	if p == nil || p.c == nil {
		return consent.Question{}
	}
	return p.c.Question()
}

// Rests returns the presented credentials that the permission rests on, with their proofs; none:
// it rests on what Mitz answered.
func (p *Permission) Rests() []Credential {
	if p == nil || p.c == nil {
		return nil
	}
	return slices.Clone(p.finding.Rests)
}

// Claims returns the claims that the token gets: those that the question was made of, and
// those that only this software writes, which a record server releases data by. A permission
// that was not decided has none.
func (p *Permission) Claims() (map[string]any, error) {
	if p == nil || p.c == nil {
		return nil, errNoPermission
	}
	question := p.c.question
	categories := make([]string, len(question.Categories))
	for i, category := range question.Categories {
		categories[i] = string(category)
	}
	claims := maps.Clone(p.c.claims)
	if claims == nil {
		claims = map[string]any{}
	}
	maps.Copy(claims, map[string]any{
		ClaimConsent:                true,
		ClaimConsentGround:          string(p.ground),
		ClaimConsentCategories:      categories,
		ClaimConsentPurpose:         string(question.Purpose),
		ClaimConsentCheckedAt:       p.finding.At.UTC().Format(time.RFC3339),
		ClaimConsentRequestID:       p.finding.ID,
		ClaimPatientBSN:             question.Patient.Expose(),
		ClaimDataHolderURA:          string(question.DataHolder.URA),
		ClaimDataHolderFacilityType: string(question.DataHolder.FacilityType),
	})
	return claims, nil
}
