// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Attribute is something about a requester that somebody must attest.
type Attribute string

// The attributes, as they are named under "trust" in the configuration.
const (
	AttributeOrganization Attribute = "organization" // who the care organisation is (URA)
	AttributeFacilityType Attribute = "facilitytype" // what kind of organisation it is
	AttributePractitioner Attribute = "practitioner" // which professional asks, in which role
	AttributeEnrollment   Attribute = "enrollment"   // that there is a treatment relationship with the patient
	AttributeDelegation   Attribute = "delegation"   // under whose mandate the professional acts
	AttributeAttestation  Attribute = "attestation"  // Mitz's word that there is consent
	AttributeMembership   Attribute = "membership"   // Mitz's word that an organisation is in the scheme
)

var attributes = []Attribute{
	AttributeOrganization, AttributeFacilityType, AttributePractitioner, AttributeEnrollment,
	AttributeDelegation, AttributeAttestation, AttributeMembership,
}

// The words that stand in place of a DID.
const (
	trustHolder = "holder" // the presenter may attest it itself
	trustDezi   = "dezi"   // Dezi attests it, with keys that the node fetches from vcr.dezi.allowedjku
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

// ParseIssuers reads entries of the configuration: a DID, a prefix of DIDs that
// ends in ":*", or the words "holder" and "dezi". The error lists every entry that is neither.
func ParseIssuers(entries []string) (Issuers, error) {
	var issuers Issuers
	var problems []error
	for _, entry := range entries {
		fingerprint := checkFingerprint(entry)
		switch {
		case fingerprint != nil:
			problems = append(problems, fingerprint)
		case entry == trustHolder:
			issuers.holder = true
		case entry == trustDezi:
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

// Trusts tells whether issuer may attest the attribute about presenter. All are DIDs.
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

// trustsCredential tells whether a credential comes from one of the issuers. What Dezi
// attests is trusted by that alone, and not by the issuer that the credential names,
// which the node does not compare with the attestation.
func (i Issuers) trustsCredential(c Credential) bool {
	if c.Attested || slices.Contains(c.Types, typeDezi) {
		return i.dezi && c.Attested && slices.Contains(c.Types, typeDezi)
	}
	return i.Trusts(c.Issuer, c.Presenter)
}

// IsEmpty tells whether nobody is trusted.
func (i Issuers) IsEmpty() bool { return !i.dezi && !i.namesDID() }

// isPlainDID tells whether a DID names the place that it seems to. A did:web becomes a
// path (did:web method, section 2.5.2), and one with a dot segment or an escaped slash
// in it leads elsewhere than below its prefix.
func isPlainDID(did string) bool {
	if !strings.HasPrefix(did, "did:web:") {
		return true
	}
	return !slices.ContainsFunc(strings.Split(did, ":"), func(segment string) bool {
		plain, err := url.PathUnescape(segment)
		return err != nil || plain == "." || plain == ".." || strings.ContainsAny(plain, "/\\")
	})
}

// trustsWholeCA tells whether a CA is trusted for whatever it has issued a certificate for.
func (i Issuers) trustsWholeCA() bool {
	return slices.ContainsFunc(append(slices.Clone(i.exact), i.prefixes...), isWholeCA)
}

// namesDID tells whether anyone with a DID is trusted.
func (i Issuers) namesDID() bool { return i.holder || len(i.exact) > 0 || len(i.prefixes) > 0 }

// namesX509 tells whether anyone with a certificate is trusted.
func (i Issuers) namesX509() bool {
	return slices.ContainsFunc(append(slices.Clone(i.exact), i.prefixes...), isX509)
}

// TrustsHolder tells whether the presenter may attest the attribute itself.
func (i Issuers) TrustsHolder() bool { return i.holder }

// Pattern gives the issuers as a regular expression (ECMA-262) for the filter of a
// presentation definition. A definition cannot say "the presenter", so where the
// holder is trusted the pattern lets every DID pass and [Issuers.Trusts] decides.
func (i Issuers) Pattern() string {
	if i.holder {
		return "^did:.+$"
	}
	var alternatives []string
	for _, exact := range i.exact {
		alternatives = append(alternatives, regexp.QuoteMeta(exact))
	}
	for _, prefix := range i.prefixes {
		alternatives = append(alternatives, regexp.QuoteMeta(prefix)+".+")
	}
	return "^(?:" + strings.Join(alternatives, "|") + ")$"
}
