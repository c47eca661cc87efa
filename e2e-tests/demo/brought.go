// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// The steps in which the midwife's practice brings the proof of consent itself.

func (s *story) tellOfTheCentre() string {
	return s.cast.west.name + " has a new midwife too. She had her first child at " + centre + ", and has recorded in " +
		"Mitz: midwives may see my treatment data there. The birth centre cannot ask Mitz; the midwife's system can. It " +
		"has Mitz attest that there is consent, her node fetches that as a credential, and asks the birth centre's node " +
		"for a token with it."
}

// withAttestation is step 7, the scheme's scenario 2.
func (s *story) withAttestation(ctx context.Context, verdict *verdict) error {
	west := s.cast.west
	if err := s.Mitz.Record(west.permissionAt(centreURA)); err != nil {
		return err
	}
	attested, err := s.obtain(ctx, s.AttestationRequest(west.bsn, birthCentre(), category))
	if err != nil {
		return err
	}
	request, err := s.askAt(ctx, "Birth centre", s.centre, s.centre.Issuer(birthCentre().Subject), west)
	if err != nil {
		return err
	}
	s.page.fact("Mitz attests", "that there is consent: "+credentialName(attested))
	request.show(s.page)
	s.page.space()
	verdict.expect(attested != nil, "The midwife's node has the credential from Mitz.", "it has not")
	verdict.expect(request.answer.Status == http.StatusOK && request.token != "", "The birth centre gives a token: HTTP 200.",
		status(request.answer)+request.reason())
	verdict.expect(len(request.queries) == 0, "Nobody was asked for it: what Mitz signed is enough.", summary(request.queries))
	rests := claims{about: west, ground: attestation, id: attested.ID(), dataHolder: centreURA, words: "rests on what Mitz attested"}
	if err := s.expectClaimsOf(ctx, s.centre, request, rests, verdict); err != nil {
		return err
	}
	return s.expectNotes(ctx, s.centreRecords, request.token, west, verdict)
}

// withRevokedAttestation is step 8.
func (s *story) withRevokedAttestation(ctx context.Context, verdict *verdict) error {
	if !s.Mitz.Withdraw(s.cast.west.permissionAt(centreURA)) {
		return errors.New("there was no consent to withdraw")
	}
	request, err := s.askAt(ctx, "Birth centre", s.centre, s.centre.Issuer(birthCentre().Subject), s.cast.west)
	if err != nil {
		return err
	}
	revoked := slices.ContainsFunc(s.Mitz.Issuer().Issued(), func(each issuer.Issued) bool {
		return each.Type == issuer.TypeAttestation && each.Revoked
	})
	// The node's own description names the credential, which tells a reader nothing.
	s.page.fact("Birth centre says", status(request.answer)+", error code "+request.answer.OAuthError().Code)
	s.page.space()
	verdict.expect(revoked, "Mitz lists what it attested as revoked, where everybody can look.", "it does not")
	verdict.expect(request.answer.Status == http.StatusBadRequest && request.token == "", "The birth centre looks there, and gives no token: HTTP 400.",
		status(request.answer)+request.reason())
	return nil
}

// notYetAsked is step 9.
func (s *story) notYetAsked(ctx context.Context, verdict *verdict) error {
	return s.refusedFor(ctx, s.cast.asked, verdict)
}

func (s *story) tellOfTheRegistration() string {
	return "The midwife asks " + s.cast.asked.name + " herself, as the Mitz agreements allow: she looks at her passport, " +
		"explains it, and records that she consents. The practice's node signs that. It also fetches from Mitz, as a " +
		"credential, that the practice is a member that may record consents. With both, it asks the hospital again."
}

// withRegistration is step 10, the scheme's scenario 3.
func (s *story) withRegistration(ctx context.Context, verdict *verdict) error {
	about := s.cast.asked
	if err := s.Mitz.Issuer().Enroll(issuer.Member{Organization: practiceURA, Role: registrar}); err != nil {
		return err
	}
	membership, err := s.obtain(ctx, s.MembershipRequest(registrar))
	if err != nil {
		return err
	}
	recorded, err := s.IssueRegistration(ctx, harness.Registration{
		Patient: about.bsn, DataHolder: s.DataHolders[0], Categories: []string{category},
	})
	if err != nil {
		return err
	}
	// A wallet presents the first credential that fits: what is about one patient leaves it after
	// the request.
	if err := s.Requester.StoreCredential(ctx, s.RequesterOrg.Name, recorded); err != nil {
		return err
	}
	request, err := s.ask(ctx, about)
	if err != nil {
		return err
	}
	if err := s.Requester.RemoveCredential(ctx, s.RequesterOrg.Name, recorded); err != nil {
		return err
	}
	s.page.fact("Mitz attests", "that the practice is a member: "+credentialName(membership))
	s.page.fact("Practice signs", "that "+about.name+" consents: "+credentialName(recorded))
	request.show(s.page)
	s.page.space()
	verdict.expect(membership != nil, "The midwife's node has the credential from Mitz.", "it has not")
	verdict.expect(request.answer.Status == http.StatusOK && request.token != "" && request.newTokens == 1,
		"The hospital gives one token: HTTP 200.", status(request.answer)+request.reason())
	s.expectAskedOnce(request, about, consent.Deny, verdict)
	rests := claims{about: about, ground: registration, id: recorded.ID(), dataHolder: hospitalURA, words: "rests on what the midwife recorded"}
	if err := s.expectClaimsOf(ctx, s.DataHolder, request, rests, verdict); err != nil {
		return err
	}
	return s.expectNotes(ctx, s.records, request.token, about, verdict)
}

// registrar is the role in the Mitz scheme of who may record consents.
const registrar = "registrar"

// obtain has the midwife's node fetch a credential from Mitz, and returns it from its wallet.
func (s *story) obtain(ctx context.Context, wanted issuer.Request) (harness.Credential, error) {
	oauthError, err := s.ObtainFromMitz(ctx, wanted)
	if err != nil {
		return nil, err
	}
	if oauthError.Code != "" {
		return nil, fmt.Errorf("what Mitz answers: %s", oauthError.Code)
	}
	credentialType := issuer.TypeAttestation
	if wanted.Membership != nil {
		credentialType = issuer.TypeMembership
	}
	found, err := s.Requester.WalletCredentials(ctx, s.RequesterOrg.Name, credentialType)
	if err != nil || len(found) != 1 {
		return nil, errors.Join(err, fmt.Errorf("%d credentials in the wallet, and not 1", len(found)))
	}
	return found[0], nil
}

// expectNotes checks that a record server gives the patient's notes for a token.
func (s *story) expectNotes(ctx context.Context, recordServer, token string, about patient, verdict *verdict) error {
	records, err := harness.SearchPatient(ctx, s.client, recordServer, token, about.bsn)
	if err != nil {
		return err
	}
	notes := notesIn(records)
	verdict.expect(records.Status == http.StatusOK && slices.Equal(notes, about.notes),
		"With the token, the record server gives the notes: HTTP 200.", status(records)+", "+count(len(notes), "note"))
	return nil
}

// credentialName is the type of a credential.
func credentialName(credential harness.Credential) string {
	for _, name := range credential.Types() {
		if name != "VerifiableCredential" {
			return name
		}
	}
	return "no credential"
}
