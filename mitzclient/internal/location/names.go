// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package location

import "github.com/nuts-mitz/nuts-mitz/internal/systems"

// Actions of WS-Addressing (IHE ITI TF-2, section 3.56).
const (
	ActionRequest  = "urn:ihe:iti:2009:PatientLocationQuery"
	ActionResponse = "urn:ihe:iti:2009:PatientLocationQueryResponse"
)

// Namespaces of the messages, beside those of package soap.
const (
	namespaceXCPD = "urn:ihe:iti:xcpd:2009"
	namespaceHL7  = "urn:hl7-org:v3"
	namespaceWSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
)

// Registers and code lists (OIDs).
const (
	rootBSN        = systems.OIDBSN
	rootURA        = systems.OIDURA
	systemCategory = systems.OIDCategory
)

// bsnAuthority is who gives out patients' numbers.
const bsnAuthority = "NLMINBIZA"

// Elements of an answer about one location.
const (
	elementHome      = "HomeCommunityId"
	elementPatient   = "CorrespondingPatientId"
	elementRequested = "RequestedPatientId"
	elementSource    = "SourceId"
	elementCategory  = "event-code"
	elementHolder    = "author-institution"
)
