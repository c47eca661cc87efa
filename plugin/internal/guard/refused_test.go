// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"strings"
	"testing"

	"github.com/nuts-foundation/nuts-node/audit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// TestARequesterDoesNotFillTheLogs refuses one requester hundreds of times, for various
// reasons, and another once.
func TestARequesterDoesNotFillTheLogs(t *testing.T) {
	const requests, flooder, other = 400, "did:web:flooder.example", "did:web:other.example"
	g := newTestGuard(t, unasked(t))
	path := g.openAuditFile(t)
	audits, out := audit.CaptureAuditLogs(t), captureLog(t)
	refuse := func(presenter string, spoil func(*fakeToken)) {
		token := testToken(guarded)
		token.presenters = []string{presenter}
		spoil(token)
		require.Error(t, g.Issue(t.Context(), token))
	}
	for range requests / 2 {
		refuse(flooder, func(token *fakeToken) { delete(token.claims, "user_role") })
		refuse(flooder, func(token *fakeToken) { token.scope += " nowhere" })
	}
	refuse(other, func(token *fakeToken) { delete(token.claims, "user_role") })

	assert.Len(t, auditActions(t, path), 6+1, "one by one")
	assert.Equal(t, 6+1, strings.Count(out.String(), "No token issued"), "a line for each entry")
	assert.Len(t, audits.Hook.AllEntries(), 6+1)
	assert.Equal(t, []string{other}, auditEvents(t, path)[6].values(uris), "nothing is taken from others")
	g.stop(t)
	events := auditEvents(t, path)
	require.Len(t, events, 6+1+2, "the rest is told at the stop, a sum for each reason")
	total := 0
	for _, event := range events[7:] {
		assert.Equal(t, []string{flooder}, event.values(uris))
		total += event.count(t)
	}
	assert.Equal(t, requests-6, total, "none is forgotten")
	assert.Equal(t, 2, strings.Count(out.String(), "No tokens issued"))
	assert.Len(t, audits.Hook.AllEntries(), 6+1+2)
	counted := g.counted(t, "tokens_refused_total", "claim_missing") +
		g.counted(t, "tokens_refused_total", "scope_unusable")
	assert.InDelta(t, requests+1, counted, 0, "metrics count them all")
}

// TestARefusalAfterAQueryIsToldByItself has one requester refused a hundred times after
// queries, which the patient sees each, and a hundred times by the link, without one.
func TestARefusalAfterAQueryIsToldByItself(t *testing.T) {
	const requests = 100
	for _, tc := range []struct {
		name     string
		consult  consulter
		expected int // entries of refusals
	}{
		{"by the patient", deciding(consent.Deny), requests},
		{"by the link, without a query", func(context.Context, consent.Question) (mitzclient.Answer, error) {
			return mitzclient.Answer{}, &mitzclient.Error{Code: mitzclient.CircuitOpen}
		}, 60 + 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := newTestGuard(t, tc.consult)
			path := g.openAuditFile(t)
			captureLog(t)
			for range requests {
				token := testToken(guarded)
				require.Error(t, g.Issue(t.Context(), token))
			}
			g.stop(t)
			refused, total := 0, 0
			for _, event := range auditEvents(t, path) {
				if event.Subtype[0].Code == "token-refused" {
					refused++
					total += event.count(t)
				}
			}
			assert.Equal(t, tc.expected, refused)
			assert.Equal(t, requests, total)
		})
	}
}

func TestPanicsAreCountedAndDoNotFillTheLog(t *testing.T) {
	g := newTestGuard(t, func(context.Context, consent.Question) (mitzclient.Answer, error) { panic(testBSN) })
	out := captureLog(t)
	for range 100 {
		token := testToken(guarded)
		require.Error(t, g.Issue(t.Context(), token))
	}
	g.Recorder.Flush()
	assert.InDelta(t, 100, g.counted(t, "panics_total"), 0)
	assert.Equal(t, 6, strings.Count(out.String(), "stack="))
	assert.Contains(t, out.String(), "count=94")
	assert.NotContains(t, out.String(), testBSN)
}
