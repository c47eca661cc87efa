// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

// question makes the question that a profile asks from what is known, and returns the claims
// that it was made of, each as one text. A refusal holds everything that is wrong.
//
// Under mandate the responsible professional is the one who delegated, and the
// one who acts is the mandated one.
func (p *Policy) question(profile *Profile, evidence Evidence) (consent.Question, map[string]any, *Refusal) {
	lists := p.Lists() // the same for the whole question
	dataHolder, known := lists.DataHolder(evidence.Subject)
	if !known {
		return consent.Question{}, nil, refuse(ReasonDataHolder).by("a token is for a subject in mitz.dataholders")
	}
	if refusal := profile.checkBasis(evidence); refusal != nil {
		return consent.Question{}, nil, refusal
	}
	facts := profile.gather(evidence)
	question := consent.Question{
		Patient:    needed(facts, definition.ClaimEnrollmentIdentifier, readBSN, consent.BSN.Equal),
		DataHolder: dataHolder,
		Requester:  requesterOf(facts, lists),
		Categories: slices.Clone(profile.Categories),
		Purpose:    profile.Purpose,
	}
	refusals := facts.refusals()
	if len(refusals) == 0 { // otherwise there is nothing whole to compare with
		refusals = profile.crossCheck(evidence, question.Requester)
	}
	if refusal := joined(refusals); refusal != nil {
		return consent.Question{}, nil, refusal
	}
	if err := question.Validate(); err != nil {
		// Cannot happen while the readers above check every part; no question if it does.
		return consent.Question{}, nil, refuse(ReasonClaimMalformed).by("every part of a question is right: %s", err)
	}
	return question, facts.chosen, nil
}

// checkBasis refuses evidence that says nothing of where it comes from, or contradicts itself
// about that, and evidence in which a wallet is missing.
func (p *Profile) checkBasis(evidence Evidence) *Refusal {
	switch evidence.Basis {
	case BasisClaims:
		if len(evidence.Credentials) > 0 {
			return refuse(ReasonClaimContradiction).by("a case of claims has no credentials")
		}
		return p.checkAlone(evidence.Claims)
	case BasisCredentials:
	default:
		return refuse(ReasonClaimMissing).by("a case is made of credentials or of claims")
	}
	if wallets := len(p.Definition); !isForOrganizations(p.Definition) && evidence.Submissions != wallets {
		// The service grants evaluate one of the definitions, or none: the others' constraints
		// would not have been checked.
		return refuse(ReasonWalletMissing).by("each of the %d definitions is answered: %d were", wallets, evidence.Submissions)
	}
	return nil
}

func requesterOf(facts *facts, lists *Lists) consent.Requester {
	requester := consent.Requester{
		URA: needed(facts, definition.ClaimOrganizationURA, readURA, same),
		Responsible: consent.Professional{
			ID:   needed(facts, definition.ClaimUserID, readProfessional, same),
			Role: needed(facts, definition.ClaimUserRole, readRole, same),
		},
	}
	if facts.profile.builtin && requester.URA != "" {
		// One form in the token, whichever credential it comes from.
		facts.chosen[facts.profile.claimName(definition.ClaimOrganizationURA)] = string(requester.URA)
	}
	requester.FacilityType = lists.facilityTypeOf(facts, requester.URA)
	if facts.has(definition.ClaimDelegationRegisteredBy) || facts.has(definition.ClaimDelegationRoleCode) {
		acting := requester.Responsible.ID
		requester.Mandated = &acting
		requester.Responsible = consent.Professional{
			ID:   needed(facts, definition.ClaimDelegationRegisteredBy, readProfessional, same),
			Role: needed(facts, definition.ClaimDelegationRoleCode, readRole, same),
		}
	}
	return requester
}

// facilityTypeOf takes the type that a trusted credential gives; without one, the type
// that the operator configured for the organisation. When both are there they must agree.
func (l *Lists) facilityTypeOf(facts *facts, ura consent.URA) consent.FacilityType {
	configured, exists := l.facilityTypes[ura]
	if exists && !facts.has(definition.ClaimOrganizationFacilityType) {
		facts.chosen[facts.profile.claimName(definition.ClaimOrganizationFacilityType)] = string(configured)
		return configured
	}
	if !exists && facts.alone && !slices.Contains(facts.profile.reads, definition.ClaimOrganizationFacilityType) {
		delete(facts.texts, definition.ClaimOrganizationFacilityType) // nobody attests it who is trusted
	}
	presented := needed(facts, definition.ClaimOrganizationFacilityType, readFacilityType, same)
	if exists && presented != "" && presented != configured {
		facts.contradictory = append(facts.contradictory, facts.profile.claimName(definition.ClaimOrganizationFacilityType))
	}
	return presented
}
