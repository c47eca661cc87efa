// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package withdrawal

import (
	"maps"
	"slices"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Kinds says for whom a patient's permission is when it is for an organisation of a type:
// patients permit by kind of care provider, requesters are known by type. A type that is not
// in it is of no known kind, and no permission that Mitz tells of is for it.
type Kinds map[consent.FacilityType]consent.ProviderCategory

// DefaultKinds returns the types of which the names of the kinds leave no doubt. No public
// source has the whole table.
func DefaultKinds() Kinds {
	return Kinds{
		// GPs and GP posts
		"Z3": "RPZAC001", "N6": "RPZAC001",
		// mental health
		"G5": "RPZAC003",
		// nursing and care
		"X3": "RPZAC004", "T2": "RPZAC004",
		// pharmacies
		"J8": "RPZAC005",
		// dentists, allied health professionals, youth health
		"JGZ": "RPZAC103",
		// hospitals, clinics, laboratories
		"V4": "RPZAC104", "V5": "RPZAC104", "V6": "RPZAC104", "Z4": "RPZAC104", "Z5": "RPZAC104", "L1": "RPZAC104",
	}
}

// kindUnknown is the kind of a type that is not in the table.
const kindUnknown consent.ProviderCategory = "unknown"

func (k Kinds) of(facility consent.FacilityType) consent.ProviderCategory {
	if kind, known := k[facility]; known {
		return kind
	}
	return kindUnknown
}

// know reports whether every kind that is named is in the table, or known to public sources.
func (k Kinds) know(told map[consent.Category]Told) bool {
	known := slices.AppendSeq(consent.ProviderCategories(), maps.Values(k))
	for _, each := range told {
		for _, kind := range slices.Concat(each.Permitted, each.Refused) {
			if !slices.Contains(known, kind) {
				return false
			}
		}
	}
	return true
}

// withLower returns what was told, and with it what that says about the categories below those that
// are named: Mitz permits these where the patient permitted the higher one, so they end with it. One
// that is named has a decision of its own.
func withLower(told map[consent.Category]Told) map[consent.Category]Told {
	all := maps.Clone(told)
	for category, each := range told {
		for _, lower := range lowerThan(category) {
			if _, named := told[lower]; !named {
				all[lower] = each
			}
		}
	}
	return all
}

// lowerThan returns the data categories below another: results and medication are treatment data
// (Mitz's scheme, appendix on data categories, https://vzvz.atlassian.net/wiki/spaces/MA11/pages/127535952).
func lowerThan(category consent.Category) []consent.Category {
	if category == "GGC002" {
		return []consent.Category{"GGC012", "GGC013"}
	}
	return nil
}

// without returns the kinds that are not among these, in order: those of the table, and all that
// are known, since another node's table may have them.
func (k Kinds) without(permitted []consent.ProviderCategory) []consent.ProviderCategory {
	left := map[consent.ProviderCategory]bool{kindUnknown: true}
	for _, kind := range slices.AppendSeq(consent.ProviderCategories(), maps.Values(k)) {
		if !slices.Contains(permitted, kind) {
			left[kind] = true
		}
	}
	return slices.Sorted(maps.Keys(left))
}
