// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"slices"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// The choices of a patient in a registration.
const (
	choicePermit = "permit"
	choiceDeny   = "deny"
)

// roleRegistrar is the role in the scheme in which an organisation may register consents. One
// that is a requester alone may not: to ask for data takes less than to speak for a patient.
const roleRegistrar = "registrar"

// Registered returns the consent that the requester itself recorded under the Mitz agreements,
// about the case's question. The error is [ErrNotEstablished] where no registration was
// presented, or a [*Refusal]: everything that is wrong with it, or with the membership that it
// takes.
func (c *Case) Registered() (Finding, error) {
	registration, err := c.onlyOf(definition.TypeRegistration, memberRegistration)
	if err != nil {
		return Finding{}, err
	}
	s := statementIn(registration, memberRegistration)
	c.checkRegistration(s)
	at, ok := s.at("recordedAt", c.evidence.Now)
	if ok && c.evidence.Now.After(at.Add(c.profile.registration.MaxAge)) {
		s.fault(ReasonClaimOutdated, "recordedAt", "a registration is not older than mitz.registration.maxage")
	}
	membership, refusal := c.membership()
	if refusal != nil {
		s.faults = append(s.faults, refusal)
	}
	if refusal := s.refusal(); refusal != nil {
		return Finding{}, refusal
	}
	return c.permitted(registration.ID, at, registration, membership), nil
}

// checkRegistration checks all but the time of a registration.
func (c *Case) checkRegistration(s *statement) {
	if s.credential.Issuer != s.credential.Presenter {
		s.fault(ReasonClaimUntrusted, "", "a registration is issued by the organisation that presents it")
	}
	c.checkPresented(s)
	q := c.question
	states(s, "patient.identifier", readBSN, consent.BSN.Equal, q.Patient, "a registration is about the patient of the enrolment")
	states(s, "dataHolder.identifier", readURA, same, q.DataHolder.URA, "a registration is for the data holder that is asked")
	lists(s, "dataCategory", readCategory, q.Categories, "a registration is about every data category that is asked for")
	lists(s, "requesterFacilityType", readFacilityType, []consent.FacilityType{q.Requester.FacilityType}, "a registration is for the kind of organisation that asks")
	if choice, ok := stated(s, "choice", readWord, same); ok && choice != choicePermit {
		s.fault(ReasonClaimMalformed, "choice", "a choice is permit or deny") // a deny was found before
	}
	c.checkRecorder(s)
	s.accepted("identification", c.profile.registration.Identifications)
	s.accepted("agreement", c.profile.registration.Agreements)
}

// accepted demands that a part is one of the words that the operator accepts.
func (s *statement) accepted(part string, words []string) {
	if word, ok := stated(s, part, readWord, same); ok && !slices.Contains(words, word) {
		s.fault(ReasonClaimUntrusted, part, "it is among mitz.registration."+part+"s")
	}
}

// checkRecorder checks that a professional recorded the choice who belongs to the organisation:
// one whom the request shows to act for it, in the role that the request shows. The registration
// is the organisation's own word, and would let it name anybody.
func (c *Case) checkRecorder(s *statement) {
	const rule = "a registration is recorded by a professional who makes the request, or on whose behalf it is made"
	id, known := stated(s, "recordedBy.identifier", readProfessional, same)
	role, hasRole := stated(s, "recordedBy.roleCode", readRole, same)
	if !known || !hasRole {
		return
	}
	requester := c.question.Requester
	acting, err := readRole(textOf(c.claims[c.profile.claimName(definition.ClaimUserRole)]))
	switch {
	case id == requester.Responsible.ID && role == requester.Responsible.Role:
	case id == requester.Acting() && err == nil && role == acting:
	case id == requester.Responsible.ID || id == requester.Acting():
		s.fault(ReasonClaimContradiction, "recordedBy.roleCode", rule)
	default:
		s.fault(ReasonClaimContradiction, "recordedBy.identifier", rule)
	}
}

func textOf(value any) string {
	text, _ := value.(string)
	return text
}

// membership returns the credential by which the requester may register consents.
func (c *Case) membership() (Credential, *Refusal) {
	membership, err := c.onlyOf(definition.TypeMembership, memberMembership)
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal):
		return Credential{}, refusal
	case err != nil:
		return Credential{}, refuse(ReasonClaimMissing, memberMembership).by("a registration comes with a %s", definition.TypeMembership)
	}
	s := statementIn(membership, memberMembership)
	s.checkIssuer(c.profile.trust[trust.Membership], "trust."+string(trust.Membership))
	c.checkPresented(s)
	states(s, "organization.identifier", readURA, same, c.question.Requester.URA, "a membership is of the organisation that asks")
	states(s, "role", readWord, same, roleRegistrar, "a member registers consents in the role "+roleRegistrar)
	s.at("since", c.evidence.Now)
	return membership, s.refusal()
}

// objection returns a registration in which the patient objects to what is asked, if one was
// presented. It counts whoever recorded it and however old it is, in every profile: nothing that
// permits outweighs it. What it leaves out it does not limit.
func (c *Case) objection() (Credential, bool) {
	for _, each := range c.allOf(definition.TypeRegistration) {
		if c.isObjection(statementIn(each, memberRegistration)) {
			return each, true
		}
	}
	return Credential{}, false
}

func (c *Case) isObjection(s *statement) bool {
	if !slices.Contains(valuesAt(s.object, []string{"choice"}), choiceDeny) {
		return false
	}
	q := c.question
	patient, hasPatient := stated(s, "patient.identifier", readBSN, consent.BSN.Equal)
	dataHolder, hasDataHolder := stated(s, "dataHolder.identifier", readURA, same)
	categories, hasCategories := listed(s, "dataCategory", readCategory)
	types, hasTypes := listed(s, "requesterFacilityType", readFacilityType)
	switch {
	case hasPatient && !patient.Equal(q.Patient),
		hasDataHolder && dataHolder != q.DataHolder.URA,
		hasCategories && !slices.ContainsFunc(categories, func(each consent.Category) bool { return slices.Contains(q.Categories, each) }),
		hasTypes && !slices.Contains(types, q.Requester.FacilityType):
		return false
	default:
		return true
	}
}

// refuseObjection refuses a request to which the patient objects.
func refuseObjection(registration Credential) *Refusal {
	return refuse(ReasonDenied).by("the patient does not object: %s says so", registration)
}
