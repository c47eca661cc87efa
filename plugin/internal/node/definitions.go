// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"context"
	"maps"

	nutspolicy "github.com/nuts-foundation/nuts-node/policy"
	"github.com/nuts-foundation/nuts-node/vcr/pe"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
)

// Definitions is the node's policy backend, with the definitions of guarded scopes
// added. Every other scope is answered by the node's own backend.
type Definitions struct {
	nutspolicy.PDPBackend
	Guarded *policy.Policy
}

var _ nutspolicy.PDPBackend = Definitions{}

// PresentationDefinitions returns the definitions of a scope, for each kind of wallet.
func (d Definitions) PresentationDefinitions(ctx context.Context, scope string) (pe.WalletOwnerMapping, error) {
	if profile := d.Guarded.Profile(scope); profile != nil {
		return maps.Clone(profile.Definition), nil
	}
	return d.PDPBackend.PresentationDefinitions(ctx, scope)
}

// Of returns the look-up of definitions for a request.
func (d Definitions) Of(ctx context.Context) policy.DefinitionOf {
	return func(scope string) (pe.WalletOwnerMapping, error) { return d.PresentationDefinitions(ctx, scope) }
}
