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

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/policy"
)

// stateError is a refusal for what this node is doing rather than for the request. Its
// text is a stable code.
type stateError string

func (e stateError) Error() string { return string(e) }

const (
	errNotRunning     stateError = "not_running"     // not started, or already stopped
	errOutsideRequest stateError = "outside_request" // a guarded token that no token request led to
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
	// requestIDs are the ids under which Mitz knows the queries so far.
	requestIDs []string
}

// fields are what every line about the decision says.
func (d *decisionLog) fields(outcome string) logrus.Fields {
	scopes := make([]string, len(d.profiles))
	for i, profile := range d.profiles {
		scopes[i] = profile.Scope
	}
	return logrus.Fields{
		"subject":    d.engine.subjects[d.issuer],
		"scope":      strings.Join(scopes, " "),
		"ground":     string(d.ground),
		"request_id": strings.Join(d.requestIDs, " "),
		"outcome":    outcome,
	}
}

// permitted logs that a token is about to be issued.
func (d *decisionLog) permitted(ctx context.Context) {
	const message = "Consent established, token issued"
	log().WithFields(d.fields(outcomePermit)).Info(message)
	auditEntry(ctx, auditTokenIssued, message, d.fields(outcomePermit))
}

// refused logs why there is no token, and gives the OAuth error (RFC 6749 section
// 5.2) that says as much of it as the requester may know.
func (d *decisionLog) refused(ctx context.Context, cause error) error {
	const message = "No token issued"
	outcome := reason(cause)
	log().WithFields(d.fields(outcome)).WithError(cause).Info(message)
	auditEntry(ctx, auditTokenRefused, message, d.fields(outcome))
	d.engine.metrics.tokensRefused.WithLabelValues(outcome).Inc()
	return oauthError(cause)
}

// consulted logs that Mitz was asked.
func (d *decisionLog) consulted(ctx context.Context, requestID, outcome string) {
	if requestID != "" {
		d.requestIDs = append(d.requestIDs, requestID)
	}
	fields := d.fields(outcome)
	fields["request_id"] = requestID
	auditEntry(ctx, auditConsult, "Mitz consulted", fields)
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
