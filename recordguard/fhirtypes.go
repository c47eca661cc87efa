// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard

// naming says how a search for resources of a type names the patient that they are about.
type naming int

const (
	// notNamed: no search names the patient; the resource can be read by its id.
	notNamed naming = iota
	// byPatient: the search parameter patient is about whom the resource is (R4, the page of each
	// type, "Search Parameters").
	byPatient
	// bySubject: and so is subject.
	bySubject
)

// patientTypes returns the resource types of FHIR R4 that are about one patient. Left out are
// those whose search parameter patient finds them by somebody who only takes part, such as
// Appointment, or by what they tell of, such as Provenance.
func patientTypes() map[string]naming {
	return map[string]naming{
		"AllergyIntolerance": byPatient, "Binary": notNamed, "BodyStructure": byPatient, "CarePlan": bySubject, "CareTeam": bySubject,
		"ClinicalImpression": bySubject, "Communication": bySubject, "CommunicationRequest": bySubject, "Composition": bySubject,
		"Condition": bySubject, "Consent": byPatient, "DetectedIssue": byPatient, "Device": byPatient, "DeviceRequest": bySubject,
		"DeviceUseStatement": bySubject, "DiagnosticReport": bySubject, "DocumentReference": bySubject, "Encounter": bySubject,
		"EpisodeOfCare": byPatient, "FamilyMemberHistory": byPatient, "Flag": bySubject, "Goal": bySubject, "ImagingStudy": bySubject,
		"Immunization": byPatient, "ImmunizationEvaluation": byPatient, "ImmunizationRecommendation": byPatient, "List": bySubject,
		"Media": bySubject, "MedicationAdministration": bySubject, "MedicationDispense": bySubject, "MedicationRequest": bySubject,
		"MedicationStatement": bySubject, "NutritionOrder": byPatient, "Observation": bySubject, "Patient": notNamed,
		"Procedure": bySubject, "QuestionnaireResponse": bySubject, "RelatedPerson": byPatient, "RiskAssessment": bySubject,
		"ServiceRequest": bySubject, "Specimen": bySubject, "SupplyDelivery": byPatient, "Task": bySubject, "VisionPrescription": byPatient,
	}
}

// sharedTypes returns the resource types that are about no patient: a search may include them.
func sharedTypes() map[string]bool {
	return map[string]bool{
		"HealthcareService": true, "Location": true, "Medication": true, "Organization": true, "Practitioner": true, "PractitionerRole": true,
	}
}

func knownType(resourceType string) bool {
	_, known := patientTypes()[resourceType]
	return known || sharedTypes()[resourceType]
}

// filters returns the search parameters that only leave out some of what is found, or say how
// it is shown. None of them can name a patient, or bring along what is about another.
func filters() map[string]bool {
	return map[string]bool{
		"_count": true, "_elements": true, "_format": true, "_id": true, "_lastUpdated": true, "_offset": true, "_pretty": true,
		"_profile": true, "_security": true, "_sort": true, "_summary": true, "_tag": true, "_total": true,

		"abatement-date": true, "authored": true, "authoredon": true, "birthdate": true, "category": true, "class": true,
		"clinical-status": true, "code": true, "created": true, "criticality": true, "date": true, "effective": true,
		"effective-time": true, "intent": true, "issued": true, "modality": true, "onset-date": true, "period": true, "priority": true,
		"recorded-date": true, "severity": true, "status": true, "type": true, "vaccine-code": true, "verification-status": true,
		"whenhandedover": true, "whenprepared": true,
	}
}

// shown reports whether a parameter says how a single resource is shown.
func shown(name string) bool {
	switch name {
	case "_format", "_pretty", "_summary", "_elements":
		return true
	default:
		return false
	}
}
