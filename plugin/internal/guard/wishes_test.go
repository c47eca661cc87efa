// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"errors"
	"testing"

	"github.com/nuts-foundation/nuts-node/audit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/subscriptions"
)

// wishing takes wishes as a test wants.
type wishing func(subscriptions.Wish)

func (w wishing) Want(wish subscriptions.Wish) { w(wish) }

// newSubscribingGuard returns a running guard of one scope, whose profile subscribes.
func newSubscribingGuard(t *testing.T, consult consulter) *testGuard {
	profile := testProfile(guarded, "TREAT", "GGC002")
	profile.Subscribe = true
	return newTestGuardFor(t, consult, profile)
}

func TestATokenIsFollowedByAWish(t *testing.T) {
	g := newSubscribingGuard(t, deciding(consent.Permit))
	audits, out := audit.CaptureAuditLogs(t), captureLog(t)
	patient, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	token, wishes := testToken(guarded), 0
	g.Wishes = wishing(func(wish subscriptions.Wish) {
		wishes++
		assert.True(t, token.stored, "wished before the token was stored")
		audits.AssertContains(t, "mitz", "MitzTokenIssued", audit.TestActor, "Consent established, token issued")
		assert.True(t, wish.Patient.Equal(patient))
		wish.Patient = consent.BSN{}
		assert.Equal(t, subscriptions.Wish{Subject: "hospital-east", DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"}}, wish)
	})
	require.NoError(t, g.Issue(audit.TestContext(), token))
	assert.Equal(t, 1, wishes)
	assert.NotContains(t, out.String(), testBSN)
}

func TestNothingIsWishedForWithoutATokenOnMitzsWord(t *testing.T) {
	subscribing := func(decision consent.Decision) func(*testing.T) *testGuard {
		return func(t *testing.T) *testGuard { return newSubscribingGuard(t, deciding(decision)) }
	}
	for _, tc := range []struct {
		name  string
		guard func(*testing.T) *testGuard
		spoil func(*testGuard, *fakeToken)
		ends  bool // with a token
	}{
		{"a Deny", subscribing(consent.Deny), nil, false},
		{"an Indeterminate", subscribing(consent.Indeterminate), nil, false},
		{"a claim that is missing", subscribing(consent.Permit), func(_ *testGuard, token *fakeToken) { delete(token.claims, "user_id") }, false},
		{"a token that is not stored", subscribing(consent.Permit), func(_ *testGuard, token *fakeToken) {
			token.put = func() error { return errors.New("i/o timeout") }
		}, false},
		{"a store that panics", subscribing(consent.Permit), func(_ *testGuard, token *fakeToken) { token.put = func() error { panic(1) } }, false},
		{"an entry that cannot be written", subscribing(consent.Permit), func(g *testGuard, _ *fakeToken) {
			g.openAuditFile(t)
			assert.NoError(t, g.file.Close())
		}, false},
		{"a guard that is stopped", subscribing(consent.Permit), func(g *testGuard, _ *fakeToken) { g.stop(t) }, false},
		{"a token that is not guarded", subscribing(consent.Permit), func(_ *testGuard, token *fakeToken) { token.scope = "other" }, true},
		{"a profile that does not subscribe", func(t *testing.T) *testGuard { return newTestGuard(t, deciding(consent.Permit)) }, nil, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			captureLog(t)
			g := tc.guard(t)
			g.Wishes = wishing(func(subscriptions.Wish) { t.Error("wished for a subscription") })
			token := testToken(guarded)
			if tc.spoil != nil {
				tc.spoil(g, token)
			}
			assert.Equal(t, tc.ends, g.Issue(context.Background(), token) == nil)
			assert.Equal(t, tc.ends, token.stored)
		})
	}
	t.Run("a token outside a request", func(t *testing.T) {
		g := newSubscribingGuard(t, unasked(t))
		g.Wishes = wishing(func(subscriptions.Wish) { t.Error("wished for a subscription") })
		require.Error(t, g.IssueOutsideRequest(testToken(guarded)))
		require.NoError(t, g.IssueOutsideRequest(testToken("other")))
	})
}

func TestAProfileThatSubscribesNeedsSomebodyWhoTakesWishes(t *testing.T) {
	parts := newSubscribingGuard(t, unasked(t)).Parts
	parts.Wishes = nil
	_, err := New(parts)
	require.Error(t, err)
	parts = newTestGuard(t, deciding(consent.Permit)).Parts
	parts.Wishes = nil
	g, err := New(parts)
	require.NoError(t, err, "no profile subscribes")
	token := testToken(guarded)
	require.NoError(t, g.Issue(t.Context(), token))
	assert.True(t, token.stored)
}

// TestAWishTakesNoTokenAway panics where the wish is taken.
func TestAWishTakesNoTokenAway(t *testing.T) {
	g := newSubscribingGuard(t, deciding(consent.Permit))
	path, out := g.openAuditFile(t), captureLog(t)
	g.Wishes = wishing(func(subscriptions.Wish) { panic("about " + testBSN) })
	token := testToken(guarded)
	require.NoError(t, g.Issue(t.Context(), token))
	assert.True(t, token.stored)
	assert.Equal(t, true, token.claims["mitz_consent"])
	assert.Equal(t, []string{"consult 0 permit", "token-issued 0 permit"}, auditActions(t, path))
	assert.InDelta(t, 1, g.counted(t, "panics_total"), 0)
	assert.Contains(t, out.String(), "Panic while wishing for a subscription")
	assert.NotContains(t, out.String(), testBSN)
}
