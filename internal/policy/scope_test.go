// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"testing"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

func TestScreen(t *testing.T) {
	p := newPolicy(t, validConfig())
	definitions := map[string]pe.WalletOwnerMapping{
		"plain": definitionOf("something", definition.ClaimOrganizationURA),
		"sly":   definitionOf(definition.ClaimDelegationRegisteredBy),
	}
	lookUp := func(scope string) (pe.WalletOwnerMapping, error) {
		if definition, exists := definitions[scope]; exists {
			return definition, nil
		}
		return nil, errors.New("unknown")
	}
	const refused, unguarded = "refused", "unguarded"
	for _, tc := range []struct {
		name, scope string
		text, token string // what is found by the text alone, and of a token: the scope that is guarded, or one of the words above
	}{
		{"a blank scope is refused", "", refused, refused},
		{"a scope of spaces is refused", "   ", refused, refused},
		{"an unguarded scope is left alone", "plain", unguarded, unguarded},
		{"unguarded scopes are left alone", "plain sly nowhere", unguarded, unguarded},
		{"a guarded scope is guarded", "birth-care", "birth-care", "birth-care"},
		{"a scope given twice is guarded once", "birth-care birth-care", "birth-care", "birth-care"},
		{"spaces do not hide a guarded scope", "  birth-care ", "birth-care", "birth-care"},
		{"another case is another scope", "Birth-Care", unguarded, unguarded},
		{"two guarded scopes are refused", "medication birth-care", refused, refused},
		{"two guarded scopes are refused with an unguarded one between them", "birth-care plain medication", refused, refused},
		{"a guarded scope stays guarded beside an unguarded one", "plain birth-care", "birth-care", "birth-care"},
		{"an unguarded scope that writes a claim which the guarded one does not vouch for is refused", "birth-care sly", "birth-care", refused},
		{"an unknown scope beside a guarded one is refused", "birth-care nowhere", "birth-care", refused},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assertFound := func(expected string, found Screening, err error) {
				switch expected {
				case refused:
					assert.Nil(t, found)
					assertRefused(t, err, ReasonScope)
				case unguarded:
					require.NoError(t, err)
					assert.Equal(t, Unguarded{}, found)
				default:
					require.NoError(t, err)
					assert.Equal(t, Guarded{Profile: p.Profile(expected)}, found)
				}
			}
			found, err := p.ScreenScope(tc.scope)
			assertFound(tc.text, found, err)
			found, err = p.Screen(tc.scope, nil, lookUp)
			assertFound(tc.token, found, err)
		})
	}
	for _, claim := range ReservedClaims() {
		t.Run("a definition that writes "+claim+" is refused, guarded or not", func(t *testing.T) {
			for _, scope := range []string{"plain", "birth-care"} {
				found, err := p.Screen(scope, map[string]any{claim: nil}, lookUp)
				assert.Nil(t, found)
				assertRefused(t, err, ReasonReservedClaim, claim)
			}
		})
	}
	for _, claim := range introspectionClaims {
		t.Run("a definition that writes "+claim+" is refused where a scope is guarded", func(t *testing.T) {
			_, err := p.Screen("birth-care", map[string]any{claim: "x"}, lookUp)
			assertRefused(t, err, ReasonReservedClaim, claim)
			found, err := p.Screen("plain", map[string]any{claim: "x"}, lookUp)
			require.NoError(t, err)
			assert.Equal(t, Unguarded{}, found)
		})
	}
}

// TestADefinitionThatAGrantPassesOver is about the jwt-bearer grant, which evaluates the
// definition for the organisation's wallet and no other: of a scope that has none, nothing is
// evaluated, and every claim comes from the scope beside it.
func TestADefinitionThatAGrantPassesOver(t *testing.T) {
	forUsers := pe.WalletOwnerMapping{pe.WalletOwnerUser: trustedDefinition(definition.NeededClaims()...)[pe.WalletOwnerOrganization]}
	p, err := New(validConfig(), func(ProfileConfig) (pe.WalletOwnerMapping, error) { return forUsers, nil })
	require.NoError(t, err)

	found, err := p.Screen("birth-care plain", nil, func(string) (pe.WalletOwnerMapping, error) {
		return definitionOf(definition.ClaimOrganizationURA), nil
	})
	assert.Nil(t, found)
	assertRefused(t, err, ReasonScope)

	found, err = newPolicy(t, validConfig()).Screen("birth-care plain", nil, func(string) (pe.WalletOwnerMapping, error) {
		return pe.WalletOwnerMapping{pe.WalletOwnerUser: definitionOf("something")[pe.WalletOwnerOrganization]}, nil
	})
	assert.Nil(t, found, "the token would name a scope for which nothing was evaluated")
	assertRefused(t, err, ReasonScope)

	evidence := validEvidence()
	_, err = p.Case(p.Profile("birth-care"), evidence)
	assertRefused(t, err, ReasonWalletMissing)
	evidence.Submissions = 1
	_, err = p.Case(p.Profile("birth-care"), evidence)
	require.NoError(t, err, "the other grants evaluate it")
}
