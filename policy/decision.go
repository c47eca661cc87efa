// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"maps"
	"slices"
	"strings"
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

// TokenClaims gives the claims that a token gets for the permissions it rests on:
// one for each guarded scope in it. With several, the grounds, purposes and request
// ids are lists separated by spaces in the order of the scopes, the categories are
// all of them, and the time is the earliest. The error is a [*Refusal]: a token is
// about one patient and one data holder.
func TokenClaims(permissions []Permission) (map[string]any, error) {
	if len(permissions) == 0 {
		return nil, refuse(ReasonUnanswered)
	}
	first := permissions[0]
	var grounds, purposes, requestIDs, categories []string
	checkedAt := first.CheckedAt
	for _, permission := range permissions {
		if !permission.Question.Patient.Equal(first.Question.Patient) {
			return nil, refuse(ReasonClaimContradiction, ClaimEnrollmentIdentifier)
		}
		if permission.Question.DataHolder != first.Question.DataHolder {
			return nil, refuse(ReasonDataHolder)
		}
		grounds = appendNew(grounds, string(permission.Ground))
		purposes = appendNew(purposes, string(permission.Question.Purpose))
		requestIDs = appendNew(requestIDs, permission.RequestID)
		for _, category := range permission.Question.Categories {
			categories = appendNew(categories, string(category))
		}
		if permission.CheckedAt.Before(checkedAt) {
			checkedAt = permission.CheckedAt
		}
	}
	claims := map[string]any{}
	for _, permission := range permissions {
		maps.Copy(claims, permission.Claims)
	}
	maps.Copy(claims, map[string]any{
		ClaimConsent:                true,
		ClaimConsentGround:          strings.Join(grounds, " "),
		ClaimConsentCategories:      categories,
		ClaimConsentPurpose:         strings.Join(purposes, " "),
		ClaimConsentCheckedAt:       checkedAt.UTC().Format(time.RFC3339),
		ClaimConsentRequestID:       strings.Join(requestIDs, " "),
		ClaimPatientBSN:             first.Question.Patient.Expose(),
		ClaimDataHolderURA:          string(first.Question.DataHolder.URA),
		ClaimDataHolderFacilityType: string(first.Question.DataHolder.FacilityType),
	})
	return claims, nil
}

func appendNew(list []string, value string) []string {
	if slices.Contains(list, value) {
		return list
	}
	return append(list, value)
}
