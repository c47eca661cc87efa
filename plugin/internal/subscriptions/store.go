// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// row is a subscription as it is kept. Nothing in it tells who the patient is without a key.
type row struct {
	Subscription
	DataHolder consent.DataHolder
	Place      string // a hash of the patient and the data holder, under a key
	Key        string // which key that is, and the patient is encrypted with
	Sealed     []byte // the patient, encrypted
	MitzID     string // by which Mitz knows it; empty: it is not known
	// Former is by which Mitz knows what this one takes the place of, and what is to be ended
	// there; empty: there is none.
	Former string
	// Told is what Mitz was told last besides the patient, as the hash of a saying: where it is
	// to be told something else now, it is told again. It is written before Mitz is told: with no
	// MitzID beside it, Mitz may know the subscription by an id that is not known here.
	Told    string
	Wished  time.Time
	Due     time.Time // when Mitz is to be told; of no meaning in state Subscribed
	Version int64     // goes up with each change
}

// store keeps rows where all nodes of a cluster find them. An error is the database's.
type store interface {
	// add keeps rows that are not there, and returns all in their order as they are kept.
	// A row is there when one of its subject has any of its places: places[i] are those of
	// rows[i], under every key. One in state Ending becomes Waiting, due at once.
	add(ctx context.Context, rows []row, places [][]string) ([]row, error)
	// find returns a row of a subject, or ErrUnknown.
	find(ctx context.Context, subject, id string) (row, error)
	// at returns the rows of a subject that have one of these places.
	at(ctx context.Context, subject string, places []string) ([]row, error)
	// list returns rows of a subject with an id after this, in the order of their ids.
	list(ctx context.Context, subject, after string, limit int) ([]row, error)
	// count counts those of a subject; empty: of all.
	count(ctx context.Context, subject string) (Counts, error)
	// due returns rows in this state, Waiting or Ending, that are due, the longest due first,
	// and none of the subjects to leave out, of which there are some hundreds at most.
	due(ctx context.Context, state State, now time.Time, limit int, without []string) ([]row, error)
	// outdated returns rows of a subject and a data holder that are Subscribed, of which Mitz
	// was told something else than this. Their order is any.
	outdated(ctx context.Context, subject string, dataHolder consent.URA, told string, limit int) ([]row, error)
	// replace writes a row over the one with its id and version, with the next version. It
	// reports whether it did: somebody else may have changed that one, or another row has
	// the place.
	replace(ctx context.Context, changed row) (bool, error)
	// remove deletes the row with its id and version. It reports whether that was there.
	remove(ctx context.Context, gone row) (bool, error)
	// keepSaying keeps what Mitz is told, by its hash. The same again does nothing.
	keepSaying(ctx context.Context, told, saying string) error
	// saying returns what was kept by a hash; empty: nothing was.
	saying(ctx context.Context, told string) (string, error)
	// keys returns the keys of all rows, each once.
	keys(ctx context.Context) ([]string, error)
	// beat reads who does the work, as a value which changes as long as somebody does; empty:
	// nobody ever did.
	beat(ctx context.Context) (string, error)
	// takeOver replaces the beat that was seen by another. It reports whether it was still there.
	takeOver(ctx context.Context, seen, mine string) (bool, error)
}

// beats is a store as a shift uses it.
type beats struct{ store }

func (b beats) Beat(ctx context.Context) (string, error) { return b.beat(ctx) }

func (b beats) TakeOver(ctx context.Context, seen, mine string) (bool, error) {
	return b.takeOver(ctx, seen, mine)
}
