// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
)

// descriptor is one input descriptor of an operator's definition, and where it stands.
type descriptor struct {
	*pe.InputDescriptor
	owner      pe.WalletOwnerType
	definition pe.PresentationDefinition
}

func (d descriptor) String() string { return fmt.Sprintf("descriptor %q (%s)", d.Id, d.owner) }

// ids are the field ids of the descriptor, as often as they are there.
func (d descriptor) ids() []string {
	var ids []string
	if d.Constraints == nil {
		return nil
	}
	for _, field := range d.Constraints.Fields {
		if field.Id != nil {
			ids = append(ids, *field.Id)
		}
	}
	return ids
}

// descriptors are those of all wallets, in a stable order.
func (p *Profile) descriptors() []descriptor {
	var all []descriptor
	for _, owner := range slices.Sorted(maps.Keys(p.Definition)) {
		for _, each := range p.Definition[owner].InputDescriptors {
			all = append(all, descriptor{InputDescriptor: each, owner: owner, definition: p.Definition[owner]})
		}
	}
	return all
}

// fedBy are the claims of a question that a descriptor gives.
func (p *Profile) fedBy(d descriptor) []string {
	return filter(readClaims, func(claim string) bool { return slices.Contains(d.ids(), p.claimName(claim)) })
}

// checkDefinition checks an operator's definition, and reports everything that is wrong:
//
//   - claims that the question needs but the definition cannot give, and claims that no
//     definition may give;
//   - claims that the presenter could choose between credentials for;
//   - descriptors that feed the question without a proven constraint on the issuer, unless
//     the configured trust can stand in ([Profile.sources]) or allowUnconstrained.
//
// A claim of an optional field is accepted: without it the request is refused.
func (p *Profile) checkDefinition(typesConfigured, allowUnconstrained bool) error {
	descriptors := p.descriptors()
	return errors.Join(
		p.checkNeeded(descriptors, typesConfigured),
		p.checkReserved(descriptors),
		p.checkDescriptorIDs(descriptors),
		p.checkRepeated(descriptors),
		p.checkIssuers(descriptors, allowUnconstrained),
	)
}

func (p *Profile) checkNeeded(descriptors []descriptor, typesConfigured bool) error {
	var problems []error
	for _, claim := range neededClaims {
		if claim == ClaimOrganizationFacilityType && typesConfigured {
			continue
		}
		name := p.claimName(claim)
		holders := withField(descriptors, name)
		switch {
		case len(holders) == 0:
			problems = append(problems, fmt.Errorf("no field has the id %q", name))
		case !slices.ContainsFunc(holders, selectable):
			problems = append(problems, fmt.Errorf("the field id %q is only in descriptors whose group no submission requirement names", name))
		}
	}
	return errors.Join(problems...)
}

func (p *Profile) checkReserved(descriptors []descriptor) error {
	var problems []error
	for _, claim := range append(ReservedClaims(), introspectionClaims...) {
		if len(withField(descriptors, claim)) > 0 {
			problems = append(problems, fmt.Errorf("the field id %q is reserved", claim))
		}
	}
	return errors.Join(problems...)
}

// checkDescriptorIDs refuses two descriptors of one name, because the node finds the
// fields for a credential by it, also across wallets.
func (p *Profile) checkDescriptorIDs(descriptors []descriptor) error {
	var problems []error
	reported := map[string]bool{}
	for _, d := range descriptors {
		namesakes := filter(descriptors, func(other descriptor) bool { return other.Id == d.Id })
		feeding := slices.ContainsFunc(namesakes, func(each descriptor) bool { return len(p.fedBy(each)) > 0 })
		if len(namesakes) > 1 && feeding && !reported[d.Id] {
			problems = append(problems, fmt.Errorf("the descriptor id %q is given twice, and the node takes the fields of either", d.Id))
			reported[d.Id] = true
		}
	}
	return errors.Join(problems...)
}

// checkRepeated refuses a field id that is in two descriptors which can both be
// fulfilled: the node takes the value of either.
func (p *Profile) checkRepeated(descriptors []descriptor) error {
	var problems []error
	for _, name := range p.claimNames(renamableClaims) {
		holders := withField(descriptors, name)
		for _, d := range holders {
			if count(d.ids(), name) > 1 {
				problems = append(problems, fmt.Errorf("%s: the field id %q is given twice", d, name))
			}
		}
		if len(holders) < 2 {
			continue
		}
		if !alternatives(holders) {
			problems = append(problems, fmt.Errorf("the field id %q is in %s, and the node takes the value of either: "+
				`make them the only members of one group, from which one submission requirement picks one ("rule": "pick", "count": 1)`, name, listed(holders)))
		} else if slices.ContainsFunc(holders, func(d descriptor) bool { return !slices.Equal(p.fedBy(d), p.fedBy(holders[0])) }) {
			// A credential that another group selects is matched with these too, so
			// two may be fulfilled after all: then each must give the whole.
			problems = append(problems, fmt.Errorf("the field id %q is in %s, which do not give the same claims: the claims of two credentials could be mixed", name, listed(holders)))
		}
	}
	return errors.Join(problems...)
}

// selectable tells whether any submission requirement can select the descriptor.
func selectable(d descriptor) bool {
	return len(d.definition.SubmissionRequirements) == 0 || slices.ContainsFunc(d.Group, func(group string) bool {
		return len(requirementsFrom(d.definition.SubmissionRequirements, group)) > 0
	})
}

// alternatives tells whether at most one of the descriptors is selected: they are in
// one group and no other, and one submission requirement picks one of it.
func alternatives(descriptors []descriptor) bool {
	first := descriptors[0]
	for _, d := range descriptors {
		if d.owner != first.owner || len(d.Group) != 1 || d.Group[0] != first.Group[0] {
			return false
		}
	}
	requirements := requirementsFrom(first.definition.SubmissionRequirements, first.Group[0])
	return len(requirements) == 1 && picksOne(requirements[0])
}

// requirementsFrom are the requirements, also nested ones, that select from a group.
func requirementsFrom(requirements []*pe.SubmissionRequirement, group string) []*pe.SubmissionRequirement {
	var found []*pe.SubmissionRequirement
	for _, requirement := range requirements {
		if requirement.From == group {
			found = append(found, requirement)
		}
		found = append(found, requirementsFrom(requirement.FromNested, group)...)
	}
	return found
}

// picksOne follows the node: a count goes before min and max, and a count or a max of
// 0 is none at all.
func picksOne(requirement *pe.SubmissionRequirement) bool {
	if requirement.Rule != "pick" {
		return false
	}
	if requirement.Count != nil {
		return *requirement.Count == 1
	}
	return requirement.Max != nil && *requirement.Max == 1
}

func withField(descriptors []descriptor, id string) []descriptor {
	return filter(descriptors, func(d descriptor) bool { return slices.Contains(d.ids(), id) })
}

func listed(descriptors []descriptor) string {
	texts := make([]string, len(descriptors))
	for i, d := range descriptors {
		texts[i] = d.String()
	}
	return strings.Join(texts, " and ")
}

func count(all []string, one string) int {
	return len(filter(all, func(each string) bool { return each == one }))
}
