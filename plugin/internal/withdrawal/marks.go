// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package withdrawal

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Store keeps marks for at least as long as a token and the consult before it can last. It
// is shared by all nodes that share their sessions.
type Store interface {
	// Get returns the mark in a place, empty when there is none.
	Get(place string) (mark string, err error)
	// Put writes a mark in a place, over the one that may be there.
	Put(place, mark string) error
}

// Marks say what was withdrawn lately. Its methods may be called from any goroutine.
type Marks struct {
	keys  *Keys // nil: there is no key, so nothing can be withdrawn
	kinds Kinds
	store Store
	// history is nil where no token rests on what a requester brings along: then what was
	// withdrawn matters no longer than a token lives.
	history History
}

// ErrOff is returned where there is no key, so that no token can be ended by what it is about.
var ErrOff = errors.New("there is no key for patients")

// placeWithoutKey is the only place that concerns a token where there is no key. Nobody writes
// a mark there. Like every place it is of letters, digits and hyphens: Memcached takes no blank.
const placeWithoutKey = "no-key"

// Off returns marks of a node that shares its sessions with others and has no key in common
// with them: tokens live as long as they would.
func Off(store Store) *Marks { return &Marks{store: store} }

// IsOff reports whether there is no key.
func (m *Marks) IsOff() bool { return m.keys == nil }

// NewMarks returns the marks in a store.
func NewMarks(keys *Keys, kinds Kinds, store Store) *Marks {
	return &Marks{keys: keys, kinds: kinds, store: store}
}

// Stamp is what a token keeps: for each place that concerns it the mark that was there when
// the token was asked for; empty: there was none. It tells nothing of the patient.
type Stamp map[string]string

// Stamp reads the marks that concern a question. Read them before consent is looked for: what
// is withdrawn from then on ends the token.
func (m *Marks) Stamp(question consent.Question) (Stamp, error) {
	if m.IsOff() {
		return Stamp{placeWithoutKey: ""}, nil
	}
	stamp := Stamp{}
	for _, about := range m.concerns(question) {
		places, err := m.keys.places(about)
		if err != nil {
			return nil, err
		}
		for _, place := range places {
			if stamp[place], err = m.store.Get(place); err != nil {
				return nil, fmt.Errorf("marks: %w", err)
			}
		}
	}
	return stamp, nil
}

// concerns returns what a token for a question rests on: all of the patient at the data
// holder, and each category for the requester's kind.
func (m *Marks) concerns(question consent.Question) []About {
	all := About{Patient: question.Patient, DataHolder: question.DataHolder.URA}
	abouts := []About{all}
	for _, category := range question.Categories {
		one := all
		one.Category, one.Kind = category, m.kinds.of(question.Requester.FacilityType)
		abouts = append(abouts, one)
	}
	return abouts
}

// Holds reports whether nothing was withdrawn since a token was stamped. A token without a
// stamp does not hold: nobody can tell.
func (m *Marks) Holds(stamp Stamp) (bool, error) {
	if len(stamp) == 0 {
		return false, nil
	}
	for place, before := range stamp {
		mark, err := m.store.Get(place)
		if err != nil {
			return false, fmt.Errorf("marks: %w", err)
		}
		if mark != "" && mark != before {
			return false, nil
		}
	}
	return true, nil
}

// Withdraw ends every live token about something, and those that are being made. On an error
// some may live on, or others may come of what was recorded before: try again.
func (m *Marks) Withdraw(about About) error { return m.withdraw([]About{about}) }

func (m *Marks) withdraw(abouts []About) error {
	if m.IsOff() {
		return ErrOff
	}
	var all []string
	var withdrawn []Withdrawn
	for _, about := range abouts {
		places, err := m.keys.places(about)
		if err != nil {
			return err
		}
		kept, err := m.keys.withdrawn(about)
		if err != nil {
			return err
		}
		all, withdrawn = append(all, places...), append(withdrawn, kept)
	}
	return m.end(all, withdrawn)
}

// WithdrawBy ends every live token about the patient of a secret path at its data holder, when
// no more is known than the path.
func (m *Marks) WithdrawBy(path Path) error {
	if m.IsOff() {
		return ErrOff
	}
	return m.end([]string{path.place}, []Withdrawn{{Place: path.place, Key: path.keyID()}})
}

// Told is what a patient decided about one data category.
type Told struct {
	Permitted, Refused []consent.ProviderCategory
}

// Narrow ends every live token about a patient at a data holder that rests on one of these
// categories and is not for one of the kinds of care provider that are permitted for it. A
// token for a requester of no known kind ends whatever is permitted. What is decided about a
// category is decided about those below it, too, unless they are named. All end where nothing is
// named, and where a kind is named that nobody knows here: Mitz may have divided the kinds anew,
// and then nobody knows whose a type is. On an error some may live on.
func (m *Marks) Narrow(patient consent.BSN, dataHolder consent.URA, told map[consent.Category]Told) error {
	told = withLower(told)
	all := About{Patient: patient, DataHolder: dataHolder}
	if len(told) == 0 || !m.kinds.know(told) {
		return m.Withdraw(all)
	}
	var abouts []About
	for category, each := range told {
		for _, kind := range m.kinds.without(each.Permitted) {
			one := all
			one.Category, one.Kind = category, kind
			abouts = append(abouts, one)
		}
	}
	return m.withdraw(abouts)
}

func (m *Marks) mark(places ...string) error {
	mark := rand.Text()
	for _, place := range places {
		if err := m.store.Put(place, mark); err != nil {
			return fmt.Errorf("marks: %w", err)
		}
	}
	return nil
}
