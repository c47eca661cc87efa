// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"bytes"
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
	for tens := 9; ; tens-- {
		digits := fmt.Sprintf("%08d", tens*10_000_000+n)
		sum := 0
		for i, digit := range digits {
			sum += int(digit-'0') * (9 - i)
		}
		if sum%11 < 10 { // else there is none with these digits
			made, err := consent.ParseBSN(fmt.Sprintf("%s%d", digits, sum%11))
			require.NoError(t, err)
			return made
		}
	}
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

// world is what the services of a test share.
type world struct {
	t     testing.TB
	store *inMemory
	mitz  *atMitz
	log   *safeBuffer
	Config

	mu    sync.Mutex
	lists map[string]consent.DataHolder
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
			w.mu.Lock()
			defer w.mu.Unlock()
			dataHolder, known := w.lists[subject]
			return dataHolder, known
		},
		Subjects: func() []string {
			w.mu.Lock()
			defer w.mu.Unlock()
			return slices.Sorted(maps.Keys(w.lists))
		},
		NotifyURL: "https://node.example/mitz/notify/", GatewaySystem: "2.999.10", SourceSystem: "2.999.10.2",
		Log: logrus.NewEntry(logger),
	}
	return w
}

// list has the list say from now on whom the subject east stands for; nobody, when it is zero.
func (w *world) list(dataHolder consent.DataHolder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lists["east"] = dataHolder
	if dataHolder == (consent.DataHolder{}) {
		delete(w.lists, "east")
	}
}

// made makes a service, which is a node of a cluster, and stops it at the end of the test.
func (w *world) made() *Service {
	w.t.Helper()
	service, err := New(w.Config)
	require.NoError(w.t, err)
	w.t.Cleanup(service.Stop)
	return service
}

// start starts a service.
func (w *world) start() *Service {
	w.t.Helper()
	service := w.made()
	service.Start()
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
	assert.ElementsMatch(w.t, w.mitz.known(), here, "Mitz knows what is known here, and nothing else")
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
