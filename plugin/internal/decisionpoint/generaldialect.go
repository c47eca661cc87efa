// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package decisionpoint

import (
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/authzen"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

// The general dialect is the information model of the Generic Functions guide (nl-generic-functions-ig,
// authorization, "Policy Input Data Model"), in its older spelling, flat, and in its newer one, in
// objects. What is there in several spellings must be the same in all.

// The places of what a request says, below subject.properties and below context. Names of objects
// are parted from those in them by a point.
func subjectPlaces() map[string][]string {
	return map[string][]string{
		definition.ClaimOrganizationURA:          {"organization_ura", "organization.ura"},
		definition.ClaimOrganizationFacilityType: {"organization_facility_type", "organization.facility_type"},
		definition.ClaimUserID:                   {"user_id", "user.id"},
		definition.ClaimUserRole:                 {"user_role", "user.role"},
		definition.ClaimDelegationRegisteredBy:   {"delegation_registered_by", "delegation.registered_by"},
		definition.ClaimDelegationRoleCode:       {"delegation_role_code", "delegation.role_code"},
		definition.ClaimEnrollmentIdentifier:     {"patient_enrollment_identifier"},
	}
}

func patientPlaces() []string { return []string{"patient_bsn", "patient.bsn"} }

// described reads what a request says of the question besides claims.
func described(asked authzen.Evaluation) policy.Described {
	context := asked.Context
	d := policy.Described{
		Purposes:        textsAt(context, "purpose_of_use", "consent_purpose"),
		Categories:      textsAt(context, "data_categories", "consent_categories"),
		DataHolders:     withoutWord(textsAt(context, "data_holder_organization_id", "data_holder.organization_id", "data_holder.ura")),
		DataHolderTypes: textsAt(context, "data_holder_facility_type", "data_holder.facility_type"),
	}
	named := slices.Concat(textsAt(asked.Subject.Properties, "scope", "client.scopes"), textsAt(context, "scope"), textsAt(asked.Action.Properties, "scope"))
	for _, each := range named {
		d.Scopes = append(d.Scopes, policy.SplitScope(each)...)
	}
	if named != nil && d.Scopes == nil {
		d.Scopes = []string{} // blank, which is not the same as none
	}
	return d
}

// readGeneral reads what anybody else than a node asks: whether data of one patient may be had.
func (r *request) readGeneral(asked authzen.Evaluation) (question, error) {
	var put question
	if trust.IsDID(asked.Subject.ID) {
		put.presenter = asked.Subject.ID
	}
	profile, err := r.Policy.Described(r.place, described(asked))
	if err != nil {
		return put, err
	}
	put.profile, put.claims = profile, map[string]any{}
	for claim, places := range subjectPlaces() {
		put.claims[profile.ClaimName(claim)] = listOf(textsAt(asked.Subject.Properties, places...))
	}
	number, patient := profile.ClaimName(definition.ClaimOrganizationURA), profile.ClaimName(definition.ClaimEnrollmentIdentifier)
	put.claims[number] = listOf(withoutWord(textsAt(asked.Subject.Properties, subjectPlaces()[definition.ClaimOrganizationURA]...)))
	put.claims[patient] = listOf(slices.Concat(textsAt(asked.Subject.Properties, subjectPlaces()[definition.ClaimEnrollmentIdentifier]...), textsAt(asked.Context, patientPlaces()...)))
	for name, value := range put.claims {
		if value == nil {
			delete(put.claims, name)
		}
	}
	resource, err := readResource(asked)
	if err != nil {
		return put, err
	}
	if !r.Categories.Cover(profile.Categories, resource) {
		return put, recordguard.NotCovered
	}
	return put, nil
}

// readingActions are the names of actions that read. Consent is to let data be read.
func readingActions() []string {
	return []string{"read", "search", "search-type", "view", "access", "GET"}
}

// readResource returns the type of the FHIR resource that is to be read, in the form of
// [recordguard.Request.Resources].
func readResource(asked authzen.Evaluation) (string, error) {
	if !slices.Contains(readingActions(), asked.Action.Name) {
		return "", recordguard.MethodRefused
	}
	limits := textsAt(asked.Resource.Properties, "category")
	switch {
	case strings.ContainsAny(asked.Resource.Type, "?&"):
		return "", recordguard.ResourceUnknown
	case len(limits) == 1:
		return asked.Resource.Type + "?category=" + limits[0], nil
	case len(limits) > 1:
		return "", recordguard.ParameterRepeated
	}
	return asked.Resource.Type, nil
}

// textsAt returns the texts at each of the places in an object that is there.
func textsAt(object map[string]any, places ...string) (texts []string) {
	for _, place := range places {
		var value any = object
		for name := range strings.SplitSeq(place, ".") {
			if inside, isObject := value.(map[string]any); isObject {
				value = inside[name]
			} else if value != nil {
				value = false // which no reader accepts, in the place of an object
			}
		}
		texts = append(texts, policy.TextsOf(value)...)
	}
	return texts
}

// listOf returns a list as a claim has it; nil: there is nothing in it.
func listOf(texts []string) any {
	if len(texts) == 0 {
		return nil
	}
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}

// withoutWord takes the word off that the guide's examples have before the number of an
// organisation.
func withoutWord(texts []string) []string {
	for i, text := range texts {
		texts[i] = strings.TrimPrefix(text, "URA|")
	}
	return texts
}
