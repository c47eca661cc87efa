// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// OrganizationOf returns which organisation somebody is, by the credentials that it presented,
// whose proofs were verified, about itself. Those count that come of an issuer which
// trust.organization names, and agree with the certificate behind them; there must be one, and
// all must name the same organisation. Others say nothing.
func (p *Policy) OrganizationOf(credentials []Credential) (ura consent.URA, known bool) {
	for _, credential := range credentials {
		form, isKnown := formOf(credential)
		if !isKnown || form.Attribute != trust.Organization || !trustsCredential(p.trust[trust.Organization], credential) {
			continue
		}
		named, isOne := organizationIn(form, credential)
		if !isOne || known && named != ura {
			return "", false
		}
		ura, known = named, true
	}
	return ura, known
}

// organizationIn reads the one organisation that a credential names.
func organizationIn(form definition.Form, credential Credential) (consent.URA, bool) {
	subject, single := credential.subject()
	types := filter(credential.Types, func(t string) bool { return t != definition.TypeAny })
	if !single || len(types) != 1 || !trust.IsPlainDID(credential.Issuer) {
		return "", false
	}
	texts := valuesAt(subject, form.Claims[definition.ClaimOrganizationURA])
	if isOneOf(form.Types, []string{definition.TypeX509}) {
		texts = []string{serverURA(texts)}
	}
	var ura consent.URA
	for _, text := range texts {
		read, err := readURA(text)
		if errors.Is(err, errOtherSystem) && len(texts) > 1 {
			continue
		}
		if err != nil || ura != "" && read != ura {
			return "", false
		}
		ura = read
	}
	if ura == "" || trust.IsX509(credential.Issuer) && passContradiction(form, credential, subject, consent.Requester{URA: ura}) != "" {
		return "", false
	}
	return ura, true
}

// ReadBSN reads a patient's number, bare or as system|value. The error does not repeat it.
func ReadBSN(text string) (consent.BSN, error) { return readBSN(text) }

// ReadProfessional reads a professional's number: "system|value", or a bare value, which is a
// number in the UZI register. The error does not repeat it.
func ReadProfessional(text string) (consent.ProfessionalID, error) { return readProfessional(text) }

// ReadRole reads a professional's role: "system|value", or a bare value. The error does not
// repeat it.
func ReadRole(text string) (consent.Role, error) { return readRole(text) }
