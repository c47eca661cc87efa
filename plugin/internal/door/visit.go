// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/turns"
)

// What one request may have the node do before it is verified.
const (
	// MaxFetches is how many documents the node gets from elsewhere: DID documents, status
	// lists, contexts, and what an authorization request refers to.
	MaxFetches = 20
	// fetchTime is how long it waits for all of them.
	fetchTime = 10 * time.Second
	// OneFetch is how long it waits for one of them.
	OneFetch = 4 * time.Second
	// MaxFetched is how much they hold, in bytes.
	MaxFetched = 1 << 20
	// MaxWork is how long it checks signatures, about, on one core of a small machine.
	MaxWork = 25 * time.Millisecond
)

// The errors of a visit that has used up what it may.
var (
	ErrFetches = errors.New("mitz: the request refers to more than this node gets for one request")
	ErrWork    = errors.New("mitz: the request has more signatures, or larger keys, than this node verifies for one request")
)

// Visit is a request that the door let through and that is not verified yet. The node
// works on it while it holds a turn. It is used by one goroutine at a time; the nil visit
// is one without bounds, for what the operator's own systems ask.
type Visit struct {
	door  *Door
	from  source
	ctx   context.Context // of the request
	bytes int             // of room that it takes
	apart bool            // it is served apart from the others

	mu       sync.Mutex
	turn     *turns.Turn[source] // nil: it has none, as it waits or is verified
	since    time.Time           // when it got the turn
	worked   time.Duration       // how long it had turns
	failed   bool
	verified bool
	fetches  int
	fetched  int
	waited   time.Duration
	work     time.Duration
	exceeded error
	later    []func() error
	seen     map[string]any
}

// NewVisit returns the visit of what this node asks for by itself, about what it verified
// before: it takes no turns, and may ask for as much as a request.
func NewVisit(ctx context.Context) *Visit { return &Visit{ctx: ctx, verified: true} }

// Verified ends the visit's turn, when the node has verified everything. What the guard
// gets after that, to verify again, counts among the visit's fetches.
func (v *Visit) Verified() {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.verified = true
	v.giveBack()
}

// IsVerified reports whether the node has verified everything.
func (v *Visit) IsVerified() bool {
	if v == nil {
		return true
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.verified
}

func (v *Visit) giveBack() {
	if v.turn == nil {
		return
	}
	lasted := time.Since(v.since)
	v.worked += lasted
	if v.apart {
		time.AfterFunc(lasted, v.turn.GiveBack) // the others have the core meanwhile
	} else {
		v.turn.GiveBack()
	}
	v.turn = nil
}

// Exceeded returns why the visit asked for more than it may, and nil when it did not. The
// node goes on without some of what it could not get: such a visit must not end well.
func (v *Visit) Exceeded() error {
	if v == nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.exceeded
}

// Exceed ends what the visit may ask for, and returns why that is so: the first cause counts.
func (v *Visit) Exceed(why error) error {
	if v == nil {
		return why
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.exceeded == nil {
		v.exceeded = why
	}
	return v.exceeded
}

// Fetch gets something from elsewhere, of which get returns the size. The visit has no turn
// meanwhile. The context ends with the request, and when it was waited for long enough.
func (v *Visit) Fetch(get func(ctx context.Context) (bytes int, err error)) error {
	if v == nil {
		_, err := get(context.Background())
		return err
	}
	v.mu.Lock()
	verified := v.verified // it has no turn, and takes none
	v.fetches++
	left := fetchTime - v.waited
	exhausted := v.fetches > MaxFetches || left <= 0 || v.exceeded != nil
	if !exhausted {
		v.giveBack()
	}
	v.mu.Unlock()
	if exhausted {
		return v.Exceed(ErrFetches)
	}
	began := time.Now()
	bytes, err := v.fetch(min(left, OneFetch), verified, get)
	v.mu.Lock()
	v.waited += time.Since(began)
	v.fetched += bytes
	tooMuch := v.fetched > MaxFetched
	v.mu.Unlock()
	if tooMuch {
		err = v.Exceed(ErrFetches)
	}
	if verified {
		return err
	}
	if waiting := v.takeTurn(v.door.resuming); waiting != nil {
		return v.Exceed(waiting)
	}
	return err
}

func (v *Visit) fetch(longest time.Duration, verified bool, get func(ctx context.Context) (int, error)) (int, error) {
	ctx, cancel := context.WithTimeout(v.ctx, longest)
	defer cancel()
	if verified {
		return get(ctx)
	}
	turn, err := v.door.fetching.Take(ctx, v.from)
	if err != nil {
		return 0, v.Exceed(err) // by too many others: the node must not go on without it
	}
	defer turn.GiveBack()
	return get(ctx)
}

// takeTurn waits for a turn.
func (v *Visit) takeTurn(among *turns.Turns[source]) error {
	ctx, cancel := context.WithTimeout(v.ctx, longestWait)
	defer cancel()
	if v.apart {
		among = v.door.apart
	}
	turn, err := among.Take(ctx, v.from)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.turn, v.since = turn, time.Now()
	return nil
}

// Spend adds work that the node is about to do.
func (v *Visit) Spend(work time.Duration) error {
	if v.IsVerified() {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.work += work; v.work > MaxWork && v.exceeded == nil {
		v.exceeded = ErrWork
	}
	return v.exceeded
}

// Once returns what was made for the key in this visit, and makes it when there is nothing.
// An error is not kept.
func (v *Visit) Once(key string, produce func() (any, error)) (any, error) {
	if v == nil {
		return produce()
	}
	v.mu.Lock()
	value, found := v.seen[key]
	v.mu.Unlock()
	if found {
		return value, nil
	}
	value, err := produce()
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.seen == nil {
		v.seen = map[string]any{}
	}
	v.seen[key] = value
	return value, nil
}

// Later has something done when the request was answered without an error: what an
// unverified request leaves behind would be kept for nobody.
func (v *Visit) Later(do func() error) error {
	if v == nil {
		return do()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.later = append(v.later, do)
	return nil
}

// end gives back what the visit has.
func (v *Visit) end() {
	v.mu.Lock()
	v.giveBack()
	if v.failed && !v.verified {
		v.door.waste.add(v.from, v.worked)
	}
	v.mu.Unlock()
	v.door.room.giveBack(v.from, v.bytes)
}

// settle does what was left for later.
func (v *Visit) settle() error {
	for _, do := range v.later {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}
