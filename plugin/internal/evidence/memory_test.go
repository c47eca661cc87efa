// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package evidence

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal/history"
)

const testBSN = "900186021"

var errSQL = errors.New("the database fails")

// inMemory is what a table is, for the nodes of one process.
type inMemory struct {
	mu    sync.Mutex
	rows  map[string]row
	mark  string
	fails bool
}

var _ store = (*inMemory)(nil)

func newInMemory() *inMemory { return &inMemory{rows: map[string]row{}} }

// begin locks; the function that it returns unlocks.
func (m *inMemory) begin(ctx context.Context) (func(), error) {
	m.mu.Lock()
	if err := ctx.Err(); err != nil || m.fails {
		m.mu.Unlock()
		return nil, cmp.Or(err, errSQL)
	}
	return m.mu.Unlock, nil
}

func (m *inMemory) fail(fails bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fails = fails
}

func (m *inMemory) add(ctx context.Context, fresh row) error {
	unlock, err := m.begin(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, there := m.rows[fresh.ID]; !there {
		fresh.Version = 1
		m.rows[fresh.ID] = fresh
	}
	return nil
}

func (m *inMemory) keptSince(ctx context.Context, id string) (time.Time, error) {
	unlock, err := m.begin(ctx)
	if err != nil {
		return time.Time{}, err
	}
	defer unlock()
	return m.rows[id].Kept, nil
}

func (m *inMemory) find(match func(row) bool, limit int) (found []row) {
	for _, each := range m.rows {
		if match(each) {
			found = append(found, each)
		}
	}
	slices.SortFunc(found, func(a, b row) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID)) })
	return found[:min(limit, len(found))]
}

func (m *inMemory) due(ctx context.Context, states []State, now time.Time, limit int) ([]row, error) {
	unlock, err := m.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return m.find(func(r row) bool { return slices.Contains(states, r.State) && !r.Due.After(now) }, limit), nil
}

