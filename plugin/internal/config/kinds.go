// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"errors"
	"fmt"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/errlist"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// kinds returns the table of the kinds of care provider: the configured one as a whole, or the
// one that is built in.
func (w Withdrawal) kinds() (withdrawal.Kinds, error) {
	if w.ProviderCategories == nil {
		return withdrawal.DefaultKinds(), nil
	}
	if len(w.ProviderCategories) == 0 {
		return nil, errors.New("withdrawal.providercategories: is empty: leave it out to use the built-in table")
	}
	kinds := withdrawal.Kinds{}
	var problems []error
	seen := map[string]bool{}
	for i, each := range w.ProviderCategories {
		key := fmt.Sprintf("withdrawal.providercategories[%d]", i)
		code, err := consent.ParseProviderCategory(each.Code)
		problems = append(problems, errlist.Prefix(key+".code", err))
		if err == nil && seen[each.Code] {
			problems = append(problems, fmt.Errorf("%s.code: %q is given twice: put its types together", key, each.Code))
		}
		seen[each.Code] = true
		problems = append(problems, errlist.Prefix(key+".facilitytypes", addTypes(kinds, code, each.FacilityTypes)))
	}
	return kinds, errors.Join(problems...)
}

// addTypes puts types of organisations under a category of care providers.
func addTypes(kinds withdrawal.Kinds, code consent.ProviderCategory, types []string) error {
	var problems []error
	for _, each := range types {
		facility, err := consent.ParseFacilityType(each)
		other, known := kinds[facility]
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("%q is %w", each, err))
		case known && other == code:
			problems = append(problems, fmt.Errorf("%q is given twice", each))
		case known:
			problems = append(problems, fmt.Errorf("%q is under %s already, and an organisation is of one category: remove it from one of them", each, other))
		default:
			kinds[facility] = code
		}
	}
	if len(types) == 0 {
		problems = append(problems, errors.New("none: name the types of this category, or leave it out"))
	}
	return errors.Join(problems...)
}

// kindWarnings name the codes that this software has not seen.
func (w Withdrawal) kindWarnings() []string {
	var codes, types []string
	for _, each := range w.ProviderCategories {
		if !consent.ProviderCategory(each.Code).Known() {
			codes = append(codes, each.Code)
		}
		for _, facility := range each.FacilityTypes {
			if !consent.FacilityType(facility).Known() {
				types = append(types, facility)
			}
		}
	}
	var warnings []string
	if len(codes) > 0 {
		warnings = append(warnings, "withdrawal.providercategories: the code is not one that this software knows: check "+few(codes))
	}
	if len(types) > 0 {
		warnings = append(warnings, "withdrawal.providercategories: the facility type is not one that this software knows: check "+few(types))
	}
	return warnings
}
