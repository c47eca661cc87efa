// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

func TestKindsOfCareProvider(t *testing.T) {
	for _, tc := range []struct {
		name, configured string
		kinds            withdrawal.Kinds
	}{
		{"the built-in table", "{}", withdrawal.DefaultKinds()},
		{"a table of one's own, as a whole", "{providercategories: [{code: RPZAC001, facilitytypes: [Z3, K3]}, {code: RPZAC900, facilitytypes: Q9}]}",
			withdrawal.Kinds{"Z3": "RPZAC001", "K3": "RPZAC001", "Q9": "RPZAC900"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			section, _, err := readFile("mitz:\n  withdrawal: " + tc.configured)
			require.NoError(t, err)
			kinds, err := section.Withdrawal.kinds()
			require.NoError(t, err)
			assert.Equal(t, tc.kinds, kinds)
		})
	}
	for _, tc := range []struct{ name, configured, problem string }{
		{"an empty table", "[]", "withdrawal.providercategories: is empty: leave it out to use the built-in table"},
		{"another code", "[{code: GGC002, facilitytypes: [Z3]}]", "withdrawal.providercategories[0].code: not a category of care providers: RPZAC and three digits"},
		{"another code twice", "[{code: GP, facilitytypes: [Z3]}, {code: GP, facilitytypes: [N6]}]",
			"withdrawal.providercategories[0].code: not a category of care providers: RPZAC and three digits\n" +
				"withdrawal.providercategories[1].code: not a category of care providers: RPZAC and three digits"},
		{"no code", "[{facilitytypes: [Z3]}]", "withdrawal.providercategories[0].code: not a category of care providers: RPZAC and three digits"},
		{"a code twice", "[{code: RPZAC001, facilitytypes: [Z3]}, {code: RPZAC001, facilitytypes: [N6]}]",
			`withdrawal.providercategories[1].code: "RPZAC001" is given twice: put its types together`},
		{"no types", "[{code: RPZAC001}]", "withdrawal.providercategories[0].facilitytypes: none: name the types of this category, or leave it out"},
		{"an empty list of types", "[{code: RPZAC001, facilitytypes: []}]", "withdrawal.providercategories[0].facilitytypes: none: name the types of this category, or leave it out"},
		{"what is no type", "[{code: RPZAC001, facilitytypes: [gp]}]",
			`withdrawal.providercategories[0].facilitytypes: "gp" is not an organisation type: a capital and one to three capitals or digits`},
		{"a type twice", "[{code: RPZAC001, facilitytypes: [Z3, Z3]}]", `withdrawal.providercategories[0].facilitytypes: "Z3" is given twice`},
		{"a type of two kinds", "[{code: RPZAC001, facilitytypes: [Z3]}, {code: RPZAC104, facilitytypes: [V4, Z3]}]",
			`withdrawal.providercategories[1].facilitytypes: "Z3" is under RPZAC001 already, and an organisation is of one category: remove it from one of them`},
	} {
		t.Run("refused: "+tc.name, func(t *testing.T) {
			section, _, err := readFile("mitz:\n  withdrawal: {providercategories: " + tc.configured + "}")
			require.NoError(t, err)
			_, err = section.Withdrawal.kinds()
			assert.EqualError(t, err, tc.problem)
		})
	}
}
