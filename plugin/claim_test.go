// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
)

// unclaimable are claims whose database is gone.
type unclaimable struct{}

func (unclaimable) Claim(context.Context, ...once.ID) error { return errors.New("connection refused") }

func claimingEngine(t *testing.T, consult consulter) *Engine {
	t.Helper()
	engine := newTestEngine(t, consult)
	engine.claims = once.NewMemory(engine.now)
	return engine
}

func TestPresentationsGiveOneToken(t *testing.T) {
	t.Run("the same presentation at once gives one token, and one query", func(t *testing.T) {
		var queries, tokens atomic.Int32
		engine := claimingEngine(t, func(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
			queries.Add(1)
			return deciding(consent.Permit)(ctx, q)
		})
		var group sync.WaitGroup
		for range 12 {
			group.Go(func() {
				token := testToken(guarded)
				if err := issueFor(context.Background(), engine, &token); err == nil {
					tokens.Add(1)
				} else {
					assertOAuthError(t, err, oauth.InvalidGrant, descriptionUsed)
				}
			})
		}
		group.Wait()
		assert.EqualValues(t, 1, tokens.Load())
		assert.EqualValues(t, 1, queries.Load())
	})
	t.Run("a request that is refused before the query can be mended and sent again", func(t *testing.T) {
		engine := claimingEngine(t, deciding(consent.Permit))
		token := testToken(guarded)
		token.InputDescriptorConstraintIdMap = nil
		require.Error(t, issueFor(t.Context(), engine, &token))
		token = testToken(guarded)
		assert.NoError(t, issueFor(t.Context(), engine, &token))
	})
	t.Run("one that Mitz refused cannot ask again with the same presentation", func(t *testing.T) {
		engine := claimingEngine(t, deciding(consent.Deny))
		token := testToken(guarded)
		assertOAuthError(t, issueFor(t.Context(), engine, &token), oauth.AccessDenied, descriptionDenied)
		token = testToken(guarded)
		assertOAuthError(t, issueFor(t.Context(), engine, &token), oauth.InvalidGrant, descriptionUsed)
	})
	t.Run("another signer, nonce or challenge is another presentation", func(t *testing.T) {
		engine := claimingEngine(t, deciding(consent.Permit))
		for _, presentation := range []vc.VerifiablePresentation{
			presentedWith(testPresenter, "a"), presentedWith(testPresenter, "b"), presentedWith(testPresenter+":other", "a"),
		} {
			token := testToken(guarded)
			token.VPToken = []vc.VerifiablePresentation{presentation}
			assert.NoError(t, issueFor(t.Context(), engine, &token))
		}
	})
	t.Run("of several presentations one that was used is enough to refuse", func(t *testing.T) {
		engine := claimingEngine(t, deciding(consent.Permit))
		token := testToken(guarded)
		require.NoError(t, issueFor(t.Context(), engine, &token))
		token = testToken(guarded)
		token.VPToken = append(token.VPToken, presentedWith(testPresenter, "nonce-2"))
		assertOAuthError(t, issueFor(t.Context(), engine, &token), oauth.InvalidGrant, descriptionUsed)
	})
	t.Run("unguarded tokens claim nothing", func(t *testing.T) {
		engine := claimingEngine(t, unasked(t))
		engine.claims = unclaimable{}
		token := testToken("other")
		assert.NoError(t, issueFor(t.Context(), engine, &token))
	})
	for name, spoil := range map[string]func(engine *Engine, presentations []vc.VerifiablePresentation) []vc.VerifiablePresentation{
		"the claims' database is gone": func(engine *Engine, all []vc.VerifiablePresentation) []vc.VerifiablePresentation {
			engine.claims = unclaimable{}
			return all
		},
		"the claims were not opened": func(engine *Engine, all []vc.VerifiablePresentation) []vc.VerifiablePresentation {
			engine.claims = nil
			return all
		},
		"there is no presentation": func(*Engine, []vc.VerifiablePresentation) []vc.VerifiablePresentation { return nil },
		"a presentation has no nonce": func(_ *Engine, all []vc.VerifiablePresentation) []vc.VerifiablePresentation {
			return append(all, presentedWith(testPresenter, ""))
		},
	} {
		t.Run("no token and no query when "+name, func(t *testing.T) {
			engine := claimingEngine(t, unasked(t))
			token := testToken(guarded)
			token.VPToken = spoil(engine, token.VPToken)
			assertOAuthError(t, issueFor(t.Context(), engine, &token), oauth.ServerError, descriptionUndetermined)
		})
	}
}

// TestClaimsAreWhereTheSessionsAre: other nodes know of them only in a database that is shared.
func TestClaimsAreWhereTheSessionsAre(t *testing.T) {
	node := storage.NewTestStorageEngine(t)
	engine := newEngine(nodeEngines{storage: node})
	require.NoError(t, engine.openClaims())
	assert.IsType(t, &once.Memory{}, engine.claims)

	engine = newEngine(nodeEngines{storage: networkedSessions{Engine: node}})
	require.NoError(t, engine.openClaims())
	assert.IsType(t, &once.Table{}, engine.claims)
}

// networkedSessions is a storage engine whose sessions are outside the node.
type networkedSessions struct{ storage.Engine }

func (n networkedSessions) GetSessionDatabase() storage.SessionDatabase {
	return struct{ storage.SessionDatabase }{n.Engine.GetSessionDatabase()}
}
