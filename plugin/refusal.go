// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"runtime/debug"
	"strings"

	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/policy"
)

// errPanic stands for a panic whose cause must not be shown.
var errPanic = errors.New("a panic")

// logPanic logs where a panic came from, and not its cause: that may hold anything. A
// stack holds no values but addresses.
func logPanic(message string) {
	log().WithField("stack", string(debug.Stack())).Error(message)
}

// decisionLog gathers what the one log line about a decision says.
type decisionLog struct {
	engine    *Engine
	issuer    string
	profiles  []*policy.Profile
	ground    policy.Ground
	requestID string
}

func (d *decisionLog) entry() *logrus.Entry {
	scopes := make([]string, len(d.profiles))
	for i, profile := range d.profiles {
		scopes[i] = profile.Scope
	}
	return log().WithFields(logrus.Fields{
		"subject":    d.engine.subjects[d.issuer],
		"scope":      strings.Join(scopes, " "),
		"ground":     string(d.ground),
		"request_id": d.requestID,
	})
}

func (d *decisionLog) permitted(claims map[string]any) {
	d.entry().WithField("request_id", claims[policy.ClaimConsentRequestID]).
		WithField("outcome", "permit").Info("Consent established, token issued")
}

// refused logs why there is no token, and gives the OAuth error (RFC 6749 section
// 5.2) that says as much of it as the requester may know.
func (d *decisionLog) refused(cause error) error {
	var failure *mitzclient.Error
	if errors.As(cause, &failure) {
		d.requestID = failure.RequestID
	}
	d.entry().WithField("outcome", reason(cause)).WithError(cause).Info("No token issued")
	return oauthError(cause)
}

// reason gives the stable code of a refusal's cause.
func reason(cause error) string {
	var refusals policy.Refusals
	var refusal *policy.Refusal
	var failure *mitzclient.Error
	switch {
	case errors.As(cause, &refusals):
		return string(refusals.Reason())
	case errors.As(cause, &refusal):
		return string(refusal.Reason)
	case errors.As(cause, &failure):
		return string(failure.Code)
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
