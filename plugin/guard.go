// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"cmp"
	"context"
	"errors"

	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/vcr/credential"
	"github.com/nuts-foundation/nuts-node/vcr/pe"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/plainjson"
)

// decide gives the claims that a token for the guarded scope gets. Every error means that
// nothing may be stored. The order of work is that of docs/architecture.md.
func (e *Engine) decide(ctx context.Context, profile *policy.Profile, token *iam.AccessToken, entry *decisionLog) (map[string]any, error) {
	evidence, err := e.evidence(ctx, token, entry.subject)
	if err != nil {
		return nil, err
	}
	entry.credentials = evidence.Credentials
	question, claims, err := e.policy.Question(profile, evidence)
	if err != nil {
		return nil, err
	}
	entry.question = &question
	if err := e.claim(ctx, token.VPToken); err != nil { // before the query, which the patient would see
		return nil, err
	}
	permission, err := e.establish(ctx, profile, question, entry)
	if err != nil {
		return nil, err
	}
	// Mitz took its time: who was taken off the list meanwhile gets no token any more.
	if still, _ := e.policy.Lists().DataHolder(entry.subject); still != question.DataHolder {
		return nil, policy.Refusals{{Reason: policy.ReasonDataHolder, Rules: []string{"the subject is still in mitz.dataholders when Mitz has answered"}}}
	}
	permission.Claims = claims
	return policy.TokenClaims(permission)
}

func (e *Engine) guardingProfile(ctx context.Context, token *iam.AccessToken) (*policy.Profile, error) {
	for _, claim := range policy.ReservedClaims() {
		if _, exists := token.InputDescriptorConstraintIdMap[claim]; exists {
			return nil, &policy.Refusal{Reason: policy.ReasonReservedClaim, Claims: []string{claim}}
		}
	}
	profile, err := e.policy.Guarding(policy.SplitScope(token.Scope), func(scope string) (pe.WalletOwnerMapping, error) {
		return e.backend().PresentationDefinitions(ctx, scope)
	})
	if profile == nil {
		return nil, err
	}
	// The definition of an unguarded scope beside the guarded one was not checked at start.
	for _, claim := range policy.IntrospectionClaims() {
		if _, exists := token.InputDescriptorConstraintIdMap[claim]; exists {
			return nil, &policy.Refusal{Reason: policy.ReasonReservedClaim, Claims: []string{claim}}
		}
	}
	return profile, err
}

// establish tries the profile's grounds in their order, and gives the permission of the
// first that decides.
func (e *Engine) establish(ctx context.Context, profile *policy.Profile, question consent.Question, entry *decisionLog) (policy.Permission, error) {
	for _, ground := range profile.Grounds {
		if ground != policy.GroundClosedQuery {
			continue // the others are refused in the configuration, until they are there
		}
		entry.ground = ground
		ctx := mitzclient.WithTrace(ctx, entry.trace(ctx))
		consulter := measured{next: e.consult, ground: ground, metrics: e.metrics, now: e.now}
		answer, err := consulter.Consult(ctx, question)
		unlogged := entry.consulted(ctx, answer.RequestID, outcomeOf(question, answer, err))
		if unlogged != nil {
			return policy.Permission{}, unlogged // also where that is why Mitz was not asked
		}
		if err != nil {
			return policy.Permission{}, err
		}
		if err := policy.Decide(question, answer.Decisions); err != nil {
			return policy.Permission{}, cmp.Or(entry.flush(ctx), err) // a refusal too rests on an answer that is in the log
		}
		return policy.Permission{Question: question, Ground: ground, RequestID: answer.RequestID, CheckedAt: e.now()}, nil
	}
	return policy.Permission{}, &policy.Refusal{Reason: policy.ReasonDenied}
}

// evidence collects what the node verified about the request.
func (e *Engine) evidence(ctx context.Context, token *iam.AccessToken, subject string) (policy.Evidence, error) {
	evidence := policy.Evidence{
		Subject: subject, Claims: token.InputDescriptorConstraintIdMap,
		Submissions: len(token.PresentationSubmissions), Now: e.now(),
	}
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
		if plainjson.Presentation(presentation.Raw()) != nil {
			return policy.Evidence{}, policy.Refusals{{Reason: policy.ReasonCredentialAmbiguous, Rules: []string{"the JSON of a presentation has one reading"}}}
		}
		for _, presented := range presentation.VerifiableCredential {
			if err := e.verifyAgain(ctx, presented, presenter.String()); err != nil {
				return policy.Evidence{}, err
			}
			evidence.Credentials = append(evidence.Credentials, credentialEvidence(presented, presenter.String()))
		}
	}
	return evidence, nil
}
