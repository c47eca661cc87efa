// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Described is what a request to a decision point says of the question besides claims. Each part
// is as it was sent; none: it does not say.
type Described struct {
	Scopes          []string // of which one must be guarded
	Purposes        []string // all the same
	Categories      []string // each one that the profile asks about
	DataHolders     []string // the number of the organisation whose data it is about
	DataHolderTypes []string // and its type
}

// Described returns the profile that a request speaks of, at the data holder behind a Nuts
// subject. The error is a [*Refusal]: none or several profiles are meant, or the request names
// another data holder than its address.
func (p *Policy) Described(subject string, d Described) (*Profile, error) {
	if refusal := p.checkDataHolder(subject, d); refusal != nil {
		return nil, refusal
	}
	purposes, purposesErr := readAll(d.Purposes, readPurpose)
	categories, categoriesErr := readAll(d.Categories, readCategory)
	switch {
	case purposesErr != nil:
		return nil, refuse(ReasonClaimMalformed, ClaimConsentPurpose).by("a purpose of use is TREAT or COC")
	case categoriesErr != nil:
		return nil, refuse(ReasonClaimMalformed, ClaimConsentCategories).by("a data category is one of Mitz's")
	}
	var found []*Profile
	for _, scope := range sortedKeys(p.profiles) {
		if d.Scopes == nil || slices.Contains(d.Scopes, scope) {
			found = append(found, p.profiles[scope])
		}
	}
	if d.Scopes != nil && len(found) > 1 {
		return nil, refuse(ReasonScope).by("a request is for one guarded scope: %s and %s are two", found[0].Scope, found[1].Scope)
	}
	fitting := filter(found, func(profile *Profile) bool { return profile.asks(purposes, categories) })
	switch {
	case len(fitting) == 1:
		return fitting[0], nil
	case d.Scopes == nil:
		return nil, refuse(ReasonScope).by("a request says for which guarded scope it is, or for a purpose and categories that one alone has: %d have", len(fitting))
	case len(found) == 0:
		return nil, refuse(ReasonScope).by("a request is for a guarded scope")
	default:
		return nil, refuse(ReasonClaimContradiction, ClaimConsentPurpose, ClaimConsentCategories).by("the purpose and the categories of a request are those of the scope %s", found[0].Scope)
	}
}

// asks reports whether a profile asks for the purpose, and about every one of the categories.
func (p *Profile) asks(purposes []consent.PurposeOfUse, categories []consent.Category) bool {
	return !slices.ContainsFunc(purposes, func(each consent.PurposeOfUse) bool { return each != p.Purpose }) &&
		!slices.ContainsFunc(categories, func(each consent.Category) bool { return !slices.Contains(p.Categories, each) })
}

func (p *Policy) checkDataHolder(subject string, d Described) *Refusal {
	dataHolder, known := p.Lists().DataHolder(subject)
	if !known {
		return refuse(ReasonDataHolder).by("a decision is for a subject in mitz.dataholders")
	}
	numbers, numbersErr := readAll(d.DataHolders, readURA)
	types, typesErr := readAll(d.DataHolderTypes, readFacilityType)
	if numbersErr != nil || slices.ContainsFunc(numbers, func(each consent.URA) bool { return each != dataHolder.URA }) {
		return refuse(ReasonClaimContradiction, ClaimDataHolderURA).by("a request is about the data holder of its address")
	}
	if typesErr != nil || slices.ContainsFunc(types, func(each consent.FacilityType) bool { return each != dataHolder.FacilityType }) {
		return refuse(ReasonClaimContradiction, ClaimDataHolderFacilityType).by("a request has the type of the data holder of its address")
	}
	return nil
}

func readAll[T any](texts []string, parse func(string) (T, error)) (values []T, err error) {
	for _, text := range texts {
		value, err := parse(text)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, nil
}

// TextsOf returns the texts in a value of a message: a text, an identifier with a system and a
// value, as "system|value", or a list of these. In the place of anything else stands a text that
// no reader accepts, and so it does in the place of more than anybody means: each is read for each
// evaluation of a request.
func TextsOf(value any) []string {
	if list, isList := value.([]any); isList && len(list) > maxTexts {
		return []string{unreadable}
	}
	texts := textsOf(value)
	if slices.ContainsFunc(texts, func(text string) bool { return len(text) > maxText }) {
		return []string{unreadable}
	}
	return texts
}

// Bounds of one value of a message.
const (
	maxTexts = 64
	maxText  = 4 << 10 // bytes of each
)

// ClaimName returns the name that a claim of [definition.ReadClaims] has in the profile.
func (p *Profile) ClaimName(claim string) string { return p.claimName(claim) }

// Scopes returns the guarded scopes, in order.
func (p *Policy) Scopes() []string { return sortedKeys(p.profiles) }
