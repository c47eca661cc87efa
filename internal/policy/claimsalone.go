// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/errlist"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

// whyNotAlone returns why nothing can be decided about a profile on claims alone; nil: it can.
// What the token endpoint checks of credentials, nobody checks then but the presentation
// definition by which another node verified them.
func (p *Profile) whyNotAlone(key string, typesListed bool) error {
	var problems []error
	if !slices.ContainsFunc(p.Grounds, GroundName.AsksMitz) {
		problems = append(problems, errors.New(key+".grounds: claims alone establish none of them"))
	}
	if p.enrollmentMaxAge > 0 {
		problems = append(problems, errors.New(key+".enrollmentmaxage: claims alone do not tell how old an enrolment is"))
	}
	return errors.Join(append(problems, errlist.Prefix(key+".presentationdefinition", p.rules(typesListed).CheckAlone(p.Definition)))...)
}

// CheckAlone returns everything that keeps the profiles from being decided about on claims alone,
// as a decision point does that has no node beside it. In strict mode these profiles are refused
// there; see [Policy.Case].
func (p *Policy) CheckAlone() error {
	var problems []error
	for _, scope := range sortedKeys(p.profiles) {
		problems = append(problems, p.profiles[scope].notAlone)
	}
	return errors.Join(problems...)
}

// checkAlone refuses claims alone where nothing may rest on them: claims that only this software
// or an introspection answer has, claims that the profile's definition does not give, so that
// whoever sent them verified by another, and in strict mode everything where it is not proven who
// attested the claims.
func (p *Profile) checkAlone(claims map[string]any) *Refusal {
	for _, forbidden := range [][]string{ReservedClaims(), introspectionClaims} {
		if refusal := refuseAny(claims, forbidden); refusal != nil {
			return refusal
		}
	}
	if p.strict && p.notAlone != nil {
		return refuse(ReasonClaimUntrusted).by("it is proven who attested the claims of a decision point: %s", strings.ReplaceAll(p.notAlone.Error(), "\n", "; "))
	}
	var others []string
	for _, claim := range definition.ReadClaims() {
		name := p.claimName(claim)
		if claims[name] != nil && !slices.Contains(p.reads, claim) && claim != definition.ClaimOrganizationFacilityType {
			others = append(others, name)
		}
	}
	if others != nil {
		return refuse(ReasonClaimUntrusted, others...).by("the claims of a decision point are those of the profile's presentation definition: it does not give %s", strings.Join(others, ", "))
	}
	return nil
}

// ScreenDecision returns the profile by which it is decided whether a token may have a scope, where
// a decision point is told which scope the token is for in the first place. The error is a
// [*Refusal]: only guarded scopes are decided about here, and a token is for one of them. Any other
// scope is decided about as the guarded one that it comes with.
func (p *Policy) ScreenDecision(tokenScope, scope string) (*Profile, error) {
	profile := p.profiles[tokenScope]
	switch {
	case profile == nil:
		return nil, refuse(ReasonScope).by("a decision is about a token for a guarded scope")
	case !scopeShape.MatchString(scope):
		return nil, refuse(ReasonScope).by("a decision is about one scope (RFC 6749 section 3.3)")
	case scope != tokenScope && p.profiles[scope] != nil:
		return nil, refuse(ReasonScope).by("a token is for one guarded scope: %s and %s are two", tokenScope, scope)
	}
	return profile, nil
}

// RefuseSecondQuestion refuses what is asked in one request besides something else: each question
// to Mitz is shown to the patient, and a request asks one, or looks at one token.
func RefuseSecondQuestion() *Refusal {
	return refuse(ReasonSecondQuestion).by("one request to a decision point asks one question, or is about one token")
}
