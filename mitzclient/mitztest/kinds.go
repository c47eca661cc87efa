// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"github.com/nuts-mitz/nuts-mitz/consent"
)

// kind is a kind of care provider by which a patient consents ("raadplegende
// zorgaanbiedercategorie").
type kind struct{ code, display string }

// kindOther is that of an organisation type which no other kind has.
const kindOther = "RPZAC103"

// kinds are all of them, in the order of a notification.
var kinds = []kind{
	{"RPZAC001", "Huisartsen en huisartsenposten"},
	{"RPZAC003", "Geestelijke gezondheidszorg (GGZ)"},
	{"RPZAC004", "Verpleging en verzorging"},
	{"RPZAC005", "Apotheken"},
	{kindOther, "Overige zorg (tandartsen, paramedici, jeugdgezondheidszorg)"},
	{"RPZAC104", "Ziekenhuizen, medische centra, klinieken, laboratoria en diagnostische centra"},
	{"RPZAC200", "Zorgaanbieders in de Europese Unie buiten Nederland"},
}

// kindOf returns the kind that an organisation type belongs to. No public source has this
// table: it is the simulator's own guess from the names.
func kindOf(facility consent.FacilityType) string {
	switch facility {
	case "Z3", "N6":
		return "RPZAC001"
	case "G5":
		return "RPZAC003"
	case "X3", "T2":
		return "RPZAC004"
	case "J8", "K3":
		return "RPZAC005"
	case "V4", "V5", "V6", "Z4", "Z5", "L1", "R8":
		return "RPZAC104"
	default:
		return kindOther
	}
}

// kinds returns what a patient permits and refuses of one data category at a data holder. A
// kind is permitted when one of its organisation types is, and none is refused or was withdrawn.
func (r *register) kinds(patient consent.BSN, dataHolder consent.URA, category consent.Category) (permitted, refused []kind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	some, not := map[string]bool{}, map[string]bool{}
	for _, c := range r.patients[r.key.of(patient, "")] {
		if c.scope.dataHolder != dataHolder || c.scope.category != category {
			continue
		}
		if c.withdrawn || c.decision != consent.Permit {
			not[kindOf(c.scope.requesterType)] = true
		} else {
			some[kindOf(c.scope.requesterType)] = true
		}
	}
	for _, each := range kinds {
		permit := some[each.code] && !not[each.code]
		if is(patient, PatientAlwaysPermit) || is(patient, PatientAlwaysDeny) {
			permit = is(patient, PatientAlwaysPermit)
		}
		if permit {
			permitted = append(permitted, each)
		} else {
			refused = append(refused, each)
		}
	}
	return permitted, refused
}
