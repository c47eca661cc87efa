// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/nuts-foundation/nuts-node/auth"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/crypto"
	"github.com/nuts-foundation/nuts-node/discovery"
	"github.com/nuts-foundation/nuts-node/jsonld"
	"github.com/nuts-foundation/nuts-node/pki"
	nutspolicy "github.com/nuts-foundation/nuts-node/policy"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/nuts-foundation/nuts-node/tracing"
	"github.com/nuts-foundation/nuts-node/vcr"
	"github.com/nuts-foundation/nuts-node/vdr"
	"github.com/nuts-foundation/nuts-node/vdr/resolver"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/node/bounded"
)

// Engines are the node's engines that its OAuth router is made of.
type Engines struct {
	Auth      *auth.Auth
	VCR       vcr.VCR
	VDR       *vdr.Module
	Storage   storage.Engine
	Policy    *nutspolicy.LocalPDP
	Crypto    *crypto.Crypto
	JSONLD    jsonld.JSONLD
	PKI       pki.Validator
	Discovery discovery.Client
	Tracing   *tracing.Engine
	HTTP      core.Injectable // its configuration says what is logged
	Server    *core.ServerConfig
}

// FindEngines finds the engines in a system that is not configured yet. It fails when the
// system is not built as the node that this software was written for.
func FindEngines(system *core.System) (Engines, error) {
	var engines Engines
	problems := []error{
		findEngine(system, &engines.Auth),
		findEngine(system, &engines.VCR),
		findEngine(system, &engines.VDR),
		findEngine(system, &engines.Storage),
		findEngine(system, &engines.Policy),
		findEngine(system, &engines.Crypto),
		findEngine(system, &engines.JSONLD),
		findEngine(system, &engines.PKI),
		findEngine(system, &engines.Discovery),
		findEngine(system, &engines.Tracing),
	}
	engines.Server = system.Config
	engines.HTTP, _ = system.FindEngineByName("http").(core.Injectable)
	return engines, errors.Join(problems...)
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

// ReplaceRouter puts another router in the place of the node's OAuth router, which it
// returns. It fails when the system does not have exactly one.
func ReplaceRouter(system *core.System, replacement core.Routable) (stock core.Routable, err error) {
	found := 0
	for i, candidate := range system.Routers {
		if _, isIAM := candidate.(*iam.Wrapper); isIAM {
			system.Routers[i], stock = replacement, candidate
			found++
		}
	}
	if found != 1 {
		return nil, fmt.Errorf("%d OAuth routers, 1 expected", found)
	}
	return stock, nil
}

// HasSessionsOfItsOwn reports whether the node keeps its sessions in its own memory, where no
// other node knows of them.
func (e Engines) HasSessionsOfItsOwn() bool {
	_, inMemory := e.Storage.GetSessionDatabase().(*storage.InMemorySessionDatabase)
	return inMemory
}

// subjectOf returns the Nuts subject behind the issuer of a token; empty when that is none of
// this node's.
func subjectOf(publicURL *url.URL, issuer string) string {
	rest, ours := strings.CutPrefix(issuer, publicURL.JoinPath("oauth2").String()+"/")
	subject, err := url.PathUnescape(rest)
	if !ours || err != nil || strings.Contains(subject, "/") || publicURL.JoinPath("oauth2", subject).String() != issuer {
		return ""
	}
	return subject
}

// boundedIAM builds the node's OAuth router with another storage and policy backend, and with
// engines that do for a visit no more than it may ask.
func (r *Router) boundedIAM(storage storage.Engine, policy nutspolicy.PDPBackend, within bounded.Engines, visit func() *door.Visit) *iam.Wrapper {
	auth := bounded.Auth{AuthenticationServices: r.Auth, Visit: visit}
	subjects := subjects{Manager: r.VDR, inDatabase: inDatabase(r.Storage.GetSQLDatabase()), patient: &r.subjects, listed: r.Listed}
	return iam.New(auth, within.VCR, resolver.DIDKeyResolver{Resolver: within.DIDs}, subjects, storage, policy, r.Crypto, within.JSONLD)
}
