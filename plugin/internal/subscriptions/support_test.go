// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
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
)

// east and west are data holders.
var (
	east = consent.DataHolder{URA: "00000659", FacilityType: "V6"}
	west = consent.DataHolder{URA: "00000660", FacilityType: "Z3"}
)

// patient returns the n-th of many patients.
func patient(t testing.TB, n int) consent.BSN {
	t.Helper()
	digits := fmt.Sprintf("%08d", 90_000_000+n)
	sum := 0
	for i, digit := range digits {
		sum += int(digit-'0') * (9 - i)
	}
	if sum%11 == 10 {
		return patient(t, 5_000_000+n) // of which there is none in this place
	}
	made, err := consent.ParseBSN(fmt.Sprintf("%s%d", digits, sum%11))
	require.NoError(t, err)
	return made
}

func wish(t testing.TB, n int) Wish {
	return Wish{Patient: patient(t, n), BirthDate: "1980-01-31", Subject: "east", DataHolder: east}
}

func wishesOf(t testing.TB, from, to int) (wishes []Wish) {
	for n := from; n < to; n++ {
		wishes = append(wishes, wish(t, n))
	}
	return wishes
}

// inMemory is a store in memory, which can fail.
type inMemory struct {
	mu       sync.Mutex
	rows     map[string]row
	byPlace  map[string]string
	theBeat  string
	failing  map[string]error // of a kind of call, or "" for all
	calls    map[string]int
	replaced func(row) // is told before a row is replaced; may be nil
}

var _ store = (*inMemory)(nil)

func newInMemory() *inMemory {
	return &inMemory{rows: map[string]row{}, byPlace: map[string]string{}, failing: map[string]error{}, calls: map[string]int{}}
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
	for i, wished := range rows {
		wished.Version = 1
		for _, place := range places[i] {
			if id, there := m.byPlace[place]; there {
				wished = m.rows[id]
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
	if m.replaced != nil {
		m.replaced(changed)
	}
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

// in returns how many rows are in a state.
func (m *inMemory) in(state State) (number int) {
	for _, each := range m.all() {
		if each.State == state {
			number++
		}
	}
	return number
}

// sent is a message that arrived.
type sent struct {
	at        time.Time
	ends      string                  // the id; empty: it subscribes
	subscribe mitzclient.Subscription // else
}

// atMitz is Mitz: the same question again has the same id, as in the simulator.
type atMitz struct {
	takes time.Duration // each message

	mu       sync.Mutex
	answer   func(sent) error // nil: all is well; called before anything changes
	begun    func(sent)       // is told when a message arrives; may be nil
	messages []sent
	running  int
	most     int // at once
	next     int
	live     map[string]mitzclient.Subscription
}

var _ Mitz = (*atMitz)(nil)

func newMitz() *atMitz {
	return &atMitz{takes: 50 * time.Millisecond, live: map[string]mitzclient.Subscription{}}
}

// behave has Mitz answer so from now on; nil: all is well.
func (m *atMitz) behave(answer func(sent) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = answer
}

func (m *atMitz) arrive(ctx context.Context, message sent) error {
	m.mu.Lock()
	message.at = time.Now()
	m.messages = append(m.messages, message)
	m.running++
	m.most = max(m.most, m.running)
	answer, begun := m.answer, m.begun
	m.mu.Unlock()
	if begun != nil {
		begun(message)
	}
	timer := time.NewTimer(m.takes)
	defer timer.Stop()
	var err error
	select {
	case <-timer.C:
	case <-ctx.Done():
		err = &mitzclient.Error{Code: mitzclient.Canceled, Attempts: 1}
	}
	if err == nil && answer != nil {
		err = answer(message)
	}
	m.mu.Lock()
	m.running--
	m.mu.Unlock()
	return err
}

func (m *atMitz) Subscribe(ctx context.Context, s mitzclient.Subscription) (string, error) {
	if err := m.arrive(ctx, sent{subscribe: s}); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, each := range m.live {
		if same(each, s) {
			return id, nil
		}
	}
	m.next++
	id := fmt.Sprintf("at-mitz-%d", m.next)
	m.live[id] = s
	return id, nil
}

func same(a, b mitzclient.Subscription) bool {
	return a.NotifyURL == b.NotifyURL && a.DataHolder == b.DataHolder && a.Patient.Expose() == b.Patient.Expose() &&
		a.GatewaySystem == b.GatewaySystem && a.SourceSystem == b.SourceSystem && a.Payload == b.Payload
}

func (m *atMitz) EndSubscription(ctx context.Context, id string) error {
	if err := m.arrive(ctx, sent{ends: id}); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, there := m.live[id]; !there {
		return status(404)
	}
	delete(m.live, id)
	return nil
}

// known returns the ids of the subscriptions there are.
func (m *atMitz) known() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.live))
}

func (m *atMitz) received() []sent {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.messages)
}

