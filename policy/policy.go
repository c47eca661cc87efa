// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nuts-foundation/nuts-node/vcr/pe"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Policy is a checked configuration. It does not change after it was made.
type Policy struct {
	dataHolders   map[string]consent.DataHolder // by Nuts subject
	profiles      map[string]*Profile           // by scope
	trust         map[Attribute]Issuers
	facilityTypes map[consent.URA]consent.FacilityType // as configured
	strict        bool
}

// Profile guards one scope.
type Profile struct {
	Scope      string
	Categories []consent.Category
	Purpose    consent.PurposeOfUse
	Grounds    []Ground
	// Definition is what a requester must present, per kind of wallet.
	Definition pe.WalletOwnerMapping

	builtin          bool
	trust            map[Attribute]Issuers
	names            map[string]string    // of claims that have another name
	reads            []string             // the claims of a question that the definition can give
	sources          map[string]Attribute // types of credential whose issuers the operator's definition leaves to the trust
	enrollmentMaxAge time.Duration
}

// Profile gives the profile that guards a scope, or nil when none does.
func (p *Policy) Profile(scope string) *Profile { return p.profiles[scope] }

// SplitScope splits a scope as the node does (at spaces), without blanks and
// repetitions: a set of scopes, as RFC 6749 section 3.3 means it.
func SplitScope(scope string) []string {
	var scopes []string
	for _, token := range strings.Split(scope, " ") {
		if token != "" && !slices.Contains(scopes, token) {
			scopes = append(scopes, token)
		}
	}
	return scopes
}

// Guarding gives the profiles that guard any of the scopes, in the scopes' order.
// The error is a [*Refusal].
//
// An unguarded scope may be asked for beside a guarded one, unless its definition
// writes a claim that the guarded one reads without always writing it: the node
// merges the claims of all definitions, and the question would rest on a claim that
// the guarded definition did not vouch for. Neither may write a reserved claim.
func (p *Policy) Guarding(scopes []string, definitionOf func(scope string) (pe.WalletOwnerMapping, error)) ([]*Profile, error) {
	if len(scopes) == 0 {
		return nil, refuse(ReasonScope)
	}
	var guarding []*Profile
	for _, scope := range scopes {
		if profile := p.profiles[scope]; profile != nil {
			guarding = append(guarding, profile)
		}
	}
	if len(guarding) == 0 || len(scopes) == 1 {
		return guarding, nil
	}
	if slices.ContainsFunc(guarding, func(profile *Profile) bool { return len(profile.Definition) > 1 }) {
		return nil, refuse(ReasonScope) // what was answered for which scope cannot be told
	}
	for _, scope := range scopes {
		definition, err := definitionOf(scope)
		if err != nil {
			return nil, refuse(ReasonScope)
		}
		for _, profile := range guarding {
			if profile.Scope != scope && profile.disturbedBy(definition) {
				return nil, refuse(ReasonScope)
			}
		}
	}
	return guarding, nil
}

func (p *Profile) disturbedBy(other pe.WalletOwnerMapping) bool {
	certain, declared := certainClaims(p.Definition), declaredClaims(other)
	if p.builtin {
		certain = p.claimNames(neededClaims) // read from the credentials themselves
	}
	return slices.ContainsFunc(p.claimNames(readClaims), func(name string) bool {
		return slices.Contains(declared, name) && !slices.Contains(certain, name)
	})
}

// prefixEach puts a key before each of the errors that err joins.
func prefixEach(key string, err error) error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var prefixed []error
		for _, each := range joined.Unwrap() {
			prefixed = append(prefixed, prefixEach(key, each))
		}
		return errors.Join(prefixed...)
	}
	return fmt.Errorf("%s: %w", key, err)
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
