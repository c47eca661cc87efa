// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
)

// unclaimable are claims whose database is gone.
type unclaimable struct{}

func (unclaimable) Claim(context.Context, ...once.ID) error { return errors.New("connection refused") }

func claimingGuard(t *testing.T, consult consulter) *testGuard {
	t.Helper()
	g := newTestGuard(t, consult)
	g.Once = once.NewMemory(g.Now)
	return g
}

func TestPresentationsGiveOneToken(t *testing.T) {
	t.Run("the same presentation at once gives one token, and one query", func(t *testing.T) {
		var queries, tokens atomic.Int32
		g := claimingGuard(t, func(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
			queries.Add(1)
			return deciding(consent.Permit)(ctx, q)
		})
		var group sync.WaitGroup
		for range 12 {
			group.Go(func() {
				token := testToken(guarded)
				if err := g.Issue(context.Background(), token); err == nil {
					tokens.Add(1)
				} else {
					assertOAuthError(t, err, oauth.InvalidGrant, DescriptionUsed)
				}
			})
		}
		group.Wait()
		assert.EqualValues(t, 1, tokens.Load())
		assert.EqualValues(t, 1, queries.Load())
	})
	t.Run("a request that is refused before the query can be mended and sent again", func(t *testing.T) {
		g := claimingGuard(t, deciding(consent.Permit))
		token := testToken(guarded)
		token.claims = nil
		require.Error(t, g.Issue(t.Context(), token))
		token = testToken(guarded)
		assert.NoError(t, g.Issue(t.Context(), token))
	})
	t.Run("one that Mitz refused cannot ask again with the same presentation", func(t *testing.T) {
		g := claimingGuard(t, deciding(consent.Deny))
		token := testToken(guarded)
		assertOAuthError(t, g.Issue(t.Context(), token), oauth.AccessDenied, DescriptionDenied)
		token = testToken(guarded)
		assertOAuthError(t, g.Issue(t.Context(), token), oauth.InvalidGrant, DescriptionUsed)
	})
	t.Run("of several presentations one that was used is enough to refuse", func(t *testing.T) {
		g := claimingGuard(t, deciding(consent.Permit))
		token := testToken(guarded)
		require.NoError(t, g.Issue(t.Context(), token))
		token = testToken(guarded)
		token.uses = append(token.uses, once.IDOf(testPresenter, "nonce-2"))
		assertOAuthError(t, g.Issue(t.Context(), token), oauth.InvalidGrant, DescriptionUsed)
	})
	t.Run("unguarded tokens claim nothing", func(t *testing.T) {
		g := claimingGuard(t, unasked(t))
		g.Once = unclaimable{}
		token := testToken("other")
		assert.NoError(t, g.Issue(t.Context(), token))
	})
	for name, spoil := range map[string]func(g *testGuard, token *fakeToken){
		"the claims' database is gone":                  func(g *testGuard, _ *fakeToken) { g.Once = unclaimable{} },
		"it rests on nothing":                           func(_ *testGuard, token *fakeToken) { token.uses = nil },
		"it cannot be told what can be used once of it": func(_ *testGuard, token *fakeToken) { token.unusable = errors.New("a presentation without a nonce") },
	} {
		t.Run("no token and no query when "+name, func(t *testing.T) {
			g := claimingGuard(t, unasked(t))
			token := testToken(guarded)
			spoil(g, token)
			assertOAuthError(t, g.Issue(t.Context(), token), oauth.ServerError, DescriptionUndetermined)
			assert.False(t, token.stored)
		})
	}
}
