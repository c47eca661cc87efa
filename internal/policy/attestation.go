// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"net/url"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// MaxAge is how long ago consent may have been recorded or attested at the most that a requester
// brings along: for so long it is known what was withdrawn since.
const MaxAge = 366 * 24 * time.Hour

// attestationLife is how long after Mitz decided an attestation counts that neither expires nor
// can be revoked: nothing else would ever end it.
const attestationLife = 24 * time.Hour

// The members of the subjects in which the credentials of the grounds say what they say.
const (
	memberAttestation  = "attestedConsent"
	memberMembership   = "membership"
	memberRegistration = "registeredConsent"
)

// Attested returns what Mitz attested to the requester about the case's question. The error is
// [ErrNotEstablished] where no attestation was presented, or a [*Refusal]: everything that is
// wrong with the one that was. A case of claims alone has no credentials, and so no attestation.
func (c *Case) Attested() (Finding, error) {
	attestation, err := c.onlyOf(definition.TypeAttestation, memberAttestation)
	if err != nil {
		return Finding{}, err
	}
	s := statementIn(attestation, memberAttestation)
	s.checkIssuer(c.profile.trust[trust.Attestation], "trust."+string(trust.Attestation))
	c.checkPresented(s)
	q := c.question
	states(s, "patient.identifier", readBSN, consent.BSN.Equal, q.Patient, "an attestation is about the patient of the enrolment")
	states(s, "dataHolder.identifier", readURA, same, q.DataHolder.URA, "an attestation is for the data holder that is asked")
	states(s, "requester.identifier", readURA, same, q.Requester.URA, "an attestation is for the organisation that asks")
	states(s, "requester.facilityType", readFacilityType, same, q.Requester.FacilityType, "an attestation is for the kind of organisation that asks")
	states(s, "purposeOfUse", readPurpose, same, q.Purpose, "an attestation is for the purpose that is asked for")
	lists(s, "dataCategory", readCategory, q.Categories, "an attestation is about every data category that is asked for")
	decidedAt, ok := s.at("decidedAt", c.evidence.Now)
	if ok && attestation.Expires.IsZero() && attestation.Status == nil && c.evidence.Now.After(decidedAt.Add(attestationLife)) {
		s.fault(ReasonClaimOutdated, "decidedAt", "an attestation that neither expires nor can be revoked is at most 24 hours old")
	}
	if ok && c.evidence.Now.After(decidedAt.Add(MaxAge)) {
		s.fault(ReasonClaimOutdated, "decidedAt", "an attestation is not older than a year")
	}
	if refusal := s.refusal(); refusal != nil {
		return Finding{}, refusal
	}
	return c.permitted(attestation.ID, decidedAt, attestation), nil
}

// onlyOf returns the one credential of a type that was presented. Of two the presenter would
// choose which one counts.
func (c *Case) onlyOf(credentialType, member string) (Credential, error) {
	switch found := c.allOf(credentialType); len(found) {
	case 0:
		return Credential{}, ErrNotEstablished
	case 1:
		return found[0], nil
	default:
		return Credential{}, refuse(ReasonClaimContradiction, member).by("one %s is presented: there are %d", credentialType, len(found))
	}
}

func (c *Case) allOf(credentialType string) []Credential {
	return filter(c.evidence.Credentials, func(each Credential) bool { return slices.Contains(each.Types, credentialType) })
}

// checkIssuer checks that somebody issued the credential who is trusted for it.
func (s *statement) checkIssuer(issuers trust.Issuers, key string) {
	if !trustsCredential(issuers, s.credential) {
		s.fault(ReasonClaimUntrusted, "", key+" has the issuer")
	}
}

// checkPresented checks what every credential that a ground rests on must be: signed by its
// issuer, about the requester that presents it, valid now, and known by an id.
func (c *Case) checkPresented(s *statement) {
	credential, now := s.credential, c.evidence.Now
	if !credential.Signed {
		s.fault(ReasonCredentialProof, "", "it has a proof of its own")
	}
	subject, _ := credential.subject()
	if id, isText := subject["id"].(string); !isText || id == "" || id != credential.Presenter || !c.isPresenter(credential.Presenter) {
		s.fault(ReasonClaimContradiction, "", "its subject is the organisation that presents it")
	}
	if !c.canName(credential) {
		s.fault(ReasonClaimMalformed, "", "it has an id, which is a URI without the patient's number")
	}
	if credential.Issued.After(now.Add(clockSkew)) {
		s.fault(ReasonClaimPremature, "", "it is valid already")
	}
	if !credential.Expires.IsZero() && !credential.Expires.After(now) {
		s.fault(ReasonClaimOutdated, "", "it is valid still")
	}
}

// canName reports whether a credential's id can stand in tokens and logs: its issuer chose it.
func (c *Case) canName(credential Credential) bool {
	unescaped, err := url.PathUnescape(credential.ID)
	return isID(credential.ID) && err == nil && !c.question.Patient.IsIn(unescaped)
}

// isPresenter reports whether a DID presented the credential that says which organisation asks,
// as far as that credential is known.
func (c *Case) isPresenter(did string) bool {
	for _, each := range c.evidence.Credentials {
		if form, known := formOf(each); known && form.Attribute == trust.Organization && each.Presenter != did {
			return false
		}
	}
	return did != ""
}

// permitted is the finding that every data category is permitted.
func (c *Case) permitted(id string, at time.Time, rests ...Credential) Finding {
	decisions := consent.Decisions{}
	for _, category := range c.question.Categories {
		decisions[category] = consent.Permit
	}
	return Finding{Decisions: decisions, ID: id, At: at, Rests: rests}
}
