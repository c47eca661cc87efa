// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/systems"
)

// The systems that a value of the form "system|value" may name: the naming systems
// of the Dutch FHIR profiles (Nictiz) and the OIDs of the same registers. OIDs are
// understood with and without "urn:oid:".
var (
	systemsBSN          = []string{systems.BSN, systems.OIDBSN}
	systemsURA          = []string{systems.URA, systems.OIDURA}
	systemsFacilityType = []string{systems.OrganizationType, systems.OrganizationTypeOther, systems.OIDFacilityType}
	systemsRole         = []string{systems.Role, systems.OIDRole}

	professionalRoots = map[string]string{
		systems.UZI: consent.RootUZI,
		systems.AGB: consent.RootAGB,
		systems.BIG: consent.RootBIG,
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

// isOfSystem reports whether a text names one of the systems.
func isOfSystem(text string, systems []string) bool {
	system, _ := splitSystem(text)
	return strings.Contains(text, "|") && slices.Contains(systems, system)
}

func splitSystem(claim string) (system, value string) {
	system, value = consent.SplitSystem(claim)
	return strings.TrimPrefix(system, "urn:oid:"), value
}
