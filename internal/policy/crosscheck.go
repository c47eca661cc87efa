// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// crossCheck compares credentials with each other and with the certificates that they
// were issued under, which neither the node nor a presentation definition can:
//
//   - a credential that names the organisation it is about, or its kind, names the
//     requester and the requester's kind;
//   - one that was issued with a UZI pass says of the professional what the pass says,
//     is of the right kind of pass, of the requester's, and valid no longer than it;
//   - an enrolment is not older than the profile allows;
//   - no credential is of two types, each of which has rules of its own.
//
// It looks at every credential, also with an operator's definition.
func (p *Profile) crossCheck(evidence Evidence, requester consent.Requester) []*Refusal {
	var refusals []*Refusal
	for _, credential := range evidence.Credentials {
		form, known := formOf(credential)
		if refusal := p.checkPlain(credential, form); refusal != nil {
			refusals = append(refusals, refusal)
			continue
		}
		if !known {
			if !p.readsForGround(credential) && !isOfRequester(credential, requester.URA) {
				refusals = append(refusals, refuse(ReasonClaimUntrusted).
					by("a credential that is issued with a certificate is issued with the requester's own (URA %s): %s", requester.URA, credential))
			}
			continue
		}
		claims := p.claimNames(definition.ClaimsOf(form.Attribute))
		subject, single := credential.subject()
		if !single {
			refusals = append(refusals, refuse(ReasonClaimMalformed, claims...).
				by("a credential has one subject: %s has %d", credential, len(credential.Subjects)))
			continue
		}
		if !namesOrganization(form, subject, requester.URA) {
			refusals = append(refusals, refuse(ReasonClaimContradiction, claims...).
				by("all credentials name the same organisation: %s names URA %s, and %s is URA %s", credential,
					shownURAs(valuesAt(subject, form.Organization)), p.claimName(definition.ClaimOrganizationURA), requester.URA))
		}
		if !namesFacilityType(form, subject, requester.FacilityType) {
			refusals = append(refusals, refuse(ReasonClaimContradiction, claims...).
				by("all credentials name the same kind of organisation: %s names %s, and %s is %s", credential,
					shownFacilityTypes(namedFacilityTypes(form, subject)), p.claimName(definition.ClaimOrganizationFacilityType), requester.FacilityType))
		}
		if trust.IsX509(credential.Issuer) {
			if contradiction := passContradiction(form, credential, subject, requester); contradiction != "" {
				refusals = append(refusals, refuse(ReasonClaimUntrusted, claims...).
					by("a credential agrees with the pass that it is issued with: %s: %s", credential, contradiction))
			}
		}
		if form.Attribute == trust.Enrollment && p.enrollmentMaxAge > 0 &&
			credential.Issued.Before(evidence.Now.Add(-p.enrollmentMaxAge)) {
			refusals = append(refusals, refuse(ReasonClaimOutdated, claims...).
				by("an enrolment is at most %s old: %s is of %s", p.enrollmentMaxAge, credential, credential.Issued.UTC().Format(time.RFC3339)))
		}
	}
	return refusals
}

// checkPlain refuses a credential that others could take for something else than we do. By
// its type the node decides what it verifies of a credential, such as that an X509Credential
// says what its certificate says. It accepts one type, as we do.
func (p *Profile) checkPlain(credential Credential, form definition.Form) *Refusal {
	claims := p.claimNames(definition.ClaimsOf(form.Attribute))
	if !trust.IsPlainDID(credential.Issuer) {
		return refuse(ReasonClaimUntrusted, claims...).by("the DID of an issuer leads to one place: %s", credential)
	}
	if types := filter(credential.Types, func(t string) bool { return t != definition.TypeAny }); len(types) > 1 {
		return refuse(ReasonClaimMalformed, claims...).by("a credential has one type besides %s: %s has %d", definition.TypeAny, credential, len(types))
	}
	return nil
}

// readsForGround reports whether a credential is of a type on which one of the profile's grounds
// rests, which says itself who may issue it.
func (p *Profile) readsForGround(credential Credential) bool {
	return isOneOf(credential.Types, p.groundTypes())
}

// isOfRequester reports whether a credential of a type that is not known here comes from the
// requester's own certificate, or from no certificate. Only an operator's definition has use
// for such a type. Trust in a CA alone would let every organisation speak for every other.
func isOfRequester(credential Credential, requester consent.URA) bool {
	if !trust.IsX509(credential.Issuer) {
		return true
	}
	pass, ok := passOf(credential.Issuer)
	return ok && pass.ura == requester
}

