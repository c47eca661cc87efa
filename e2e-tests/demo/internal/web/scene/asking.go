// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package scene

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// Ending is how a request for a record ended, as the requester can know it. It is a key of the
// dictionaries, after "ending.".
type Ending string

// The endings.
const (
	Shown        Ending = "shown"
	Denied       Ending = "denied"        // Mitz said no, or there is no accepted ground: nobody tells which
	Undetermined Ending = "undetermined"  // it could not be established
	NotProven    Ending = "not-proven"    // what the requester says of itself is missing or not trusted
	NotAttested  Ending = "not-attested"  // Mitz attests no consent
	TokenEnded   Ending = "token-ended"   // or is bound to a key that the requester has not
	NoProofs     Ending = "no-proofs"     // the practice has not the proofs that are asked for
	OtherPatient Ending = "other-patient" // the token is not for this patient
	Trouble      Ending = "trouble"
)

// Result is how the practice's last request ended.
type Result struct {
	Time    time.Time
	Patient string // key
	Holder  string // key
	Ending  Ending
	Status  int    // of HTTP; 0: nothing was asked
	Code    string // of OAuth; empty: none
	Notes   []string
	Leaked  bool   // something of a record is in an answer that refuses
	Token   string // its label; empty: there was none
}

// Label names a token without telling it.
func Label(token string) string {
	if token == "" {
		return ""
	}
	hash := sha256.Sum256([]byte(token))
	return hex.EncodeToString(hash[:3])
}

// Ask has the practice ask for a patient's earlier record, where it is. What it has of Mitz, or
// recorded itself, it brings along. Where the data holder has no Mitz it first has Mitz attest the
// consent.
func (s *Scene) Ask(ctx context.Context, key string) error {
	patient := s.cast.patient(key)
	if patient == nil {
		return ErrUnknown
	}
	result := Result{Patient: key, Holder: patient.Holder}
	s.say(events.PracticeSystem, events.PracticeNode, "ask", key)
	if patient.Holder == Centre {
		attested, err := s.attest(ctx, patient)
		if err != nil {
			return err
		}
		if !attested {
			result.Ending = NotAttested
			s.finish(result, "")
			return nil
		}
	}
	token, err := s.ask(ctx, patient, &result)
	if err != nil {
		return err
	}
	if token != "" {
		err = s.read(ctx, patient, bearer(token), &result)
	} else {
		err = s.DropAttestation(ctx, key) // that was refused; the next request fetches a new one
	}
	s.finish(result, token)
	return err
}

// ask gets a token, and notes in the result how that ended.
func (s *Scene) ask(ctx context.Context, patient *Patient, result *Result) (token string, err error) {
	node, issuer := s.world.DataHolder, s.world.Issuer()
	if patient.Holder == Centre {
		node, issuer = s.centre, s.centre.Issuer(s.cast.Centre.Subject)
	}
	put, remove := s.bring(patient)
	if err := put(ctx); err != nil {
		return "", err
	}
	node.TokenAnswers() // those to earlier requests
	s.mu.Lock()
	s.informed = false
	s.mu.Unlock()
	answer, err := s.world.RequestTokenAt(ctx, issuer, harness.BSNIdentifier(patient.BSN), s.cast.Scope)
	if err := errors.Join(err, remove(ctx)); err != nil {
		return "", err
	}
	answers := node.TokenAnswers()
	if len(answers) == 0 {
		result.Ending = Trouble
		if len(s.wallet(ctx)) < len(Proofs()) {
			result.Ending = NoProofs
			s.bus.Publish(events.Event{From: events.PracticeNode, To: events.PracticeSystem, Kind: "lacks", About: patient.Key, Mood: events.Refused})
		}
		return "", nil
	}
	s.note(answers[len(answers)-1], result)
	kind := "token-answer-no"
	if answer.Token() != "" {
		kind = "token-answer"
	}
	s.say(events.PracticeNode, events.PracticeSystem, kind, patient.Key)
	return answer.Token(), nil
}

// note says how a data holder's node answered.
func (s *Scene) note(answer harness.Answer, result *Result) {
	result.Status, result.Code = answer.Status, ""
	if answer.Token() != "" {
		result.Token = Label(answer.Token())
		return
	}
	result.Code = known(answer.OAuthError().Code)
	switch result.Code {
	case "access_denied":
		result.Ending = Denied
	case "server_error":
		result.Ending = Undetermined
	default:
		result.Ending = NotProven
	}
}

