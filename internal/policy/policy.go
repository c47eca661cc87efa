// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/nuts-foundation/nuts-node/vcr/pe"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// Policy is a checked configuration. Nothing of it changes after it was made but its lists,
// which are replaced as a whole.
type Policy struct {
	profiles map[string]*Profile // by scope
	trust    map[trust.Attribute]trust.Issuers
	// registration is what a registration must say.
	registration RegistrationConfig
	lists        atomic.Pointer[Lists]
	typesListed  bool // types of requesters are configured, or a file for them is
	strict       bool
}

// Profile guards one scope.
type Profile struct {
	Scope      string
	Categories []consent.Category
	Purpose    consent.PurposeOfUse
	Grounds    []GroundName // tried in this order
	// Definition is what a requester must present, per kind of wallet.
	Definition pe.WalletOwnerMapping
	// Recheck is how long a token is not looked at again after consent was established; 0:
	// never again.
	Recheck time.Duration
	// KeepsUnchecked tells that a token lives on when nobody can tell then.
	KeepsUnchecked bool
	// Subscribes tells that the data holder wants to know when a patient's consent changes,
	// see [Permission.Subscribes].
	Subscribes bool

	continueAfterDeny bool
	builtin           bool
	strict            bool
	trust             map[trust.Attribute]trust.Issuers
	registration      RegistrationConfig
	names             definition.Names   // of claims that have another name
	reads             []string           // the claims of a question that the definition can give
	sources           definition.Sources // types of credential whose issuers the operator's definition leaves to the trust
	enrollmentMaxAge  time.Duration
	notAlone          error // why nothing can be decided on claims alone; nil: it can
}

// isForOrganizations reports whether the one definition of a scope is for the organisation's
// wallet, which every grant evaluates. The jwt-bearer grant passes over all others.
func isForOrganizations(mapping pe.WalletOwnerMapping) bool {
	_, has := mapping[pe.WalletOwnerOrganization]
	return has && len(mapping) == 1
}

// AsksMitz reports whether a profile has a ground for which Mitz is asked.
func (p *Policy) AsksMitz() bool { return p.hasGround(GroundClosedQuery) }

// TakesRegistrations reports whether a profile accepts what requesters recorded themselves.
func (p *Policy) TakesRegistrations() bool { return p.hasGround(GroundRegistration) }

func (p *Policy) hasGround(ground GroundName) bool {
	for _, profile := range p.profiles {
		if slices.Contains(profile.Grounds, ground) {
			return true
		}
	}
	return false
}

// Use replaces the lists, for the questions from now on. Lists that are nil stand for empty
// ones.
func (p *Policy) Use(lists *Lists) {
	if lists == nil {
		lists = &Lists{}
	}
	p.lists.Store(lists)
}

// Lists are those in use. They never change; at another time there may be others.
func (p *Policy) Lists() *Lists { return p.lists.Load() }

// Profile returns the profile that guards a scope, or nil when none does.
func (p *Policy) Profile(scope string) *Profile { return p.profiles[scope] }

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
