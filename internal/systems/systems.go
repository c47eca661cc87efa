// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package systems names the registers and code lists of Dutch health care: as OIDs, which the
// messages of Mitz have, and as the naming systems of the Dutch FHIR profiles (Nictiz). Those
// that number professionals have their OIDs in package consent. It holds names alone, and must
// never hold a code of one of these systems: those are consent's.
package systems

// OIDs of registers and code lists.
const (
	OIDBSN          = "2.16.840.1.113883.2.4.6.3"
	OIDURA          = "2.16.528.1.1007.3.3"
	OIDFacilityType = "2.16.840.1.113883.2.4.15.1060"
	OIDCategory     = "2.16.840.1.113883.2.4.3.111.5.10.1"
	OIDRole         = "2.16.840.1.113883.2.4.15.111"
	OIDPurpose      = "2.16.840.1.113883.1.11.20448"
)

// Naming systems.
const (
	BSN  = "http://fhir.nl/fhir/NamingSystem/bsn"
	URA  = "http://fhir.nl/fhir/NamingSystem/ura"
	Role = "http://fhir.nl/fhir/NamingSystem/uzi-rolcode"
	UZI  = "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers"
	AGB  = "http://fhir.nl/fhir/NamingSystem/agb-z"
	BIG  = "http://fhir.nl/fhir/NamingSystem/big"
	// The type of an organisation is named in both ways.
	OrganizationType      = "http://nictiz.nl/fhir/NamingSystem/organization-type"
	OrganizationTypeOther = "http://fhir.nl/fhir/NamingSystem/organization-type"
)
