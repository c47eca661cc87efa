// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package scene

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// parties returns the node and the record server of a data holder.
func parties(holder string) (node, records events.Party) {
	if holder == Centre {
		return events.CentreNode, events.CentreRecords
	}
	return events.HospitalNode, events.HospitalRecords
}

// seenAtDoor tells of what comes to a data holder's node from outside. The path of a notification
// is a secret between the node and Mitz, and is not told.
func (s *Scene) seenAtDoor(holder string) func(harness.Seen) {
	node, _ := parties(holder)
	return func(seen harness.Seen) {
		s.follows()
		switch {
		case strings.HasSuffix(seen.Path, "/token"):
			s.tellOfToken(node, seen)
		case strings.HasSuffix(seen.Path, "/presentation_definition"):
			s.tellOfDefinition(node, seen)
		case strings.HasPrefix(seen.Path, "/mitz/notify/") && seen.Status == 0:
			s.bus.Publish(events.Event{From: events.Mitz, To: node, Kind: "notification"})
		case strings.HasPrefix(seen.Path, "/mitz/notify/"):
			s.bus.Publish(events.Event{From: node, To: events.Mitz, Kind: "notification-answer", Mood: moodOf(seen.Status), Facts: []events.Fact{status(seen.Status)}})
		}
	}
}

// tellOfDefinition tells once of what is asked twice: the pinned node fetches it two times in a row.
func (s *Scene) tellOfDefinition(node events.Party, seen harness.Seen) {
	s.mu.Lock()
	informed := s.informed
	s.informed = informed || seen.Status != 0
	s.mu.Unlock()
	switch {
	case informed:
	case seen.Status == 0:
		s.bus.Publish(events.Event{From: s.requester(), To: node, Kind: "definition"})
	default:
		s.bus.Publish(events.Event{From: node, To: s.requester(), Kind: "definition-answer"})
	}
}

func (s *Scene) tellOfToken(node events.Party, seen harness.Seen) {
	if seen.Status == 0 {
		s.mu.Lock()
		s.informed = false
		s.mu.Unlock()
		s.bus.Publish(events.Event{From: s.requester(), To: node, Kind: "token-request", Facts: []events.Fact{{Name: "scope", Value: s.cast.Scope}}})
		return
	}
	var answer struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(seen.Answer, &answer)
	event := events.Event{From: node, To: s.requester(), Kind: "token-given", Mood: events.Good, Facts: []events.Fact{status(seen.Status)}}
	if seen.Status != http.StatusOK {
		event.Kind, event.Mood = "token-refused", events.Refused
		event.Facts = append(event.Facts, events.Fact{Name: "error", Value: known(answer.Error)})
	}
	s.bus.Publish(event)
}

// known are the OAuth errors that are shown (RFC 6749 section 5.2, and others of the node).
func known(code string) string {
	switch code {
	case "access_denied", "invalid_request", "invalid_scope", "server_error", "invalid_grant", "invalid_client", "unsupported_grant_type", "invalid_dpop_proof":
		return code
	default:
		return "?"
	}
}

// seenByNode tells of what a record server asks its node.
func (s *Scene) seenByNode(holder string) func(harness.Seen) {
	node, records := parties(holder)
	return func(seen harness.Seen) {
		s.follows()
		kind := "introspection"
		if strings.HasSuffix(seen.Path, "/dpop/validate") {
			kind = "proof"
		}
		if seen.Status == 0 {
			s.bus.Publish(events.Event{From: records, To: node, Kind: kind})
			return
		}
		var answer struct {
			Active, Valid bool
			Ground        string `json:"consent_ground"`
			Patient       string `json:"patient_bsn"`
		}
		_ = json.Unmarshal(seen.Answer, &answer)
		event := events.Event{From: node, To: records, Kind: kind + "-no", Mood: events.Refused, About: s.cast.keyOf(answer.Patient)}
		if answer.Active || answer.Valid {
			event.Kind, event.Mood = kind+"-yes", events.Good
		}
		if ground := groundKey(answer.Ground); ground != "" {
			event.Facts = []events.Fact{{Name: "ground", Value: ground, Word: true}}
		}
		s.bus.Publish(event)
	}
}

