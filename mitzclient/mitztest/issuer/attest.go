// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// The types of the credentials.
const (
	TypeAttestation = "MitzConsentRegistrationAttestation"
	TypeMembership  = "MitzMembershipCredential"
)

// Attestation is what a requester wants Mitz to attest: that this patient lets this data
// holder show it data of these categories. However it is printed, the patient's number is not.
type Attestation struct {
	Patient       string // BSN, nine digits
	DataHolder    consent.URA
	Requester     consent.URA
	RequesterType consent.FacilityType
	Categories    []consent.Category // at least one, none twice
	Purpose       consent.PurposeOfUse
}

// Format leaves out the patient's number, for every verb and flag.
func (a Attestation) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, fmt.Sprintf("%v of [BSN] at %s for %s (%s), %s", a.Categories, a.DataHolder, a.Requester, a.RequesterType, a.Purpose))
}

// question is the closed query that it comes down to, without a professional.
func (a Attestation) question() (consent.Question, error) {
	patient, err := consent.ParseBSN(a.Patient)
	problems := []error{err}
	note := func(err error) { problems = append(problems, err) }
	_, err = consent.ParseURA(string(a.DataHolder))
	note(err)
	_, err = consent.ParseURA(string(a.Requester))
	note(err)
	_, err = consent.ParseFacilityType(string(a.RequesterType))
	note(err)
	_, err = consent.ParsePurposeOfUse(string(a.Purpose))
	note(err)
	if len(a.Categories) == 0 {
		note(errors.New("no data category"))
	}
	for n, category := range a.Categories {
		_, err = consent.ParseCategory(string(category))
		note(err)
		if slices.Contains(a.Categories[:n], category) {
			note(errors.New("a data category twice"))
		}
	}
	return consent.Question{
		Patient: patient, DataHolder: consent.DataHolder{URA: a.DataHolder}, Categories: slices.Clone(a.Categories), Purpose: a.Purpose,
		Requester: consent.Requester{URA: a.Requester, FacilityType: a.RequesterType},
	}, errors.Join(problems...)
}

// Member is an organisation in a role of the Mitz scheme: requester, data-holder or registrar.
type Member struct {
	Organization consent.URA
	Role         string
}

func (m Member) validate() error {
	_, err := consent.ParseURA(string(m.Organization))
	if !slices.Contains([]string{"requester", "data-holder", "registrar"}, m.Role) {
		err = errors.Join(err, errors.New("the role must be requester, data-holder or registrar"))
	}
	return err
}

// Enroll makes an organisation a member from now on. The error says what is malformed.
func (i *Issuer) Enroll(member Member) error {
	if err := member.validate(); err != nil {
		return fmt.Errorf("member: %w", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if _, is := i.members[member]; !is {
		i.members[member] = i.clock()
	}
	return nil
}

// EndMembership ends a membership and revokes its credentials. It reports whether there was one.
func (i *Issuer) EndMembership(member Member) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	_, was := i.members[member]
	delete(i.members, member)
	i.revokeWhere(func(each *issued) bool { return each.member == member })
	return was
}

// Attest issues an attestation to a wallet without OpenID4VCI, as a JWT. The error is that
// something is malformed, or that Mitz does not permit it.
func (i *Issuer) Attest(wallet string, attestation Attestation) (string, error) {
	wanted, err := attestation.wanted(wallet)
	if err != nil {
		return "", err
	}
	return i.issue(wanted)
}

// AttestMembership issues a membership credential to a wallet without OpenID4VCI, as a JWT.
// The error is that something is malformed, or that there is no such membership.
func (i *Issuer) AttestMembership(wallet string, member Member) (string, error) {
	wanted, err := member.wanted(wallet)
	if err != nil {
		return "", err
	}
	return i.issue(wanted)
}

// wanted is a credential that somebody wants to have, for one wallet.
type wanted struct {
	kind, wallet string
	question     consent.Question // of an attestation
	member       Member           // of a membership
	offer        *Offer           // of another register; nil: it is one of Mitz
}

func (a Attestation) wanted(wallet string) (wanted, error) {
	question, err := a.question()
	return wanted{kind: TypeAttestation, wallet: wallet, question: question}, errors.Join(err, checkWallet(wallet))
}

func (m Member) wanted(wallet string) (wanted, error) {
	return wanted{kind: TypeMembership, wallet: wallet, member: m}, errors.Join(m.validate(), checkWallet(wallet))
}

// issue issues what is wanted, when Mitz permits it at this moment.
func (i *Issuer) issue(what wanted) (string, error) {
	if what.offer != nil && what.offer.Sign != nil {
		return what.offer.Sign()
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	subject, expires, err := i.subjectOf(what)
	if err != nil {
		return "", err
	}
	if len(i.issued) == listLength {
		return "", errors.New("the status list is full: start again")
	}
	index := len(i.issued)
	id := i.did + "#" + uuid.NewString()
	token, err := i.sign(id, what.kind, what.wallet, subject, expires, index)
	if err != nil {
		return "", err
	}
	i.issued = append(i.issued, issued{wanted: what, id: id, expires: expires})
	i.logger.Info("issued", "credential", what.kind, "index", index)
	return token, nil
}

// permits returns why something may not be issued, or nil.
func (i *Issuer) permits(what wanted) error {
	if what.offer != nil {
		return nil
	}
	if what.kind == TypeMembership {
		if _, is := i.members[what.member]; !is {
			return denied("there is no such membership")
		}
		return nil
	}
	if i.decide == nil {
		return errors.New("it is not known yet what Mitz decides")
	}
	if !permitsAll(i.decide(what.question), what.question.Categories) {
		return denied("there is no consent for this")
	}
	return nil
}

func (i *Issuer) subjectOf(what wanted) (subject map[string]any, expires time.Time, err error) {
	if err := i.permits(what); err != nil {
		return nil, expires, err
	}
	now := i.clock()
	if what.offer != nil {
		return maps.Clone(what.offer.Claims), now.Add(24 * i.lifetime), nil
	}
	if what.kind == TypeMembership {
		return map[string]any{"membership": map[string]any{
			"organization": identified(systemURA, string(what.member.Organization)),
			"role":         what.member.Role, "since": timestamp(i.members[what.member]),
		}}, now.Add(24 * i.lifetime), nil
	}
	requester := identified(systemURA, string(what.question.Requester.URA))
	requester["facilityType"] = what.question.Requester.FacilityType
	return map[string]any{"attestedConsent": map[string]any{
		"patient":    identified(systemBSN, what.question.Patient.Expose()),
		"dataHolder": identified(systemURA, string(what.question.DataHolder.URA)), "requester": requester,
		"dataCategory": what.question.Categories, "purposeOfUse": what.question.Purpose, "decidedAt": timestamp(now),
	}}, now.Add(i.lifetime), nil
}

// Naming systems of the identifiers in credentials.
const (
	systemBSN = "http://fhir.nl/fhir/NamingSystem/bsn"
	systemURA = "http://fhir.nl/fhir/NamingSystem/ura"
)

func identified(system, value string) map[string]any {
	return map[string]any{"identifier": map[string]string{"system": system, "value": value}}
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
