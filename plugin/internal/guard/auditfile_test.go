// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// unwritable puts a directory in the place of a file.
func unwritable(t *testing.T, path string) {
	t.Helper()
	assert.NoError(t, os.Remove(path))
	assert.NoError(t, os.Mkdir(path, 0o700))
}

// identified is an identifier in an AuditEvent.
type identified struct {
	Identifier struct{ System, Value string }
}

// auditEvent is what these tests look at in the audit file.
type auditEvent struct {
	Subtype     []struct{ Code string }
	Outcome     string
	OutcomeDesc string
	Agent       []struct{ Who identified }
	Entity      []struct {
		What   identified
		Detail []struct{ ValueString string }
	}
}

// values returns the identifiers of one system among the agents and entities.
func (e auditEvent) values(system string) (values []string) {
	var all []identified
	for _, agent := range e.Agent {
		all = append(all, agent.Who)
	}
	for _, entity := range e.Entity {
		all = append(all, entity.What)
	}
	for _, each := range all {
		if each.Identifier.System == system {
			values = append(values, each.Identifier.Value)
		}
	}
	return values
}

// count is how many events it tells of.
func (e auditEvent) count(t *testing.T) int {
	t.Helper()
	for _, entity := range e.Entity {
		if len(entity.Detail) > 0 {
			count, err := strconv.Atoi(entity.Detail[0].ValueString)
			require.NoError(t, err)
			return count
		}
	}
	return 1
}

func auditEvents(t *testing.T, path string) (events []auditEvent) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for line := range strings.Lines(string(content)) {
		var event auditEvent
		require.NoError(t, json.Unmarshal([]byte(line), &event))
		events = append(events, event)
	}
	return events
}

func auditActions(t *testing.T, path string) (actions []string) {
	t.Helper()
	for _, event := range auditEvents(t, path) {
		actions = append(actions, event.Subtype[0].Code+" "+event.Outcome+" "+event.OutcomeDesc)
	}
	return actions
}

const (
	uris     = "urn:ietf:rfc:3986"
	patients = "http://fhir.nl/fhir/NamingSystem/bsn"
)

func TestAuditFileTellsWhoAskedAboutWhom(t *testing.T) {
	claimless := func(token *fakeToken) { delete(token.claims, "user_role") }
	for _, tc := range []struct {
		name     string
		consult  consulter
		spoil    func(*fakeToken)
		expected []string
		patient  []string // of every entry
	}{
		{"a token", deciding(consent.Permit), nil, []string{"consult 0 permit", "token-issued 0 permit"}, []string{testBSN}},
		{"refused before a question", unasked(t), claimless, []string{"token-refused 4 claim_missing"}, nil},
		{"refused before the profiles", unasked(t), func(token *fakeToken) { token.scope = " " }, []string{"token-refused 4 scope_unusable"}, nil},
		{"a second query that was not sent", sentOnce, nil, []string{"consult 8 http_status", "token-refused 8 http_status"}, []string{testBSN}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := newTestGuard(t, tc.consult)
			path := g.openAuditFile(t)
			token := testToken(guarded)
			if tc.spoil != nil {
				tc.spoil(token)
			}
			_ = g.Issue(t.Context(), token)
			assert.Equal(t, tc.expected, auditActions(t, path))
			for _, event := range auditEvents(t, path) {
				assert.Contains(t, event.values(uris), testPresenter)
				assert.Equal(t, tc.patient, event.values(patients))
			}
		})
	}
	t.Run("outside a request", func(t *testing.T) {
		g := newTestGuard(t, unasked(t))
		path := g.openAuditFile(t)
		token := testToken(guarded)
		require.Error(t, g.IssueOutsideRequest(token))
		require.Equal(t, []string{"token-refused 8 outside_request"}, auditActions(t, path))
		assert.Equal(t, []string{testPresenter}, auditEvents(t, path)[0].values(uris))
	})
}

