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
	var p problems
	p.patient(q.Patient)
	_, err := ParseURA(string(q.DataHolder.URA))
	p.check("data holder's URA", err)
	_, err = ParseFacilityType(string(q.DataHolder.FacilityType))
	p.check("data holder's type", err)
	p.requester(q.Requester)
	p.purpose(q.Purpose)
	p.check("data categories", validateCategories(q.Categories))
	return errors.Join(p...)
}

// problems is what is wrong with the parts of a question.
type problems []error

func (p *problems) check(part string, err error) {
	if err != nil {
		*p = append(*p, fmt.Errorf("%s: %w", part, err))
	}
}

func (p *problems) patient(patient BSN) {
	if patient.IsZero() {
		p.check("patient", errBSN)
	}
}

func (p *problems) requester(r Requester) {
	_, err := ParseURA(string(r.URA))
	p.check("requester's URA", err)
	_, err = ParseFacilityType(string(r.FacilityType))
	p.check("requester's type", err)
	_, err = NewProfessionalID(r.Responsible.ID.Root, r.Responsible.ID.Extension)
	p.check("responsible professional", err)
	_, err = ParseRole(string(r.Responsible.Role))
	p.check("responsible professional's role", err)
	if r.Mandated != nil {
		_, err = NewProfessionalID(r.Mandated.Root, r.Mandated.Extension)
		p.check("mandated professional", err)
	}
}

func (p *problems) purpose(purpose PurposeOfUse) {
	_, err := ParsePurposeOfUse(string(purpose))
	p.check("purpose of use", err)
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
