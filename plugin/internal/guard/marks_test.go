// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// TestWithdrawnWhileTheTokenIsMade withdraws at every step of a token: what comes before the
// stamp is not about it, and what comes after ends it.
func TestWithdrawnWhileTheTokenIsMade(t *testing.T) {
	patient, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	for _, tc := range []struct {
		name  string
		step  string
		holds bool
	}{
		{"before the request", "before", true},
		{"while Mitz is asked", "asking", false},
		{"while the token is stored", "storing", false},
		{"when it is stored", "after", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var g *testGuard
			at := func(step string) {
				if step == tc.step {
					assert.NoError(t, g.Marks.Withdraw(withdrawal.About{Patient: patient, DataHolder: "00000659"}))
				}
			}
			g = newTestGuard(t, func(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
				at("asking")
				return deciding(consent.Permit)(ctx, q)
			})
			token := testToken(guarded)
			token.put = func() error {
				at("storing")
				return nil
			}
			at("before")
			require.NoError(t, g.Issue(t.Context(), token))
			at("after")
			holds, err := g.Marks.Holds(token.stamp)
			require.NoError(t, err)
			assert.Equal(t, tc.holds, holds)
		})
	}
}

type unreadable struct{ marks }

func (unreadable) Get(string) (string, error) { return "", errors.New("connection refused") }

func TestNoTokenAndNoQueryWhenTheMarksCannotBeRead(t *testing.T) {
	g := newTestGuard(t, unasked(t))
	g.Marks = withdrawal.NewMarks(withdrawal.NewKeys(), withdrawal.DefaultKinds(), unreadable{})
	token := testToken(guarded)
	assertOAuthError(t, g.Issue(t.Context(), token), oauth.ServerError, DescriptionUndetermined)
	assert.False(t, token.stored)
	assert.InDelta(t, 1, g.counted(t, "tokens_refused_total", "marks_failed"), 0)
}

func TestATokenKeepsWhatItTakesToAskAgainWhereItsProfileSaysSo(t *testing.T) {
	for name, recheck := range map[string]time.Duration{"never": 0, "after five minutes": 5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			profile := testProfile(guarded, "TREAT", "GGC002")
			profile.Recheck = recheck
			g := newTestGuardFor(t, deciding(consent.Permit), profile)
			token := testToken(guarded)
			require.NoError(t, g.Issue(t.Context(), token))
			if recheck == 0 {
				assert.Nil(t, token.asked)
				return
			}
			require.NotNil(t, token.asked)
			question, err := token.asked.Question(token.claims)
			require.NoError(t, err)
			assert.Equal(t, consent.URA("12345678"), question.Requester.URA)
			assert.Equal(t, guarded, token.asked.Scope)
		})
	}
}
