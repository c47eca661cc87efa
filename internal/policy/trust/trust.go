// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package trust

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Attribute is something about a requester that somebody must attest.
type Attribute string

// The attributes, as they are named under "trust" in the configuration.
const (
	Organization Attribute = "organization" // who the care organisation is (URA)
	FacilityType Attribute = "facilitytype" // what kind of organisation it is
	Practitioner Attribute = "practitioner" // which professional asks, in which role
	Enrollment   Attribute = "enrollment"   // that there is a treatment relationship with the patient
	Delegation   Attribute = "delegation"   // under whose mandate the professional acts
	Attestation  Attribute = "attestation"  // Mitz's word that there is consent
	Membership   Attribute = "membership"   // Mitz's word that an organisation is in the scheme
)

// Attributes returns all attributes, in the order in which they are told.
func Attributes() []Attribute {
	return []Attribute{Organization, FacilityType, Practitioner, Enrollment, Delegation, Attestation, Membership}
}

// The words that stand in place of a DID.
const (
	wordHolder = "holder" // the presenter may attest it itself
	wordDezi   = "dezi"   // Dezi attests it, with keys that the node fetches from vcr.dezi.allowedjku
)

var (
	// DID Core 1.0 section 3.1, without parameters, path, query and fragment.
	didShape = regexp.MustCompile(`^did:[a-z0-9]+:[A-Za-z0-9._%:-]*[A-Za-z0-9._%-]$`)
	// A prefix ends at a colon, so that no longer name can begin with a trusted
	// one, and goes beyond the DID method.
	prefixShape = regexp.MustCompile(`^did:[a-z0-9]+:[A-Za-z0-9._%-][A-Za-z0-9._%:-]*:\*$`)
	// did:x509 is trusted by its CA, so a prefix holds at least the whole fingerprint.
	x509PrefixShape = regexp.MustCompile(`^did:x509:0:sha(256|384|512):[A-Za-z0-9_-]{43,86}::`)
)

// Issuers are who may attest one attribute.
type Issuers struct {
	holder   bool
	dezi     bool
	exact    []string
	prefixes []string
}

// Parse reads entries of the configuration: a DID, a prefix of DIDs that
// ends in ":*", or the words "holder" and "dezi". The error lists every entry that is neither.
func Parse(entries []string) (Issuers, error) {
	var issuers Issuers
	var problems []error
	for _, entry := range entries {
		fingerprint := checkFingerprint(entry)
		switch {
		case fingerprint != nil:
			problems = append(problems, fingerprint)
		case entry == wordHolder:
			issuers.holder = true
		case entry == wordDezi:
			issuers.dezi = true
		case strings.HasPrefix(entry, "did:x509:") && !x509PrefixShape.MatchString(entry):
			problems = append(problems, fmt.Errorf("%q: a did:x509 needs its CA's whole fingerprint, as in did:x509:0:sha256:<fingerprint>::*", entry))
		case prefixShape.MatchString(entry):
			issuers.prefixes = append(issuers.prefixes, strings.TrimSuffix(entry, "*"))
		case didShape.MatchString(entry):
			issuers.exact = append(issuers.exact, entry)
		default:
			problems = append(problems, fmt.Errorf("%q: neither a DID, nor a prefix of DIDs ending in ':*', nor the word 'holder' or 'dezi'", entry))
		}
	}
	return issuers, errors.Join(problems...)
}

// Trusts reports whether issuer may attest the attribute about presenter. All are DIDs.
func (i Issuers) Trusts(issuer, presenter string) bool {
	if i.holder && issuer != "" && issuer == presenter {
		return true
	}
	if slices.Contains(i.exact, issuer) {
		return true
	}
	return slices.ContainsFunc(i.prefixes, func(prefix string) bool {
		return len(issuer) > len(prefix) && strings.HasPrefix(issuer, prefix)
	})
}

// TrustsDezi reports whether Dezi may attest the attribute.
func (i Issuers) TrustsDezi() bool { return i.dezi }

// IsEmpty reports whether nobody is trusted.
func (i Issuers) IsEmpty() bool { return !i.dezi && !i.NamesDID() }

// TrustsWholeCA reports whether a CA is trusted for whatever it has issued a certificate for.
func (i Issuers) TrustsWholeCA() bool {
	return slices.ContainsFunc(append(slices.Clone(i.exact), i.prefixes...), IsWholeCA)
}

// NamesDID reports whether anyone with a DID is trusted.
func (i Issuers) NamesDID() bool { return i.holder || len(i.exact) > 0 || len(i.prefixes) > 0 }

// NamesX509 reports whether anyone with a certificate is trusted.
func (i Issuers) NamesX509() bool {
	return slices.ContainsFunc(append(slices.Clone(i.exact), i.prefixes...), IsX509)
}

// TrustsHolder reports whether the presenter may attest the attribute itself.
func (i Issuers) TrustsHolder() bool { return i.holder }

// Exact returns the DIDs that are trusted where no others are, and nil otherwise.
func (i Issuers) Exact() []string {
	if i.holder || len(i.prefixes) > 0 {
		return nil
	}
	return slices.Clone(i.exact)
}

// Pattern returns the DIDs that are trusted, and other texts, as a regular expression
// (ECMA-262) for the filter of a presentation definition.
func (i Issuers) Pattern(others ...string) string {
	var alternatives []string
	for _, text := range append(others, i.exact...) {
		alternatives = append(alternatives, regexp.QuoteMeta(text))
	}
	for _, prefix := range i.prefixes {
		alternatives = append(alternatives, regexp.QuoteMeta(prefix)+".+")
	}
	return "^(?:" + strings.Join(alternatives, "|") + ")$"
}

// IsDID reports whether a text is a DID that could be trusted by itself.
func IsDID(text string) bool {
	issuers, err := Parse([]string{text})
	return err == nil && len(issuers.exact) == 1
}

// IsPrefix reports whether all DIDs that begin with a text could be trusted.
func IsPrefix(text string) bool {
	issuers, err := Parse([]string{text + "*"})
	return err == nil && len(issuers.prefixes) == 1
}
