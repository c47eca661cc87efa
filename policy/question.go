// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Question makes the question that a profile asks of Mitz from what the node
// verified. The error is [Refusals]: everything that is missing, malformed,
// contradictory or untrusted.
//
// Under mandate the responsible professional is the one who delegated, and the
// one who acts is the mandated one.
func (p *Policy) Question(profile *Profile, evidence Evidence) (consent.Question, error) {
	dataHolder, known := p.dataHolders[evidence.Subject]
	if !known {
		return consent.Question{}, Refusals{refuse(ReasonDataHolder)}
	}
	read := newClaimReader(profile, evidence.Claims)
	question := consent.Question{
		Patient:    needed(read, ClaimEnrollmentIdentifier, readBSN),
		DataHolder: dataHolder,
		Requester: consent.Requester{
			URA:          needed(read, ClaimOrganizationURA, readURA),
			FacilityType: needed(read, ClaimOrganizationFacilityType, readFacilityType),
			Responsible: consent.Professional{
				ID:   needed(read, ClaimUserID, readProfessional),
				Role: needed(read, ClaimUserRole, readRole),
			},
		},
		Categories: slices.Clone(profile.Categories),
		Purpose:    profile.Purpose,
	}
	if read.has(ClaimDelegationRegisteredBy) || read.has(ClaimDelegationRoleCode) {
		acting := question.Requester.Responsible.ID
		question.Requester.Mandated = &acting
		question.Requester.Responsible = consent.Professional{
			ID:   needed(read, ClaimDelegationRegisteredBy, readProfessional),
			Role: needed(read, ClaimDelegationRoleCode, readRole),
		}
	}
	if refusals := append(read.refusals(), profile.checkTrust(evidence.Credentials)...); len(refusals) > 0 {
		return consent.Question{}, refusals
	}
	if err := question.Validate(); err != nil {
		// Cannot happen while the readers above check every part; no question if it does.
		return consent.Question{}, Refusals{refuse(ReasonClaimMalformed)}
	}
	return question, nil
}

// claimReader reads the claims that a profile's own definition declares, and
// collects what is wrong with them.
type claimReader struct {
	claims    map[string]any
	missing   []string
	malformed []string
}

func newClaimReader(profile *Profile, claims map[string]any) *claimReader {
	read := &claimReader{claims: make(map[string]any, len(profile.reads))}
	for _, claim := range profile.reads {
		if value := claims[claim]; value != nil {
			read.claims[claim] = value
		}
	}
	return read
}

func (r *claimReader) has(claim string) bool {
	_, exists := r.claims[claim]
	return exists
}

func (r *claimReader) refusals() Refusals {
	var refusals Refusals
	if len(r.missing) > 0 {
		refusals = append(refusals, refuse(ReasonClaimMissing, r.missing...))
	}
	if len(r.malformed) > 0 {
		refusals = append(refusals, refuse(ReasonClaimMalformed, r.malformed...))
	}
	return refusals
}

// needed reads a claim, which must be one text, by the reader for its kind.
func needed[T any](r *claimReader, claim string, parse func(string) (T, error)) T {
	var none T
	value, exists := r.claims[claim]
	if !exists {
		r.missing = append(r.missing, claim)
		return none
	}
	text, isText := value.(string)
	if !isText {
		r.malformed = append(r.malformed, claim)
		return none
	}
	parsed, err := parse(text)
	if err != nil {
		r.malformed = append(r.malformed, claim)
		return none
	}
	return parsed
}
