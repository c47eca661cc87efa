// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// facts are the texts that stand for each claim, and what is wrong with them.
type facts struct {
	profile       *Profile
	texts         map[string][]string // an empty list where a credential does not say it
	chosen        map[string]any      // the one text that was read for each claim
	missing       []string
	malformed     []string
	contradictory []string
	refused       []*Refusal // what is wrong with the credentials themselves
	alone         bool       // there is nothing but claims
}

// gather finds the texts for each claim. With the built-in definition they come from
// the credentials themselves: which of several credentials fed a field of the
// definition is the presenter's choice, and the node merges the fields of all scopes.
// With an operator's definition they come from its fields. Evidence of
// claims alone has nothing else.
func (p *Profile) gather(evidence Evidence) *facts {
	f := &facts{profile: p, texts: map[string][]string{}, chosen: map[string]any{}, alone: evidence.Basis == BasisClaims}
	switch {
	case f.alone:
		f.fromClaims(evidence.Claims, definition.ReadClaims())
	case p.builtin:
		f.fromCredentials(evidence.Credentials)
	default:
		f.fromClaims(evidence.Claims, p.reads)
		f.checkSources(evidence.Credentials)
	}
	if by := f.texts[definition.ClaimEnrollmentRegisteredBy]; len(by) == 1 {
		f.chosen[p.claimName(definition.ClaimEnrollmentRegisteredBy)] = by[0]
	}
	return f
}

// fromClaims takes the values of those claims that count: the fields that the profile's own
// definition declares, or all where there is nothing but claims.
func (f *facts) fromClaims(claims map[string]any, counted []string) {
	for _, claim := range counted {
		if texts := textsOf(claims[f.profile.claimName(claim)]); len(texts) > 0 {
			f.texts[claim] = texts
		}
	}
}

// checkSources checks who issued the credentials that feed a field whose issuer the
// operator's definition leaves open: the configured trust stands in. An attribute has one
// such credential, of whichever of its types: of two the presenter would choose.
func (f *facts) checkSources(credentials []Credential) {
	for _, attribute := range trust.Attributes() {
		f.only(attribute, filter(credentials, func(c Credential) bool {
			return slices.ContainsFunc(c.Types, func(t string) bool { return f.profile.sources[t] == attribute })
		}))
	}
}

// fromCredentials reads each attribute from the one credential that gives it.
func (f *facts) fromCredentials(credentials []Credential) {
	for _, attribute := range trust.Attributes() {
		candidates := filter(credentials, func(c Credential) bool {
			form, known := formOf(c)
			return known && form.Attribute == attribute
		})
		if !f.only(attribute, candidates) {
			continue
		}
		form, _ := formOf(candidates[0])
		subject, single := candidates[0].subject()
		if name, ok := certificateName(form, candidates[0].Issuer); ok {
			f.chosen[f.profile.claimName(definition.ClaimOrganizationName)] = name
		}
		for claim, paths := range form.Claims {
			switch {
			case !single:
				f.texts[claim] = []string{""}
			case claim == definition.ClaimOrganizationURA && isOneOf(form.Types, []string{definition.TypeX509}):
				f.texts[claim] = []string{serverURA(valuesAt(subject, paths))}
			default:
				f.texts[claim] = valuesAt(subject, paths)
			}
		}
	}
}

// certificateName returns the certificate's name for an organisation that attests about
// itself with it, in place of the organisation's own: empty where the DID does not tell it.
// The node compares an X509Credential with its certificate.
func certificateName(form definition.Form, issuer string) (name string, decides bool) {
	if form.Attribute != trust.Organization || !trust.IsX509(issuer) || isOneOf(form.Types, []string{definition.TypeX509}) {
		return "", false
	}
	name, _ = trust.SubjectPolicy(issuer, "O")
	return name, true
}

