// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/audit"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// TestARequesterDoesNotFillTheLogs refuses one requester hundreds of times, for various
// reasons, and another once.
func TestARequesterDoesNotFillTheLogs(t *testing.T) {
	const requests, flooder, other = 400, "did:web:flooder.example", "did:web:other.example"
	engine := newTestEngine(t, unasked(t))
	path := openAuditFile(t, engine)
	audits, out := audit.CaptureAuditLogs(t), captureLog(t)
	refuse := func(presenter string, spoil func(*iam.AccessToken)) {
		token := testToken(guarded)
		token.VPToken = []vc.VerifiablePresentation{presentedBy(t, presenter)}
		spoil(&token)
		require.Error(t, issueFor(t.Context(), engine, &token))
	}
	for range requests / 2 {
		refuse(flooder, func(token *iam.AccessToken) { delete(token.InputDescriptorConstraintIdMap, "user_role") })
		refuse(flooder, func(token *iam.AccessToken) { token.Scope += " nowhere" })
	}
	refuse(other, func(token *iam.AccessToken) { delete(token.InputDescriptorConstraintIdMap, "user_role") })

	assert.Len(t, auditActions(t, path), 6+1, "one by one")
	assert.Equal(t, 6+1, strings.Count(out.String(), "No token issued"), "a line for each entry")
	assert.Len(t, audits.Hook.AllEntries(), 6+1)
	assert.Equal(t, []string{other}, auditEvents(t, path)[6].values(uris), "nothing is taken from others")
	require.NoError(t, engine.Shutdown())
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
	counted := testutil.ToFloat64(engine.metrics.tokensRefused.WithLabelValues("claim_missing")) +
		testutil.ToFloat64(engine.metrics.tokensRefused.WithLabelValues("scope_unusable"))
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
			engine := newTestEngine(t, tc.consult)
			path := openAuditFile(t, engine)
			captureLog(t)
			for range requests {
				token := presentedToken(t, guarded)
				require.Error(t, issueFor(t.Context(), engine, &token))
			}
			require.NoError(t, engine.Shutdown())
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
	engine := newTestEngine(t, func(context.Context, consent.Question) (mitzclient.Answer, error) { panic(testBSN) })
	out := captureLog(t)
	for range 100 {
		token := testToken(guarded)
		require.Error(t, issueFor(t.Context(), engine, &token))
	}
	engine.refusals.flush()
	assert.InDelta(t, 100, testutil.ToFloat64(engine.metrics.panics), 0)
	assert.Equal(t, 6, strings.Count(out.String(), "stack="))
	assert.Contains(t, out.String(), "count=94")
	assert.NotContains(t, out.String(), testBSN)
}

// TestTheLogHelpsTheDataHolder has everything that a requester can choose in a refusal hold a
// patient's number, and be long.
func TestTheLogHelpsTheDataHolder(t *testing.T) {
	engine := newTestEngine(t, unasked(t))
	out := captureLog(t)
	odd := policy.Credential{Types: []string{"X509Credential", testBSN}, Issuer: "did:web:" + testBSN + ".example"}
	entry := decisionLog{engine: engine, subject: "hospital-east", credentials: []policy.Credential{odd}}
	cause := policy.RefuseCredential(policy.ReasonCredentialProof, odd, "a signature is right")
	assertOAuthError(t, entry.refused(t.Context(), cause), oauth.InvalidRequest, "credential proof")
	assert.Contains(t, out.String(), `rule="a signature is right: X509Credential by did:web:[BSN].example"`)
	assert.Contains(t, out.String(), `credentials="X509Credential by did:web:[BSN].example"`)
	assert.NotContains(t, out.String(), testBSN)
	assert.Equal(t, 1, strings.Count(out.String(), "\n"), "one refusal, one line")

	odd.Issuer = "did:web:" + strings.Repeat("a", 1<<20)
	entry.credentials = slices.Repeat([]policy.Credential{odd}, 1000)
	for _, text := range entry.help(cause) {
		assert.LessOrEqual(t, len(text.(string)), maxHelp)
	}
	assert.Empty(t, entry.help(errPanic))
}
