// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// inMemory is a store in memory, which can fail.
type inMemory struct {
	mu         sync.Mutex
	rows       map[string]row
	byPlace    map[string]string
	theBeat    string
	sayings    map[string]string
	failing    map[string]error // of a kind of call, or "" for all
	calls      map[string]int
	failAdding string // the subject of rows that cannot be added
	// before is told of rows that are to be replaced or removed, before they are; may be nil.
	before func(call string, r row)
}

var _ store = (*inMemory)(nil)

func newInMemory() *inMemory {
	return &inMemory{rows: map[string]row{}, byPlace: map[string]string{}, sayings: map[string]string{}, failing: map[string]error{}, calls: map[string]int{}}
}

var errSQL = errors.New("the database is locked")

// fail has calls of a kind fail, or with "" all; nil: no more.
func (m *inMemory) fail(call string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failing[call] = err
}

// begin begins a call. Unlock after it.
func (m *inMemory) begin(ctx context.Context, call string) error {
	m.mu.Lock()
	m.calls[call]++
	return cmp.Or(ctx.Err(), m.failing[call], m.failing[""])
}

func (m *inMemory) count(ctx context.Context, subject string) (Counts, error) {
	defer m.mu.Unlock()
	if err := m.begin(ctx, "count"); err != nil {
		return Counts{}, err
	}
	counts := Counts{By: map[State]int{}}
	for _, each := range m.rows {
		if subject != "" && each.Subject != subject {
			continue
		}
		counts.By[each.State]++
		if each.State != Subscribed && (counts.Oldest.IsZero() || each.Wished.Before(counts.Oldest)) {
			counts.Oldest = each.Wished
		}
	}
	return counts, nil
}

func (m *inMemory) add(ctx context.Context, rows []row, places [][]string) ([]row, error) {
	defer m.mu.Unlock()
	if err := m.begin(ctx, "add"); err != nil {
		return nil, err
	}
	kept := make([]row, len(rows))
	for _, each := range rows {
		if each.Subject == m.failAdding && m.failAdding != "" {
			return nil, errSQL
		}
	}
	for i, wished := range rows {
		wished.Version = 1
		for _, place := range places[i] {
			if id, there := m.byPlace[place]; there && m.rows[id].Subject == rows[i].Subject {
				wished = m.rows[id]
				break
			}
		}
		if there := m.rows[wished.ID]; there.State == Ending {
			wished.State, wished.Since, wished.Attempts, wished.Failure = Waiting, rows[i].Since, 0, ""
			wished.Wished, wished.Due = rows[i].Wished, rows[i].Wished
			wished.Version++
		}
		wished = asKept(wished)
		m.rows[wished.ID], m.byPlace[wished.Place] = wished, wished.ID
		kept[i] = wished
	}
	return kept, nil
}

// asKept returns a row as a database gives it back.
func asKept(r row) row {
	kept, err := recordOf(r).row()
	if err != nil {
		panic(err)
	}
	return kept
}

func (m *inMemory) find(ctx context.Context, subject, id string) (row, error) {
	defer m.mu.Unlock()
	if err := m.begin(ctx, "find"); err != nil {
		return row{}, err
	}
	kept, there := m.rows[id]
	if !there || kept.Subject != subject {
		return row{}, ErrUnknown
	}
	return kept, nil
}

// query returns rows that are chosen, in an order.
func (m *inMemory) query(ctx context.Context, call string, limit int, is func(row) bool, order func(a, b row) int) ([]row, error) {
	defer m.mu.Unlock()
	if err := m.begin(ctx, call); err != nil {
		return nil, err
	}
	var chosen []row
	for _, each := range m.rows {
		if is(each) {
			chosen = append(chosen, each)
		}
	}
	slices.SortFunc(chosen, func(a, b row) int { return cmp.Or(order(a, b), cmp.Compare(a.ID, b.ID)) })
	return chosen[:min(limit, len(chosen))], nil
}

func (m *inMemory) at(ctx context.Context, subject string, places []string) ([]row, error) {
	return m.query(ctx, "at", len(places), func(r row) bool { return r.Subject == subject && slices.Contains(places, r.Place) },
		func(a, b row) int { return cmp.Compare(a.Place, b.Place) })
}

