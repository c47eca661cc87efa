// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/nuts-foundation/nuts-node/vcr/credential"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
)

// claimsTime is how long the SQL database may take to open the claims.
const claimsTime = 30 * time.Second

// openClaims opens the claims of what guarded tokens rest on: in memory where the node's
// sessions are, since other nodes know nothing of them then; otherwise in the SQL database,
// which all nodes of a cluster share as they share their sessions.
func (e *Engine) openClaims() error {
	if e.claims != nil || e.node.storage == nil {
		return nil
	}
	if _, inMemory := e.node.storage.GetSessionDatabase().(*storage.InMemorySessionDatabase); inMemory {
		e.claims = once.NewMemory(e.now)
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), claimsTime)
	defer cancel()
	table, err := once.OpenTable(ctx, e.node.storage.GetSQLDatabase(), e.now)
	if err != nil {
		return fmt.Errorf("mitz: what may be used once cannot be kept: %w", err)
	}
	e.claims = table
	return nil
}

// claim makes sure that presentations give one token, whatever the grant: an authorization
// code, too, stands for the presentations that it was given for.
func (e *Engine) claim(ctx context.Context, presentations []vc.VerifiablePresentation) error {
	ids, err := presentationIDs(presentations)
	if err != nil {
		return err
	}
	if e.claims == nil {
		return errClaims
	}
	switch err := e.claims.Claim(ctx, ids...); {
	case err == nil:
		return nil
	case errors.Is(err, once.ErrUsed):
		return errUsed
	default:
		return fmt.Errorf("%w: %w", errClaims, err)
	}
}

// presentationIDs gives what each presentation is known by, once: its signer and the nonce
// that is signed with it, and not its text, which can be changed without the signature
// becoming wrong. There is at least one, and each has a nonce.
func presentationIDs(presentations []vc.VerifiablePresentation) ([]once.ID, error) {
	var ids []once.ID
	for _, presentation := range presentations {
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

// noncesOf gives a presentation's nonce and challenge, as the node reads them: of a JWT
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
