// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"regexp"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// passType is the kind of a UZI pass (CIBG, Certification Practice Statement of the
// UZI register, section on the subject alternative name).
type passType string

const (
	passProfessional passType = "Z" // a care professional, with a role
	passEmployee     passType = "N" // an employee, by name
	passServer       passType = "S" // a care organisation's server
)

// pass is what a UZI certificate says in its otherName:
// <CA OID>-<version>-<UZI number>-<pass type>-<URA>-<role>-<AGB>.
type pass struct {
	number string // nine digits for a person
	kind   passType
	ura    consent.URA
	role   consent.Role
}

var otherNameShape = regexp.MustCompile(`^[0-9.]+-[0-9]+-([0-9]+)-([A-Z])-([0-9]{8})-([0-9]{2}\.[0-9]{3})-[0-9]+$`)

// parseOtherName reads the otherName of a UZI certificate.
func parseOtherName(otherName string) (pass, bool) {
	match := otherNameShape.FindStringSubmatch(otherName)
	if match == nil {
		return pass{}, false
	}
	return pass{number: match[1], kind: passType(match[2]), ura: consent.URA(match[3]), role: consent.Role(match[4])}, true
}

// passOf reads the pass from a did:x509. One without an otherName, or with several, has
// no pass.
func passOf(issuer string) (pass, bool) {
	otherNames := trust.Policies(issuer, "san", "otherName")
	if len(otherNames) != 1 {
		return pass{}, false
	}
	return parseOtherName(otherNames[0])
}
