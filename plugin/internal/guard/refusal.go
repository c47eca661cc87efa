// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package guard

import (
	"errors"

	"github.com/nuts-foundation/nuts-node/auth/oauth"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
)

// The descriptions that tell a requester nothing about the patient or about Mitz.
const (
	DescriptionDenied        = "there is no consent for this request"
	DescriptionUndetermined  = "consent could not be established"
	DescriptionUsed          = "the authorization code or presentation was used before"
	DescriptionUnusableScope = "the scope is blank, or cannot be used in this way or at this data holder"
)

// CheckScope refuses a scope that can give no token, by its text alone.
func CheckScope(p *policy.Policy, scope string) error {
	if _, err := p.ScreenScope(scope); err != nil {
		return oauthError(err)
	}
	return nil
}

// oauthError returns the OAuth error for a cause (RFC 6749 section 5.2), which says as much
// of it as the requester may know. It carries no internal error: the authorization code grant
// would show that to the client.
func oauthError(cause error) error {
	if errors.Is(cause, record.Used) {
		return oauth.OAuth2Error{Code: oauth.InvalidGrant, Description: DescriptionUsed}
	}
	var refusal *policy.Refusal
	if !errors.As(cause, &refusal) {
		return oauth.OAuth2Error{Code: oauth.ServerError, Description: DescriptionUndetermined}
	}
	switch refusal.Reason() {
	case policy.ReasonDenied:
		return oauth.OAuth2Error{Code: oauth.AccessDenied, Description: DescriptionDenied}
	case policy.ReasonScope, policy.ReasonDataHolder:
		return oauth.OAuth2Error{Code: oauth.InvalidScope, Description: DescriptionUnusableScope}
	case policy.ReasonClaimMissing, policy.ReasonClaimMalformed, policy.ReasonClaimContradiction, policy.ReasonClaimUntrusted,
		policy.ReasonClaimOutdated, policy.ReasonClaimPremature, policy.ReasonWalletMissing, policy.ReasonCredentialProof, policy.ReasonCredentialStatus,
		policy.ReasonCredentialAmbiguous:
		return oauth.OAuth2Error{Code: oauth.InvalidRequest, Description: refusal.Error()}
	default:
		return oauth.OAuth2Error{Code: oauth.ServerError, Description: DescriptionUndetermined}
	}
}
