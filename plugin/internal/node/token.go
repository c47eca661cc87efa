// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/nuts-foundation/nuts-node/vcr/credential"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/guard"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/plainjson"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
)

// place is where the node wants to store one token.
type place struct {
	key     string
	store   storage.SessionStore
	options []storage.SessionOption
}

// pendingToken is an access token that the node wants to store.
type pendingToken struct {
	token    iam.AccessToken
	place    place
	subject  string
	verifier credentialVerifier
}

var _ guard.Token = (*pendingToken)(nil)

func (t *pendingToken) Subject() string        { return t.subject }
func (t *pendingToken) Scope() string          { return t.token.Scope }
func (t *pendingToken) Claims() map[string]any { return t.token.InputDescriptorConstraintIdMap }

// Presenters leaves out a presentation without a signer, with which [pendingToken.Evidence]
// fails.
func (t *pendingToken) Presenters() []string { return presentersOf(t.token) }

func presentersOf(token iam.AccessToken) []string {
	var presenters []string
	for _, presentation := range token.VPToken {
		if presenter, err := credential.PresentationSigner(presentation); err == nil {
			presenters = append(presenters, presenter.String())
		}
	}
	return presenters
}

// Evidence verifies again what the node leaves open.
func (t *pendingToken) Evidence(context.Context) (policy.Evidence, error) {
	evidence := policy.Evidence{
		Basis: policy.BasisCredentials, Claims: t.token.InputDescriptorConstraintIdMap,
		Submissions: len(t.token.PresentationSubmissions),
	}
	seen := map[string]bool{} // the node lists a presentation once for each scope
	for _, presentation := range t.token.VPToken {
		if seen[presentation.Raw()] {
			continue
		}
		seen[presentation.Raw()] = true
		presenter, err := credential.PresentationSigner(presentation)
		if err != nil {
			return policy.Evidence{}, errors.New("a presentation without a signer")
		}
		if plainjson.Presentation(presentation.Raw()) != nil {
			return policy.Evidence{}, policy.RefuseAmbiguousPresentation()
		}
		for _, presented := range presentation.VerifiableCredential {
			verified := CredentialEvidence(presented, presenter.String())
			if refusal := t.verifier.verifyAgain(presented, verified); refusal != nil {
				return policy.Evidence{}, refusal
			}
			evidence.Credentials = append(evidence.Credentials, verified)
		}
	}
	return evidence, nil
}

// Uses returns what each presentation is known by, once: its signer and the nonce
// that is signed with it, and not its text, which can be changed without the signature
// becoming wrong. There is at least one, and each has a nonce.
func (t *pendingToken) Uses() ([]once.ID, error) {
	var ids []once.ID
	for _, presentation := range t.token.VPToken {
		signer, err := credential.PresentationSigner(presentation)
		if err != nil {
			return nil, errors.New("a presentation without a signer")
		}
		nonce, challenge, err := noncesOf(presentation)
		if err != nil || nonce == "" && challenge == "" {
			return nil, errors.New("a presentation without a nonce")
		}
		// The node lists a presentation once for each scope, and a wallet may divide its
		// credentials over two with the same nonce.
		if id := once.IDOf("presentation", signer.String(), nonce, challenge); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, errors.New("a guarded token without a presentation")
	}
	return ids, nil
}

// noncesOf returns a presentation's nonce and challenge, as the node reads them: of a JWT
// there is no challenge.
func noncesOf(presentation vc.VerifiablePresentation) (nonce, challenge string, err error) {
	if presentation.Format() == vc.JWTPresentationProofFormat {
		value, _ := presentation.JWT().Get("nonce")
		nonce, _ = value.(string)
		return nonce, "", nil
	}
	proof, err := credential.ParseLDProof(presentation)
	if err != nil {
		return "", "", err
	}
	if proof.Nonce != nil {
		nonce = *proof.Nonce
	}
	if proof.Challenge != nil {
		challenge = *proof.Challenge
	}
	return nonce, challenge, nil
}

func (t *pendingToken) Store() error {
	return t.place.store.Put(t.place.key, t.token, t.place.options...)
}

// StoreWith leaves the node's own map of claims alone.
func (t *pendingToken) StoreWith(scope string, claims map[string]any, beside guard.Beside) error {
	token := t.token
	if time.Until(token.Expiration) > maxTokenLife {
		return errors.New("a token that lives longer than marks are kept")
	}
	token.Scope = scope
	token.InputDescriptorConstraintIdMap = maps.Clone(token.InputDescriptorConstraintIdMap)
	if token.InputDescriptorConstraintIdMap == nil {
		token.InputDescriptorConstraintIdMap = map[string]any{}
	}
	maps.Copy(token.InputDescriptorConstraintIdMap, claims)
	return withoutToken(t.place.store.Put(t.place.key, stampedToken{AccessToken: token, Stamp: beside.Stamp, Asked: beside.Asked}, t.place.options...), t.place.key)
}

// withoutToken returns an error of the session database, whose text may repeat the key of
// what failed: the token.
func withoutToken(err error, key string) error {
	if err == nil {
		return nil
	}
	return errors.New(redact.Text(strings.ReplaceAll(err.Error(), key, "[token]")))
}

func (t *pendingToken) Clear() { _ = t.place.store.Delete(t.place.key) }
