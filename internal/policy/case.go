// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"maps"
	"slices"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Case is one guarded request that is in order: the question that it asks, and what that was
// made of. [Policy.Case] makes it; it does not change.
type Case struct {
	profile  *Profile
	evidence Evidence
	question consent.Question
	claims   map[string]any // that the question was made of, each as one text
	asked    *Asked         // what a token kept that is looked at again; nil: it is a request
}

// Case makes a case of what is known about a request for a profile's scope. The error is a
// [*Refusal]: everything that is missing, malformed, contradictory or untrusted.
func (p *Policy) Case(profile *Profile, evidence Evidence) (*Case, error) {
	question, claims, refusal := p.question(profile, evidence)
	if refusal != nil {
		return nil, refusal
	}
	return &Case{profile: profile, evidence: evidence, question: question, claims: claims}, nil
}

// Question returns what is to be asked.
func (c *Case) Question() consent.Question {
	question := c.question
	question.Categories = slices.Clone(question.Categories)
	return question
}

// grounds are those to try, in their order: of a token that is looked at again, its own.
func (c *Case) grounds() []GroundName {
	if c.asked != nil {
		return []GroundName{c.asked.ground()}
	}
	return c.profile.Grounds
}

// Basis says what the case was made of.
func (c *Case) Basis() Basis { return c.evidence.Basis }

// Credentials are those that were presented. With [BasisClaims] there are none.
func (c *Case) Credentials() []Credential { return slices.Clone(c.evidence.Credentials) }

// Subject is the data holder's Nuts subject, which is asked.
func (c *Case) Subject() string { return c.evidence.Subject }

// Claims returns the claims that the question was made of.
func (c *Case) Claims() map[string]any { return maps.Clone(c.claims) }
