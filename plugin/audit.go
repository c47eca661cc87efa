// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"slices"
	"strings"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/audit"
	"github.com/nuts-foundation/nuts-node/vcr/credential"
	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/nen7513"
	"github.com/nuts-mitz/nuts-mitz/policy"
)

// The events in the node's audit log.
const (
	auditConsult      = "MitzConsult"      // Mitz was asked
	auditTokenIssued  = "MitzTokenIssued"  // a token for a guarded scope was issued
	auditTokenRefused = "MitzTokenRefused" // a token for a guarded scope was refused
)

// auditEntry writes to the node's audit log who asked for what and how it ended. The
// patient is not in it: the request id leads to the query, which Mitz keeps. It is
// written also when the requester has gone meanwhile.
func auditEntry(ctx context.Context, event, message string, fields logrus.Fields) {
	if audit.InfoFromContext(ctx) == nil {
		// Outside a request: audit.Log would panic.
		ctx = audit.Context(ctx, "system", moduleName, "Guard")
	}
	audit.Log(ctx, log().WithFields(fields), event).Info(message)
}

// decisionLog gathers what is told about a decision: in one line of the log, in the
// node's audit log, and in the NEN 7513 log.
type decisionLog struct {
	engine     *Engine
	issuer     string
	presenters []string        // the DIDs that signed the presentations
	profile    *policy.Profile // nil until it is known which one guards
	ground     policy.Ground
	question   *consent.Question // nil until there is one
	requestIDs []string          // under which Mitz knows the queries so far
	announced  bool              // the NEN 7513 log may say that a token is issued
	unlogged   error             // something that happened could not be logged, so there may be no token
}

// maxPresenter is how much of a presenter's DID is kept, in bytes: a did:jwk holds what
// its owner likes, and would fill the logs. One with an RSA key of 8192 bits fits.
const maxPresenter = 4 << 10

// presented keeps who presents the token request. It comes before every refusal: the
// NEN 7513 log says who was refused, also when there is no question yet.
func (d *decisionLog) presented(presentations []vc.VerifiablePresentation) {
	for _, presentation := range presentations {
		presenter, err := credential.PresentationSigner(presentation)
		if err != nil {
			continue
		}
		id := presenter.String()
		if id = id[:min(len(id), maxPresenter)]; !slices.Contains(d.presenters, id) {
			d.presenters = append(d.presenters, id)
		}
	}
}

// fields are what every line about the decision says.
func (d *decisionLog) fields(outcome string) logrus.Fields {
	return logrus.Fields{
		"subject":    d.engine.subjects[d.issuer],
		"scope":      d.scope(),
		"requester":  redactBSN(strings.Join(d.presenters, " ")), // chosen by the requester
		"ground":     string(d.ground),
		"request_id": d.allRequestIDs(),
		"outcome":    outcome,
	}
}

// decisionKey is under which a consult's context has its [decisionLog].
type decisionKey struct{}

// asksAgain logs that a query failed in passing and another is sent: Mitz shows both.
func asksAgain(ctx context.Context, failed *mitzclient.Error) {
	log().WithField("request_id", failed.RequestID).WithError(failed).Info("Mitz is asked again")
	if entry, ok := ctx.Value(decisionKey{}).(*decisionLog); ok {
		_ = entry.consulted(ctx, failed.RequestID, string(failed.Code)) // no token follows on an error
	}
}

// scope gives the guarded scope, as configured.
func (d *decisionLog) scope() string {
	if d.profile == nil {
		return ""
	}
	return d.profile.Scope
}

// announce writes to the NEN 7513 log that a token is issued, before it is. On an error it
// may not be.
func (d *decisionLog) announce() error {
	d.announced = true // also after an error: the entry may be there
	return d.append(nen7513.TokenIssued, d.requestIDs, outcomePermit)
}

// issued tells that there is a token.
func (d *decisionLog) issued(ctx context.Context) {
	const message = "Consent established, token issued"
	log().WithFields(d.fields(outcomePermit)).Info(message)
	auditEntry(ctx, auditTokenIssued, message, d.fields(outcomePermit))
}

// refused tells why there is no token, and gives the OAuth error (RFC 6749 section
// 5.2) that says as much of it as the requester may know. Where the NEN 7513 log may say
// that a token is issued, the entry corrects that.
func (d *decisionLog) refused(ctx context.Context, cause error) error {
	const message = "No token issued"
	outcome, action := reason(cause), nen7513.TokenRefused
	if d.announced {
		action = nen7513.TokenNotStored
	}
	log().WithFields(d.fields(outcome)).WithError(cause).Log(levelOf(outcome), message)
	auditEntry(ctx, auditTokenRefused, message, d.fields(outcome))
	_ = d.append(action, d.requestIDs, outcome) // the health check tells
	d.engine.metrics.tokensRefused.WithLabelValues(outcome).Inc()
	return oauthError(cause)
}

// levelOf makes trouble of ours or of Mitz visible where only warnings are logged.
func levelOf(outcome string) logrus.Level {
	if auditOutcome(outcome) == nen7513.SeriousFailure {
		return logrus.WarnLevel
	}
	return logrus.InfoLevel
}

// consulted logs that Mitz was asked. On an error nothing may rest on its answer. A query
// that failed is logged when another is to follow; when that one cannot be sent, the
// consult ends with the first, which is not logged again.
func (d *decisionLog) consulted(ctx context.Context, requestID, outcome string) error {
	if slices.Contains(d.requestIDs, requestID) {
		return d.unlogged
	}
	var asked []string // none when the link refused without asking
	if requestID != "" {
		asked = []string{requestID}
	}
	d.requestIDs = append(d.requestIDs, asked...)
	fields := d.fields(outcome)
	fields["request_id"] = requestID
	auditEntry(ctx, auditConsult, "Mitz consulted", fields)
	return d.append(nen7513.Consult, asked, outcome)
}

func (d *decisionLog) allRequestIDs() string { return strings.Join(d.requestIDs, " ") }

// append writes an entry to the NEN 7513 log, if one is kept, and waits for it. After one
// error every call gives it: a token may not follow on what the log does not have.
func (d *decisionLog) append(action nen7513.Action, requestIDs []string, code string) error {
	if d.engine.auditLog == nil {
		return nil
	}
	err := d.engine.auditLog.Append(nen7513.Entry{
		Time: d.engine.now(), Action: action, Outcome: auditOutcome(code), Code: code, RequestIDs: requestIDs,
		Scope: d.scope(), Subject: d.engine.subjects[d.issuer], Presenters: d.presenters, Question: d.question,
	})
	if err != nil {
		log().WithError(err).Error("The audit log cannot be written")
		d.unlogged = errAudit
	}
	return d.unlogged
}
