// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// maxShown is how much is shown of a text that a requester chose, in bytes.
const maxShown = 200

// by says which rule the last fault breaks, and by what.
func (r *Refusal) by(format string, args ...any) *Refusal {
	last := &r.faults[len(r.faults)-1]
	last.rules = append(last.rules, fmt.Sprintf(format, args...))
	return r
}

// String returns the type of the credential and who issued it, for the data holder's own log.
// No number of a person that a certificate holds is in it; other text of the issuer's DID is,
// and it is the requester's choice: redact it.
func (c Credential) String() string { return c.typeName() + " by " + shownIssuer(c.Issuer) }

// typeName returns the type by which the credential is known here.
func (c Credential) typeName() string {
	if form, known := formOf(c); known {
		return form.Types[0]
	}
	for _, each := range definition.GroundTypes() {
		if slices.Contains(c.Types, each) {
			return each
		}
	}
	return "a credential of another type"
}

// shownIssuer returns a DID in a length that fits a line. Of a did:x509 the alternative names
// are left out, except for what they say of a UZI pass: they hold the numbers of persons.
func shownIssuer(issuer string) string {
	if !trust.IsX509(issuer) {
		return shown(issuer)
	}
	var parts []string
	for _, part := range strings.Split(issuer, "::") {
		if !strings.HasPrefix(part, "san:") {
			parts = append(parts, part)
		}
	}
	text := shown(strings.Join(parts, "::"))
	if pass, ok := passOf(issuer); ok {
		text += fmt.Sprintf(" (UZI pass of type %s, URA %s)", pass.kind, pass.ura)
	}
	return text
}

// shown returns a text on one line, cut to a length.
func shown(text string) string {
	cut := text[:min(len(text), maxShown)]
	cut = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, cut)
	if len(text) > maxShown {
		cut += "..."
	}
	return cut
}

// shownURAs returns the organisations that a credential names. What is no number of an
// organisation is not shown: it could be a patient's.
func shownURAs(texts []string) string {
	return shownCodes(texts, func(text string) (string, error) {
		ura, err := readURA(text)
		if err != nil && text != unreadable && !isOfSystem(text, systemsURA) {
			return "", nil // a professional, for instance
		}
		return string(ura), err
	})
}

// shownFacilityTypes returns the kinds of organisation that a credential names.
func shownFacilityTypes(texts []string) string {
	return shownCodes(texts, func(text string) (string, error) {
		facilityType, err := readFacilityType(text)
		if err == nil && !facilityType.Known() {
			return "", errOtherSystem // whatever it is
		}
		return string(facilityType), err
	})
}

func shownCodes(texts []string, read func(string) (string, error)) string {
	var codes []string
	for _, text := range texts[:min(len(texts), maxIdentifiers)] {
		code, err := read(text)
		if err != nil {
			code = "something unreadable"
		}
		if code != "" && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	if len(codes) == 0 {
		return "none"
	}
	return strings.Join(codes, " and ")
}

// namedFacilityTypes are the texts in which a credential names a kind of organisation.
func namedFacilityTypes(form definition.Form, subject map[string]any) []string {
	return valuesAt(subject, form.FacilityType)
}

// passContradiction says in what a credential and the UZI pass of its did:x509 issuer differ;
// it is empty when they agree.
func passContradiction(form definition.Form, credential Credential, subject map[string]any, requester consent.Requester) string {
	if form.Attribute == trust.FacilityType || slices.Contains(form.Types, definition.TypeX509) {
		// Who gives out facility types need not have a pass. An X509Credential is compared
		// with its certificate by the node.
		return ""
	}
	pass, ok := passOf(credential.Issuer)
	switch {
	case !ok:
		return "its certificate is no UZI pass"
	case pass.ura != requester.URA:
		return fmt.Sprintf("its certificate is of URA %s, the requester is URA %s", pass.ura, requester.URA)
	case !withinCertificate(credential):
		return "it is not valid within the time of its certificate alone"
	case !isPassFor(form.Attribute, pass.kind):
		return fmt.Sprintf("a UZI pass of type %s cannot attest it", pass.kind)
	case !agreesWithHolder(form, pass, subject, requester):
		return "it does not say of the professional what its UZI pass says"
	default:
		return ""
	}
}
