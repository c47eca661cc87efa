// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package definition

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nuts-foundation/nuts-node/vcr/pe"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// Rules are what a profile lays down about the definition that serves its scope.
type Rules struct {
	Names Names
	Trust map[trust.Attribute]trust.Issuers
	// Reserved are the claims that no definition may give.
	Reserved []string
	// TypesConfigured says that the operator configures facility types: no credential is
	// needed for one.
	TypesConfigured bool
	// Grounds says what the profile's grounds rest on.
	Grounds Grounds
	// Strict refuses what is only fit for development.
	Strict bool
}

// Grounds are what a profile's grounds rest on.
type Grounds struct {
	Types   []string // of credential, of [GroundTypes]
	Several bool     // there are several grounds, so that a requester need not show what one rests on
}

// Sources are the types of credential whose issuers an operator's definition leaves to the
// trust, each with the attribute that it shows.
type Sources map[string]trust.Attribute

// Descriptor is one input descriptor of a definition, and where it stands.
type Descriptor struct {
	*pe.InputDescriptor
	Owner      pe.WalletOwnerType
	definition pe.PresentationDefinition
}

func (d Descriptor) String() string { return fmt.Sprintf("descriptor %q (%s)", d.Id, d.Owner) }

// ids are the field ids of the descriptor, as often as they are there.
func (d Descriptor) ids() []string {
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

// Descriptors returns those of all wallets, in a stable order.
func Descriptors(mapping pe.WalletOwnerMapping) []Descriptor {
	var all []Descriptor
	for _, owner := range slices.Sorted(maps.Keys(mapping)) {
		for _, each := range mapping[owner].InputDescriptors {
			all = append(all, Descriptor{InputDescriptor: each, Owner: owner, definition: mapping[owner]})
		}
	}
	return all
}

// fedBy are the claims of a question that a descriptor gives.
func (r Rules) fedBy(d Descriptor) []string {
	return filter(readClaims, func(claim string) bool { return slices.Contains(d.ids(), r.Names.Of(claim)) })
}

// Check checks an operator's definition, and reports everything that is wrong:
//
//   - claims that the question needs but the definition cannot give, and claims that no
//     definition may give;
//   - claims that the presenter could choose between credentials for;
//   - descriptors that feed the question without a proven constraint on the issuer, unless
//     the configured trust can stand in ([Sources]) or allowUnconstrained.
//
// A claim of an optional field is accepted: without it the request is refused.
func (r Rules) Check(mapping pe.WalletOwnerMapping, allowUnconstrained bool) (Sources, error) {
	descriptors := Descriptors(mapping)
	sources, issuers := r.checkIssuers(descriptors, allowUnconstrained)
	return sources, errors.Join(
		r.checkNeeded(descriptors),
		r.checkReserved(descriptors),
		r.checkDescriptorIDs(descriptors),
		r.checkRepeated(descriptors),
		issuers,
	)
}

func (r Rules) checkNeeded(descriptors []Descriptor) error {
	var problems []error
	for _, claim := range neededClaims {
		if claim == ClaimOrganizationFacilityType && r.TypesConfigured {
			continue
		}
		name := r.Names.Of(claim)
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

func (r Rules) checkReserved(descriptors []Descriptor) error {
	var problems []error
	for _, claim := range r.Reserved {
		if len(withField(descriptors, claim)) > 0 {
			problems = append(problems, fmt.Errorf("the field id %q is reserved", claim))
		}
	}
	return errors.Join(problems...)
}

// checkDescriptorIDs refuses two descriptors of one name, because the node finds the
// fields for a credential by it, also across wallets.
func (r Rules) checkDescriptorIDs(descriptors []Descriptor) error {
	var problems []error
	reported := map[string]bool{}
	for _, d := range descriptors {
		namesakes := filter(descriptors, func(other Descriptor) bool { return other.Id == d.Id })
		feeding := slices.ContainsFunc(namesakes, func(each Descriptor) bool { return len(r.fedBy(each)) > 0 })
		if len(namesakes) > 1 && feeding && !reported[d.Id] {
			problems = append(problems, fmt.Errorf("the descriptor id %q is given twice, and the node takes the fields of either", d.Id))
			reported[d.Id] = true
		}
	}
	return errors.Join(problems...)
}

// checkRepeated refuses a field id that is in two descriptors which can both be
// fulfilled: the node takes the value of either.
func (r Rules) checkRepeated(descriptors []Descriptor) error {
	var problems []error
	for _, name := range r.Names.All(renamableClaims) {
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
		} else if slices.ContainsFunc(holders, func(d Descriptor) bool { return !slices.Equal(r.fedBy(d), r.fedBy(holders[0])) }) {
			// A credential that another group selects is matched with these too, so
			// two may be fulfilled after all: then each must give the whole.
			problems = append(problems, fmt.Errorf("the field id %q is in %s, which do not give the same claims: the claims of two credentials could be mixed", name, listed(holders)))
		}
	}
	return errors.Join(problems...)
}

// selectable reports whether any submission requirement can select the descriptor.
func selectable(d Descriptor) bool {
	return len(d.definition.SubmissionRequirements) == 0 || slices.ContainsFunc(d.Group, func(group string) bool {
		return len(requirementsFrom(d.definition.SubmissionRequirements, group)) > 0
	})
}

// alternatives reports whether at most one of the descriptors is selected: they are in
// one group and no other, and one submission requirement picks one of it.
func alternatives(descriptors []Descriptor) bool {
	first := descriptors[0]
	for _, d := range descriptors {
		if d.Owner != first.Owner || len(d.Group) != 1 || d.Group[0] != first.Group[0] {
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

func withField(descriptors []Descriptor, id string) []Descriptor {
	return filter(descriptors, func(d Descriptor) bool { return slices.Contains(d.ids(), id) })
}

func listed(descriptors []Descriptor) string {
	texts := make([]string, len(descriptors))
	for i, d := range descriptors {
		texts[i] = d.String()
	}
	return strings.Join(texts, " and ")
}

func count(all []string, one string) int {
	return len(filter(all, func(each string) bool { return each == one }))
}

func filter[T any](all []T, keep func(T) bool) []T {
	var kept []T
	for _, each := range all {
		if keep(each) {
			kept = append(kept, each)
		}
	}
	return kept
}
