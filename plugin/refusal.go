// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"runtime/debug"
	"strings"

	"github.com/nuts-foundation/nuts-node/auth/oauth"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/tally"
)

// stateError is a refusal for what this node is doing rather than for the request. Its
// text is a stable code.
type stateError string

func (e stateError) Error() string { return string(e) }

const (
	errNotRunning     stateError = "not_running"     // not started, or already stopped
	errOutsideRequest stateError = "outside_request" // a guarded token that no token request led to
	errAudit          stateError = "audit_unwritten" // what happened could not be logged
	errUsed           stateError = "grant_used"      // the request's presentation gave a token before
	errClaims         stateError = "claims_failed"   // whether it did cannot be told
	errStore          stateError = "store_failed"    // the session database did not take the token
	errPanic          stateError = "panic"           // a panic, whose cause must not be shown
)

// panicked counts a panic and tells where it came from, and not its cause: that may hold
// anything. A stack holds no values but addresses.
func (e *Engine) panicked(message string) {
	e.metrics.panics.Inc()
	if e.refusals.panics.Single(tally.Key{Code: message}) {
		log().WithField("stack", string(debug.Stack())).Error(message)
	}
}

// codeInternal is the code of an error that has none.
const codeInternal = "internal"

// stateErrors gives all of them.
func stateErrors() []stateError {
	return []stateError{errNotRunning, errOutsideRequest, errAudit, errUsed, errClaims, errStore, errPanic}
}

// refusalReasons gives every stable code with which a token can be refused.
func refusalReasons() []string {
	reasons := []string{codeInternal}
	for _, each := range policy.Reasons() {
		reasons = append(reasons, string(each))
	}
	for _, each := range mitzclient.Codes() {
		reasons = append(reasons, string(each))
	}
	for _, each := range stateErrors() {
		reasons = append(reasons, string(each))
	}
	return reasons
}

// consultOutcomes gives every stable code with which a consult can end.
func consultOutcomes() []string {
	outcomes := []string{outcomePermit, codeInternal}
	for _, each := range policy.AnswerReasons() {
		outcomes = append(outcomes, string(each))
	}
	for _, each := range mitzclient.Codes() {
		outcomes = append(outcomes, string(each))
	}
	return outcomes
}

// auditOutcome tells how serious the outcome of a code is: consent or none is as it
// should be, or the requester's mistake; the rest is trouble of ours or of Mitz.
func auditOutcome(code string) nen7513.Outcome {
	switch {
	case code == outcomePermit, code == outcomeAsked:
		return nen7513.Success
	case code == string(policy.ReasonDenied), code == string(policy.ReasonScope), code == string(policy.ReasonDataHolder),
		code == string(policy.ReasonWalletMissing), code == string(mitzclient.TooManyQueries), code == string(errUsed),
		strings.HasPrefix(code, "claim_"), strings.HasPrefix(code, "credential_"):
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
		return codeInternal
	}
}

// The descriptions that tell a requester nothing about the patient or about Mitz.
const (
	descriptionDenied        = "there is no consent for this request"
	descriptionUndetermined  = "consent could not be established"
	descriptionUsed          = "the authorization code or presentation was used before"
	descriptionUnusableScope = "the scope is blank, or cannot be used in this way or at this data holder"
)

// oauthError gives the OAuth error for a cause. It carries no internal error: the
// authorization code grant would show that to the client.
func oauthError(cause error) error {
	if errors.Is(cause, errUsed) {
		return oauth.OAuth2Error{Code: oauth.InvalidGrant, Description: descriptionUsed}
	}
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
