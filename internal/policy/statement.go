// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/systems"
)

// statement is what a credential that a ground rests on says in one member of its subject. Its
// parts are read one by one, and everything that is wrong is kept.
type statement struct {
	credential Credential
	member     string
	object     map[string]any
	faults     []*Refusal
}

// statementIn returns the statement in a member of the credential's subject. It is one object:
// of two the parts could be mixed.
func statementIn(credential Credential, member string) *statement {
	s := &statement{credential: credential, member: member}
	subject, single := credential.subject()
	said := subject[member]
	if list, isList := said.([]any); isList && len(list) == 1 {
		said = list[0]
	}
	object, isObject := said.(map[string]any)
	if !single || !isObject {
		s.fault(ReasonClaimMalformed, "", "a subject says it in one object")
	}
	s.object = object
	return s
}

// fault keeps that a part is wrong; the empty part is the whole. The rule holds nothing of what
// the credential says.
func (s *statement) fault(reason Reason, part, rule string) {
	claim := s.member
	if part != "" {
		claim += "." + part
	}
	s.faults = append(s.faults, refuse(reason, claim).by("%s: %s", rule, s.credential))
}

// refusal returns everything that is wrong; nil when nothing is.
func (s *statement) refusal() *Refusal { return joined(s.faults) }

// texts returns the texts of a part, and keeps a fault when there are none or too many.
func (s *statement) texts(part string) ([]string, bool) {
	if s.object == nil {
		return nil, false // which was told
	}
	texts := valuesAt(s.object, []string{part})
	switch {
	case len(texts) == 0:
		s.fault(ReasonClaimMissing, part, "it is given")
		return nil, false
	case len(texts) > maxIdentifiers:
		s.fault(ReasonClaimMalformed, part, "it is given a few times at the most")
		return nil, false
	}
	return texts, true
}

// stated reads the one value of a part. Of several identifiers those of other systems do not
// count.
func stated[T any](s *statement, part string, parse func(string) (T, error), equal func(a, b T) bool) (found T, ok bool) {
	var none T
	texts, ok := s.texts(part)
	if !ok {
		return none, false
	}
	count := 0
	for _, text := range texts {
		value, err := parse(text)
		switch {
		case err == nil && (count == 0 || !equal(value, found)):
			found = value
			count++
		case err != nil && (len(texts) == 1 || !errors.Is(err, errOtherSystem)):
			s.fault(ReasonClaimMalformed, part, "it has the form that docs/credentials.md tells")
			return none, false
		}
	}
	switch count {
	case 1:
		return found, true
	case 0:
		s.fault(ReasonClaimMalformed, part, "it has the form that docs/credentials.md tells")
	default:
		s.fault(ReasonClaimContradiction, part, "it has one value")
	}
	return none, false
}

// listed reads all values of a part.
func listed[T any](s *statement, part string, parse func(string) (T, error)) (values []T, ok bool) {
	texts, ok := s.texts(part)
	if !ok {
		return nil, false
	}
	for _, text := range texts {
		value, err := parse(text)
		if err != nil {
			s.fault(ReasonClaimMalformed, part, "it has the form that docs/credentials.md tells")
			return nil, false
		}
		values = append(values, value)
	}
	return values, true
}

// states demands that a part has a value, and says what it must be.
func states[T any](s *statement, part string, parse func(string) (T, error), equal func(a, b T) bool, expected T, rule string) {
	if value, ok := stated(s, part, parse, equal); ok && !equal(value, expected) {
		s.fault(ReasonClaimContradiction, part, rule)
	}
}

// lists demands that all that is expected is among the values of a part.
func lists[T comparable](s *statement, part string, parse func(string) (T, error), expected []T, rule string) {
	values, ok := listed(s, part, parse)
	if !ok {
		return
	}
	for _, each := range expected {
		if !slices.Contains(values, each) {
			s.fault(ReasonClaimContradiction, part, rule)
			return
		}
	}
}

// clockSkew is how much the clock of whoever wrote a credential may be ahead of this one.
const clockSkew = time.Minute

// at reads a time that has come.
func (s *statement) at(part string, now time.Time) (time.Time, bool) {
	at, ok := stated(s, part, readTime, time.Time.Equal)
	if ok && at.After(now.Add(clockSkew)) {
		s.fault(ReasonClaimPremature, part, "it has happened")
		return time.Time{}, false
	}
	return at, ok
}

// readTime reads a date and time (RFC 3339 section 5.6).
func readTime(text string) (time.Time, error) { return time.Parse(time.RFC3339, text) }

func readCategory(text string) (consent.Category, error) {
	return readValue(text, []string{systems.OIDCategory}, consent.ParseCategory)
}

func readPurpose(text string) (consent.PurposeOfUse, error) {
	return readValue(text, []string{systems.OIDPurpose}, consent.ParsePurposeOfUse)
}

// maxWord is the length of a code of a list that the operator configures, in bytes: a method or a
// version.
const maxWord = 128

func readWord(text string) (string, error) {
	if text == "" || text == unreadable || len(text) > maxWord {
		return "", errors.New("not a code of at most 128 bytes")
	}
	return text, nil
}

// idShape is a URI (RFC 3986 section 4.3) of a length that fits a line.
var idShape = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[\x21\x23-\x5B\x5D-\x7E]{1,240}$`)

func isID(id string) bool { return idShape.MatchString(id) && !strings.ContainsAny(id, "<>`{}|^") }
