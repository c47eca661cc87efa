// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// tokensUpTo returns every scope of up to n tokens, blanks and repetitions included.
func tokensUpTo(n int, tokens ...string) (scopes []string) {
	scopes = []string{""}
	last := scopes
	for range n {
		var longer []string
		for _, scope := range last {
			for _, token := range tokens {
				longer = append(longer, scope+" "+token)
			}
		}
		scopes, last = append(scopes, longer...), longer
	}
	return scopes
}

// TestClaimsOfOneGuardedScopeAlone goes through the scopes of up to three tokens and what
// Mitz may decide about each category: only one guarded scope, permitted in every category
// of its own, gives claims, and then exactly those of its own categories and purpose.
func TestClaimsOfOneGuardedScopeAlone(t *testing.T) {
	profiles := []policy.ProfileConfig{testProfile("one", "TREAT", "GGC002"), testProfile("two", "COC", "GGC012", "GGC013")}
	decisions := []consent.Decision{consent.Permit, consent.Deny, consent.Indeterminate, consent.NoDecision}
	var answer consent.Decisions // about every category, of which the question's are given
	queries := 0
	g := newTestGuardFor(t, func(_ context.Context, q consent.Question) (mitzclient.Answer, error) {
		queries++
		given := consent.Decisions{}
		for _, category := range q.Categories {
			given[category] = answer[category]
		}
		return mitzclient.Answer{RequestID: "request-1", Decisions: given}, nil
	}, profiles...)
	g.definitions["plain"] = pe.WalletOwnerMapping{pe.WalletOwnerOrganization: {}}
	captureLog(t)
	granted := 0
	for _, scope := range tokensUpTo(3, "one", "two", "plain", "") {
		for _, first := range decisions {
			for _, second := range decisions {
				for _, third := range decisions {
					answer = consent.Decisions{"GGC002": first, "GGC012": second, "GGC013": third}
					queries = 0
					token := testToken(scope)
					err := g.Issue(t.Context(), token)

					added := maps.Clone(token.claims)
					maps.DeleteFunc(added, func(claim string, _ any) bool { return !slices.Contains(policy.ReservedClaims(), claim) })
					guards := guardsOf(profiles, scope)
					if len(guards) != 1 || !permits(answer, guards[0].Categories) {
						assert.Empty(t, added, "scope %q, %v", scope, answer)
						assert.Equal(t, len(guards) == 0 && strings.TrimSpace(scope) != "", err == nil, "scope %q, %v", scope, answer)
						assert.Equal(t, len(guards) == 1, queries == 1, "scope %q", scope)
						continue
					}
					granted++
					if assert.NoError(t, err, "scope %q, %v", scope, answer) {
						assert.Equal(t, guards[0].Categories, added["consent_categories"], scope)
						assert.Equal(t, guards[0].Purpose, added["consent_purpose"], scope)
						assert.Len(t, added, len(policy.ReservedClaims()))
						assert.Equal(t, 1, queries)
					}
				}
			}
		}
	}
	assert.NotZero(t, granted)
}

// guardsOf returns the profiles whose scope is among the tokens, each once.
func guardsOf(profiles []policy.ProfileConfig, scope string) (guards []policy.ProfileConfig) {
	for _, profile := range profiles {
		if slices.Contains(strings.Fields(scope), profile.Scope) {
			guards = append(guards, profile)
		}
	}
	return guards
}

func permits(answer consent.Decisions, categories []string) bool {
	return !slices.ContainsFunc(categories, func(category string) bool {
		return answer[consent.Category(category)] != consent.Permit
	})
}
