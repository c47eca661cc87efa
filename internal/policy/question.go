// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Question makes the question that a profile asks of Mitz from what the node
// verified, and gives the claims that it was made of, each as one text. The error is
// [Refusals]: everything that is missing, malformed, contradictory or untrusted.
//
// Under mandate the responsible professional is the one who delegated, and the
// one who acts is the mandated one.
func (p *Policy) Question(profile *Profile, evidence Evidence) (consent.Question, map[string]any, error) {
	lists := p.Lists() // the same for the whole question
	dataHolder, known := lists.DataHolder(evidence.Subject)
	if !known {
		return consent.Question{}, nil, Refusals{refuse(ReasonDataHolder).by("a token is for a subject in mitz.dataholders")}
	}
	if wallets := len(profile.Definition); wallets > 1 && evidence.Submissions != wallets {
		// The service grants evaluate one of the definitions: the others' constraints would
		// not have been checked.
		return consent.Question{}, nil, Refusals{refuse(ReasonWalletMissing).
			by("each of the %d definitions is answered: %d were", wallets, evidence.Submissions)}
	}
	facts := profile.gather(evidence)
	question := consent.Question{
		Patient:    needed(facts, ClaimEnrollmentIdentifier, readBSN, consent.BSN.Equal),
		DataHolder: dataHolder,
		Requester:  requesterOf(facts, lists),
		Categories: slices.Clone(profile.Categories),
		Purpose:    profile.Purpose,
	}
	refusals := facts.refusals()
	if len(refusals) == 0 { // otherwise there is nothing whole to compare with
		refusals = profile.crossCheck(evidence, question.Requester)
	}
	if len(refusals) > 0 {
		return consent.Question{}, nil, refusals.distinct()
	}
	if err := question.Validate(); err != nil {
		// Cannot happen while the readers above check every part; no question if it does.
		return consent.Question{}, nil, Refusals{refuse(ReasonClaimMalformed)}
	}
	return question, facts.chosen, nil
}

func requesterOf(facts *facts, lists *Lists) consent.Requester {
	requester := consent.Requester{
		URA: needed(facts, ClaimOrganizationURA, readURA, same),
		Responsible: consent.Professional{
			ID:   needed(facts, ClaimUserID, readProfessional, same),
			Role: needed(facts, ClaimUserRole, readRole, same),
		},
	}
	if facts.profile.builtin && requester.URA != "" {
		// One form in the token, whichever credential it comes from.
		facts.chosen[facts.profile.claimName(ClaimOrganizationURA)] = string(requester.URA)
	}
	requester.FacilityType = lists.facilityTypeOf(facts, requester.URA)
	if facts.has(ClaimDelegationRegisteredBy) || facts.has(ClaimDelegationRoleCode) {
		acting := requester.Responsible.ID
		requester.Mandated = &acting
		requester.Responsible = consent.Professional{
			ID:   needed(facts, ClaimDelegationRegisteredBy, readProfessional, same),
			Role: needed(facts, ClaimDelegationRoleCode, readRole, same),
		}
	}
	return requester
}

// facilityTypeOf takes the type that a trusted credential gives; without one, the type
// that the operator configured for the organisation. When both are there they must agree.
func (l *Lists) facilityTypeOf(facts *facts, ura consent.URA) consent.FacilityType {
	configured, exists := l.facilityTypes[ura]
	if exists && !facts.has(ClaimOrganizationFacilityType) {
		facts.chosen[facts.profile.claimName(ClaimOrganizationFacilityType)] = string(configured)
		return configured
	}
	presented := needed(facts, ClaimOrganizationFacilityType, readFacilityType, same)
	if exists && presented != "" && presented != configured {
		facts.contradictory = append(facts.contradictory, facts.profile.claimName(ClaimOrganizationFacilityType))
	}
	return presented
}
