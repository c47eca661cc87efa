// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package withdrawal

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Withdrawn is one thing that was withdrawn, as it is kept: nothing in it tells who the patient
// is without a key.
type Withdrawn struct {
	Place  string // of what it is about: a hash under a key
	Key    string // the name of that key
	Sealed []byte // what it is about, encrypted; empty: nobody knew more than the place
}

// History keeps when consent was withdrawn, for longer than what a requester brings along may be
// old.
type History interface {
	// Keep returns when it is kept that these were withdrawn at this moment. Where a later one is
	// kept, that stays. The error holds nothing of them.
	Keep(ctx context.Context, at time.Time, withdrawn []Withdrawn) error
	// Last returns the latest moment at which something at these places was withdrawn; zero: none
	// is kept. On an error nobody can tell.
	Last(ctx context.Context, places []string) (time.Time, error)
}

const (
	// keepTime is how long a withdrawal waits until it is kept.
	keepTime = 5 * time.Second
	// lastTime is how long a token request waits until it is known what was withdrawn.
	lastTime = 2 * time.Second
)

// KeptIn returns the same marks, which also keep in a history what is withdrawn: so that no token
// comes later of what was recorded or attested before.
func (m *Marks) KeptIn(history History) *Marks {
	kept := *m
	kept.history = history
	return &kept
}

// Last returns when something that a question is about was withdrawn last, as far as that is kept;
// zero: never. Ask after the question was stamped: what is withdrawn from then on ends the token.
func (m *Marks) Last(ctx context.Context, question consent.Question) (time.Time, error) {
	if m.IsOff() || m.history == nil {
		return time.Time{}, nil
	}
	var all []string
	for _, about := range m.concerns(question) {
		places, err := m.keys.places(about)
		if err != nil {
			return time.Time{}, err
		}
		all = append(all, places...)
	}
	ctx, cancel := context.WithTimeout(ctx, lastTime)
	defer cancel()
	return m.history.Last(ctx, all)
}

// end ends the live tokens at places, and keeps what was withdrawn. The tokens end at once,
// whatever becomes of the history, and once more when it is kept: a token that was stamped
// in between could rest on something from before. No caller can hang up on it.
func (m *Marks) end(places []string, withdrawn []Withdrawn) error {
	marked := m.mark(places...)
	if m.history == nil {
		return marked
	}
	ctx, cancel := context.WithTimeout(context.Background(), keepTime)
	defer cancel()
	if err := m.history.Keep(ctx, time.Now(), withdrawn); err != nil {
		return errors.Join(marked, err)
	}
	return errors.Join(marked, m.mark(places...))
}

// between stands between the parts of what is sealed. None of them holds it.
const between = "\x00"

// withdrawn returns what is kept of something that was withdrawn, under the key in use.
func (k *Keys) withdrawn(about About) (Withdrawn, error) {
	places, err := k.places(about)
	if err != nil {
		return Withdrawn{}, err
	}
	sealed, err := k.Seal(about.Patient, about.beside())
	return Withdrawn{Place: places[0], Key: k.ID(), Sealed: sealed}, err
}

// Again returns the same under the key in use. It reports false where that cannot be told: it was
// sealed with a key that is not there, or not at all.
func (k *Keys) Again(kept Withdrawn) (Withdrawn, bool) {
	patient, beside, err := k.Open(kept.Sealed)
	parts := strings.Split(beside, between)
	if err != nil || len(parts) != 3 {
		return Withdrawn{}, false
	}
	again, err := k.withdrawn(About{
		Patient: patient, DataHolder: consent.URA(parts[0]), Category: consent.Category(parts[1]), Kind: consent.ProviderCategory(parts[2]),
	})
	return again, err == nil
}
