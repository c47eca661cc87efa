// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"maps"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// Explanation says what a profile comes down to, as data: for an operator's eyes, for
// documentation and for tests. It holds no patient's number that prints as such, and
// claims have the names that the profile gives them.
type Explanation struct {
	Scope string
	// Builtin tells that the built-in presentation definition serves the scope; otherwise
	// it is one of the operator's.
	Builtin bool
	// Choices tells that the operator's definition has submission requirements, which say
	// how many of its credentials are needed.
	Choices bool
	// Requirements are what must be presented, in a fixed order of attributes.
	Requirements []Requirement
	// FacilityTypes are the configured ones, by URA. One counts only for a requester who
	// presents no credential; when both are there, they must agree.
	FacilityTypes []ConfiguredType
	// Checks are made between credentials, and with the certificates behind them.
	Checks []Check
	// Mandate reports whether a professional may act under the mandate of another.
	Mandate bool
	// EnrollmentMaxAge is how old an enrolment may be; 0: as old as it is valid.
	EnrollmentMaxAge time.Duration
	Categories       []consent.Category
	Purpose          consent.PurposeOfUse
	Grounds          []GroundName
	// Brought are the credentials on which grounds rest that do not ask Mitz.
	Brought []BroughtCredential
	// Registration says which registrations count, where the profile takes any.
	Registration RegistrationConfig
	// ContinuesAfterDeny tells that a registration may permit what Mitz denied.
	ContinuesAfterDeny bool
	// Subscribes is the profile's.
	Subscribes bool
	// Samples are the questions that a fictional requester would have asked, one for each
	// data holder, by subject, but for no more than [MaxSamples].
	Samples []Sample
	// TokenClaims are the claims that a token gets, with the first sample's values.
	TokenClaims []TokenClaim
}

// Need says when an attribute must be presented.
type Need string

// The needs.
const (
	NeedAlways           Need = "always"            // one credential, no more
	NeedUnlessConfigured Need = "unless_configured" // one at most: the configuration may say it instead
	NeedUnderMandate     Need = "under_mandate"     // one at most: only who acts under mandate has it
)

// Requirement is one attribute of a requester, and how it can be shown.
type Requirement struct {
	Attribute trust.Attribute
	Need      Need
	// Credentials are the alternatives.
	Credentials []AcceptedCredential
	// Trusted are who may attest it, as configured. It counts with the built-in definition,
	// and for those of the operator's credentials that say [AcceptedCredential.ByTrust].
	Trusted []trust.Entry
}

// AcceptedCredential is a kind of credential with which an attribute can be shown: one
// input descriptor of the presentation definition.
type AcceptedCredential struct {
	Descriptor string   // its id
	Wallet     string   // whose wallet it is asked from: organization or user
	Types      []string // spellings of its type; none: the definition does not say
	Claims     []ClaimSource
	// ByTrust tells that the configured trust says who may issue it.
	ByTrust bool
	// IssuerFilters are what the operator's definition itself demands of the issuer: texts
	// and regular expressions, each of which must match.
	IssuerFilters []string
	// Unproven is why the definition may take a credential that anyone issued; empty when it
	// is proven that it does not, or when the trust decides.
	Unproven string
}

// BroughtCredential is a credential on which a ground rests.
type BroughtCredential struct {
	Ground GroundName
	Type   string
	// Trusted are who may issue it; none: the organisation that presents it, itself.
	Trusted []trust.Entry
}

// ClaimSource says where in a credential's subject a claim is found.
type ClaimSource struct {
	Claim    string
	Paths    []string // dotted, in the order in which they are tried; of one with several, one
	Optional bool
}

// ConfiguredType is the type of one organisation, as the operator configured it.
type ConfiguredType struct {
	URA          consent.URA
	FacilityType consent.FacilityType
}

// Explain describes a profile of this policy.
func (p *Policy) Explain(profile *Profile) Explanation {
	explanation := Explanation{
		Scope:            profile.Scope,
		Builtin:          profile.builtin,
		Requirements:     p.requirements(profile),
		Checks:           p.checks(profile),
		EnrollmentMaxAge: profile.enrollmentMaxAge,
		Categories:       slices.Clone(profile.Categories),
		Purpose:          profile.Purpose,
		Grounds:          slices.Clone(profile.Grounds),
		Brought:          profile.brought(),
		Registration:     profile.registration,
		Subscribes:       profile.Subscribes,
		Samples:          p.samples(profile),
	}
	explanation.ContinuesAfterDeny = profile.continueAfterDeny && slices.Contains(profile.Grounds, GroundRegistration)
	for _, definition := range profile.Definition {
		explanation.Choices = explanation.Choices || !profile.builtin && len(definition.SubmissionRequirements) > 0
	}
	lists := p.Lists()
	for _, ura := range slices.Sorted(maps.Keys(lists.facilityTypes)) {
		explanation.FacilityTypes = append(explanation.FacilityTypes, ConfiguredType{ura, lists.facilityTypes[ura]})
	}
	explanation.Mandate = slices.ContainsFunc(explanation.Requirements, func(r Requirement) bool {
		return r.Attribute == trust.Delegation
	})
	explanation.TokenClaims = profile.tokenClaims(explanation.Samples[0])
	return explanation
}

// brought are the credentials on which the profile's grounds rest.
func (p *Profile) brought() (credentials []BroughtCredential) {
	for _, ground := range p.Grounds {
		for _, each := range ground.types() {
			credentials = append(credentials, BroughtCredential{Ground: ground, Type: each, Trusted: p.trust[groundAttributes[each]].Entries()})
		}
	}
	return credentials
}

// requirements are the attributes that a question is made of. One that can be shown with
// no credential is left out, unless the configuration stands in for it.
func (p *Policy) requirements(profile *Profile) []Requirement {
	var requirements []Requirement
	for _, attribute := range trust.Attributes() {
		claims := definition.ClaimsOf(attribute)
		if len(claims) == 0 {
			continue
		}
		requirement := Requirement{
			Attribute: attribute, Need: NeedAlways,
			Credentials: profile.accepted(attribute), Trusted: profile.trust[attribute].Entries(),
		}
		switch {
		case attribute == trust.Delegation && len(requirement.Credentials) == 0:
			continue
		case attribute == trust.Delegation:
			requirement.Need = NeedUnderMandate
		case attribute == trust.FacilityType && p.typesListed:
			requirement.Need = NeedUnlessConfigured
		}
		requirements = append(requirements, requirement)
	}
	return requirements
}
