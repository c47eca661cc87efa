// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

func (s *story) steps() []step {
	client, other := s.cast.client.name, s.cast.other.name
	return []step{
		{"no consent", client + " has recorded nothing in Mitz yet. The midwife's node asks the " +
			"hospital's node for a token. The hospital's node first checks who is asking, and then " +
			"asks Mitz.", s.withoutConsent},
		{"consent", "The midwife explains it, and " + client + " records in Mitz: midwives may see my " +
			"treatment data at " + hospital + ". The midwife's node asks the very same again, and " +
			"her system takes the token to the record server.", s.withConsent},
		{"the same token, another patient", "By mistake or out of curiosity, the same token is used " +
			"to ask the record server for the notes of " + other + ", another patient of the hospital.",
			s.anotherPatient},
		{"what the patient sees", client + " looks in Mitz to see who asked about her.", s.patientsView},
		{"consent withdrawn", client + " changes her mind and withdraws her consent in Mitz. When the hospital's " +
			"node gave the token it asked Mitz to tell it of that, and Mitz does. The midwife's system uses the " +
			"token of step 2 once more.", s.afterWithdrawal},
		{"no new token", "The midwife's node asks for another token.", s.withoutConsent},
		{"a data holder without Mitz", s.tellOfTheCentre(), s.withAttestation},
		{"consent withdrawn there", s.cast.west.name + " withdraws her consent in Mitz. The midwife's node still has what " +
			"Mitz attested, and asks the birth centre's node for another token with it.", s.withRevokedAttestation},
		{"nobody asked her yet", s.cast.asked.name + " was at the hospital too, and has recorded nothing in Mitz. " +
			"The midwife's node asks the hospital's node for a token.", s.notYetAsked},
		{"the midwife asks her", s.tellOfTheRegistration(), s.withRegistration},
	}
}

// withoutConsent is step 1.
func (s *story) withoutConsent(ctx context.Context, verdict *verdict) error {
	return s.refusedFor(ctx, s.cast.client, verdict)
}

func (s *story) refusedFor(ctx context.Context, about patient, verdict *verdict) error {
	request, err := s.ask(ctx, about)
	if err != nil {
		return err
	}
	s.expectRefusal(request, about, verdict)
	return nil
}

// expectRefusal shows a request and checks that it was refused because Mitz said no.
func (s *story) expectRefusal(request request, about patient, verdict *verdict) {
	request.show(s.page)
	s.page.space()
	ok := request.answer.Status == http.StatusBadRequest && request.answer.OAuthError().Code == "access_denied"
	verdict.expect(ok, "The hospital refuses: HTTP 400 with the error code access_denied.",
		status(request.answer)+request.reason())
	s.expectAskedOnce(request, about, consent.Deny, verdict)
	verdict.expect(request.token == "" && request.newTokens <= 0, "No token was made.", "there is one")
}

// expectAskedOnce checks that Mitz was asked once, about the right patient.
func (s *story) expectAskedOnce(request request, about patient, decision consent.Decision, verdict *verdict) {
	ok := len(request.queries) == 1 && about.asked(request.queries[0]) &&
		request.queries[0].Decisions[category] == decision
	words := map[consent.Decision]string{consent.Permit: "yes", consent.Deny: "no"}[decision]
	verdict.expect(ok, fmt.Sprintf("Mitz was asked once, about %s, and said %s.", about.name, words),
		"asked "+count(len(request.queries), "time")+": "+summary(request.queries))
}

// withConsent is step 2.
func (s *story) withConsent(ctx context.Context, verdict *verdict) error {
	if err := s.Mitz.Record(s.cast.client.permission()); err != nil {
		return err
	}
	request, err := s.ask(ctx, s.cast.client)
	if err != nil {
		return err
	}
	s.token = request.token
	records, err := harness.SearchPatient(ctx, s.client, s.records, s.token, s.cast.client.bsn)
	if err != nil {
		return err
	}
	notes := notesIn(records)
	request.show(s.page)
	s.page.fact("Record server says", status(records))
	for _, note := range notes {
		s.page.item(note)
	}
	s.page.space()
	verdict.expect(request.answer.Status == http.StatusOK && request.token != "" && request.newTokens == 1,
		"The hospital gives one token: HTTP 200.", status(request.answer)+request.reason())
	s.expectAskedOnce(request, s.cast.client, consent.Permit, verdict)
	if err := s.expectClaims(ctx, request, verdict); err != nil {
		return err
	}
	verdict.expect(records.Status == http.StatusOK && slices.Equal(notes, s.cast.client.notes),
		"With the token, the record server gives the notes: HTTP 200.", status(records)+", "+count(len(notes), "note"))
	return nil
}

// expectClaims checks what the hospital's node tells its record server about the token.
func (s *story) expectClaims(ctx context.Context, request request, verdict *verdict) error {
	rests := claims{about: s.cast.client, ground: closedQuery, dataHolder: hospitalURA, words: "rests on Mitz's answer"}
	if len(request.queries) > 0 {
		rests.id = request.queries[0].RequestID
	}
	return s.expectClaimsOf(ctx, s.DataHolder, request, rests, verdict)
}

// claims are what a token must say, and its words for the reader.
type claims struct {
	about                         patient
	ground, id, dataHolder, words string
}

