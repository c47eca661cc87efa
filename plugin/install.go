// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"fmt"

	"github.com/nuts-foundation/nuts-node/auth"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/crypto"
	"github.com/nuts-foundation/nuts-node/jsonld"
	"github.com/nuts-foundation/nuts-node/pki"
	nutspolicy "github.com/nuts-foundation/nuts-node/policy"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/nuts-foundation/nuts-node/vcr"
	"github.com/nuts-foundation/nuts-node/vdr"
	"github.com/nuts-foundation/nuts-node/vdr/resolver"
	"github.com/sirupsen/logrus"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
)

// Install registers the engine "mitz" in a node's system and guards its token
// endpoint. Call it once, after cmd.CreateSystem and before the system is
// configured. It fails when the system is not built as the node that this software
// was written for: an unguarded node must not start by accident.
func Install(system *core.System) error {
	node, err := findEngines(system)
	if err != nil {
		return fmt.Errorf("mitz: unable to guard this node: %w", err)
	}
	engine := newEngine(node)
	if err := replaceRouter(system, &router{engine: engine}); err != nil {
		return fmt.Errorf("mitz: unable to guard this node: %w", err)
	}
	system.RegisterEngine(engine)
	// Before the tracing engine adds its own hook, which exports the log.
	logrus.AddHook(secretHook{})
	logrus.AddHook(redact.NewHook(&engine.redacting))
	return nil
}

// nodeEngines are the node's engines that its OAuth router is made of.
type nodeEngines struct {
	auth    *auth.Auth
	vcr     vcr.VCR
	vdr     *vdr.Module
	storage storage.Engine
	policy  *nutspolicy.LocalPDP
	crypto  *crypto.Crypto
	jsonld  jsonld.JSONLD
	pki     pki.Validator
	http    core.Injectable // its configuration says what is logged
	server  *core.ServerConfig
}

// newIAM builds the node's OAuth router with another storage and policy backend.
func (n nodeEngines) newIAM(storage storage.Engine, policy nutspolicy.PDPBackend) *iam.Wrapper {
	keyResolver := resolver.DIDKeyResolver{Resolver: boundedResolver{n.vdr.Resolver()}}
	return iam.New(n.auth, n.vcr, keyResolver, n.vdr, storage, policy, n.crypto, n.jsonld)
}

func findEngines(system *core.System) (nodeEngines, error) {
	var node nodeEngines
	problems := []error{
		findEngine(system, &node.auth),
		findEngine(system, &node.vcr),
		findEngine(system, &node.vdr),
		findEngine(system, &node.storage),
		findEngine(system, &node.policy),
		findEngine(system, &node.crypto),
		findEngine(system, &node.jsonld),
		findEngine(system, &node.pki),
	}
	node.server = system.Config
	node.http, _ = system.FindEngineByName("http").(core.Injectable)
	return node, errors.Join(problems...)
}

// findEngine finds the one engine of the target's type.
func findEngine[T any](system *core.System, target *T) error {
	found := 0
	system.VisitEngines(func(engine core.Engine) {
		if candidate, ok := engine.(T); ok {
			*target = candidate
			found++
		}
	})
	if found != 1 {
		return fmt.Errorf("%d engines of type %T, 1 expected", found, target)
	}
	return nil
}

func replaceRouter(system *core.System, replacement core.Routable) error {
	found := 0
	for i, candidate := range system.Routers {
		if _, isIAM := candidate.(*iam.Wrapper); isIAM {
			system.Routers[i] = replacement
			found++
		}
	}
	if found != 1 {
		return fmt.Errorf("%d OAuth routers, 1 expected", found)
	}
	return nil
}
