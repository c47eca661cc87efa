// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nuts-foundation/nuts-node/vcr/pe"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// RegistrationConfig says which registrations of consent are accepted.
type RegistrationConfig struct {
	// Identifications are the methods by which the patient may have been identified. Nil: wid.
	Identifications []string
	// Agreements are the versions of the Mitz agreements under which consent may have been
	// recorded. Nil: 3.8.
	Agreements []string
	// MaxAge is how long ago consent may have been recorded. 0: a week.
	MaxAge time.Duration
}

// withDefaults fills in what is not configured.
func (r RegistrationConfig) withDefaults() RegistrationConfig {
	if r.Identifications == nil {
		r.Identifications = []string{"wid"}
	}
	if r.Agreements == nil {
		r.Agreements = []string{"3.8"}
	}
	r.MaxAge = cmp.Or(r.MaxAge, 7*24*time.Hour)
	return r
}

// GroundNames returns the names of all grounds.
func GroundNames() []GroundName {
	return []GroundName{GroundClosedQuery, GroundAttestation, GroundRegistration}
}

func readGrounds(names []string) ([]GroundName, error) {
	if len(names) == 0 {
		return []GroundName{GroundClosedQuery}, nil
	}
	var grounds []GroundName
	var problems []error
	for _, name := range names {
		ground := GroundName(name)
		switch {
		case !slices.Contains(GroundNames(), ground):
			problems = append(problems, fmt.Errorf("%q is no ground", name))
		case slices.Contains(grounds, ground):
			problems = append(problems, fmt.Errorf("%q is given twice", name))
		default:
			grounds = append(grounds, ground)
		}
	}
	return grounds, errors.Join(problems...)
}

// checkGrounds refuses grounds on which no token could ever be issued.
func (p *Profile) checkGrounds() error {
	var problems []error
	needs := func(ground GroundName, attribute trust.Attribute, what string) {
		if slices.Contains(p.Grounds, ground) && !p.trust[attribute].NamesDID() {
			problems = append(problems, fmt.Errorf("%q needs trust.%s, which says %s", ground, attribute, what))
		}
	}
	needs(GroundAttestation, trust.Attestation, "whose attestations of consent count: name the DID with which Mitz issues them")
	needs(GroundRegistration, trust.Membership, "who attests that a requester may register consents: name the DID with which Mitz issues memberships")
	if !slices.Contains(p.Grounds, GroundRegistration) {
		return errors.Join(problems...)
	}
	if p.Purpose == consent.PurposeCoordinated {
		problems = append(problems, fmt.Errorf("%q cannot be a ground for purpose %s: what a patient has recorded is explicit consent, which is %s",
			GroundRegistration, consent.PurposeCoordinated, consent.PurposeTreatment))
	}
	if len(p.registration.Identifications) == 0 || len(p.registration.Agreements) == 0 {
		problems = append(problems, fmt.Errorf("%q needs registration.identifications and registration.agreements: with none of them no registration is accepted", GroundRegistration))
	}
	return errors.Join(problems...)
}

// groundTypes are the types of credential that the profile's grounds rest on.
func (p *Profile) groundTypes() (types []string) {
	for _, ground := range p.Grounds {
		types = append(types, ground.types()...)
	}
	return types
}

// checkAsked refuses an operator's definition that asks for none of what a ground rests on: no
// wallet would ever present it.
func (p *Profile) checkAsked(operators pe.WalletOwnerMapping) error {
	var problems []error
	for _, ground := range p.Grounds {
		for _, credentialType := range ground.types() {
			if !slices.ContainsFunc(definition.Descriptors(operators), func(d definition.Descriptor) bool {
				return len(d.Types()) == 0 || slices.Contains(d.Types(), credentialType)
			}) {
				problems = append(problems, fmt.Errorf("no descriptor asks for a %s, which the ground %s rests on", credentialType, ground))
			}
		}
	}
	return errors.Join(problems...)
}

func readAfterDeny(word string) (continues bool, err error) {
	switch word {
	case "", "stop":
		return false, nil
	case "continue":
		return true, nil
	default:
		return false, fmt.Errorf("%q is neither stop nor continue", word)
	}
}
