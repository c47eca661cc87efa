// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/nuts-foundation/nuts-node/auth"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/crypto"
	"github.com/nuts-foundation/nuts-node/jsonld"
	"github.com/nuts-foundation/nuts-node/pki"
	nutspolicy "github.com/nuts-foundation/nuts-node/policy"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/nuts-foundation/nuts-node/tracing"
	"github.com/nuts-foundation/nuts-node/vcr"
	"github.com/nuts-foundation/nuts-node/vdr"
	"github.com/nuts-foundation/nuts-node/vdr/resolver"
	"github.com/sirupsen/logrus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/telemetry"
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
	system.RegisterEngine(telemetry.New(node.tracing, &engine.redacting))
	system.RegisterEngine(engine)
	// Before the hooks that export the log.
	logrus.AddHook(config.SecretHook{})
	logrus.AddHook(redact.NewHook(&engine.redacting))
	return nil
}

// RedactSpans gives an exporter of spans that takes patients' numbers out of them. It is for
// an application that has this node in it and exports spans by itself; by itself, the node
// exports them so.
func RedactSpans(next sdktrace.SpanExporter) sdktrace.SpanExporter {
	var always atomic.Bool
	always.Store(true)
	return telemetry.RedactSpans(next, &always)
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
	tracing *tracing.Engine
	http    core.Injectable // its configuration says what is logged
	server  *core.ServerConfig

	authorities door.Authorities     // that the operator names
	refused     func()               // called for a presentation that the node is not asked about
	panicked    func(message string) // called for a panic of the node
}

// newIAM builds the node's OAuth router with another storage and policy backend.
func (n nodeEngines) newIAM(storage storage.Engine, policy nutspolicy.PDPBackend) *iam.Wrapper {
	return iam.New(n.auth, n.vcr, resolver.DIDKeyResolver{Resolver: n.vdr.Resolver()}, n.vdr, storage, policy, n.crypto, n.jsonld)
}

// newBoundedIAM builds a router that does for a visit no more than it may ask.
func (n nodeEngines) newBoundedIAM(storage storage.Engine, policy nutspolicy.PDPBackend, bounded door.Bounded, visit func() *door.Visit) *iam.Wrapper {
	auth := door.Auth{AuthenticationServices: n.auth, Visit: visit}
	return iam.New(auth, bounded.VCR, resolver.DIDKeyResolver{Resolver: bounded.DIDs}, n.vdr, storage, policy, n.crypto, bounded.JSONLD)
}

// bounded gives the engines that verify, with the bounds of a visit, and without panics.
func (n nodeEngines) bounded(visit func() *door.Visit) door.Bounded {
	engines := door.Engines{
		VCR: n.vcr, DIDs: n.vdr.Resolver(), JSONLD: n.jsonld, PKI: n.pki, Authorities: n.authorities,
		SQL: n.storage.GetSQLDatabase(), Server: n.server,
	}
	bounded := engines.Bound(visit)
	bounded.VCR = sturdyVCR{VCR: bounded.VCR, verifier: sturdyVerifier{Verifier: bounded.VCR.Verifier(), refused: n.refused, panicked: n.panicked}}
	return bounded
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
		findEngine(system, &node.tracing),
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
