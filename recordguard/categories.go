// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Mitz's data categories.
const (
	CategoryTreatment  consent.Category = "GGC002" // treatment data
	CategoryResults    consent.Category = "GGC012" // results
	CategoryMedication consent.Category = "GGC013" // medication
)

// Categories say which FHIR R4 resource types a data category of Mitz covers, in the form of
// [Request.Resources]. A type without a limit covers the type with any.
type Categories map[consent.Category][]string

// DefaultCategories returns a table that can be changed. No public source says which resource
// types a category of Mitz covers: this is our own judgement, of
//
//   - how the categories are to be asked for (Mitz's guide, OpenGesloten 3.8.2): GGC002 unless
//     nothing but results or nothing but medication can be requested. So GGC002 covers these too;
//   - which resource types the national guide of the Generic Functions has for its own data
//     categories (CodeSystem NlGfDataCategoriesCS: MedicationRequest, MedicationUse,
//     DiagnosticReport, ObservationLaboratory, Specimen, and others);
//   - how Nictiz maps a laboratory result (zib LaboratoryTestResult, FHIR R4): an Observation
//     with a category of SNOMED CT.
//
// GGC012 opens an Observation only in a search for laboratory results: others are no results.
// Every category opens the patient's own resource, and who made and where is what was recorded,
// when a search includes that.
func DefaultCategories() Categories {
	medication := []string{"MedicationRequest", "MedicationDispense", "MedicationAdministration", "MedicationStatement", "Medication"}
	results := []string{"DiagnosticReport", "Specimen", laboratory, laboratoryNictiz}
	treatment := []string{
		"AllergyIntolerance", "Binary", "BodyStructure", "CarePlan", "CareTeam", "ClinicalImpression", "Communication", "Composition",
		"Condition", "DetectedIssue", "Device", "DeviceRequest", "DeviceUseStatement", "DocumentReference", "Encounter", "EpisodeOfCare",
		"FamilyMemberHistory", "Flag", "Goal", "ImagingStudy", "Immunization", "ImmunizationRecommendation", "Media", "NutritionOrder",
		"Observation", "Procedure", "QuestionnaireResponse", "RelatedPerson", "RiskAssessment", "ServiceRequest", "VisionPrescription",
	}
	always := []string{"Patient", "Practitioner", "PractitionerRole", "Organization", "Location"}
	return Categories{
		CategoryTreatment:  slices.Concat(always, treatment, results, medication),
		CategoryResults:    slices.Concat(always, results),
		CategoryMedication: slices.Concat(always, medication),
	}
}

// The two ways in which laboratory results are known by their category.
const (
	laboratory       = "Observation?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
	laboratoryNictiz = "Observation?category=http://snomed.info/sct|49581000146104"
)

// covers reports whether one of these covers what is asked.
func covers(these []string, asked string) bool {
	resourceType, _, _ := strings.Cut(asked, "?")
	return slices.Contains(these, asked) || slices.Contains(these, resourceType)
}

// validateResources returns an error for each that no request can ask for.
func validateResources(where string, resources []string) error {
	var wrong []error
	for _, each := range resources {
		resourceType, limit, limited := strings.Cut(each, "?")
		category, isCategory := strings.CutPrefix(limit, "category=")
		if !knownType(resourceType) || limited && (!isCategory || !oneToken(category)) {
			wrong = append(wrong, fmt.Errorf("%s: %q is no resource type that a request can ask for", where, each))
		}
	}
	return errors.Join(wrong...)
}
