// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"context"
	"maps"
	"testing"

	"github.com/nuts-foundation/nuts-node/audit"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

func failing(code mitzclient.Code) consulter {
	return func(context.Context, consent.Question) (mitzclient.Answer, error) {
		return mitzclient.Answer{RequestID: "request-1"}, &mitzclient.Error{Code: code, RequestID: "request-1"}
	}
}

// sentTwice is a query that failed in passing and the one after it.
func sentTwice(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
	mitzclient.ContextTrace(ctx).Retrying(&mitzclient.Error{Code: mitzclient.HTTPStatus, RequestID: "request-0"})
	return deciding(consent.Permit)(ctx, q)
}

// sentOnce is a query that failed in passing, after which no other could be sent.
func sentOnce(ctx context.Context, q consent.Question) (mitzclient.Answer, error) {
	mitzclient.ContextTrace(ctx).Retrying(&mitzclient.Error{Code: mitzclient.HTTPStatus, RequestID: "request-1"})
	return failing(mitzclient.HTTPStatus)(ctx, q)
}

// logged is one entry of a log as a test expects it.
type logged struct{ event, outcome, requestID string }

// TestWhatIsLogged compares everything that the node's audit log says, and the one line
// about the decision.
func TestWhatIsLogged(t *testing.T) {
	const consulted, issued, refused = "MitzConsult", "MitzTokenIssued", "MitzTokenRefused"
	for _, tc := range []struct {
		name    string
		consult consulter
		spoil   func(*fakeToken)
		audit   []logged // the last is what the decision's line says too
		level   logrus.Level
	}{
		{"permit", deciding(consent.Permit), nil,
			[]logged{{consulted, "permit", "request-1"}, {issued, "permit", "request-1"}}, logrus.InfoLevel},
		{"deny", deciding(consent.Deny), nil,
			[]logged{{consulted, "denied", "request-1"}, {refused, "denied", "request-1"}}, logrus.InfoLevel},
		{"indeterminate", deciding(consent.Indeterminate), nil,
			[]logged{{consulted, "indeterminate", "request-1"}, {refused, "indeterminate", "request-1"}}, logrus.WarnLevel},
		{"timeout", failing(mitzclient.Timeout), nil,
			[]logged{{consulted, "timeout", "request-1"}, {refused, "timeout", "request-1"}}, logrus.WarnLevel},
		{"a query that is sent again", sentTwice, nil,
			[]logged{{consulted, "http_status", "request-0"}, {consulted, "permit", "request-1"}, {issued, "permit", "request-0 request-1"}}, logrus.InfoLevel},
		{"a query that could not be sent again", sentOnce, nil,
			[]logged{{consulted, "http_status", "request-1"}, {refused, "http_status", "request-1"}}, logrus.WarnLevel},
		{"refused before a question", unasked(t), func(token *fakeToken) { token.claims = nil },
			[]logged{{refused, "claim_missing", ""}}, logrus.InfoLevel},
		{"a claim of ours", unasked(t), func(token *fakeToken) { token.claims["mitz_consent"] = true },
			[]logged{{refused, "reserved_claim", ""}}, logrus.WarnLevel},
		{"a claim of the introspection answer's own", unasked(t), func(token *fakeToken) { token.claims["cnf"] = "another key" },
			[]logged{{refused, "reserved_claim", ""}}, logrus.WarnLevel},
		{"a panic", func(context.Context, consent.Question) (mitzclient.Answer, error) { panic(testBSN) }, nil,
			[]logged{{refused, "panic", ""}}, logrus.WarnLevel},
		{"an unguarded scope", unasked(t), func(token *fakeToken) { token.scope = "other" }, nil, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := newTestGuard(t, tc.consult)
			token := testToken(guarded)
			if tc.spoil != nil {
				tc.spoil(token)
			}
			audits, lines := audit.CaptureAuditLogs(t), captureLines(t)

			err := g.Issue(audit.TestContext(), token)

			assert.Equal(t, tc.level == 0 || tc.audit[len(tc.audit)-1].event == issued, err == nil)
			var events, decisions []logrus.Fields
			for _, entry := range audits.Hook.AllEntries() {
				events = append(events, entry.Data)
			}
			for _, line := range lines.Hook.AllEntries() {
				if _, decides := line.Data["outcome"]; !decides {
					continue
				}
				assert.Equal(t, tc.level, line.Level)
				delete(line.Data, logrus.ErrorKey) // there when refused, in words
				delete(line.Data, "rule")          // likewise
				decisions = append(decisions, line.Data)
			}
			var expected, expectedDecisions []logrus.Fields
			for i, each := range tc.audit {
				fields := fieldsOf(each)
				if i == len(tc.audit)-1 {
					expectedDecisions = append(expectedDecisions, maps.Clone(fields))
				}
				maps.Copy(fields, logrus.Fields{"event": each.event, "actor": audit.TestActor, "operation": "TestModule.TestOperation"})
				expected = append(expected, fields)
			}
			assert.Equal(t, expected, events)
			assert.Equal(t, expectedDecisions, decisions)
		})
	}
}

// fieldsOf returns the fields that every line about a decision has.
func fieldsOf(each logged) logrus.Fields {
	fields := logrus.Fields{
		"module": "mitz", "subject": "hospital-east", "scope": guarded, "requester": testPresenter,
		"ground": "mitz-closed-query", "request_id": each.requestID, "outcome": each.outcome,
	}
	switch each.outcome {
	case "claim_missing":
		fields["ground"] = "" // nothing was decided on
	case "reserved_claim":
		fields["ground"], fields["scope"] = "", "" // it is refused in every scope
	}
	return fields
}

// captureLines returns what goes to the node's own log during a test, at every level.
func captureLines(t *testing.T) *audit.CapturedLog {
	t.Helper()
	captureLog(t)
	return audit.CaptureLogs(t, logrus.StandardLogger())
}

func TestRequesterInTheLogHoldsNoPatientsNumber(t *testing.T) {
	g := newTestGuard(t, deciding(consent.Permit))
	token := testToken(guarded)
	token.presenters[0] = "did:web:midwife.example:" + testBSN
	audits, out := audit.CaptureAuditLogs(t), captureLog(t)
	require.NoError(t, g.Issue(audit.TestContext(), token))
	require.Len(t, audits.Hook.AllEntries(), 2)
	for _, entry := range audits.Hook.AllEntries() {
		assert.Equal(t, "did:web:midwife.example:[BSN] did:web:midwife.example", entry.Data["requester"])
	}
	assert.NotContains(t, out.String(), testBSN)
}

// TestALongDIDDoesNotFillTheLogs has a presenter whose did:jwk is mostly padding.
