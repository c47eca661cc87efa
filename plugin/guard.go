// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"errors"
	"maps"
	"runtime/debug"
	"strings"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/vcr/credential"
	"github.com/nuts-foundation/nuts-node/vcr/pe"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/policy"
)

// errNotRunning refuses while the engine is not started or already stopped.
var errNotRunning = errors.New("the engine is not running")

// authorize decides about a token that the node is about to store. On nil the
// token has the claims that it gets; every error is an [oauth.OAuth2Error] and means
// that nothing may be stored. The order of work is that of docs/architecture.md.
func (e *Engine) authorize(ctx context.Context, token *iam.AccessToken) (refusal error) {
	entry := decisionLog{engine: e, issuer: token.Issuer}
	defer func() {
		if cause := recover(); cause != nil {
			// Not the cause itself: it may hold anything. The stack holds no values.
			log().WithField("stack", string(debug.Stack())).Error("Panic while deciding about a token")
			refusal = entry.refused(errPanic)
		}
	}()
	claims, err := e.decide(ctx, token, &entry)
	if err != nil {
		return entry.refused(err)
	}
	if claims == nil {
		return nil
	}
	merged := maps.Clone(token.InputDescriptorConstraintIdMap)
	maps.Copy(merged, claims)
	token.InputDescriptorConstraintIdMap = merged
	token.Scope = strings.Join(policy.SplitScope(token.Scope), " ")
	entry.permitted(claims)
	return nil
}

// authorizeOutsideRequest lets only tokens without a guarded scope be stored where
// there is no token request.
func (e *Engine) authorizeOutsideRequest(token *iam.AccessToken) error {
	entry := decisionLog{engine: e, issuer: token.Issuer}
	profiles, err := e.guardingProfiles(context.Background(), token)
	if err == nil && len(profiles) > 0 {
		err = errors.New("a guarded token outside a token request")
	}
	if err != nil {
		return entry.refused(err)
	}
	return nil
}

// decide gives the claims to add, or nil when no scope of the token is guarded.
func (e *Engine) decide(ctx context.Context, token *iam.AccessToken, entry *decisionLog) (map[string]any, error) {
	profiles, err := e.guardingProfiles(ctx, token)
	if err != nil || len(profiles) == 0 {
		return nil, err
	}
	entry.profiles = profiles
	ctx, done, ok := e.begin(ctx)
	if !ok {
		return nil, errNotRunning
	}
	defer done()
	evidence, err := e.evidence(token)
	if err != nil {
		return nil, err
	}
	// All questions before the first consult: Mitz shows every query to the patient.
	questions := make([]consent.Question, len(profiles))
	for i, profile := range profiles {
		if questions[i], err = e.policy.Question(profile, evidence); err != nil {
			return nil, err
		}
		if !questions[i].Requester.FacilityType.Known() {
			log().Warn("The requester's facility type is not one that this software knows")
		}
	}
	permissions := make([]policy.Permission, len(profiles))
	for i, profile := range profiles {
		if permissions[i], err = e.establish(ctx, profile, questions[i], entry); err != nil {
			return nil, err
		}
	}
	return policy.TokenClaims(permissions)
}

func (e *Engine) guardingProfiles(ctx context.Context, token *iam.AccessToken) ([]*policy.Profile, error) {
	for _, claim := range policy.ReservedClaims() {
		if _, exists := token.InputDescriptorConstraintIdMap[claim]; exists {
			return nil, &policy.Refusal{Reason: policy.ReasonReservedClaim, Claims: []string{claim}}
		}
	}
	return e.policy.Guarding(policy.SplitScope(token.Scope), func(scope string) (pe.WalletOwnerMapping, error) {
		return e.backend().PresentationDefinitions(ctx, scope)
	})
}

// establish tries the profile's grounds in their order.
func (e *Engine) establish(ctx context.Context, profile *policy.Profile, question consent.Question, entry *decisionLog) (policy.Permission, error) {
	for _, ground := range profile.Grounds {
		if ground != policy.GroundClosedQuery {
			continue
		}
		entry.ground = ground
		answer, err := e.consult.Consult(ctx, question)
		if err != nil {
			return policy.Permission{}, err
		}
		entry.requestID = answer.RequestID
		if err := policy.Decide(question, answer.Decisions); err != nil {
			return policy.Permission{}, err
		}
		return policy.Permission{Question: question, Ground: ground, RequestID: answer.RequestID, CheckedAt: e.now()}, nil
	}
	return policy.Permission{}, &policy.Refusal{Reason: policy.ReasonDenied}
}

// evidence collects what the node verified about the request.
func (e *Engine) evidence(token *iam.AccessToken) (policy.Evidence, error) {
	evidence := policy.Evidence{Subject: e.subjects[token.Issuer], Claims: token.InputDescriptorConstraintIdMap}
	seen := map[string]bool{} // the node lists a presentation once for each scope
	for _, presentation := range token.VPToken {
		if seen[presentation.Raw()] {
			continue
		}
		seen[presentation.Raw()] = true
		presenter, err := credential.PresentationSigner(presentation)
		if err != nil {
			return policy.Evidence{}, errors.New("a presentation without a signer")
		}
		for _, presented := range presentation.VerifiableCredential {
			if err := e.verifySelfIssued(presented, presenter.String()); err != nil {
				return policy.Evidence{}, err
			}
			evidence.Credentials = append(evidence.Credentials, policy.Credential{
				Types: typesOf(presented), Issuer: presented.Issuer.String(), Presenter: presenter.String(),
			})
		}
	}
	return evidence, nil
}

// verifySelfIssued checks the signature of a credential that the presenter issued
// itself as JWT: the node takes it for one without a proof, and lets a wrong signature
// pass.
func (e *Engine) verifySelfIssued(presented vc.VerifiableCredential, presenter string) error {
	if presented.Format() != vc.JWTCredentialProofFormat || presented.Issuer.String() != presenter {
		return nil
	}
	if err := e.node.vcr.Verifier().VerifySignature(presented, nil); err != nil {
		return policy.Refusals{{Reason: policy.ReasonCredentialProof}}
	}
	return nil
}

func typesOf(presented vc.VerifiableCredential) []string {
	types := make([]string, len(presented.Type))
	for i, each := range presented.Type {
		types[i] = each.String()
	}
	return types
}
