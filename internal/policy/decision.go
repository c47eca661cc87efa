// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"maps"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Decide combines the decisions about each data category asked for into one. The
// error is a [*Refusal]; only when it is nil may there be a token. One Deny denies;
// otherwise anything but a Permit about every category is no answer.
func Decide(question consent.Question, decisions consent.Decisions) error {
	if len(question.Categories) == 0 || len(decisions) != len(question.Categories) {
		return refuse(ReasonUnanswered)
	}
	var worst *Refusal
	for _, category := range question.Categories {
		switch decisions[category] {
		case consent.Permit:
		case consent.Deny:
			return refuse(ReasonDenied)
		case consent.Indeterminate:
			worst = refuse(ReasonIndeterminate)
		case consent.NotApplicable:
			worst = refuse(ReasonNotApplicable)
		default:
			return refuse(ReasonUnanswered)
		}
	}
	if worst != nil {
		return worst
	}
	return nil
}

// Permission is an established ground for one question.
type Permission struct {
	Question  consent.Question
	Claims    map[string]any // that the question was made of
	Ground    Ground
	RequestID string    // under which Mitz knows the query
	CheckedAt time.Time // when the answer was received
}

// TokenClaims gives the claims that a token gets for the permission that it rests on. The
// error is a [*Refusal]: what was not asked, or not on a ground, permits nothing.
func TokenClaims(permission Permission) (map[string]any, error) {
	question := permission.Question
	if permission.Ground == "" || question.Validate() != nil {
		return nil, refuse(ReasonUnanswered)
	}
	categories := make([]string, len(question.Categories))
	for i, category := range question.Categories {
		categories[i] = string(category)
	}
	claims := maps.Clone(permission.Claims)
	if claims == nil {
		claims = map[string]any{}
	}
	maps.Copy(claims, map[string]any{
		ClaimConsent:                true,
		ClaimConsentGround:          string(permission.Ground),
		ClaimConsentCategories:      categories,
		ClaimConsentPurpose:         string(question.Purpose),
		ClaimConsentCheckedAt:       permission.CheckedAt.UTC().Format(time.RFC3339),
		ClaimConsentRequestID:       permission.RequestID,
		ClaimPatientBSN:             question.Patient.Expose(),
		ClaimDataHolderURA:          string(question.DataHolder.URA),
		ClaimDataHolderFacilityType: string(question.DataHolder.FacilityType),
	})
	return claims, nil
}
