// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

func TestIssue(t *testing.T) {
	t.Run("a Permit adds the claims and leaves the node's own map alone", func(t *testing.T) {
		g := newTestGuard(t, deciding(consent.Permit))
		token := testToken(" " + guarded + " " + guarded)

		require.NoError(t, g.Issue(t.Context(), token))

		assert.True(t, token.stored)
		assert.Equal(t, testClaims(), token.before)
		expected := testClaims()
		maps.Copy(expected, map[string]any{
			"mitz_consent": true, "consent_ground": "mitz-closed-query", "consent_categories": []string{"GGC002"},
			"consent_purpose": "TREAT", "consent_checked_at": "2026-03-01T12:00:00Z", "consent_request_id": "request-1",
			"patient_bsn": testBSN, "data_holder_organization_id": "00000659", "data_holder_facility_type": "V6",
		})
		assert.Equal(t, expected, token.claims)
		assert.Equal(t, guarded, token.scope)
	})
	t.Run("an unguarded token stays as it is", func(t *testing.T) {
		g := newTestGuard(t, unasked(t))
		token := testToken("other  other")
		require.NoError(t, g.Issue(t.Context(), token))
		assert.True(t, token.stored)
		token.stored = false
		assert.Equal(t, testToken("other  other"), token)
	})
	for _, tc := range []struct {
		name        string
		spoil       func(*fakeToken)
		code        oauth.ErrorCode
		description string
	}{
		{"a blank scope", func(token *fakeToken) { token.scope = "  " }, oauth.InvalidScope, DescriptionUnusableScope},
		{"an unknown scope beside the guarded one", func(token *fakeToken) { token.scope += " nowhere" }, oauth.InvalidScope, DescriptionUnusableScope},
		{"an issuer that is no data holder", func(token *fakeToken) { token.subject = "" }, oauth.InvalidScope, DescriptionUnusableScope},
		{"no claims", func(token *fakeToken) { token.claims = nil }, oauth.InvalidRequest,
			"claim missing: organization_facility_type, organization_ura, patient_enrollment_identifier, user_id, user_role"},
		{"a claim of ours that is there already", func(token *fakeToken) {
			token.claims["mitz_consent"] = true
		}, oauth.ServerError, DescriptionUndetermined},
		{"a claim of ours in an unguarded token", func(token *fakeToken) {
			token.scope = "other"
			token.claims["patient_bsn"] = testBSN
		}, oauth.ServerError, DescriptionUndetermined},
		{"a presentation without a signer", func(token *fakeToken) {
			token.unverified = errors.New("a presentation without a signer")
		}, oauth.ServerError, DescriptionUndetermined},
	} {
		t.Run("refused without a query: "+tc.name, func(t *testing.T) {
			g := newTestGuard(t, unasked(t))
			token := testToken(guarded)
			tc.spoil(token)
			assertOAuthError(t, g.Issue(t.Context(), token), tc.code, tc.description)
		})
	}
	for _, tc := range []struct {
		name        string
		consult     consulter
		code        oauth.ErrorCode
		description string
	}{
		{"a Deny", deciding(consent.Deny), oauth.AccessDenied, DescriptionDenied},
		{"an Indeterminate", deciding(consent.Indeterminate), oauth.ServerError, DescriptionUndetermined},
		{"a NotApplicable", deciding(consent.NotApplicable), oauth.ServerError, DescriptionUndetermined},
		{"no decision", deciding(consent.NoDecision), oauth.ServerError, DescriptionUndetermined},
		{"an error", func(context.Context, consent.Question) (mitzclient.Answer, error) {
			return mitzclient.Answer{}, &mitzclient.Error{Code: mitzclient.Timeout, RequestID: "request-2"}
		}, oauth.ServerError, DescriptionUndetermined},
		{"decisions beside an error", func(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
			answer, _ := deciding(consent.Permit)(ctx, q)
			return answer, errors.New("something else")
		}, oauth.ServerError, DescriptionUndetermined},
		{"a panic", func(context.Context, consent.Question) (mitzclient.Answer, error) { panic(testBSN) }, oauth.ServerError, DescriptionUndetermined},
	} {
		t.Run("refused: "+tc.name, func(t *testing.T) {
			out := captureLog(t)
			token := testToken(guarded)
			assertOAuthError(t, newTestGuard(t, tc.consult).Issue(t.Context(), token), tc.code, tc.description)
			assert.Equal(t, testClaims(), token.claims, "a refused token got claims")
			assert.NotContains(t, out.String(), testBSN)
		})
	}
	t.Run("a failed query is logged under its request id", func(t *testing.T) {
		out := captureLog(t)
		g := newTestGuard(t, func(context.Context, consent.Question) (mitzclient.Answer, error) {
			return mitzclient.Answer{RequestID: "request-2"}, &mitzclient.Error{Code: mitzclient.HTTPStatus, Status: 503, RequestID: "request-2"}
		})
		token := testToken(guarded)
		require.Error(t, g.Issue(t.Context(), token))
		assert.Contains(t, out.String(), "request_id=request-2")
		assert.Contains(t, out.String(), "outcome=http_status")
	})
}

