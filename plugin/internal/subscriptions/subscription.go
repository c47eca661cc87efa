// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"errors"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Wish is that a data holder is told when a patient's consent changes.
type Wish struct {
	Patient    consent.BSN
	BirthDate  string // of the patient, as in mitzclient.Subscription; empty when it is not known
	Subject    string // the data holder's Nuts subject
	DataHolder consent.DataHolder
}

// State says how far a subscription is.
type State string

// The states. Each is a label of nuts_mitz_subscriptions.
const (
	Waiting    State = "waiting"    // Mitz is to be told of it, or was asked in vain and is asked again
	Subscribed State = "subscribed" // Mitz accepted it
	Ending     State = "ending"     // Mitz is to be told that it ends
)

// States returns all of them.
func States() []State { return []State{Waiting, Subscribed, Ending} }

// Subscription is what is known of one, without the patient.
type Subscription struct {
	ID       string // a random UUID of ours
	Subject  string
	State    State
	Since    time.Time // when it came into this state
	Attempts int       // how often Mitz was told in vain since then
	// Failure is why Mitz could not be told the last time: a code of mitzclient, with its detail
	// behind a slash, or one of this package. Empty: there was no failure since then.
	Failure string
}

// Counts are how many subscriptions there are in each state, and when the oldest that waits for
// Mitz was wished; zero: none does.
type Counts struct {
	By     map[State]int
	Oldest time.Time
}

// Page is a part of the subscriptions of a subject.
type Page struct {
	Subscriptions []Subscription
	Next          string // where the next part begins; empty: there is none
	Counts        Counts // of all of the subject
}

// ErrUnknown is returned for a subscription that is not there, or is another subject's.
var ErrUnknown = errors.New("no such subscription")

// Subscriptions is what the data holder's own systems do with them. A failure is the SQL
// database's.
type Subscriptions interface {
	// Add wishes for subscriptions, and returns them in the order of the wishes. The same
	// wish again gives the same; one that was ending is wished for again, and one with another
	// birth date waits until Mitz was told that.
	Add(ctx context.Context, wishes ...Wish) ([]Subscription, error)
	// List returns those of a subject after a place that a page named, in the order of their ids.
	List(ctx context.Context, subject, after string, limit int) (Page, error)
	// Get returns one, or ErrUnknown.
	Get(ctx context.Context, subject, id string) (Subscription, error)
	// End ends one, or returns ErrUnknown. Mitz is told in the background. One that is ending
	// already goes on to do so, and is no error.
	End(ctx context.Context, subject, id string) error
}