// groundKey is the key of the words for a ground; empty: there is no such ground.
func groundKey(ground string) string {
	switch ground {
	case "mitz-closed-query", "mitz-attestation", "consent-registration":
		return "ground." + ground
	default:
		return ""
	}
}

func status(code int) events.Fact {
	return events.Fact{Name: "status", Value: "HTTP " + strconv.Itoa(code)}
}

func moodOf(status int) events.Mood {
	switch {
	case status < 300:
		return events.Good
	case status < 500:
		return events.Refused
	default:
		return events.Broken
	}
}

// follow tells of what comes into Mitz's journal, until the context ends.
func (s *Scene) follow(ctx context.Context) {
	go func() {
		for s.mitz().WaitForQueries(ctx, s.told(func() int { return s.drain.queries })+1) == nil {
			s.follows()
		}
	}()
	go func() {
		for s.mitz().WaitForSubscriptions(ctx, s.told(func() int { return s.drain.subscriptions })+1) == nil {
			s.follows()
		}
	}()
}

func (s *Scene) told(read func() int) int {
	s.drain.Lock()
	defer s.drain.Unlock()
	return read()
}

// follows tells of what is in Mitz's journal and was not told yet. It comes before every other
// message is told, so that they are in order.
func (s *Scene) follows() {
	s.drain.Lock()
	defer s.drain.Unlock()
	queries := s.mitz().Queries()
	for _, query := range queries[min(s.drain.queries, len(queries)):] {
		s.tellOfQuery(query)
	}
	subscriptions := s.mitz().Subscriptions()
	for range subscriptions[min(s.drain.subscriptions, len(subscriptions)):] {
		s.bus.Publish(events.Event{From: events.HospitalNode, To: events.Mitz, Kind: "subscription"})
	}
	s.drain.queries, s.drain.subscriptions = len(queries), len(subscriptions)
}

func (s *Scene) tellOfQuery(query mitztest.Query) {
	about := s.cast.keyOf(query.PatientNumber())
	asked := events.Event{From: events.HospitalNode, To: events.Mitz, Kind: "query", About: about, Time: query.Time, Facts: []events.Fact{
		{Name: "patient", Value: Mask(query.PatientNumber())},
		{Name: "requester", Value: "URA " + string(query.Requester.URA)},
		{Name: "kind", Value: kindKey(query.Requester.FacilityType), Word: true},
		{Name: "request", Value: query.RequestID},
	}}
	for _, category := range query.Categories {
		asked.Facts = append(asked.Facts, events.Fact{Name: "category", Value: "category." + string(category), Word: true})
	}
	s.bus.Publish(asked)
	answer := events.Event{From: events.Mitz, To: events.HospitalNode, About: about, Kind: "answer-none", Mood: events.Broken}
	switch decisionOf(query) {
	case consent.Permit:
		answer.Kind, answer.Mood = "answer-permit", events.Good
	case consent.Deny:
		answer.Kind, answer.Mood = "answer-deny", events.Refused
	default:
		// as it is
	}
	s.bus.Publish(answer)
}

// decisionOf is Permit only when all categories are permitted.
func decisionOf(query mitztest.Query) consent.Decision {
	decision := consent.NoDecision
	for _, category := range query.Categories {
		each := query.Decisions[category]
		if each != consent.Permit {
			return each
		}
		decision = each
	}
	return decision
}

// kindKey is the key of the words for a type of organisation.
func kindKey(kind consent.FacilityType) string {
	for _, each := range Kinds() {
		if each == kind {
			return "kind." + string(kind)
		}
	}
	return "kind.other"
}
