// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"context"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/tally"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

// The events in the node's audit log of what a decision point answered.
const (
	auditPermitted    = "MitzDecisionPermitted"
	auditNotPermitted = "MitzDecisionRefused"
)

// ending is how a request is told to end: with a token, or with the answer of a decision point.
type ending struct {
	permitted, refused, corrected    nen7513.Action
	permittedEvent, refusedEvent     string // in the node's audit log
	permittedMessage, refusedMessage string
	permittedLevel                   logrus.Level // of the log's line; the entry in the audit log says the same
	withoutQuestion, withQuestion    *tally.Tally
	count                            func(outcome string)
	basis                            string // of a decision point's answer
}

// ending returns how requests are told to end whose answer rests on a basis; empty: they are for
// a token of this node.
func (r *Recorder) ending(basis policy.Basis) ending {
	if basis == "" {
		return ending{
			nen7513.TokenIssued, nen7513.TokenRefused, nen7513.TokenNotStored, auditTokenIssued, auditTokenRefused,
			"Consent established, token issued", "No token issued", logrus.InfoLevel, r.withoutQuestion, r.withQuestion,
			func(outcome string) {
				if outcome != outcomePermit {
					r.metrics.tokensRefused.WithLabelValues(outcome).Inc()
				}
			}, "",
		}
	}
	return ending{
		nen7513.DecisionPermitted, nen7513.DecisionRefused, nen7513.DecisionRefused, auditPermitted, auditNotPermitted,
		"Consent established, permitted at the decision point", "Not permitted at the decision point", logrus.DebugLevel, r.undecided, r.decided,
		func(outcome string) { r.metrics.decisions.WithLabelValues(string(basis), outcome).Inc() }, string(basis),
	}
}

// Allowed tells that the decision point permits a request that comes with a token. The token's own
// entry says on what it rests, and who releases data tells that it did.
func (d *Decision) Allowed() {
	d.ending.count(outcomePermit)
	log().WithFields(d.fields(outcomePermit)).Debug("Permitted at the decision point, on a live token")
}

// decisionBases are what a decision point's answers rest on.
func decisionBases() []policy.Basis { return []policy.Basis{policy.BasisClaims, policy.BasisToken} }

// decisionOutcomes returns every stable code with which a decision can end.
func decisionOutcomes() []string {
	outcomes := append(refusalReasons(), outcomePermit)
	for _, each := range tokenRefusals() {
		outcomes = append(outcomes, string(each))
	}
	return outcomes
}

// tokenRefusals are why a token, or the resource that is asked for, is refused at the decision
// point.
func tokenRefusals() []recordguard.Refusal {
	return []recordguard.Refusal{
		recordguard.TokenMissing, recordguard.TokenNotActive, recordguard.TokenExpired, recordguard.ProofMissing, recordguard.ClaimsMalformed,
		recordguard.ScopeNotAccepted, recordguard.SeveralScopes, recordguard.NoConsent, recordguard.OtherDataHolder, recordguard.OtherPatient,
		recordguard.NotCovered, recordguard.NoPatient, recordguard.SeveralPatients, recordguard.ResourceUnknown, recordguard.MethodRefused,
		recordguard.ParameterRepeated, recordguard.NodeUnavailable,
	}
}

// unpermittedTogether tells of answers of the decision point that were counted, in a line and an
// entry.
func (r *Recorder) unpermittedTogether(sum tally.Sum) {
	const message = "Not permitted at the decision point, time after time"
	fields := logrus.Fields{
		"subject": sum.At, "requester": redact.Text(sum.Who), "outcome": sum.Code,
		"count": sum.Count, "since": sum.Since.UTC().Format(time.RFC3339),
	}
	log().WithFields(fields).Log(levelOf(sum.Code), message)
	auditEntry(context.Background(), auditNotPermitted, message, fields)
	if r.file == nil {
		return
	}
	// Where it is lost the file cannot be written, which the health check tells.
	_ = r.file.Tell(nen7513.Entry{
		Time: sum.Until, Since: sum.Since, Count: sum.Count, Action: nen7513.DecisionRefused,
		Outcome: severity(sum.Code), Code: sum.Code, Subject: sum.At, Presenters: strings.Fields(sum.Who),
	})
}
