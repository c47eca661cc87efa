// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package scene

import (
	"context"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// Person is a patient as pages show one.
type Person struct {
	Key, Name, Masked, BirthDate, Holder string
	Registered                           bool // the practice recorded a consent of this patient itself
}

// Question is a query in Mitz's journal, as Mitz shows it to the patient.
type Question struct {
	Time      time.Time
	Patient   string // key
	Requester string // its name; empty: it is not known
	Kind      string // key of words
	Role      string // key of words
	Holder    string // name
	Category  string // code
	Decision  string // permit, deny or none
}

// Token is an access token of a data holder, as its node keeps it.
type Token struct {
	Label           string
	Holder          string // key
	Patient         string // key
	Ground          string // key of words
	Issued, Expires time.Time
	Bound           bool
	Ended           time.Time // zero: it lives
}

// State is what the pages show. It holds no patient's number and no token.
type State struct {
	Now       time.Time
	Patients  []Person
	Choices   []Choice
	Questions []Question // the newest first
	Tokens    []Token    // the newest first, with those that ended
	Audit     []Entry    // the newest first
	Result    *Result
	Conduct   string  // of Mitz
	Wallet    []Proof // that the practice has
	Signatory bool    // the authorised signatory is logged in
	Unproven  bool    // Vektis gave no proof: it was not shown that of the CIBG
	Practice  string
	Hospital  string
	Centre    string
}

// State looks at everything as it is now.
func (s *Scene) State(ctx context.Context) State {
	state := State{
		Now: time.Now(), Choices: s.choices(), Questions: s.questions(), Tokens: s.tokens(ctx), Audit: s.audit(), Result: s.Result(), Wallet: s.wallet(ctx),
		Practice: s.cast.Practice.Name, Hospital: s.cast.Hospital.Name, Centre: s.cast.Centre.Name,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	state.Conduct, state.Signatory, state.Unproven = s.behaviour, s.signatory, s.unproven
	for _, each := range s.cast.Patients {
		state.Patients = append(state.Patients, Person{
			each.Key, each.Name, Mask(each.BSN), each.BirthDate, each.Holder, s.registered[each.Key] != nil,
		})
	}
	return state
}

func (s *Scene) choices() (all []Choice) {
	for _, each := range s.mitz().Consents() {
		patient, holder := s.cast.keyOf(each.Patient), s.cast.holderOf(each.DataHolder)
		if patient == "" || holder == "" {
			continue
		}
		decision := Deny
		if each.Decision == consent.Permit {
			decision = Permit
		}
		all = append(all, Choice{patient, holder, string(each.Category), string(each.RequesterType), decision})
	}
	return all
}

func (s *Scene) questions() (all []Question) {
	for _, query := range s.mitz().Queries() {
		question := Question{
			Time: query.Time, Patient: s.cast.keyOf(query.PatientNumber()), Kind: kindKey(query.Requester.FacilityType),
			Role: "role.other", Decision: answerOf(query), Category: string(s.cast.Category),
		}
		if string(query.Requester.Responsible.Role) == s.cast.Professional.Role {
			question.Role = "role.midwife"
		}
		if string(query.Requester.URA) == s.cast.Practice.URA {
			question.Requester = s.cast.Practice.Name
		}
		question.Holder = s.cast.holder(s.cast.holderOf(query.DataHolder.URA)).Name
		all = append(all, question)
	}
	slices.Reverse(all)
	return all
}

// lookTime bounds the look at all tokens.
const lookTime = 2 * time.Second

// tokens returns those that live, and those that did. A token that ended stays in its node's
// database, beside a mark: whether it lives, the node must say.
func (s *Scene) tokens(ctx context.Context) (all []Token) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	lives := map[string]bool{}
	for _, each := range s.kept() {
		token := s.tokenOf(each.holder, each.KeptToken)
		told, err := each.node.Introspect(ctx, each.Token)
		lives[token.Label] = err != nil || told.Active // a node that does not answer ends nothing
		s.mu.Lock()
		if _, known := s.seen[token.Label]; !known && lives[token.Label] {
			s.seen[token.Label] = token
		}
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for label, token := range s.seen {
		if !lives[label] && token.Ended.IsZero() {
			token.Ended = time.Now()
			s.seen[label] = token
		}
		all = append(all, token)
	}
	slices.SortFunc(all, func(a, b Token) int { return b.Issued.Compare(a.Issued) })
	return all
}

func (s *Scene) tokenOf(holder string, kept harness.KeptToken) Token {
	number, _ := kept.Claims["patient_bsn"].(string)
	ground, _ := kept.Claims["consent_ground"].(string)
	return Token{
		Label: Label(kept.Token), Holder: holder, Patient: s.cast.keyOf(number), Ground: groundKey(ground), Issued: kept.Issued, Expires: kept.Expires, Bound: kept.Bound,
	}
}
