// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package consent_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func validQuestion(t *testing.T) consent.Question {
	t.Helper()
	patient, err := consent.ParseBSN(digits)
	require.NoError(t, err)
	return consent.Question{
		Patient:    patient,
		DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"},
		Requester: consent.Requester{
			URA: "12345678", FacilityType: "G3",
			Responsible: consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000009"}, Role: "03.000"},
			Mandated:    &consent.ProfessionalID{Root: consent.RootAGB, Extension: "01012345"},
		},
		Categories: []consent.Category{"GGC002", "GGC013"},
		Purpose:    consent.PurposeTreatment,
	}
}

func TestQuestionValidate(t *testing.T) {
	t.Run("a whole question is valid", func(t *testing.T) {
		assert.NoError(t, validQuestion(t).Validate())
	})
	t.Run("an empty question lists every part", func(t *testing.T) {
		err := consent.Question{}.Validate()
		for _, part := range []string{
			"patient", "data holder's URA", "data holder's type", "requester's URA", "requester's type",
			"responsible professional", "responsible professional's role", "purpose of use", "data categories",
		} {
			assert.ErrorContains(t, err, part+": ")
		}
	})
	for _, tc := range []struct {
		name    string
		spoil   func(*consent.Question)
		problem string
	}{
		{"a category twice", func(q *consent.Question) { q.Categories = []consent.Category{"GGC002", "GGC002"} }, "data categories: one is given twice"},
		{"a category of another shape", func(q *consent.Question) { q.Categories[0] = "RPZAC1" }, "data categories: not a data category"},
		{"a mandated professional without a number", func(q *consent.Question) { q.Requester.Mandated.Extension = "" }, "mandated professional: not a professional's number"},
		{"a UZI number that is none", func(q *consent.Question) { q.Requester.Responsible.ID.Extension = "x" }, "responsible professional: not a UZI number"},
		{"a register that is no OID", func(q *consent.Question) { q.Requester.Responsible.ID.Root = "uzi" }, "responsible professional: not a professional's register"},
		{"a purpose of emergencies", func(q *consent.Question) { q.Purpose = "BTG" }, "purpose of use: not a purpose of use"},
	} {
		t.Run("refused: "+tc.name, func(t *testing.T) {
			question := validQuestion(t)
			tc.spoil(&question)
			assert.ErrorContains(t, question.Validate(), tc.problem)
		})
	}
}

func TestCodes(t *testing.T) {
	parsers := map[string]func(string) error{
		"URA":           func(s string) error { _, err := consent.ParseURA(s); return err },
		"facility type": func(s string) error { _, err := consent.ParseFacilityType(s); return err },
		"category":      func(s string) error { _, err := consent.ParseCategory(s); return err },
		"kind":          func(s string) error { _, err := consent.ParseProviderCategory(s); return err },
		"role":          func(s string) error { _, err := consent.ParseRole(s); return err },
		"purpose":       func(s string) error { _, err := consent.ParsePurposeOfUse(s); return err },
		"UZI number":    func(s string) error { _, err := consent.NewProfessionalID(consent.RootUZI, s); return err },
		"number":        func(s string) error { _, err := consent.NewProfessionalID("1.2.3", s); return err },
		"register":      func(s string) error { _, err := consent.NewProfessionalID(s, "900000009"); return err },
	}
	for kind, cases := range map[string]struct{ valid, invalid []string }{
		"URA":           {[]string{"00000659"}, []string{"659", "0000065a", "00000659 ", "000006590"}},
		"facility type": {[]string{"V6", "JGZ", "Q9"}, []string{"v6", "V", "6V", "V6\n", "VVVVV"}},
		"category":      {[]string{"GGC002", "GGC999"}, []string{"GGC02", "ggc002", "RPZAC1", "GGC002 "}},
		"kind":          {[]string{"RPZAC005", "RPZAC999"}, []string{"RPZAC5", "rpzac005", "GGC002", "RPZAC005 "}},
		"role":          {[]string{"01.015", "83.000"}, []string{"1.015", "01015", "01.0150"}},
		"purpose":       {[]string{"TREAT", "COC"}, []string{"treat", "BTG", ""}},
		"UZI number":    {[]string{"900000009"}, []string{"90000000", "9000000091", "90000000a"}},
		"number":        {[]string{"jansen7", strings.Repeat("a", 60)}, []string{"", strings.Repeat("a", 61), "a-b", "é"}},
		"register":      {[]string{"2.16.528.1.1007.3.1"}, []string{"", "2", "2.16.", "2.016", "3.1", "urn:oid:2.16"}},
	} {
		for _, valid := range cases.valid {
			t.Run(kind+" accepted: "+valid, func(t *testing.T) { assert.NoError(t, parsers[kind](valid)) })
		}
		for _, invalid := range cases.invalid {
			t.Run(kind+" refused: "+invalid, func(t *testing.T) { assert.Error(t, parsers[kind](invalid)) })
		}
	}
}

func TestKnownCodes(t *testing.T) {
	for code, known := range map[interface{ Known() bool }]bool{
		consent.FacilityType("V6"): true, consent.FacilityType("Q9"): false,
		consent.Category("GGC002"): true, consent.Category("GGC001"): false,
		consent.ProviderCategory("RPZAC104"): true, consent.ProviderCategory("RPZAC002"): false,
	} {
		assert.Equal(t, known, code.Known(), "%v", code)
	}
}

func TestParseDecision(t *testing.T) {
	for _, decision := range []consent.Decision{consent.Permit, consent.Deny, consent.Indeterminate, consent.NotApplicable} {
		t.Run("its own word: "+decision.String(), func(t *testing.T) {
			parsed, ok := consent.ParseDecision(decision.String())
			assert.True(t, ok)
			assert.Equal(t, decision, parsed)
		})
	}
	for _, wrong := range []string{"", "permit", "Permit ", "PERMIT", "NoDecision", "Permit\n"} {
		t.Run("no decision: "+wrong, func(t *testing.T) {
			parsed, ok := consent.ParseDecision(wrong)
			assert.False(t, ok)
			assert.Equal(t, consent.NoDecision, parsed)
		})
	}
}
