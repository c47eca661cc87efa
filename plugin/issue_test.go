// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"runtime"
	"testing"

	"github.com/nuts-foundation/nuts-node/audit"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// faultyTokens keeps a token, and then fails to say so.
type faultyTokens struct {
	keptTokens
	fault func() error
}

func (f *faultyTokens) Put(key string, value any, options ...storage.SessionOption) error {
	_ = f.keptTokens.Put(key, value, options...)
	return f.fault()
}

// TestATokenThatIsNotStored has the session database fail after the entry of a token was
// written: another entry says that the token is not there, and it is not.
func TestATokenThatIsNotStored(t *testing.T) {
	for _, tc := range []struct {
		name, code string
		panics     float64
		fault      func() error
	}{
		{"an error", "store_failed", 0, func() error { return errors.New("i/o timeout for secret-token about " + testBSN) }},
		{"a panic", "panic", 1, func() error { panic("about " + testBSN) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			engine := newTestEngine(t, deciding(consent.Permit))
			path := openAuditFile(t, engine)
			audits, out := audit.CaptureAuditLogs(t), captureLog(t)
			token, store := presentedToken(t, guarded), &faultyTokens{fault: tc.fault}

			err := engine.issue(audit.TestContext(), token.Token, token, store)

			assertOAuthError(t, err, oauth.ServerError, descriptionUndetermined)
			assert.Empty(t, store.tokens, "the database may have it all the same")
			require.Equal(t, []string{"consult 0 permit", "token-issued 0 permit", "token-not-stored 8 " + tc.code}, auditActions(t, path))
			events := auditEvents(t, path)
			assert.Equal(t, events[1].values(uris), events[2].values(uris), "it tells which token it corrects")
			assert.Equal(t, []string{testBSN}, events[2].values(patients))
			for _, entry := range audits.Hook.AllEntries() {
				assert.NotEqual(t, auditTokenIssued, entry.Data["event"])
			}
			assert.Contains(t, out.String(), "outcome="+tc.code)
			assert.NotContains(t, out.String(), "Consent established")
			assert.NotContains(t, out.String(), testBSN)
			assert.NotContains(t, out.String(), "secret-token")
			assert.InDelta(t, tc.panics, testutil.ToFloat64(engine.metrics.panics), 0)
			assert.InDelta(t, 1, testutil.ToFloat64(engine.metrics.tokensRefused.WithLabelValues(tc.code)), 0)
		})
	}
	t.Run("a token that is not guarded has no entry, and the store's own error", func(t *testing.T) {
		engine := newTestEngine(t, unasked(t))
		path := openAuditFile(t, engine)
		token, failure := testToken("other"), errors.New("i/o timeout")
		require.ErrorIs(t, engine.issue(t.Context(), token.Token, token, &faultyTokens{fault: func() error { return failure }}), failure)
		require.ErrorIs(t, engine.issueOutsideRequest(token.Token, token, &faultyTokens{fault: func() error { return failure }}), failure)
		assert.Empty(t, auditActions(t, path))
	})
}

// TestTheEntryIsThereBeforeTheToken looks into the audit file while the token is stored.
func TestTheEntryIsThereBeforeTheToken(t *testing.T) {
	engine := newTestEngine(t, deciding(consent.Permit))
	path := openAuditFile(t, engine)
	token, written := testToken(guarded), []string(nil)
	store := &keptTokens{put: func() { written = auditActions(t, path) }}
	require.NoError(t, engine.issue(t.Context(), token.Token, token, store))
	assert.Equal(t, []string{"consult 0 permit", "token-issued 0 permit"}, written)
	assert.Contains(t, store.tokens, token.Token)
}

// TestTheStopWaitsForTheEntries stops the node while tokens are being stored.
func TestTheStopWaitsForTheEntries(t *testing.T) {
	const tokens = 30
	engine := newTestEngine(t, deciding(consent.Permit))
	path := openAuditFile(t, engine)
	storing, release, stopped := make(chan struct{}, tokens), make(chan struct{}), make(chan struct{})
	for i := range tokens {
		store := &faultyTokens{fault: func() error {
			storing <- struct{}{}
			<-release
			if i%2 == 0 {
				return errors.New("the node stops")
			}
			return nil
		}}
		go func() {
			token := testToken(guarded)
			_ = engine.issue(t.Context(), token.Token, token, store)
		}()
	}
	for range tokens {
		<-storing
	}
	go func() {
		defer close(stopped)
		assert.NoError(t, engine.Shutdown())
	}()
	for engine.isRunning() {
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
