// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func TestDecide(t *testing.T) {
	asked := func(categories ...consent.Category) consent.Question { return consent.Question{Categories: categories} }
	for _, tc := range []struct {
		name      string
		question  consent.Question
		decisions consent.Decisions
		reason    Reason // empty: permitted
	}{
		{"a Permit permits", asked("GGC002"), consent.Decisions{"GGC002": consent.Permit}, ""},
		{"a Permit about every category permits", asked("GGC002", "GGC013"), consent.Decisions{"GGC002": consent.Permit, "GGC013": consent.Permit}, ""},
		{"a Deny denies", asked("GGC002"), consent.Decisions{"GGC002": consent.Deny}, ReasonDenied},
		{"one Deny among Permits denies", asked("GGC002", "GGC013"), consent.Decisions{"GGC002": consent.Permit, "GGC013": consent.Deny}, ReasonDenied},
		{"a Deny outweighs an Indeterminate", asked("GGC002", "GGC013"), consent.Decisions{"GGC002": consent.Indeterminate, "GGC013": consent.Deny}, ReasonDenied},
		{"an Indeterminate is no answer", asked("GGC002"), consent.Decisions{"GGC002": consent.Indeterminate}, ReasonIndeterminate},
		{"an Indeterminate beside a Permit is no answer", asked("GGC002", "GGC013"), consent.Decisions{"GGC002": consent.Permit, "GGC013": consent.Indeterminate}, ReasonIndeterminate},
		{"a NotApplicable is no answer", asked("GGC002"), consent.Decisions{"GGC002": consent.NotApplicable}, ReasonNotApplicable},
		{"no decision is no answer", asked("GGC002"), consent.Decisions{"GGC002": consent.NoDecision}, ReasonUnanswered},
		{"an unknown decision is no answer", asked("GGC002"), consent.Decisions{"GGC002": consent.Decision(99)}, ReasonUnanswered},
		{"an empty answer is none", asked("GGC002"), nil, ReasonUnanswered},
		{"a category unanswered is no answer", asked("GGC002", "GGC013"), consent.Decisions{"GGC002": consent.Permit}, ReasonUnanswered},
		{"an answer about another category is none", asked("GGC002"), consent.Decisions{"GGC013": consent.Permit}, ReasonUnanswered},
		{"an answer about more than asked is none", asked("GGC002"), consent.Decisions{"GGC002": consent.Permit, "GGC013": consent.Permit}, ReasonUnanswered},
		{"nothing asked is nothing permitted", asked(), consent.Decisions{}, ReasonUnanswered},
	} {
		t.Run(tc.name, func(t *testing.T) {
			refusal := decide(tc.question, tc.decisions)
			if tc.reason == "" {
				require.Nil(t, refusal)
				return
			}
			require.NotNil(t, refusal)
			assert.Equal(t, tc.reason, refusal.Reason())
		})
	}
}
