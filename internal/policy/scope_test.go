// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"testing"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGuarding(t *testing.T) {
	p := newPolicy(t, validConfig())
	definitions := map[string]pe.WalletOwnerMapping{
		"plain": definitionOf("something", ClaimOrganizationURA),
		"sly":   definitionOf(ClaimDelegationRegisteredBy),
	}
	guarding := func(scope string) (*Profile, error) {
		return p.Guarding(SplitScope(scope), func(scope string) (pe.WalletOwnerMapping, error) {
			if found, exists := definitions[scope]; exists {
				return found, nil
			}
			return nil, errors.New("unknown")
		})
	}
	for _, tc := range []struct {
		name, scope string
		kind        ScopeKind
		guarded     string // the scope whose profile guards
		refused     bool
	}{
		{"a blank scope is refused", "", ScopeBlank, "", true},
		{"a scope of spaces is refused", "   ", ScopeBlank, "", true},
		{"an unguarded scope is left alone", "plain", ScopeUnguarded, "", false},
		{"unguarded scopes are left alone", "plain sly nowhere", ScopeUnguarded, "", false},
		{"a guarded scope is guarded", "birth-care", ScopeGuarded, "birth-care", false},
		{"a scope given twice is guarded once", "birth-care birth-care", ScopeGuarded, "birth-care", false},
		{"spaces do not hide a guarded scope", "  birth-care ", ScopeGuarded, "birth-care", false},
		{"another case is another scope", "Birth-Care", ScopeUnguarded, "", false},
		{"two guarded scopes are refused", "medication birth-care", ScopeMixed, "", true},
		{"two guarded scopes are refused with an unguarded one between them", "birth-care plain medication", ScopeMixed, "", true},
		{"a guarded scope stays guarded beside an unguarded one", "plain birth-care", ScopeGuarded, "birth-care", false},
		{"an unguarded scope that writes a claim which the guarded one does not vouch for is refused", "birth-care sly", ScopeGuarded, "", true},
		{"an unknown scope beside a guarded one is refused", "birth-care nowhere", ScopeGuarded, "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.kind, p.KindOfScope(tc.scope))
			profile, err := guarding(tc.scope)
			if tc.guarded == "" {
				assert.Nil(t, profile)
			} else {
				assert.Same(t, p.Profile(tc.guarded), profile)
			}
			if !tc.refused {
				require.NoError(t, err)
				return
			}
			var refusal *Refusal
			require.ErrorAs(t, err, &refusal)
			assert.Equal(t, ReasonScope, refusal.Reason)
		})
	}
}
