// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"slices"
	"strings"

	"github.com/nuts-foundation/nuts-node/vcr/pe"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

// SplitScope splits a scope as the node does (at spaces), without blanks and
// repetitions: a set of scopes, as RFC 6749 section 3.3 means it.
func SplitScope(scope string) []string {
	var scopes []string
	seen := map[string]bool{}
	for token := range strings.SplitSeq(scope, " ") {
		if token != "" && !seen[token] {
			scopes = append(scopes, token)
			seen[token] = true
		}
	}
	return scopes
}

// Screening is what screening a token found: [Unguarded] or [Guarded], and nothing else.
type Screening interface{ screening() }

// Unguarded says that nothing in a token needs consent.
type Unguarded struct{}

// Guarded says that a token needs consent, by the rules of one profile.
type Guarded struct{ Profile *Profile }

func (Unguarded) screening() {}
func (Guarded) screening()   {}

// ScreenScope screens a scope by its text alone, before anything is verified. The same scope
// written twice is one. The error is a [*Refusal]: a blank scope, or several guarded ones,
// since one token has one purpose and rests on one question.
func (p *Policy) ScreenScope(scope string) (Screening, error) {
	scopes := SplitScope(scope)
	if len(scopes) == 0 {
		return nil, refuse(ReasonScope).by("a scope is not blank")
	}
	var guarding *Profile
	for _, scope := range scopes {
		profile := p.profiles[scope]
		if profile != nil && guarding != nil {
			return nil, refuse(ReasonScope).by("a token is for one guarded scope: %s and %s are two", guarding.Scope, profile.Scope)
		}
		if profile != nil {
			guarding = profile
		}
	}
	if guarding == nil {
		return Unguarded{}, nil
	}
	return Guarded{Profile: guarding}, nil
}

// DefinitionOf looks up the presentation definitions of a scope.
type DefinitionOf func(scope string) (pe.WalletOwnerMapping, error)

// Screen screens a token that is about to be issued: by its scope, and by the claims that
// presentation definitions wrote into it. The error is a [*Refusal].
//
// Two guarded scopes are refused: each permits its own categories, to what its own
// definition verified, and a record server cannot tell which claim of a token came from
// which. An unguarded scope may be asked for beside a guarded one, unless its definition
// writes a claim that the guarded one reads without always writing it: the node
// merges the claims of all definitions, and the question would rest on a claim that
// the guarded definition did not vouch for. No token, guarded or not, holds a claim that only
// this software may write.
func (p *Policy) Screen(scope string, claims map[string]any, definitionOf DefinitionOf) (Screening, error) {
	if refusal := refuseAny(claims, ReservedClaims()); refusal != nil {
		return nil, refusal
	}
	screening, err := p.ScreenScope(scope)
	if err != nil {
		return nil, err
	}
	guarded, isGuarded := screening.(Guarded)
	if !isGuarded {
		return screening, nil
	}
	// The definition of an unguarded scope beside the guarded one was not checked at start.
	if refusal := refuseAny(claims, introspectionClaims); refusal != nil {
		return nil, refusal
	}
	if refusal := guarded.Profile.checkOthers(SplitScope(scope), definitionOf); refusal != nil {
		return nil, refusal
	}
	return guarded, nil
}

func refuseAny(claims map[string]any, forbidden []string) *Refusal {
	for _, claim := range forbidden {
		if _, exists := claims[claim]; exists {
			return refuse(ReasonReservedClaim, claim).by("no presentation definition writes %s", claim)
		}
	}
	return nil
}

// checkOthers refuses scopes that the profile's own cannot be mixed with.
func (p *Profile) checkOthers(scopes []string, definitionOf DefinitionOf) *Refusal {
	if len(scopes) == 1 {
		return nil
	}
	if !isForOrganizations(p.Definition) {
		return refuse(ReasonScope).by("a scope with a definition for another wallet than the organisation's is asked for alone: what was answered for which cannot be told")
	}
	for _, scope := range scopes {
		if scope == p.Scope {
			continue
		}
		definition, err := definitionOf(scope)
		if err != nil {
			return refuse(ReasonScope).by("every scope beside the guarded one is known")
		}
		if !isForOrganizations(definition) {
			return refuse(ReasonScope).by("every scope beside the guarded one has a definition for the organisation's wallet alone: a grant passes over others")
		}
		if p.disturbedBy(definition) {
			return refuse(ReasonScope).by("no scope beside the guarded one has a definition that writes what the guarded one reads")
		}
	}
	return nil
}

func (p *Profile) disturbedBy(other pe.WalletOwnerMapping) bool {
	certain, declared := definition.Certain(p.Definition), definition.Declared(other)
	if p.builtin {
		certain = p.claimNames(definition.NeededClaims()) // read from the credentials themselves
	}
	return slices.ContainsFunc(p.claimNames(definition.ReadClaims()), func(name string) bool {
		return slices.Contains(declared, name) && !slices.Contains(certain, name)
	})
}
