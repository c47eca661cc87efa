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

// ScopeKind is what a scope asks of the guard.
type ScopeKind int

// The kinds of scope. Only the first two can give a token.
const (
	ScopeUnguarded ScopeKind = iota // no scope in it is guarded
	ScopeGuarded                    // one is, alone or beside unguarded ones
	ScopeBlank                      // there is none in it
	ScopeMixed                      // several are guarded: one token has one purpose and one question
)

// KindOfScope tells what a scope asks of the guard, from its text alone. The same scope
// written twice is one.
func (p *Policy) KindOfScope(scope string) ScopeKind {
	kind, _ := p.kindOf(SplitScope(scope))
	return kind
}

// kindOf gives the guarding profile too, where there is one.
func (p *Policy) kindOf(scopes []string) (ScopeKind, *Profile) {
	if len(scopes) == 0 {
		return ScopeBlank, nil
	}
	var guarding *Profile
	for _, scope := range scopes {
		switch profile := p.profiles[scope]; {
		case profile == nil:
		case guarding != nil:
			return ScopeMixed, nil
		default:
			guarding = profile
		}
	}
	if guarding == nil {
		return ScopeUnguarded, nil
	}
	return ScopeGuarded, guarding
}

// Guarding gives the profile that guards one of the scopes, or nil when none is guarded.
// The error is a [*Refusal].
//
// Two guarded scopes are refused: each permits its own categories, to what its own
// definition verified, and a record server cannot tell which claim of a token came from
// which. An unguarded scope may be asked for beside a guarded one, unless its definition
// writes a claim that the guarded one reads without always writing it: the node
// merges the claims of all definitions, and the question would rest on a claim that
// the guarded definition did not vouch for. It may not write a reserved claim either.
func (p *Policy) Guarding(scopes []string, definitionOf func(scope string) (pe.WalletOwnerMapping, error)) (*Profile, error) {
	kind, guarding := p.kindOf(scopes)
	switch {
	case kind == ScopeBlank || kind == ScopeMixed:
		return nil, refuse(ReasonScope)
	case guarding == nil || len(scopes) == 1:
		return guarding, nil
	case len(guarding.Definition) > 1:
		return nil, refuse(ReasonScope) // what was answered for which scope cannot be told
	}
	for _, scope := range scopes {
		if scope == guarding.Scope {
			continue
		}
		definition, err := definitionOf(scope)
		if err != nil || guarding.disturbedBy(definition) {
			return nil, refuse(ReasonScope)
		}
	}
	return guarding, nil
}

func (p *Profile) disturbedBy(other pe.WalletOwnerMapping) bool {
	certain, declared := definition.Certain(p.Definition), definition.Declared(other)
	if p.builtin {
		certain = p.claimNames(neededClaims) // read from the credentials themselves
	}
	return slices.ContainsFunc(p.claimNames(readClaims), func(name string) bool {
		return slices.Contains(declared, name) && !slices.Contains(certain, name)
	})
}