func TestIssueOutsideRequest(t *testing.T) {
	g := newTestGuard(t, unasked(t))
	token := testToken(guarded)
	assertOAuthError(t, g.IssueOutsideRequest(token), oauth.ServerError, DescriptionUndetermined)
	unguarded := testToken("other")
	assert.NoError(t, g.IssueOutsideRequest(unguarded))
}

func TestOnlyARunningGuardIssues(t *testing.T) {
	t.Run("after the stop a guarded token is refused", func(t *testing.T) {
		g := newTestGuard(t, unasked(t))
		g.stop(t)
		token := testToken(guarded)
		assertOAuthError(t, g.Issue(t.Context(), token), oauth.ServerError, DescriptionUndetermined)
		assert.False(t, token.stored)
	})
	t.Run("the stop lets a running consult come to its end", func(t *testing.T) {
		asked, stopping := make(chan struct{}), make(chan struct{})
		g := newTestGuard(t, func(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
			close(asked)
			<-stopping
			return deciding(consent.Permit)(ctx, q)
		})
		refusal := make(chan error, 1)
		token := testToken(guarded)
		go func() { refusal <- g.Issue(context.Background(), token) }()
		<-asked
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			g.Requests.Close(time.Minute, time.Minute)
		}()
		for g.Requests.IsOpen() {
			runtime.Gosched()
		}
		assertOAuthError(t, g.Issue(t.Context(), testToken(guarded)), oauth.ServerError, DescriptionUndetermined)
		close(stopping)
		<-stopped
		require.NoError(t, <-refusal)
		assert.Equal(t, true, token.claims["mitz_consent"])
	})
	t.Run("the end of the request ends the consult", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		g := newTestGuard(t, func(ctx context.Context, _ consent.Question) (mitzclient.Answer, error) {
			cancel()
			<-ctx.Done()
			return mitzclient.Answer{}, ctx.Err()
		})
		assertOAuthError(t, g.Issue(ctx, testToken(guarded)), oauth.ServerError, DescriptionUndetermined)
	})
}

func TestAGuardNeedsAllOfItsParts(t *testing.T) {
	whole := newTestGuard(t, unasked(t)).Parts
	for name, spoil := range map[string]func(*Parts){
		"policy": func(p *Parts) { p.Policy = nil }, "grounds": func(p *Parts) { p.Grounds = nil },
		"definitions": func(p *Parts) { p.Definitions = nil }, "once": func(p *Parts) { p.Once = nil }, "marks": func(p *Parts) { p.Marks = nil },
		"recorder": func(p *Parts) { p.Recorder = nil }, "requests": func(p *Parts) { p.Requests = nil }, "clock": func(p *Parts) { p.Now = nil },
	} {
		t.Run("without its "+name, func(t *testing.T) {
			parts := whole
			spoil(&parts)
			_, err := New(parts)
			require.Error(t, err)
		})
	}
}

func TestRemovingADataHolderCountsAtOnce(t *testing.T) {
	elsewhere := func(g *testGuard) {
		builder := policy.NewListBuilder(1)
		builder.DataHolder(policy.Place("a test"), policy.DataHolderConfig{Subject: "hospital-west", URA: "00000660", FacilityType: "V6"})
		lists, err := builder.Build()
		assert.NoError(t, err)
		g.Policy.Use(lists)
	}
	t.Run("for the next request", func(t *testing.T) {
		g := newTestGuard(t, unasked(t))
		elsewhere(g)
		out := captureLog(t)
		assertOAuthError(t, g.Issue(t.Context(), testToken(guarded)), oauth.InvalidScope, DescriptionUnusableScope)
		assert.NotContains(t, out.String(), "hospital-east", "what is no data holder of ours is not repeated")
	})
	t.Run("for one about which Mitz is being asked, too", func(t *testing.T) {
		var g *testGuard
		g = newTestGuard(t, func(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
			elsewhere(g)
			return deciding(consent.Permit)(ctx, q)
		})
		token := testToken(guarded)
		assertOAuthError(t, g.Issue(t.Context(), token), oauth.InvalidScope, DescriptionUnusableScope)
		assert.False(t, token.stored)
	})
}
