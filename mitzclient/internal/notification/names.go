// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notification

// Namespaces of the XML form. Narratives are XHTML.
const (
	namespaceFHIR  = "http://hl7.org/fhir"
	namespaceXHTML = "http://www.w3.org/1999/xhtml"
)

// What the profile of a notification has. The naming systems of patients and organisations are
// in package systems.
const (
	profile                   = "http://vzvz.nl/fhir/StructureDefinition/Consent-Mitz-Notify"
	extensionProviderCategory = "http://fhir.nl/StructureDefinition/OTV-ProviderCategory"
	systemProviderCategory    = "http://fhir.nl/otv/CodeSystem/raadplegende-zorgaanbiedercategorie"
	systemDataCategory        = "http://fhir.nl/otv/CodeSystem/gegevenscategorie"
	systemScope               = "http://terminology.hl7.org/CodeSystem/consentscope"
	systemParticipation       = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
	systemPurpose             = "http://hl7.org/fhir/v3/ActReason"
	scopePrivacy              = "patient-privacy"
	roleCustodian             = "CST"
	purposeTreatment          = "TREAT"
	bundleType                = "transaction"
	resourceConsent           = "Consent"
	resourcePatient           = "Patient"
	resourceOrganization      = "Organization"
	statusActive              = "active"
	statusInactive            = "inactive"
	provisionPermit           = "permit"
	referencePrefix           = "urn:uuid:"
	resourceType              = "resourceType" // the member that names a resource in JSON
)

// read are the elements of which the content counts somewhere. All others are passed over, if
// they may be there.
var read = namesOf(
	"Bundle", resourceConsent, resourcePatient, resourceOrganization,
	"entry", "fullUrl", "resource", "request", "method", "url",
	"meta", "profile", "extension", "valueCodeableConcept", "identifier", "system", "value", "type",
	"coding", "code", "status", "scope", "category", "patient", "reference", "dateTime",
	"provision", "actor", "role", "purpose",
)

// hidden are the elements and members that may not be in what is passed over: a reader that
// searches for the first must not find one there.
var hidden = namesOf(
	"Bundle", resourceConsent, resourcePatient, resourceOrganization, resourceType,
	"entry", "resource", "contained", "provision", "modifierExtension", "implicitRules",
)

func namesOf(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}
