// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package scene

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// Expected is how something that is done must come out. Its zero value is that nobody asks for
// anything: no record, no token, and nothing of Mitz.
type Expected struct {
	Patient string   // key of whose record is asked for
	Ending  Ending   // of the request; empty: none is made
	Answers []string // of Mitz, one to each question that it gets: [Permit], [Deny] or [None]
	Ground  Ground   // of the one token that is made; empty: none is
	// Pharmacy: it asks, and not the practice.
	Pharmacy bool
	// Told: Mitz tells the data holder that a consent changed, and that takes it.
	Told bool
	// Revoked: Mitz lists what it attested about the patient as revoked.
	Revoked bool
}

// Mark is a moment, to tell later what came of it.
type Mark struct {
	result            *Result
	queries, notified int
	tokens            map[string]bool // by label
}

// Mark marks this moment.
func (s *Scene) Mark() Mark {
	s.mu.Lock()
	defer s.mu.Unlock()
	mark := Mark{result: s.result, queries: len(s.mitz().Queries()), notified: len(s.mitz().Notifications()), tokens: map[string]bool{}}
	for _, kept := range s.kept() {
		mark.tokens[Label(kept.Token)] = true
	}
	return mark
}

// AnsweredSince is what Mitz answered about a patient since a moment, as it shows the patient.
func (s *Scene) AnsweredSince(mark Mark, patient string) (answers []string) {
	for _, query := range s.mitz().Queries()[mark.queries:] {
		if s.cast.keyOf(query.PatientNumber()) == patient {
			answers = append(answers, answerOf(query))
		}
	}
	return answers
}

// Compare holds what came since a moment against what must. The error tells every difference, in
// technical terms and without a patient's number.
func (s *Scene) Compare(ctx context.Context, since Mark, wanted Expected) error {
	patient := s.cast.patient(wanted.Patient)
	if patient == nil {
		return ErrUnknown
	}
	queries := s.mitz().Queries()[since.queries:]
	token, wrong := s.compareTokens(ctx, since, patient, wanted, queries)
	return errors.Join(
		s.compareResult(since, patient, wanted, token),
		s.compareQueries(queries, patient, wanted),
		wrong,
		s.compareTold(since, wanted),
		s.compareRevoked(wanted),
	)
}

// statuses are the HTTP statuses with which requests end: of the node, or of the record server.
var statuses = map[Ending]int{
	Shown: http.StatusOK, Denied: http.StatusBadRequest, NotProven: http.StatusBadRequest, Undetermined: http.StatusInternalServerError,
	TokenEnded: http.StatusUnauthorized, OtherPatient: http.StatusForbidden, NoProofs: 0, NotAttested: 0,
}

// compareResult looks at how the practice's request ended. A record that is shown is all of it, and
// of this patient; a refusal has nothing of any.
func (s *Scene) compareResult(since Mark, patient *Patient, wanted Expected, token string) error {
	s.mu.Lock()
	result := s.result
	s.mu.Unlock()
	switch {
	case wanted.Ending == "" && result == since.result:
		return nil
	case wanted.Ending == "":
		return fmt.Errorf("a record was asked for, and that ended %q", result.Ending)
	case result == nil || result == since.result:
		return errors.New("no record was asked for")
	}
	var wrong []error
	if status := statuses[wanted.Ending]; result.Ending != wanted.Ending || result.Status != status {
		wrong = append(wrong, fmt.Errorf("the request ended %q (HTTP %d, error code %q), and not %q (HTTP %d)", result.Ending, result.Status, result.Code, wanted.Ending, status))
	}
	if result.Patient != patient.Key {
		wrong = append(wrong, errors.New("the record of another patient was asked for"))
	}
	switch {
	case wanted.Ending == Shown && !slices.Equal(result.Notes, patient.Notes):
		wrong = append(wrong, fmt.Errorf("the record has %d notes, and not these %d of the patient", len(result.Notes), len(patient.Notes)))
	case wanted.Ending != Shown && (len(result.Notes) > 0 || result.Leaked):
		wrong = append(wrong, errors.New("something of a record is shown"))
	}
	if wanted.Ground != "" && result.Token != token {
		wrong = append(wrong, errors.New("the record was read with another token than the one that was made"))
	}
	return errors.Join(wrong...)
}

// compareQueries looks at each question that Mitz got, about whomever it was.
func (s *Scene) compareQueries(queries []mitztest.Query, patient *Patient, wanted Expected) error {
	var answers []string
	var wrong []error
	for i, query := range queries {
		answers = append(answers, answerOf(query))
		if different := s.differences(query, patient, wanted); len(different) > 0 {
			wrong = append(wrong, fmt.Errorf("question %d to Mitz has another %s than the request", i+1, strings.Join(different, ", ")))
		}
	}
	if !slices.Equal(answers, wanted.Answers) {
		wrong = append(wrong, fmt.Errorf("%d questions came to Mitz, which answered %q, and not %q", len(answers), answers, wanted.Answers))
	}
	return errors.Join(wrong...)
}

// differences names what a question to Mitz says otherwise than the request that it is for.
func (s *Scene) differences(query mitztest.Query, patient *Patient, wanted Expected) (different []string) {
	asker := s.cast.Practice
	if wanted.Pharmacy {
		asker = pharmacy()
	}
	holder := s.cast.holder(patient.Holder)
	for name, same := range map[string]bool{
		"patient":       query.PatientNumber() == patient.BSN,
		"requester":     string(query.Requester.URA) == asker.URA,
		"kind":          string(query.Requester.FacilityType) == asker.Type,
		"professional":  query.Requester.Responsible.ID.Extension == s.cast.Professional.ID,
		"role":          string(query.Requester.Responsible.Role) == s.cast.Professional.Role,
		"data holder":   query.DataHolder == consent.DataHolder{URA: consent.URA(holder.URA), FacilityType: consent.FacilityType(holder.Type)},
		"data category": slices.Equal(query.Categories, []consent.Category{s.cast.Category}),
		"purpose":       query.Purpose == s.cast.Purpose,
	} {
		if !same {
			different = append(different, name)
		}
	}
	slices.Sort(different)
	return different
}

func answerOf(query mitztest.Query) string {
	switch decisionOf(query) {
	case consent.Permit:
		return Permit
	case consent.Deny:
		return Deny
	default:
		return None
	}
}

// compareTold looks at whether the data holder was told, and took it.
func (s *Scene) compareTold(since Mark, wanted Expected) error {
	if !wanted.Told {
		return nil
	}
	told := s.mitz().Notifications()[since.notified:]
	if len(told) == 0 {
		return errors.New("the data holder was told nothing")
	}
	for _, each := range told {
		if each.Status < http.StatusOK || each.Status >= http.StatusMultipleChoices {
			return fmt.Errorf("the data holder answered HTTP %d when Mitz told it", each.Status)
		}
	}
	return nil
}

// compareRevoked looks at what Mitz attested.
func (s *Scene) compareRevoked(wanted Expected) error {
	if !wanted.Revoked {
		return nil
	}
	s.mu.Lock()
	attested := s.attested[wanted.Patient]
	s.mu.Unlock()
	if attested == nil {
		return errors.New("the practice has no attestation of Mitz")
	}
	for _, each := range s.mitz().Issuer().Issued() {
		if each.ID == attested.ID() && each.Revoked {
			return nil
		}
	}
	return errors.New("the attestation is not listed as revoked")
}
