// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	"maps"

	nutspolicy "github.com/nuts-foundation/nuts-node/policy"
	"github.com/nuts-foundation/nuts-node/vcr/pe"
)

// backend is the node's policy backend, with the definitions of guarded scopes
// added. Every other scope is answered by the node's own backend.
type backend struct {
	nutspolicy.PDPBackend
	engine *Engine
}

var _ nutspolicy.PDPBackend = backend{}

func (b backend) PresentationDefinitions(ctx context.Context, scope string) (pe.WalletOwnerMapping, error) {
	if p := b.engine.policy; p != nil {
		if profile := p.Profile(scope); profile != nil {
			return maps.Clone(profile.Definition), nil
		}
	}
	return b.PDPBackend.PresentationDefinitions(ctx, scope)
}
