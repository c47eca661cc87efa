// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package consent

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Roots (OIDs) of the registers that number professionals.
const (
	RootUZI = "2.16.528.1.1007.3.1"       // UZI register of the CIBG: nine digits
	RootAGB = "2.16.840.1.113883.2.4.6.1" // AGB register of Vektis
	RootBIG = "2.16.528.1.1007.5.1"       // BIG register
)

var (
	uraShape          = regexp.MustCompile(`^[0-9]{8}$`)
	facilityTypeShape = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,3}$`)
	providerShape     = regexp.MustCompile(`^RPZAC[0-9]{3}$`)
	categoryShape     = regexp.MustCompile(`^GGC[0-9]{3}$`)
	roleShape         = regexp.MustCompile(`^[0-9]{2}\.[0-9]{3}$`)
	professionalShape = regexp.MustCompile(`^[A-Za-z0-9]{1,60}$`)
	uziShape          = regexp.MustCompile(`^[0-9]{9}$`)
	oidShape          = regexp.MustCompile(`^[0-2](\.(0|[1-9][0-9]*))+$`)
)

// URA is the number of a care organisation in the UZI register
// ("UZI-register abonneenummer"): eight digits.
type URA string

// ParseURA reads eight digits. The error does not repeat the value.
func ParseURA(s string) (URA, error) {
	if !uraShape.MatchString(s) {
		return "", errors.New("not a URA: eight digits")
	}
	return URA(s), nil
}

// FacilityType is a care organisation's type, a code of the system
// 2.16.840.1.113883.2.4.15.1060, such as V6 (general hospital).
type FacilityType string

// knownFacilityTypes are the codes that public sources name; the list grows.
var knownFacilityTypes = map[FacilityType]bool{
	"V4": true, "V5": true, "V6": true, "Z3": true, "N6": true, "J8": true, "K3": true, "G3": true,
	"X3": true, "G5": true, "T2": true, "R8": true, "L1": true, "Z4": true, "Z5": true, "JGZ": true,
}

// ParseFacilityType reads a capital followed by one to three capitals or digits.
// The code system grows, so the shape is checked and not the list; see [FacilityType.Known].
func ParseFacilityType(s string) (FacilityType, error) {
	if !facilityTypeShape.MatchString(s) {
		return "", errors.New("not an organisation type: a capital and one to three capitals or digits")
	}
	return FacilityType(s), nil
}

// Known reports whether the code is one that this software has seen documented.
func (t FacilityType) Known() bool { return knownFacilityTypes[t] }

// Category is a data category of Mitz ("gegevenscategorie"), a code of the system
// 2.16.840.1.113883.2.4.3.111.5.10.1, such as GGC002 (treatment data).
type Category string

// ParseCategory reads "GGC" and three digits.
func ParseCategory(s string) (Category, error) {
	if !categoryShape.MatchString(s) {
		return "", errors.New("not a data category: GGC and three digits")
	}
	return Category(s), nil
}

// knownCategories are the codes that public sources name; the list may grow.
var knownCategories = map[Category]bool{"GGC002": true, "GGC012": true, "GGC013": true}

// Known reports whether the code is one that this software has seen documented.
func (c Category) Known() bool { return knownCategories[c] }

// ProviderCategory is a kind of care providers for whom a patient permits or refuses as one
// ("raadplegende zorgaanbiedercategorie"), such as RPZAC005 (pharmacies). The notifications of
// Mitz have it, and no query.
type ProviderCategory string

// ParseProviderCategory reads "RPZAC" and three digits.
func ParseProviderCategory(s string) (ProviderCategory, error) {
	if !providerShape.MatchString(s) {
		return "", errors.New("not a category of care providers: RPZAC and three digits")
	}
	return ProviderCategory(s), nil
}

// knownProviderCategories are the codes that public sources name; the list may grow.
var knownProviderCategories = map[ProviderCategory]bool{
	"RPZAC001": true, "RPZAC003": true, "RPZAC004": true, "RPZAC005": true, "RPZAC103": true, "RPZAC104": true, "RPZAC200": true,
}

// ProviderCategories returns the known codes, in order.
func ProviderCategories() []ProviderCategory {
	return slices.Sorted(maps.Keys(knownProviderCategories))
}

// Known reports whether the code is one that this software has seen documented.
func (c ProviderCategory) Known() bool { return knownProviderCategories[c] }

// Role is a professional's role in the UZI register, a code of the system
// 2.16.840.1.113883.2.4.15.111, such as 03.000 (midwife).
type Role string

// ParseRole reads two digits, a dot and three digits.
func ParseRole(s string) (Role, error) {
	if !roleShape.MatchString(s) {
		return "", errors.New("not a role code: two digits, a dot, three digits")
	}
	return Role(s), nil
}

// PurposeOfUse says on which basis the data are asked for, a code of the system
// 2.16.840.1.113883.1.11.20448.
type PurposeOfUse string

// The purposes of use that Mitz knows. There is no code for emergencies.
const (
	PurposeTreatment   PurposeOfUse = "TREAT" // normal care on explicit consent
	PurposeCoordinated PurposeOfUse = "COC"   // normal care on presumed consent
)

// ParsePurposeOfUse reads TREAT or COC.
func ParsePurposeOfUse(s string) (PurposeOfUse, error) {
	switch p := PurposeOfUse(s); p {
	case PurposeTreatment, PurposeCoordinated:
		return p, nil
	default:
		return "", errors.New("not a purpose of use: TREAT or COC")
	}
}

// ProfessionalID identifies a care professional within a register.
type ProfessionalID struct {
	Root      string // OID of the register, dotted
	Extension string // the number in it, alphanumeric, at most 60 characters
}

// NewProfessionalID checks the number against the register's form: nine digits
// for the UZI register, alphanumeric and at most 60 characters for others.
func NewProfessionalID(root, extension string) (ProfessionalID, error) {
	switch {
	case len(root) > 128 || !oidShape.MatchString(root):
		return ProfessionalID{}, errors.New("not a professional's register: an OID")
	case root == RootUZI && !uziShape.MatchString(extension):
		return ProfessionalID{}, errors.New("not a UZI number: nine digits")
	case !professionalShape.MatchString(extension):
		return ProfessionalID{}, errors.New("not a professional's number: 1 to 60 letters and digits")
	}
	return ProfessionalID{Root: root, Extension: extension}, nil
}

// SplitSystem splits a "system|value" identifier as FHIR writes it (FHIR R4,
// section 3.2.1.5.4, token parameters). A bare value has an empty system.
func SplitSystem(s string) (system, value string) {
	system, value, found := strings.Cut(s, "|")
	if !found {
		return "", s
	}
	return system, value
}
