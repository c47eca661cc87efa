// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package auditcommand

import (
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
)

// ending is how a token request ended.
type ending string

const (
	endedGiven   ending = "given"   // a token was issued
	endedLater   ending = "later"   // a token was issued, and ended before its time
	endedNot     ending = "not"     // it was announced, and could not be stored
	endedDenied  ending = "denied"  // there is no consent
	endedWrong   ending = "wrong"   // the request was not right
	endedUnknown ending = "unknown" // consent could not be established
	endedOpen    ending = "open"    // the log does not say
)

// codeDenied is the code of a refusal for which Mitz said that there is no consent.
const codeDenied = "denied"

// story is one token request, as the patient is told of it.
type story struct {
	began    time.Time
	question consent.Question
	scope    string
	asked    []string // the ids of the queries that Mitz was asked
	ending   ending
	code     string
}

// stories puts the entries of each token request together, in the order in which they began.
// The last entry of a request names all its queries, and one about a token that was looked at
// again the query that the token rests on. One for which Mitz was not asked has a
// single entry. What is about the patient without a question is no request, and nor is it one to
// ask Mitz where others have data.
func stories(entries []nen7513.Entry) []*story {
	var all []*story
	of := map[string]*story{} // by the id of a query
	for _, entry := range entries {
		if entry.Question == nil || isLocation(entry) {
			continue
		}
		var told *story
		for _, id := range entry.RequestIDs {
			other := of[id]
			if told == nil {
				told = other
			} else if other != nil && other != told { // two queries of one request
				told.asked = append(told.asked, other.asked...)
				for _, id := range other.asked {
					of[id] = told
				}
				all = slices.DeleteFunc(all, func(each *story) bool { return each == other })
			}
		}
		if told == nil {
			told = &story{began: entry.Time, ending: endedOpen}
			all = append(all, told)
		}
		for _, id := range entry.RequestIDs {
			if of[id] == nil {
				of[id] = told
				told.asked = append(told.asked, id)
			}
		}
		told.add(entry)
	}
	return all
}

// add takes in one more entry of the request.
func (s *story) add(entry nen7513.Entry) {
	s.question, s.scope = *entry.Question, entry.Scope
	switch entry.Action {
	case nen7513.TokenIssued, nen7513.DecisionPermitted:
		s.ending = endedGiven
	case nen7513.TokensRevoked:
		if entry.Outcome != nen7513.Success {
			return
		}
		s.ending = endedLater
	case nen7513.TokenNotStored:
		s.ending = endedNot
	case nen7513.TokenRefused, nen7513.DecisionRefused:
		switch {
		case entry.Code == codeDenied:
			s.ending = endedDenied
		case entry.Outcome == nen7513.MinorFailure:
			s.ending = endedWrong
		default:
			s.ending = endedUnknown
		}
	default:
		return
	}
	s.code = entry.Code
}

// isLocation reports whether an entry is about where others have data of the patient.
func isLocation(entry nen7513.Entry) bool {
	return entry.Action == nen7513.Locate || entry.Action == nen7513.Located
}