func (m *inMemory) list(ctx context.Context, subject, after string, limit int) ([]row, error) {
	return m.query(ctx, "list", limit, func(r row) bool { return r.Subject == subject && r.ID > after },
		func(a, b row) int { return cmp.Compare(a.ID, b.ID) })
}

func (m *inMemory) due(ctx context.Context, state State, now time.Time, limit int, without []string) ([]row, error) {
	return m.query(ctx, "due", limit,
		func(r row) bool { return r.State == state && !r.Due.After(now) && !slices.Contains(without, r.Subject) },
		func(a, b row) int { return a.Due.Compare(b.Due) })
}

func (m *inMemory) outdated(ctx context.Context, subject string, dataHolder consent.URA, told string, limit int) ([]row, error) {
	return m.query(ctx, "outdated", limit, func(r row) bool {
		return r.State == Subscribed && r.Subject == subject && r.DataHolder.URA == dataHolder && r.Told != told
	}, func(row, row) int { return 0 })
}

func (m *inMemory) replace(ctx context.Context, changed row) (bool, error) {
	m.hook("replace", changed)
	defer m.mu.Unlock()
	if err := m.begin(ctx, "replace"); err != nil {
		return false, err
	}
	there, is := m.rows[changed.ID]
	if other, taken := m.byPlace[changed.Place]; !is || there.Version != changed.Version || taken && other != changed.ID {
		return false, nil
	}
	changed.Version++
	delete(m.byPlace, there.Place)
	m.rows[changed.ID], m.byPlace[changed.Place] = asKept(changed), changed.ID
	return true, nil
}

func (m *inMemory) remove(ctx context.Context, gone row) (bool, error) {
	m.hook("remove", gone)
	defer m.mu.Unlock()
	if err := m.begin(ctx, "remove"); err != nil {
		return false, err
	}
	there, is := m.rows[gone.ID]
	if !is || there.Version != gone.Version {
		return false, nil
	}
	delete(m.rows, gone.ID)
	delete(m.byPlace, there.Place)
	return true, nil
}

// hook tells of a row, if somebody wants to know.
func (m *inMemory) hook(call string, r row) {
	m.mu.Lock()
	before := m.before
	m.mu.Unlock()
	if before != nil {
		before(call, r)
	}
}

// interrupt has something done once, before the first call of a kind about a row that is so.
func (m *inMemory) interrupt(call string, is func(row) bool, do func(row)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before = func(now string, r row) {
		if now != call || !is(r) {
			return
		}
		m.mu.Lock()
		m.before = nil
		m.mu.Unlock()
		do(r)
	}
}

func (m *inMemory) keys(ctx context.Context) ([]string, error) {
	defer m.mu.Unlock()
	if err := m.begin(ctx, "keys"); err != nil {
		return nil, err
	}
	keys := map[string]bool{}
	for _, each := range m.rows {
		keys[each.Key] = true
	}
	return slices.Sorted(maps.Keys(keys)), nil
}

func (m *inMemory) keepSaying(ctx context.Context, told, saying string) error {
	defer m.mu.Unlock()
	if err := m.begin(ctx, "keepSaying"); err != nil {
		return err
	}
	if _, is := m.sayings[told]; !is {
		m.sayings[told] = saying
	}
	return nil
}

func (m *inMemory) saying(ctx context.Context, told string) (string, error) {
	defer m.mu.Unlock()
	err := m.begin(ctx, "saying")
	return m.sayings[told], err
}

func (m *inMemory) beat(ctx context.Context) (string, error) {
	defer m.mu.Unlock()
	err := m.begin(ctx, "beat")
	return m.theBeat, err
}

func (m *inMemory) takeOver(ctx context.Context, seen, mine string) (bool, error) {
	defer m.mu.Unlock()
	if err := m.begin(ctx, "takeOver"); err != nil {
		return false, err
	}
	if m.theBeat != seen {
		return false, nil
	}
	m.theBeat = mine
	return true, nil
}

// all returns the rows as they are now.
func (m *inMemory) all() []row {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.rows))
}

// called returns how many calls of a kind there were.
func (m *inMemory) called(call string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls[call]
}

// in returns how many rows are in a state.
func (m *inMemory) in(state State) (number int) {
	for _, each := range m.all() {
		if each.State == state {
			number++
		}
	}
	return number
}
