// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Rules say whose records a server holds, and which tokens open which of them.
type Rules struct {
	// DataHolder is the organisation whose records these are. A token for the records of
	// another one opens nothing.
	DataHolder consent.URA
	// Scopes are the guarded scopes that open these records, each with the resource types that
	// it opens, in the form of [Request.Resources]; none: all that the categories of the token
	// cover. A token must have exactly one of these scopes; it may have others beside.
	Scopes map[string][]string
	// Categories say which data category covers which resource types; nil: [DefaultCategories].
	Categories Categories
}

// Request is what a request asks for.
type Request struct {
	// Patients are the patients that it names by number. All must be the same one.
	Patients []consent.BSN
	// References are resources that it names by logical id. Whose they are somebody must tell
	// before the request can be judged: each becomes one of Patients.
	References []Reference
	// Resources are the FHIR resource types that it asks for, such as "Condition". One that
	// is limited to a category of its own is "Observation?category=system|code", as the
	// national guide's NlGfDataCategoriesCS writes it.
	Resources []string
}

// Reference is a relative FHIR reference (R4, section 2.3.0.1), such as Patient/123.
type Reference struct {
	Type string // a resource type of FHIR R4
	ID   string // 1 to 64 letters, digits, hyphens and dots (R4, section 2.24.0.1, id)
}

// Judge says whether a token with these claims allows a request at this time; nil: it does.
// The error is a [Refusal]. Whether who asks holds the key of a token that is bound is not
// judged here.
func (r Rules) Judge(claims Claims, asked Request, now time.Time) error {
	scope, err := r.judgeToken(claims, now)
	if err != nil {
		return err
	}
	if err := judgePatient(claims.Patient, asked); err != nil {
		return err
	}
	return r.judgeResources(scope, claims.Categories, asked.Resources)
}

// JudgeToken says whether a token with these claims opens resources of these types, in the form of
// [Request.Resources], of its own patient. It is for who looks up about whom a request is: not
// before nil. It allows nothing: whether the request is about that patient, [Rules.Judge] says.
func (r Rules) JudgeToken(claims Claims, resources []string, now time.Time) error {
	scope, err := r.judgeToken(claims, now)
	if err != nil {
		return err
	}
	if claims.Patient.IsZero() {
		return OtherPatient
	}
	return r.judgeResources(scope, claims.Categories, resources)
}

// judgeToken is about the token alone, and returns its scope.
func (r Rules) judgeToken(claims Claims, now time.Time) (string, error) {
	switch {
	case !claims.Active:
		return "", TokenNotActive
	case !now.Before(claims.Expires):
		return "", TokenExpired
	}
	scope, err := r.scope(claims)
	switch {
	case err != nil:
		return "", err
	case !claims.Consent:
		return "", NoConsent
	case claims.DataHolder == "" || claims.DataHolder != r.DataHolder:
		return "", OtherDataHolder
	}
	return scope, nil
}

// scope returns the one scope of the token that this server accepts.
func (r Rules) scope(claims Claims) (string, error) {
	var accepted []string
	for scope := range strings.SplitSeq(claims.Scope, " ") { // at blanks alone, as the node does
		if _, ok := r.Scopes[scope]; ok {
			accepted = append(accepted, scope)
		}
	}
	switch len(accepted) {
	case 0:
		return "", ScopeNotAccepted
	case 1:
		return accepted[0], nil
	default:
		return "", SeveralScopes
	}
}

func judgePatient(of consent.BSN, asked Request) error {
	switch {
	case len(asked.References) > 0:
		return PatientUnknown
	case len(asked.Patients) == 0:
		return NoPatient
	}
	for _, patient := range asked.Patients {
		if !patient.Equal(asked.Patients[0]) {
			return SeveralPatients
		}
	}
	if !asked.Patients[0].Equal(of) {
		return OtherPatient
	}
	return nil
}

// judgeResources wants every resource type to be covered, by the scope and by one of the categories.
func (r Rules) judgeResources(scope string, categories []consent.Category, asked []string) error {
	if len(asked) == 0 {
		return NoResource
	}
	table := r.Categories
	if table == nil {
		table = DefaultCategories()
	}
	opened := r.Scopes[scope]
	for _, resource := range asked {
		inCategory := slices.ContainsFunc(categories, func(category consent.Category) bool { return covers(table[category], resource) })
		if !inCategory || len(opened) > 0 && !covers(opened, resource) {
			return NotCovered
		}
	}
	return nil
}

// Validate returns an error that lists everything that is wrong with the rules.
func (r Rules) Validate() error {
	var wrong []error
	if _, err := consent.ParseURA(string(r.DataHolder)); err != nil {
		wrong = append(wrong, fmt.Errorf("the data holder: %w", err))
	}
	if len(r.Scopes) == 0 {
		wrong = append(wrong, errors.New("no scope opens anything"))
	}
	for _, scope := range slices.Sorted(maps.Keys(r.Scopes)) {
		if fields := strings.Fields(scope); len(fields) != 1 || fields[0] != scope {
			wrong = append(wrong, fmt.Errorf("the scope %q: one word", scope))
		}
		wrong = append(wrong, validateResources(fmt.Sprintf("the scope %q", scope), r.Scopes[scope]))
	}
	for _, category := range slices.Sorted(maps.Keys(r.Categories)) {
		if _, err := consent.ParseCategory(string(category)); err != nil {
			wrong = append(wrong, fmt.Errorf("the category %q: %w", category, err))
		}
		wrong = append(wrong, validateResources(fmt.Sprintf("the category %q", category), r.Categories[category]))
	}
	return errors.Join(wrong...)
}