// bring puts what the practice recorded about a patient into its wallet, for one request: a wallet
// presents the first credential that fits.
func (s *Scene) bring(patient *Patient) (put, remove func(context.Context) error) {
	s.mu.Lock()
	credential := s.registered[patient.Key]
	s.mu.Unlock()
	nothing := func(context.Context) error { return nil }
	if credential == nil {
		return nothing, nothing
	}
	wallet := s.world.RequesterOrg.Name
	return func(ctx context.Context) error { return s.world.Requester.StoreCredential(ctx, wallet, credential) },
		func(ctx context.Context) error { return s.world.Requester.RemoveCredential(ctx, wallet, credential) }
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// read asks the record server for a patient's record, and notes in the result how that ended.
func (s *Scene) read(ctx context.Context, patient *Patient, header http.Header, result *Result) error {
	return s.readAs(ctx, events.PracticeSystem, patient, header, result)
}

func (s *Scene) readAs(ctx context.Context, who events.Party, patient *Patient, header http.Header, result *Result) error {
	_, records := parties(result.Holder)
	s.say(who, records, "search", patient.Key)
	answer, err := harness.SearchPatientWith(ctx, s.client, s.records[result.Holder].URL, header, patient.BSN)
	if err != nil {
		return err
	}
	event := events.Event{From: records, To: who, Kind: "record-refused", Mood: events.Refused, About: patient.Key, Facts: []events.Fact{status(answer.Status)}}
	result.Status, result.Notes = answer.Status, nil
	switch answer.Status {
	case http.StatusOK:
		result.Ending, result.Notes = Shown, notesIn(answer)
		event.Kind, event.Mood = "record", events.Good
	case http.StatusUnauthorized:
		result.Ending = TokenEnded
	case http.StatusForbidden:
		result.Ending = OtherPatient
	default:
		result.Ending, event.Mood = Trouble, events.Broken
	}
	result.Leaked = result.Leaked || answer.Status != http.StatusOK && s.cast.noteIn(answer)
	s.bus.Publish(event)
	return nil
}

// ReadAgain has the practice use the token of its last request once more, for the same patient.
func (s *Scene) ReadAgain(ctx context.Context) error {
	s.mu.Lock()
	token, last := s.token, s.result
	s.mu.Unlock()
	if token == "" || last == nil {
		return ErrUnknown
	}
	result := Result{Patient: last.Patient, Holder: last.Holder, Token: Label(token)}
	err := s.read(ctx, s.cast.patient(last.Patient), bearer(token), &result)
	s.finish(result, token)
	return err
}

// ReadOther has the practice use the token of its last request for another patient.
func (s *Scene) ReadOther(ctx context.Context, key string) error {
	s.mu.Lock()
	token, last := s.token, s.result
	s.mu.Unlock()
	patient := s.cast.patient(key)
	if token == "" || last == nil || patient == nil {
		return ErrUnknown
	}
	result := Result{Patient: key, Holder: last.Holder, Token: Label(token)}
	err := s.read(ctx, patient, bearer(token), &result)
	s.finish(result, token)
	return err
}

// finish keeps the result for the pages, with the token to use it again.
func (s *Scene) finish(result Result, token string) {
	result.Time = time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result, s.token = &result, token
}

// Result is how the last request ended; nil: there was none.
func (s *Scene) Result() *Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.result == nil {
		return nil
	}
	return new(*s.result)
}

// say tells of a message that this program itself sends.
func (s *Scene) say(from, to events.Party, kind, about string) {
	s.follows()
	event := events.Event{From: from, To: to, Kind: kind, About: about}
	if patient := s.cast.patient(about); patient != nil {
		event.Facts = []events.Fact{{Name: "patient", Value: Mask(patient.BSN)}}
	}
	s.bus.Publish(event)
}

// notesIn reads the notes from a FHIR bundle.
func notesIn(answer harness.Answer) (notes []string) {
	var bundle struct {
		Entry []struct {
			Resource struct {
				Code struct{ Text string }
			}
		}
	}
	_ = json.Unmarshal(answer.Body, &bundle)
	for _, entry := range bundle.Entry {
		if note := entry.Resource.Code.Text; note != "" {
			notes = append(notes, note)
		}
	}
	return notes
}
