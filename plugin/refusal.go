// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"errors"
	"runtime/debug"
	"strings"

	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/nen7513"
	"github.com/nuts-mitz/nuts-mitz/policy"
)

// stateError is a refusal for what this node is doing rather than for the request. Its
// text is a stable code.
type stateError string

func (e stateError) Error() string { return string(e) }

const (
	errNotRunning     stateError = "not_running"     // not started, or already stopped
	errOutsideRequest stateError = "outside_request" // a guarded token that no token request led to
	errAudit          stateError = "audit_unwritten" // what happened could not be logged
	errPanic          stateError = "panic"           // a panic, whose cause must not be shown
)

// logPanic logs where a panic came from, and not its cause: that may hold anything. A
// stack holds no values but addresses.
func logPanic(message string) {
	log().WithField("stack", string(debug.Stack())).Error(message)
}

// decisionLog gathers what the one log line about a decision says.
type decisionLog struct {
	engine   *Engine
	issuer   string
	profiles []*policy.Profile
	ground   policy.Ground
	question *consent.Question // the one at hand; nil before there is one
	// requestIDs are the ids under which Mitz knows the queries so far.
	requestIDs []string
	unlogged   error // something that happened could not be logged, so there may be no token
}

// fields are what every line about the decision says.
func (d *decisionLog) fields(outcome string) logrus.Fields {
	return logrus.Fields{
		"subject":    d.engine.subjects[d.issuer],
		"scope":      d.scope(),
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

// scope gives the guarded scopes, as configured.
func (d *decisionLog) scope() string {
	scopes := make([]string, len(d.profiles))
	for i, profile := range d.profiles {
		scopes[i] = profile.Scope
	}
	return strings.Join(scopes, " ")
}

// permitted logs that a token is about to be issued. On an error it may not be.
func (d *decisionLog) permitted(ctx context.Context) error {
	const message = "Consent established, token issued"
	if err := d.append(nen7513.TokenIssued, d.requestIDs, outcomePermit); err != nil {
		return err
	}
	log().WithFields(d.fields(outcomePermit)).Info(message)
	auditEntry(ctx, auditTokenIssued, message, d.fields(outcomePermit))
	return nil
}

// refused logs why there is no token, and gives the OAuth error (RFC 6749 section
// 5.2) that says as much of it as the requester may know.
func (d *decisionLog) refused(ctx context.Context, cause error) error {
	const message = "No token issued"
	outcome := reason(cause)
	log().WithFields(d.fields(outcome)).WithError(cause).Info(message)
	auditEntry(ctx, auditTokenRefused, message, d.fields(outcome))
	_ = d.append(nen7513.TokenRefused, d.requestIDs, outcome) // the health check tells
	d.engine.metrics.tokensRefused.WithLabelValues(outcome).Inc()
	return oauthError(cause)
}

// consulted logs that Mitz was asked. On an error nothing may rest on its answer.
func (d *decisionLog) consulted(ctx context.Context, requestID, outcome string) error {
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
		Scope: d.scope(), Subject: d.engine.subjects[d.issuer], Question: d.question,
	})
	if err != nil {
		log().WithError(err).Error("The audit log cannot be written")
		d.unlogged = errAudit
	}
	return d.unlogged
}

// auditOutcome tells how serious the outcome of a code is: consent or none is as it
// should be, or the requester's mistake; the rest is trouble of ours or of Mitz.
func auditOutcome(code string) nen7513.Outcome {
	switch {
	case code == outcomePermit:
		return nen7513.Success
	case code == string(policy.ReasonDenied), code == string(policy.ReasonScope), code == string(policy.ReasonDataHolder),
		strings.HasPrefix(code, "claim_"), strings.HasPrefix(code, "credential_"), code == string(policy.ReasonWalletMissing):
		return nen7513.MinorFailure
	default:
		return nen7513.SeriousFailure
	}
}

// reason gives the stable code of a refusal's cause.
func reason(cause error) string {
	var refusals policy.Refusals
	var refusal *policy.Refusal
	var failure *mitzclient.Error
	var state stateError
	switch {
	case errors.As(cause, &refusals):
		return string(refusals.Reason())
	case errors.As(cause, &refusal):
		return string(refusal.Reason)
	case errors.As(cause, &failure):
		return string(failure.Code)
	case errors.As(cause, &state):
		return string(state)
	default:
		return "internal"
	}
}

// The descriptions that tell a requester nothing about the patient or about Mitz.
const (
	descriptionDenied        = "there is no consent for this request"
	descriptionUndetermined  = "consent could not be established"
	descriptionUnusableScope = "the scope is blank, or cannot be used in this way or at this data holder"
)

// oauthError gives the OAuth error for a cause. It carries no internal error: the
// authorization code grant would show that to the client.
func oauthError(cause error) error {
	var refusals policy.Refusals
	if errors.As(cause, &refusals) {
		if refusals.Reason() == policy.ReasonDataHolder {
			return oauth.OAuth2Error{Code: oauth.InvalidScope, Description: descriptionUnusableScope}
		}
		return oauth.OAuth2Error{Code: oauth.InvalidRequest, Description: refusals.Error()}
	}
	var refusal *policy.Refusal
	if !errors.As(cause, &refusal) {
		return oauth.OAuth2Error{Code: oauth.ServerError, Description: descriptionUndetermined}
	}
	switch refusal.Reason {
	case policy.ReasonDenied:
		return oauth.OAuth2Error{Code: oauth.AccessDenied, Description: descriptionDenied}
	case policy.ReasonScope:
		return oauth.OAuth2Error{Code: oauth.InvalidScope, Description: descriptionUnusableScope}
	case policy.ReasonClaimContradiction:
		return oauth.OAuth2Error{Code: oauth.InvalidRequest, Description: refusal.Error()}
	default:
		return oauth.OAuth2Error{Code: oauth.ServerError, Description: descriptionUndetermined}
	}
}
