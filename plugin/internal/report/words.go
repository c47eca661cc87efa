// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package report

import (
	"fmt"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// What codes mean, in words for an operator. The code systems hold more than these.
var (
	// FacilityTypeWords has those that [consent.FacilityType.Known] knows.
	FacilityTypeWords = map[consent.FacilityType]string{
		"V4": "hospital", "V5": "university hospital", "V6": "general hospital", "Z3": "GP practice",
		"N6": "out-of-hours GP post", "J8": "pharmacy", "K3": "dispensing GP", "G3": "midwifery practice",
		"X3": "nursing home", "G5": "mental health care", "T2": "home care", "R8": "rehabilitation",
		"L1": "laboratory", "Z4": "independent clinic", "Z5": "diagnostic centre", "JGZ": "youth health care",
	}
	categoryWords = map[consent.Category]string{"GGC002": "treatment data", "GGC012": "results", "GGC013": "medication"}
)

// FacilityType returns a type of organisation with its meaning.
func FacilityType(code consent.FacilityType) string { return Coded(code, FacilityTypeWords) }

// Category returns a data category with its meaning.
func Category(code consent.Category) string { return Coded(code, categoryWords) }

// Coded returns a code with its meaning.
func Coded[T ~string](code T, words map[T]string) string {
	if meaning, known := words[code]; known {
		return fmt.Sprintf("%s (%s)", code, meaning)
	}
	return fmt.Sprintf("%s (a code that this software has no words for)", code)
}

// Question returns a question in words. It shows no patient.
func Question(q consent.Question) string {
	var categories []string
	for _, category := range q.Categories {
		categories = append(categories, string(category))
	}
	return fmt.Sprintf("May organisation %s (type %s), for professional %s in role %s, see data of category %s about patient %s "+
		"at organisation %s (type %s), for the purpose %s?",
		q.Requester.URA, q.Requester.FacilityType, q.Requester.Responsible.ID.Extension, q.Requester.Responsible.Role,
		strings.Join(categories, " and "), q.Patient, q.DataHolder.URA, q.DataHolder.FacilityType, q.Purpose)
}