// status is an answer with another status.
func status(code int) *mitzclient.Error {
	details := map[int]string{400: "bad_request", 403: "unauthorized", 404: "not_found", 422: "unprocessable", 429: "throttled"}
	return &mitzclient.Error{
		Code: mitzclient.HTTPStatus, Detail: cmp.Or(details[code], "unavailable"), Status: code, Attempts: 1, RequestID: "5f4dcc3b-5aa7-465d-8327-deb882cf99ad",
	}
}

func always(err error) func(sent) error { return func(sent) error { return err } }

// world is what the services of a test share.
type world struct {
	t     testing.TB
	store *inMemory
	mitz  *atMitz
	lists map[string]consent.DataHolder
	log   *safeBuffer
	Config
}

// safeBuffer is written to by many.
type safeBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, store: newInMemory(), mitz: newMitz(), lists: map[string]consent.DataHolder{"east": east, "west": west}, log: &safeBuffer{}}
	logger := logrus.New()
	logger.SetOutput(w.log)
	logger.SetLevel(logrus.DebugLevel)
	w.Config = Config{
		Store: w.store, Keys: withdrawal.NewKeys(), Mitz: w.mitz,
		DataHolder: func(subject string) (consent.DataHolder, bool) {
			dataHolder, known := w.lists[subject]
			return dataHolder, known
		},
		Subjects:  func() []string { return slices.Sorted(maps.Keys(w.lists)) },
		NotifyURL: "https://node.example/mitz/notify/", GatewaySystem: "2.999.10", SourceSystem: "2.999.10.2",
		Log: logrus.NewEntry(logger),
	}
	return w
}

// start starts a service, which is a node of a cluster, and stops it at the end of the test.
func (w *world) start() *Service {
	w.t.Helper()
	service, err := New(w.Config)
	require.NoError(w.t, err)
	service.Start()
	w.t.Cleanup(service.Stop)
	return service
}

// add adds subscriptions of these patients.
func (w *world) add(service *Service, from, to int) []Subscription {
	w.t.Helper()
	added, err := service.Add(w.t.Context(), wishesOf(w.t, from, to)...)
	require.NoError(w.t, err)
	return added
}

// in lets time go by.
func in(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// settle looks whether the patients that are known here and at Mitz are the same, and none of
// them stands in the log. Call it at the end of a test.
func (w *world) settle() {
	w.t.Helper()
	here := []string{}
	for _, each := range w.store.all() {
		assert.Equal(w.t, Subscribed, each.State)
		assert.Empty(w.t, each.Former)
		here = append(here, each.MitzID)
	}
	slices.Sort(here)
	assert.Equal(w.t, w.mitz.known(), here, "Mitz knows what is known here, and nothing else")
	w.tellsNoPatient()
}

func (w *world) tellsNoPatient() {
	w.t.Helper()
	for _, message := range w.mitz.received() {
		if message.ends != "" {
			continue
		}
		assert.NotContains(w.t, w.log.String(), message.subscribe.Patient.Expose())
		assert.NotContains(w.t, w.log.String(), message.subscribe.NotifyURL[strings.LastIndex(message.subscribe.NotifyURL, "/"):])
	}
}