func TestAuditFile(t *testing.T) {
	for _, tc := range []struct {
		name     string
		decision consent.Decision
		expected []string
	}{
		{"a token", consent.Permit, []string{"consult 0 permit", "token-issued 0 permit"}},
		{"a refusal by the patient", consent.Deny, []string{"consult 4 denied", "token-refused 4 denied"}},
		{"no answer", consent.Indeterminate, []string{"consult 8 indeterminate", "token-refused 8 indeterminate"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := newTestGuard(t, deciding(tc.decision))
			path := g.openAuditFile(t)
			token := testToken(guarded)
			assert.Equal(t, tc.decision == consent.Permit, g.Issue(t.Context(), token) == nil)
			assert.Equal(t, tc.expected, auditActions(t, path))
			assert.NoError(t, g.file.Failure())
		})
	}
	t.Run("what cannot be logged is not issued", func(t *testing.T) {
		g := newTestGuard(t, deciding(consent.Permit))
		path := g.openAuditFile(t)
		unwritable(t, path)
		token := testToken(guarded)
		assertOAuthError(t, g.Issue(t.Context(), token), oauth.ServerError, DescriptionUndetermined)
		assert.Equal(t, testClaims(), token.claims)
		assert.Error(t, g.file.Failure())
	})
	t.Run("nothing rests on an answer that could not be logged, not even a refusal", func(t *testing.T) {
		g := newTestGuard(t, deciding(consent.Deny))
		path := g.openAuditFile(t)
		unwritable(t, path)
		token := testToken(guarded)
		assertOAuthError(t, g.Issue(t.Context(), token), oauth.ServerError, DescriptionUndetermined)
	})
	t.Run("a token that cannot be logged is not issued, though the answer was", func(t *testing.T) {
		var path string
		g := newTestGuard(t, func(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
			assert.NoError(t, mitzclient.ContextTrace(ctx).Asking(ctx, "request-1"))
			assert.Equal(t, []string{"query 0 asked"}, auditActions(t, path))
			unwritable(t, path)
			return deciding(consent.Permit)(ctx, q)
		})
		path = g.openAuditFile(t)
		token := testToken(guarded)
		assertOAuthError(t, g.Issue(t.Context(), token), oauth.ServerError, DescriptionUndetermined)
		assert.Equal(t, testClaims(), token.claims)
		require.NoError(t, os.Remove(path))
		require.NoError(t, g.file.Close())
		assert.Equal(t, []string{"log-interrupted 8 audit_unwritten", "consult 0 permit", "token-refused 8 audit_unwritten"}, auditActions(t, path),
			"what happened meanwhile is written when that can be done")
	})
	t.Run("a first query that could not be logged at once is in the file before the token", func(t *testing.T) {
		var path string
		g := newTestGuard(t, func(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
			unwritable(t, path)
			mitzclient.ContextTrace(ctx).Retrying(&mitzclient.Error{Code: mitzclient.HTTPStatus, RequestID: "request-0"})
			assert.NoError(t, os.Remove(path)) // what comes after can be logged again
			return deciding(consent.Permit)(ctx, q)
		})
		path = g.openAuditFile(t)
		token := testToken(guarded)
		require.NoError(t, g.Issue(t.Context(), token))
		actions := auditActions(t, path)
		assert.Equal(t, []string{"consult 8 http_status", "consult 0 permit", "token-issued 0 permit"}, actions[len(actions)-3:])
	})
	t.Run("what cannot be logged is not asked", func(t *testing.T) {
		g := newTestGuard(t, func(ctx context.Context, _ consent.Question) (mitzclient.Answer, error) {
			assert.Error(t, mitzclient.ContextTrace(ctx).Asking(ctx, "request-1"))
			return mitzclient.Answer{}, &mitzclient.Error{Code: mitzclient.Unrecorded}
		})
		path := g.openAuditFile(t)
		unwritable(t, path)
		out := captureLog(t)
		token := testToken(guarded)
		assertOAuthError(t, g.Issue(t.Context(), token), oauth.ServerError, DescriptionUndetermined)
		assert.Contains(t, out.String(), "outcome=audit_unwritten")
		assert.NotContains(t, out.String(), "request-1", "nobody asked under that id")
	})
}
