// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package registration

import (
	"errors"
	"regexp"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Request is a consent that is to be registered.
type Request struct {
	ID             string // a uuid: the same registration has the same each time
	Patient        consent.BSN
	DataHolder     consent.DataHolder
	Categories     []consent.Category
	RequesterTypes []consent.FacilityType
	Requester      consent.URA
	Professional   consent.Professional
	RecordedAt     time.Time
	Identification string
	Agreement      string
}

const maxListed = 64

var (
	uuidShape = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	wordShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

// Validate reports every problem of a request, without its value.
func (r Request) Validate() error {
	var problems []error
	problem := func(found bool, text string) {
		if found {
			problems = append(problems, errors.New(text))
		}
	}
	fails := func(_ any, err error) bool { return err != nil }
	problem(!uuidShape.MatchString(r.ID), "id: not a uuid")
	problem(r.Patient.IsZero(), "patient: missing")
	problem(fails(consent.ParseURA(string(r.DataHolder.URA))), "data holder: not a URA: eight digits")
	problem(fails(consent.ParseFacilityType(string(r.DataHolder.FacilityType))), "data holder: not an organisation type")
	problem(len(r.Categories) == 0 || len(r.Categories) > maxListed, "categories: none, or too many")
	seen := map[string]bool{}
	for _, each := range r.Categories {
		problem(fails(consent.ParseCategory(string(each))), "categories: not a data category")
		problem(seen[string(each)], "categories: one is there twice")
		seen[string(each)] = true
	}
	problem(len(r.RequesterTypes) == 0 || len(r.RequesterTypes) > maxListed, "requester types: none, or too many")
	for _, each := range r.RequesterTypes {
		problem(fails(consent.ParseFacilityType(string(each))), "requester types: not an organisation type")
		problem(seen[string(each)], "requester types: one is there twice")
		seen[string(each)] = true
	}
	problem(fails(consent.ParseURA(string(r.Requester))), "requester: not a URA: eight digits")
	problem(fails(consent.NewProfessionalID(r.Professional.ID.Root, r.Professional.ID.Extension)), "professional: not a number in a register")
	problem(fails(consent.ParseRole(string(r.Professional.Role))), "professional: not a role")
	problem(r.RecordedAt.IsZero() || r.RecordedAt.Year() > 9999, "time: missing")
	problem(!wordShape.MatchString(r.Identification), "identification: not a code")
	problem(!wordShape.MatchString(r.Agreement), "agreement: not a version")
	return errors.Join(problems...)
}