// namesOrganization reports whether every organisation that the credential names is the
// requester. Dezi always names one; elsewhere a professional may stand in its place.
func namesOrganization(form definition.Form, subject map[string]any, requester consent.URA) bool {
	named := valuesAt(subject, form.Organization)
	for _, text := range named {
		ura, err := readURA(text)
		if err == nil && ura != requester {
			return false
		}
		if err != nil && (text == unreadable || slices.Contains(form.Types, definition.TypeDezi) || isOfSystem(text, systemsURA)) {
			return false
		}
	}
	return len(named) > 0 || !slices.Contains(form.Types, definition.TypeDezi)
}

// namesFacilityType reports whether the kind of organisation that the credential names, if
// any, is the requester's. What is there and cannot be read names another.
func namesFacilityType(form definition.Form, subject map[string]any, requester consent.FacilityType) bool {
	agrees := true
	for _, path := range form.FacilityType {
		for _, at := range membersAt(subject, strings.Split(path, ".")) {
			agrees = agrees && (at == nil || isFacilityType(textsOf(at), requester))
		}
	}
	return agrees
}

// isFacilityType reports whether the texts, of which those of another system do not count,
// are this one kind.
func isFacilityType(texts []string, expected consent.FacilityType) bool {
	named := false
	for _, text := range texts {
		facilityType, err := readFacilityType(text)
		switch {
		case errors.Is(err, errOtherSystem):
		case err != nil || facilityType != expected:
			return false
		default:
			named = true
		}
	}
	return named
}

// isPassFor reports whether the holder of such a pass may attest the attribute.
func isPassFor(attribute trust.Attribute, kind passType) bool {
	switch attribute {
	case trust.Organization:
		return kind == passServer
	case trust.Practitioner:
		// The employer attests with the organisation's certificate, a professional with a pass
		// that says the same.
		return kind == passServer || kind == passProfessional
	case trust.Delegation:
		return kind == passProfessional
	case trust.Enrollment:
		return kind == passProfessional || kind == passEmployee
	default:
		return false // no other attribute is a pass holder's to attest
	}
}

// agreesWithHolder reports whether a credential says of the professional what the pass says
// with which it was issued.
func agreesWithHolder(form definition.Form, pass pass, subject map[string]any, requester consent.Requester) bool {
	switch form.Attribute {
	case trust.Practitioner:
		return pass.kind == passServer || isPassHolder(pass, requester.Acting()) &&
			isPassNumber(pass, valuesAt(subject, form.Claims[definition.ClaimUserID]), true) &&
			isPassRole(pass, valuesAt(subject, form.Claims[definition.ClaimUserRole]))
	case trust.Delegation:
		return isPassHolder(pass, requester.Responsible.ID) && pass.role == requester.Responsible.Role &&
			isPassNumber(pass, valuesAt(subject, form.Claims[definition.ClaimDelegationRegisteredBy]), true) &&
			isPassRole(pass, valuesAt(subject, form.Claims[definition.ClaimDelegationRoleCode]))
	case trust.Enrollment:
		return isPassNumber(pass, valuesAt(subject, form.Claims[definition.ClaimEnrollmentRegisteredBy]), false)
	default:
		return true // it names no professional
	}
}

// isPassHolder reports whether the professional in the question is the pass's holder: an
// operator's definition may read it elsewhere than the forms say.
func isPassHolder(pass pass, id consent.ProfessionalID) bool {
	return id.Root == consent.RootUZI && id.Extension == pass.number
}

// isPassNumber reports whether the professionals named are all the pass's holder.
func isPassNumber(pass pass, texts []string, required bool) bool {
	named := false
	for _, text := range texts {
		id, err := readProfessional(text)
		if err != nil && required {
			return false
		}
		if err != nil {
			continue // an organisation, or malformed, which is found elsewhere
		}
		if id.Root != consent.RootUZI || id.Extension != pass.number {
			return false
		}
		named = true
	}
	return named || !required
}

func isPassRole(pass pass, texts []string) bool {
	for _, text := range texts {
		if role, err := readRole(text); err != nil || role != pass.role {
			return false
		}
	}
	return len(texts) > 0
}

// withinCertificate reports whether a credential is valid only while the certificate is
// that it was issued under.
func withinCertificate(credential Credential) bool {
	certificate := credential.Certificate
	return certificate != nil && !credential.Expires.IsZero() &&
		!credential.Issued.Before(certificate.NotBefore) && !credential.Expires.After(certificate.NotAfter)
}
