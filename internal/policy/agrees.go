// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

// CheckToken checks that what a request says is so of the token that it comes with, which was
// issued under the profile and has these claims: of the one who asks, by the names of
// [definition.ReadClaims], and the categories. What the token does not say, the request cannot
// say either. Everything it says is compared as the policy reads it; a name is compared as it is.
func (p *Profile) CheckToken(claims map[string]any, said map[string][]string, categories []string) error {
	var contradicted []string
	for _, claim := range sortedKeys(said) {
		has := textsOf(claims[p.claimName(claim)])
		speaks := len(said[claim]) > 0 || claim == definition.ClaimOrganizationURA // which every guarded token has
		if speaks && (len(has) == 0 || !allSame(comparing(claim), slices.Concat(has, said[claim]))) {
			contradicted = append(contradicted, claim)
		}
	}
	permitted, err := readAll(textsOf(claims[ClaimConsentCategories]), readCategory)
	asked, askedErr := readAll(categories, readCategory)
	beyond := func(each consent.Category) bool { return !slices.Contains(permitted, each) }
	if err != nil || askedErr != nil || slices.ContainsFunc(asked, beyond) {
		contradicted = append(contradicted, ClaimConsentCategories)
	}
	if contradicted == nil {
		return nil
	}
	return refuse(ReasonClaimContradiction, contradicted...).by("a request says nothing else than the token that it comes with")
}

// comparing returns how two texts of a claim are compared.
func comparing(claim string) func(one, other string) bool {
	switch claim {
	case definition.ClaimOrganizationURA:
		return comparingBy(readURA, same)
	case definition.ClaimOrganizationFacilityType:
		return comparingBy(readFacilityType, same)
	case definition.ClaimUserID, definition.ClaimDelegationRegisteredBy:
		return comparingBy(readProfessional, same)
	case definition.ClaimUserRole, definition.ClaimDelegationRoleCode:
		return comparingBy(readRole, same)
	case definition.ClaimEnrollmentIdentifier:
		return comparingBy(readBSN, consent.BSN.Equal)
	default:
		return func(one, other string) bool { return one == other && one != unreadable }
	}
}

// comparingBy compares what texts mean. One that means nothing is the same as none.
func comparingBy[T any](read func(string) (T, error), equal func(T, T) bool) func(one, other string) bool {
	return func(one, other string) bool {
		first, err := read(one)
		second, otherErr := read(other)
		return err == nil && otherErr == nil && equal(first, second)
	}
}

func allSame(equal func(one, other string) bool, texts []string) bool {
	return !slices.ContainsFunc(texts, func(each string) bool { return !equal(texts[0], each) })
}