// serverURA returns the organisation's number in a UZI server certificate's otherName.
func serverURA(otherNames []string) string {
	if len(otherNames) != 1 {
		return ""
	}
	pass, ok := parseOtherName(otherNames[0])
	if !ok || pass.kind != passServer {
		return ""
	}
	return string(pass.ura)
}

// only checks that there is one credential for an attribute, of a trusted issuer. With
// two it would be the presenter's choice which one counts.
func (f *facts) only(attribute trust.Attribute, candidates []Credential) bool {
	claims := f.profile.claimNames(definition.ClaimsOf(attribute))
	trusted := true
	for _, candidate := range candidates {
		if !trustsCredential(f.profile.trust[attribute], candidate) {
			f.refused = append(f.refused, refuse(ReasonClaimUntrusted, claims...).
				by("trust.%s has the issuer of %s", attribute, candidate))
			trusted = false
		}
	}
	if len(candidates) > 1 {
		f.refused = append(f.refused, refuse(ReasonClaimContradiction, claims...).
			by("one credential gives %s: there are %d, %s and %s among them", attribute, len(candidates), candidates[0], candidates[1]))
	}
	return trusted && len(candidates) == 1
}

// has reports whether anything is there that should give the claim. A credential that says
// nothing is not the same as none.
func (f *facts) has(claim string) bool {
	_, shown := f.texts[claim]
	return shown
}

// maxIdentifiers is how many identifiers a credential may give for one claim.
const maxIdentifiers = 32

// needed reads a claim by the reader for its kind. Of a list of identifiers, one
// must be of an accepted system.
func needed[T any](f *facts, claim string, parse func(string) (T, error), equal func(a, b T) bool) T {
	var none, found T
	texts := f.texts[claim]
	if len(texts) == 0 {
		f.missing = append(f.missing, f.profile.claimName(claim))
		return none
	}
	if len(texts) > maxIdentifiers {
		f.malformed = append(f.malformed, f.profile.claimName(claim))
		return none
	}
	count := 0
	for _, text := range texts {
		value, err := parse(text)
		switch {
		case err == nil && (count == 0 || !equal(value, found)):
			found = value
			f.chosen[f.profile.claimName(claim)] = text
			count++
		case err != nil && (len(texts) == 1 || !errors.Is(err, errOtherSystem)):
			f.malformed = append(f.malformed, f.profile.claimName(claim))
			return none
		}
	}
	switch {
	case count == 0:
		f.malformed = append(f.malformed, f.profile.claimName(claim))
		return none
	case count > 1:
		f.contradictory = append(f.contradictory, f.profile.claimName(claim))
		return none
	}
	return found
}

func same[T comparable](a, b T) bool { return a == b }

// refusals are everything that is wrong, the credentials first. A claim whose
// credential is refused is not reported as missing too.
func (f *facts) refusals() []*Refusal {
	refusals := f.refused
	var reported []string
	for _, refusal := range refusals {
		for _, each := range refusal.faults {
			reported = append(reported, each.claims...)
		}
	}
	for _, group := range []struct {
		reason Reason
		claims []string
		rule   string
	}{
		{ReasonClaimMissing, f.missing, "every claim of a question is given: none for %s"},
		{ReasonClaimMalformed, f.malformed, "a claim has the form that docs/credentials.md tells: another in %s"},
		{ReasonClaimContradiction, f.contradictory, "a claim has one value, and that of mitz.facilitytypes where there is one: not %s"},
	} {
		claims := filter(group.claims, func(claim string) bool { return !slices.Contains(reported, claim) })
		if len(claims) > 0 {
			refusals = append(refusals, refuse(group.reason, claims...).by(group.rule, strings.Join(slices.Sorted(slices.Values(claims)), ", ")))
		}
	}
	return refusals
}

func filter[T any](all []T, keep func(T) bool) []T {
	var kept []T
	for _, each := range all {
		if keep(each) {
			kept = append(kept, each)
		}
	}
	return kept
}
