// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// The systems that a value of the form "system|value" may name: the naming systems
// of the Dutch FHIR profiles (Nictiz) and the OIDs of the same registers. OIDs are
// understood with and without "urn:oid:".
var (
	systemsBSN          = []string{"http://fhir.nl/fhir/NamingSystem/bsn", "2.16.840.1.113883.2.4.6.3"}
	systemsURA          = []string{"http://fhir.nl/fhir/NamingSystem/ura", "2.16.528.1.1007.3.3"}
	systemsFacilityType = []string{
		"http://nictiz.nl/fhir/NamingSystem/organization-type",
		"http://fhir.nl/fhir/NamingSystem/organization-type",
		"2.16.840.1.113883.2.4.15.1060",
	}
	systemsRole = []string{"http://fhir.nl/fhir/NamingSystem/uzi-rolcode", "2.16.840.1.113883.2.4.15.111"}

	professionalRoots = map[string]string{
		"http://fhir.nl/fhir/NamingSystem/uzi-nr-pers": consent.RootUZI,
		"http://fhir.nl/fhir/NamingSystem/agb-z":       consent.RootAGB,
		"http://fhir.nl/fhir/NamingSystem/big":         consent.RootBIG,
	}
)

var errOtherSystem = errors.New("a value of another system")

func readBSN(claim string) (consent.BSN, error) {
	return readValue(claim, systemsBSN, consent.ParseBSN)
}

func readURA(claim string) (consent.URA, error) {
	return readValue(claim, systemsURA, consent.ParseURA)
}

func readFacilityType(claim string) (consent.FacilityType, error) {
	return readValue(claim, systemsFacilityType, consent.ParseFacilityType)
}

func readRole(claim string) (consent.Role, error) {
	return readValue(claim, systemsRole, consent.ParseRole)
}

// readProfessional reads a number in the register that its system names; a bare
// value is a number in the UZI register.
func readProfessional(claim string) (consent.ProfessionalID, error) {
	system, number := splitSystem(claim)
	root, named := professionalRoots[system]
	switch {
	case named:
	case system == "" && !strings.Contains(claim, "|"):
		root = consent.RootUZI
	default:
		root = system // an OID, or refused as none
	}
	return consent.NewProfessionalID(root, number)
}

// readValue reads a value of one of the systems, or a bare one.
func readValue[T any](claim string, systems []string, parse func(string) (T, error)) (T, error) {
	_, value := splitSystem(claim)
	if strings.Contains(claim, "|") && !isOfSystem(claim, systems) {
		var none T
		return none, errOtherSystem
	}
	return parse(value)
}

// isOfSystem tells whether a text names one of the systems.
func isOfSystem(text string, systems []string) bool {
	system, _ := splitSystem(text)
	return strings.Contains(text, "|") && slices.Contains(systems, system)
}

func splitSystem(claim string) (system, value string) {
	system, value = consent.SplitSystem(claim)
	return strings.TrimPrefix(system, "urn:oid:"), value
}