func (s *story) expectClaimsOf(ctx context.Context, node *harness.Node, request request, rests claims, verdict *verdict) error {
	token, err := node.Introspect(ctx, request.token)
	if err != nil {
		return err
	}
	wanted := map[string]any{
		"active": true, "scope": scope, "mitz_consent": true, "patient_bsn": rests.about.bsn,
		"consent_ground": rests.ground, "consent_categories": []any{category}, "consent_purpose": purpose,
		"data_holder_organization_id": rests.dataHolder, "organization_ura": practiceURA, "organization_name": practice,
	}
	if rests.id != "" {
		wanted["consent_request_id"] = rests.id
	}
	var wrong []string // names alone: a value may be a patient's number
	for name, value := range wanted {
		if !reflect.DeepEqual(token.Claims[name], value) {
			wrong = append(wrong, name)
		}
	}
	slices.Sort(wrong)
	verdict.expect(len(wrong) == 0, fmt.Sprintf("The token is about %s alone, for treatment data (%s), and %s.", rests.about.name, category, rests.words), "not as it must be: "+strings.Join(wrong, ", "))
	return nil
}

// anotherPatient is step 3.
func (s *story) anotherPatient(ctx context.Context, verdict *verdict) error {
	queries := len(s.Mitz.Queries())
	answer, err := harness.SearchPatient(ctx, s.client, s.records, s.token, s.cast.other.bsn)
	if err != nil {
		return err
	}
	asked := s.Mitz.Queries()[queries:]
	s.page.fact("Record server says", status(answer))
	s.page.space()
	verdict.expect(answer.Status == http.StatusForbidden, "The record server refuses: HTTP 403.", status(answer))
	verdict.expect(!slices.ContainsFunc(s.cast.other.notes, answer.Contains),
		"Nothing of "+s.cast.other.name+"'s record is shown.", "there is something of it in the answer")
	verdict.expect(len(asked) == 0, "Mitz was not asked: the token itself says whom it is about.", summary(asked))
	return nil
}

// patientsView is step 4.
func (s *story) patientsView(_ context.Context, verdict *verdict) error {
	all := s.Mitz.Queries()
	for _, query := range all {
		if s.cast.client.asked(query) {
			s.page.fact("Today at "+query.Time.Local().Format("15:04:05"), fmt.Sprintf("a %s of %s asked for %s at %s, for %s. Mitz said %s.",
				role(query.Requester.Responsible.Role), organisation(query.Requester.URA), data(query.Categories),
				organisation(query.DataHolder.URA), use(query.Purpose), inWords(query)))
		}
	}
	s.page.space()
	verdict.expect(len(all) == 2 && s.asAsked(all[0], consent.Deny) && s.asAsked(all[1], consent.Permit),
		"Mitz shows both requests of the midwife: step 1 (no) and step 2 (yes).", summary(all))
	verdict.expect(!slices.ContainsFunc(all, s.cast.other.asked),
		"Step 3 is not there: nobody asked Mitz about "+s.cast.other.name+".", summary(all))
	return nil
}

// asAsked reports whether a question is the one that the midwife's request leads to.
func (s *story) asAsked(query mitztest.Query, decision consent.Decision) bool {
	question := query.Question
	return s.cast.client.asked(query) && query.Decisions[category] == decision &&
		question.Requester.URA == practiceURA && question.Requester.FacilityType == practiceType &&
		question.Requester.Responsible.ID.Extension == midwifeID && question.Requester.Responsible.Role == midwifeRole &&
		question.DataHolder == consent.DataHolder{URA: hospitalURA, FacilityType: hospitalType} &&
		slices.Equal(question.Categories, []consent.Category{category}) && question.Purpose == purpose
}

// afterWithdrawal is step 5.
func (s *story) afterWithdrawal(ctx context.Context, verdict *verdict) error {
	if s.token == "" {
		return errors.New("there is no token of step 2")
	}
	if err := s.Mitz.WaitForSubscriptions(ctx, 1); err != nil {
		return err
	}
	before, err := harness.SearchPatient(ctx, s.client, s.records, s.token, s.cast.client.bsn)
	if err != nil {
		return err
	}
	queries := len(s.Mitz.Queries())
	withdrawn := time.Now()
	if !s.Mitz.Withdraw(s.cast.client.permission()) {
		return errors.New("there was no consent to withdraw")
	}
	if err := s.Mitz.WaitForNotifications(ctx, 1); err != nil {
		return err
	}
	took := time.Since(withdrawn)
	after, err := harness.SearchPatient(ctx, s.client, s.records, s.token, s.cast.client.bsn)
	if err != nil {
		return err
	}
	asked := s.Mitz.Queries()[queries:]
	s.page.fact("Before", "the record server says "+status(before))
	s.page.fact("Mitz tells", fmt.Sprintf("the hospital's node that consent changed: the node answered %d, %s after the withdrawal.",
		s.Mitz.Notifications()[0].Status, took.Round(time.Millisecond)))
	s.page.fact("After", "the record server says "+status(after))
	s.page.space()
	verdict.expect(before.Status == http.StatusOK, "Until then the token worked: HTTP 200.", status(before))
	verdict.expect(after.Status == http.StatusUnauthorized, "The same token is refused: HTTP 401.", status(after))
	verdict.expect(!slices.ContainsFunc(s.cast.client.notes, after.Contains),
		"Nothing of "+s.cast.client.name+"'s record is shown.", "there is something of it in the answer")
	verdict.expect(len(asked) == 0, "Mitz was not asked: it told the hospital by itself.", summary(asked))
	return nil
}
