// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard

// naming says how a search for resources of a type names the patient that they are about.
type naming int

const (
	// aboutNobody: the type is about no patient, or not known.
	aboutNobody naming = iota
	// notNamed: no search names the patient; the resource can be read by its id.
	notNamed
	// byPatient: the search parameter patient is about whom the resource is (R4, the page of each
	// type, "Search Parameters").
	byPatient
	// bySubject: and so is subject.
	bySubject
)

// namingOf says it of the resource types of FHIR R4 that are about one patient. Left out are
// those whose search parameter patient finds them by somebody who only takes part, such as
// Appointment, or by what they tell of, such as Provenance.
func namingOf(resourceType string) naming {
	switch resourceType {
	case "Binary", "Patient":
		return notNamed
	case "AllergyIntolerance", "BodyStructure", "Consent", "DetectedIssue", "Device", "EpisodeOfCare", "FamilyMemberHistory",
		"Immunization", "ImmunizationEvaluation", "ImmunizationRecommendation", "NutritionOrder", "RelatedPerson", "SupplyDelivery",
		"VisionPrescription":
		return byPatient
	case "CarePlan", "CareTeam", "ClinicalImpression", "Communication", "CommunicationRequest", "Composition", "Condition",
		"DeviceRequest", "DeviceUseStatement", "DiagnosticReport", "DocumentReference", "Encounter", "Flag", "Goal", "ImagingStudy",
		"List", "Media", "MedicationAdministration", "MedicationDispense", "MedicationRequest", "MedicationStatement", "Observation",
		"Procedure", "QuestionnaireResponse", "RiskAssessment", "ServiceRequest", "Specimen", "Task":
		return bySubject
	default:
		return aboutNobody
	}
}

// shared reports whether a resource type is about no patient: a search may include it.
func shared(resourceType string) bool {
	switch resourceType {
	case "HealthcareService", "Location", "Medication", "Organization", "Practitioner", "PractitionerRole":
		return true
	default:
		return false
	}
}

// knownType reports whether a request can ask for a resource type.
func knownType(resourceType string) bool {
	return namingOf(resourceType) != aboutNobody || shared(resourceType)
}

// filter reports whether a search parameter only leaves out some of what is found, or says how
// it is shown. None of them can name a patient, or bring along what is about another.
func filter(name string) bool {
	switch name {
	case "_count", "_id", "_lastUpdated", "_offset", "_profile", "_security", "_sort", "_tag", "_total",
		"abatement-date", "authored", "authoredon", "birthdate", "category", "class", "clinical-status", "code", "created",
		"criticality", "date", "effective", "effective-time", "intent", "issued", "modality", "onset-date", "period", "priority",
		"recorded-date", "severity", "status", "type", "vaccine-code", "verification-status", "whenhandedover", "whenprepared":
		return true
	default:
		return shown(name)
	}
}

// shown reports whether a parameter says how a resource is shown.
func shown(name string) bool {
	switch name {
	case "_format", "_pretty", "_summary", "_elements":
		return true
	default:
		return false
	}
}
