// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"errors"
	"runtime"
	"testing"

	"github.com/nuts-foundation/nuts-node/audit"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// faultyTokens keeps a token, and then fails to say so.
func TestATokenThatIsNotStored(t *testing.T) {
	for _, tc := range []struct {
		name, code string
		panics     float64
		fault      func() error
	}{
		{"an error", "store_failed", 0, func() error { return errors.New("i/o timeout") }},
		{"a panic", "panic", 1, func() error { panic("about " + testBSN) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := newTestGuard(t, deciding(consent.Permit))
			path := g.openAuditFile(t)
			audits, out := audit.CaptureAuditLogs(t), captureLog(t)
			token := testToken(guarded)
			token.put = tc.fault

			err := g.Issue(audit.TestContext(), token)

			assertOAuthError(t, err, oauth.ServerError, DescriptionUndetermined)
			assert.False(t, token.stored, "the database may have it all the same")
			require.Equal(t, []string{"consult 0 permit", "token-issued 0 permit", "token-not-stored 8 " + tc.code}, auditActions(t, path))
			events := auditEvents(t, path)
			assert.Equal(t, events[1].values(uris), events[2].values(uris), "it tells which token it corrects")
			assert.Equal(t, []string{testBSN}, events[2].values(patients))
			for _, entry := range audits.Hook.AllEntries() {
				assert.NotEqual(t, "MitzTokenIssued", entry.Data["event"])
			}
			assert.Contains(t, out.String(), "outcome="+tc.code)
			assert.NotContains(t, out.String(), "Consent established")
			assert.NotContains(t, out.String(), testBSN)
			assert.InDelta(t, tc.panics, g.counted(t, "panics_total"), 0)
			assert.InDelta(t, 1, g.counted(t, "tokens_refused_total", tc.code), 0)
		})
	}
	t.Run("a token that is not guarded has no entry, and the store's own error", func(t *testing.T) {
		g := newTestGuard(t, unasked(t))
		path := g.openAuditFile(t)
		token, failure := testToken("other"), errors.New("i/o timeout")
		token.put = func() error { return failure }
		require.ErrorIs(t, g.Issue(t.Context(), token), failure)
		require.ErrorIs(t, g.IssueOutsideRequest(token), failure)
		assert.Empty(t, auditActions(t, path))
	})
}

// TestTheEntryIsThereBeforeTheToken looks into the audit file while the token is stored.
func TestTheEntryIsThereBeforeTheToken(t *testing.T) {
	g := newTestGuard(t, deciding(consent.Permit))
	path := g.openAuditFile(t)
	token, written := testToken(guarded), []string(nil)
	token.put = func() error {
		written = auditActions(t, path)
		return nil
	}
	require.NoError(t, g.Issue(t.Context(), token))
	assert.Equal(t, []string{"consult 0 permit", "token-issued 0 permit"}, written)
	assert.True(t, token.stored)
}

// TestTheStopWaitsForTheEntries stops the node while tokens are being stored.
func TestTheStopWaitsForTheEntries(t *testing.T) {
	const tokens = 30
	g := newTestGuard(t, deciding(consent.Permit))
	path := g.openAuditFile(t)
	storing, release, stopped := make(chan struct{}, tokens), make(chan struct{}), make(chan struct{})
	for i := range tokens {
		token := testToken(guarded)
		token.put = func() error {
			storing <- struct{}{}
			<-release
			if i%2 == 0 {
				return errors.New("the node stops")
			}
			return nil
		}
		go func() { _ = g.Issue(t.Context(), token) }()
	}
	for range tokens {
		<-storing
	}
	go func() {
		defer close(stopped)
		g.stop(t)
	}()
	for g.Requests.IsOpen() {
		runtime.Gosched()
	}
	close(release)
	<-stopped
	counts := map[string]int{}
	for _, action := range auditActions(t, path) {
		counts[action]++
	}
	assert.Equal(t, map[string]int{"consult 0 permit": tokens, "token-issued 0 permit": tokens, "token-not-stored 8 store_failed": tokens / 2}, counts)
}
