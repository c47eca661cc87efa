// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"fmt"
	"slices"
)

// checkDefinition checks an operator's definition. It finds claims that the question
// needs but the definition cannot give, and claims that no definition may give.
func (p *Profile) checkDefinition(typesConfigured, allowUnconstrained bool) error {
	declared := declaredClaims(p.Definition)
	var problems []error
	for _, claim := range neededClaims {
		if claim == ClaimOrganizationFacilityType && typesConfigured {
			continue
		}
		if name := p.claimName(claim); !slices.Contains(declared, name) {
			problems = append(problems, fmt.Errorf("no field has the id %q", name))
		}
	}
	for _, claim := range ReservedClaims() {
		if slices.Contains(declared, claim) {
			problems = append(problems, fmt.Errorf("the field id %q is reserved", claim))
		}
	}
	return errors.Join(problems...)
}