func (m *inMemory) replace(ctx context.Context, changed row) (bool, error) {
	unlock, err := m.begin(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	if m.rows[changed.ID].Version != changed.Version {
		return false, nil
	}
	changed.Version++
	m.rows[changed.ID] = changed
	return true, nil
}

func (m *inMemory) settle(ctx context.Context, dataHolder consent.URA, before, now time.Time) (int, error) {
	unlock, err := m.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	settled := m.find(func(r row) bool {
		return r.DataHolder == dataHolder && r.State == Accepted && !r.Since.After(before)
	}, len(m.rows))
	for _, each := range settled {
		each = each.in(InForce, now)
		each.Version++
		m.rows[each.ID] = each
	}
	return len(settled), nil
}

func (m *inMemory) waiting(ctx context.Context, places []string) ([]row, error) {
	unlock, err := m.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return m.find(func(r row) bool {
		return slices.Contains(places, r.Place) && (r.State == Waiting || r.State == Refused)
	}, len(m.rows)), nil
}

func (m *inMemory) sealedOtherwise(ctx context.Context, key, after string, limit int) ([]row, error) {
	unlock, err := m.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	found := m.find(func(r row) bool { return r.Key != key && r.ID > after }, len(m.rows))
	slices.SortFunc(found, func(a, b row) int { return cmp.Compare(a.ID, b.ID) })
	return found[:min(limit, len(found))], nil
}

func (m *inMemory) count(ctx context.Context) (Counts, error) {
	unlock, err := m.begin(ctx)
	if err != nil {
		return Counts{}, err
	}
	defer unlock()
	counts := Counts{By: map[State]int{}}
	for _, each := range m.rows {
		counts.By[each.State]++
	}
	return counts, nil
}

func (m *inMemory) Beat(ctx context.Context) (string, error) {
	unlock, err := m.begin(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	return m.mark, nil
}

func (m *inMemory) TakeOver(ctx context.Context, seen, mine string) (bool, error) {
	unlock, err := m.begin(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	if m.mark != seen {
		return false, nil
	}
	m.mark = mine
	return true, nil
}

func (m *inMemory) all() []row {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.find(func(row) bool { return true }, len(m.rows))
}

// atMitz is a Mitz that does what a test says.
type atMitz struct {
	mu          sync.Mutex
	received    []mitzclient.ConsentRegistration
	asked       int
	unprocessed int
	fails       func(consent.URA) error // nil: it does not
	hangs       bool                    // until its time is over
}

func (m *atMitz) answer(ctx context.Context, dataHolder consent.URA) error {
	m.mu.Lock()
	fails, hangs := m.fails, m.hangs
	m.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if fails != nil {
		return fails(dataHolder)
	}
	return nil
}

func (m *atMitz) RegisterConsent(ctx context.Context, r mitzclient.ConsentRegistration) error {
	m.mu.Lock()
	m.received = append(m.received, r)
	m.mu.Unlock()
	return m.answer(ctx, r.DataHolder.URA)
}

func (m *atMitz) UnprocessedConsents(ctx context.Context, dataHolder consent.URA) (int, error) {
	m.mu.Lock()
	m.asked++
	unprocessed := m.unprocessed
	m.mu.Unlock()
	return unprocessed, m.answer(ctx, dataHolder)
}

func (m *atMitz) set(change func(*atMitz)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

// messages returns how many registrations came.
func (m *atMitz) messages() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.received)
}

// world is what the nodes of a test share.
type world struct {
	t     *testing.T
	store *inMemory
	mitz  *atMitz
	keys  *withdrawal.Keys
	kept  *history.Memory // of withdrawals
	mu    sync.Mutex
	log   bytes.Buffer
}

func newWorld(t *testing.T) *world {
	return &world{t: t, store: newInMemory(), mitz: &atMitz{}, keys: withdrawal.NewKeys(), kept: history.NewMemory(maxAge)}
}

const maxAge = 366 * 24 * time.Hour

// marks are those of a node, in sessions that the test does not look at.
func (w *world) marks() *withdrawal.Marks {
	return withdrawal.NewMarks(w.keys, withdrawal.Kinds{"G3": "RPZAC103", "V6": "RPZAC104"}, noMarks{}).KeptIn(w.kept)
}

// noMarks are the marks of nothing.
type noMarks struct{}

func (noMarks) Get(string) (string, error) { return "", nil }
func (noMarks) Put(string, string) error   { return nil }

func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

// node makes a node that is not started, and stops it at the end of the test.
func (w *world) node() *Service {
	w.t.Helper()
	logger := logrus.New()
	logger.SetOutput(w)
	logger.SetLevel(logrus.DebugLevel)
	service, err := New(Config{Store: w.store, Keys: w.keys, Withdrawals: w.marks(), Mitz: w.mitz, Log: logrus.NewEntry(logger)})
	require.NoError(w.t, err)
	w.t.Cleanup(service.Stop)
	return service
}

func (w *world) keep(service *Service, names ...string) {
	w.t.Helper()
	for _, name := range names {
		require.NoError(w.t, service.Keep(w.t.Context(), registration(w.t, name)))
	}
}

// states counts the rows by state.
func (w *world) states() map[State]int {
	states := map[State]int{}
	for _, each := range w.store.all() {
		states[each.State]++
	}
	return states
}

// in lets time go by.
func in(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// registration returns one by a name, of one patient.
func registration(t testing.TB, name string) Registration {
	t.Helper()
	patient, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	return Registration{
		ID: "did:web:midwife.example#" + name, Subject: "hospital-east", Patient: patient,
		DataHolder:  consent.DataHolder{URA: "00000659", FacilityType: "V6"},
		Credentials: []string{"registration " + name + " of " + testBSN, "membership"},
		Consent: Consent{
			Categories: []consent.Category{"GGC002"}, RequesterTypes: []consent.FacilityType{"G3"}, Requester: "12345678",
			Professional: consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000009"}, Role: "03.000"},
			RecordedAt:   time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Identification: "wid", Agreement: "3.8",
		},
	}
}

func assertNoNumber(t *testing.T, text string) {
	t.Helper()
	assert.False(t, strings.Contains(text, testBSN), "a patient's number")
}
