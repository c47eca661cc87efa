// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package consent

import (
	"errors"
	"fmt"
)

// Question asks whether one data holder may show one patient's data of some
// categories to one requester.
type Question struct {
	Patient    BSN
	DataHolder DataHolder
	Requester  Requester
	Categories []Category // at least one, none twice; an answer is about each
	Purpose    PurposeOfUse
}

// DataHolder is the care organisation that holds the record ("dossierhouder").
type DataHolder struct {
	URA          URA
	FacilityType FacilityType
}

// Requester is the care organisation that wants to see the record
// ("raadpleger"), and who acts for it.
type Requester struct {
	URA          URA
	FacilityType FacilityType
	Responsible  Professional
	// Mandated is who acts under the responsible professional's mandate; nil when
	// the responsible professional acts in person.
	Mandated *ProfessionalID
}

// Acting is the professional who makes the request: under mandate the mandated one.
func (r Requester) Acting() ProfessionalID {
	if r.Mandated != nil {
		return *r.Mandated
	}
	return r.Responsible.ID
}

// Professional is the care professional who is responsible for the request.
type Professional struct {
	ID   ProfessionalID
	Role Role
}

// Validate reports every part that is missing, malformed or doubled. The error
// names parts, never values.
func (q Question) Validate() error {
	var problems []error
	check := func(part string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", part, err))
		}
	}
	if q.Patient.IsZero() {
		check("patient", errBSN)
	}
	_, err := ParseURA(string(q.DataHolder.URA))
	check("data holder's URA", err)
	_, err = ParseFacilityType(string(q.DataHolder.FacilityType))
	check("data holder's type", err)
	_, err = ParseURA(string(q.Requester.URA))
	check("requester's URA", err)
	_, err = ParseFacilityType(string(q.Requester.FacilityType))
	check("requester's type", err)
	_, err = NewProfessionalID(q.Requester.Responsible.ID.Root, q.Requester.Responsible.ID.Extension)
	check("responsible professional", err)
	_, err = ParseRole(string(q.Requester.Responsible.Role))
	check("responsible professional's role", err)
	if q.Requester.Mandated != nil {
		_, err = NewProfessionalID(q.Requester.Mandated.Root, q.Requester.Mandated.Extension)
		check("mandated professional", err)
	}
	_, err = ParsePurposeOfUse(string(q.Purpose))
	check("purpose of use", err)
	check("data categories", validateCategories(q.Categories))
	return errors.Join(problems...)
}

func validateCategories(categories []Category) error {
	if len(categories) == 0 {
		return errors.New("none given")
	}
	seen := make(map[Category]bool, len(categories))
	for _, category := range categories {
		if _, err := ParseCategory(string(category)); err != nil {
			return err
		}
		if seen[category] {
			return errors.New("one is given twice")
		}
		seen[category] = true
	}
	return nil
}
