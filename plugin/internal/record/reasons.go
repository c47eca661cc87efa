// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package record

import (
	"errors"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

// State is a refusal for what this node is doing rather than for the request. Its text is a
// stable code.
type State string

// Error returns the code.
func (s State) Error() string { return string(s) }

// The states in which there is no token.
const (
	NotRunning     State = "not_running"     // not started, or already stopped
	OutsideRequest State = "outside_request" // a guarded token that no token request led to
	Unwritten      State = "audit_unwritten" // what happened could not be written to the NEN 7513 file
	Used           State = "grant_used"      // the request's presentation gave a token before
	ClaimsFailed   State = "claims_failed"   // whether it did cannot be told
	MarksFailed    State = "marks_failed"    // whether consent was withdrawn lately cannot be told
	EvidenceFailed State = "evidence_failed" // the recorded consent could not be kept
	NotStored      State = "store_failed"    // the session database did not take the token
	Panicked       State = "panic"           // a panic, whose cause must not be shown
)

// RevocationFailed is the code of live tokens that could not be ended. No token is refused
// for it.
const RevocationFailed State = "revocation_failed"

// SubscriptionsFailed is the code of subscriptions that could not be changed or read. No token is
// refused for it.
const SubscriptionsFailed State = "subscriptions_failed"

// States returns all for which a token is refused.
func States() []State {
	return []State{NotRunning, OutsideRequest, Unwritten, Used, ClaimsFailed, MarksFailed, EvidenceFailed, NotStored, Panicked}
}

// The codes of outcomes that are no reason of a refusal.
const (
	outcomePermit = "permit"   // everything that was asked is permitted
	outcomeAsked  = "asked"    // a query whose answer is not there yet
	codeInternal  = "internal" // an error that has no code
	// outcomeNotPresented is in spans alone: the request brings nothing for the ground.
	outcomeNotPresented = "not_presented"
)

// Reason returns the stable code of why there is no token.
func Reason(cause error) string {
	var refusal *policy.Refusal
	var failure *mitzclient.Error
	var state State
	var judged recordguard.Refusal
	switch {
	case errors.As(cause, &refusal):
		return string(refusal.Reason())
	case errors.As(cause, &failure):
		return string(failure.Code)
	case errors.As(cause, &state):
		return string(state)
	case errors.As(cause, &judged):
		return string(judged)
	default:
		return codeInternal
	}
}

// refusalReasons returns every stable code with which a token can be refused.
func refusalReasons() []string {
	reasons := []string{codeInternal}
	for _, each := range policy.Reasons() {
		reasons = append(reasons, string(each))
	}
	for _, each := range mitzclient.Codes() {
		reasons = append(reasons, string(each))
	}
	for _, each := range States() {
		reasons = append(reasons, string(each))
	}
	return reasons
}

// consultOutcomes returns every stable code with which a consult can end.
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

// broughtOutcomes returns every stable code with which it can end that consent is brought along.
func broughtOutcomes() []string {
	outcomes := []string{outcomePermit, codeInternal, string(policy.ReasonDenied), string(MarksFailed)}
	for _, each := range policy.CredentialReasons() {
		outcomes = append(outcomes, string(each))
	}
	return outcomes
}

// severity returns how serious the outcome of a code is: consent or none is in order, or the
// requester's mistake; the rest is trouble of ours or of Mitz.
func severity(code string) nen7513.Outcome {
	switch {
	case code == outcomePermit, code == outcomeAsked:
		return nen7513.Success
	case code == string(policy.ReasonDenied), code == string(policy.ReasonScope), code == string(policy.ReasonDataHolder),
		code == string(policy.ReasonWalletMissing), code == string(mitzclient.TooManyQueries), code == string(Used),
		strings.HasPrefix(code, "claim_"), strings.HasPrefix(code, "credential_"),
		code != string(recordguard.NodeUnavailable) && slices.Contains(tokenRefusals(), recordguard.Refusal(code)):
		return nen7513.MinorFailure
	default:
		return nen7513.SeriousFailure
	}
}
