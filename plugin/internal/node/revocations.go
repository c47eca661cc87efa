// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"context"
	"encoding/json"
	"errors"

	ssi "github.com/nuts-foundation/go-did"
	"github.com/nuts-foundation/go-did/vc"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

// IsRevoked looks up whether a credential was revoked that a live token rests on. What is got
// for it is bounded as for a request. On an error nobody can tell: a list cannot be got, or is
// too large.
func (r *Router) IsRevoked(ctx context.Context, kept policy.Kept) (bool, error) {
	if len(kept.Status) == 0 {
		return false, nil // it cannot be revoked
	}
	credential, err := keptCredential(kept)
	if err != nil || !hasKnownStatuses(credential) {
		return false, errors.New("mitz: the status of a credential that a token rests on cannot be read")
	}
	visit := door.NewVisit(ctx)
	revoked, err := r.bounded(func() *door.Visit { return visit }).VCR.Verifier().GetRevocation(credential)
	switch {
	case err != nil:
		// Its text may repeat what is on the other side.
		return false, errors.New("mitz: whether a credential was revoked that a token rests on cannot be told")
	case revoked != nil:
		return true, nil
	default:
		return false, visit.Exceeded()
	}
}

// keptCredential is as much of a credential as it takes to look it up.
func keptCredential(kept policy.Kept) (vc.VerifiableCredential, error) {
	id, idErr := ssi.ParseURI(kept.ID)
	issuer, issuerErr := ssi.ParseURI(kept.Issuer)
	if err := errors.Join(idErr, issuerErr); err != nil {
		return vc.VerifiableCredential{}, err
	}
	credential := vc.VerifiableCredential{ID: id, Issuer: *issuer, Type: []ssi.URI{vc.VerifiableCredentialTypeV1URI()}}
	return credential, json.Unmarshal(kept.Status, &credential.CredentialStatus)
}
