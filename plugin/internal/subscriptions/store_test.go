// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// wishedAt is when the rows of these tests are wished. No database keeps nanoseconds.
var wishedAt = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.FixedZone("CET", 3600))

// keptAt is that time as a store gives it back.
var keptAt = wishedAt.UTC().Truncate(time.Microsecond)

// placeOf is the place of a patient under a key.
func placeOf(key, patient string) string {
	hash := sha256.Sum256([]byte(key + "/" + patient))
	return hex.EncodeToString(hash[:])
}

// newRow is a wish about a patient, with the place under a key.
func newRow(key, subject, patient string) row {
	return row{
		Subscription: Subscription{ID: uuid.NewString(), Subject: subject, State: Waiting, Since: wishedAt},
		DataHolder:   consent.DataHolder{URA: "00000659", FacilityType: "V6"},
		Place:        placeOf(key, subject+"/"+patient), Key: key, Sealed: []byte("sealed \x00\xff"), Told: "told",
		Wished: wishedAt, Due: wishedAt,
	}
}

// addRows adds rows with a place each.
func addRows(t *testing.T, kept store, rows ...row) []row {
	t.Helper()
	places := make([][]string, len(rows))
	for i, each := range rows {
		places[i] = []string{each.Place}
	}
	added, err := kept.add(t.Context(), rows, places)
	require.NoError(t, err)
	require.Len(t, added, len(rows))
	return added
}

// change replaces a row by one that is changed, and returns that as it is kept.
func change(t *testing.T, kept store, old row, by func(*row)) row {
	t.Helper()
	by(&old)
	was, err := kept.replace(t.Context(), old)
	require.NoError(t, err)
	require.True(t, was)
	changed, err := kept.find(t.Context(), old.Subject, old.ID)
	require.NoError(t, err)
	return changed
}

func subscribed(r *row) { r.State, r.MitzID, r.Since = Subscribed, "1234", keptAt.Add(time.Minute) }
func ending(r *row)     { r.State, r.Due = Ending, keptAt.Add(time.Hour) }

func idsOf(rows []row) []string {
	ids := []string{}
	for _, each := range rows {
		ids = append(ids, each.ID)
	}
	return ids
}

// testStore tests what every store does; open makes an empty one.
func testStore(t *testing.T, open func(t *testing.T) store) {
	t.Run("a row is kept as it was added", func(t *testing.T) {
		kept := open(t)
		wished := newRow("k1", "hospital-east", "a")
		wished.Attempts, wished.Failure, wished.MitzID, wished.Former = 3, "unreachable", "7", "6"
		added := addRows(t, kept, wished)
		want := wished
		want.Version, want.Wished, want.Due, want.Since = added[0].Version, keptAt, keptAt, keptAt
		assert.Equal(t, want, added[0])
		found, err := kept.find(t.Context(), "hospital-east", wished.ID)
		require.NoError(t, err)
		assert.Equal(t, want, found)
	})
	t.Run("the same patient is kept once", func(t *testing.T) {
		kept := open(t)
		a, b := newRow("k1", "hospital-east", "a"), newRow("k1", "hospital-east", "b")
		first := addRows(t, kept, a)
		again := newRow("k1", "hospital-east", "a")
		second := addRows(t, kept, b, again, b)
		assert.Equal(t, []string{b.ID, a.ID, b.ID}, idsOf(second), "in their order")
		assert.Equal(t, first[0], second[1], "as it is kept")
		other := newRow("k1", "hospital-west", "a")
		assert.Equal(t, []string{other.ID}, idsOf(addRows(t, kept, other)), "of another subject")
		counts, err := kept.count(t.Context(), "")
		require.NoError(t, err)
		assert.Equal(t, map[State]int{Waiting: 3}, counts.By)
		none, err := kept.add(t.Context(), nil, nil)
		require.NoError(t, err)
		assert.Empty(t, none)
	})
	t.Run("a patient is found under a former key", func(t *testing.T) {
		kept := open(t)
		old := addRows(t, kept, newRow("k1", "hospital-east", "a"))[0]
		wished := newRow("k2", "hospital-east", "a")
		added, err := kept.add(t.Context(), []row{wished}, [][]string{{wished.Place, old.Place}})
		require.NoError(t, err)
		assert.Equal(t, []row{old}, added)
	})
	t.Run("another subject's at the same place is another one's", func(t *testing.T) {
		kept := open(t)
		old := addRows(t, kept, newRow("k1", "hospital-east", "a"))[0]
		wished := newRow("k1", "pharmacy-east", "a")
		for range 2 {
			added, err := kept.add(t.Context(), []row{wished}, [][]string{{wished.Place, old.Place}})
			require.NoError(t, err)
			assert.Equal(t, wished.ID, added[0].ID)
		}
	})
	t.Run("rows are found by their places", func(t *testing.T) {
		kept := open(t)
		added := addRows(t, kept, newRow("k1", "east", "a"), newRow("k2", "east", "a"), newRow("k1", "west", "a"), newRow("k1", "east", "b"))
		found, err := kept.at(t.Context(), "east", []string{added[0].Place, added[1].Place, added[2].Place, placeOf("k3", "east/a")})
		require.NoError(t, err)
		assert.ElementsMatch(t, added[:2], found)
		found, err = kept.at(t.Context(), "east", nil)
		require.NoError(t, err)
		assert.Empty(t, found)
	})
	t.Run("what was ending is wished for again", func(t *testing.T) {
		kept := open(t)
		old := addRows(t, kept, newRow("k1", "hospital-east", "a"))[0]
		old = change(t, kept, old, subscribed)
		old = change(t, kept, old, func(r *row) { ending(r); r.Attempts, r.Failure = 4, "unreachable" })
		later := newRow("k1", "hospital-east", "a")
		later.Wished, later.Since, later.Due = keptAt.Add(time.Hour), keptAt.Add(time.Hour), keptAt.Add(2*time.Hour)
		added := addRows(t, kept, later, later)
		want := old
		want.State, want.Attempts, want.Failure, want.Version = Waiting, 0, "", added[0].Version
		want.Since, want.Wished, want.Due = later.Wished, later.Wished, later.Wished
		assert.Equal(t, []row{want, want}, added)
		assert.Greater(t, want.Version, old.Version)
		found, err := kept.find(t.Context(), "hospital-east", old.ID)
		require.NoError(t, err)
		assert.Equal(t, want, found)
		was, err := kept.replace(t.Context(), old)
		require.NoError(t, err)
		assert.False(t, was, "it has changed")
	})
	t.Run("a batch is large", func(t *testing.T) {
		kept := open(t)
		var rows []row
		var places [][]string
		for i := range 1000 {
			rows = append(rows, newRow("k4", "hospital-east", fmt.Sprint(i)))
			var all []string
			for _, key := range []string{"k4", "k3", "k2", "k1"} {
				all = append(all, placeOf(key, fmt.Sprint("hospital-east/", i)))
			}
			places = append(places, all)
		}
		added, err := kept.add(t.Context(), rows, places)
		require.NoError(t, err)
		assert.Equal(t, idsOf(rows), idsOf(added))
		again, err := kept.add(t.Context(), rows, places)
		require.NoError(t, err)
		assert.Equal(t, added, again)
	})
	t.Run("another subject's is unknown", func(t *testing.T) {
		kept := open(t)
		added := addRows(t, kept, newRow("k1", "hospital-east", "a"))[0]
		for _, subject := range []string{"hospital-west", "Hospital-East", ""} {
			_, err := kept.find(t.Context(), subject, added.ID)
			assert.ErrorIs(t, err, ErrUnknown, subject)
		}
		_, err := kept.find(t.Context(), "hospital-east", uuid.NewString())
		assert.ErrorIs(t, err, ErrUnknown)
	})
	t.Run("a subject's are listed in parts", func(t *testing.T) {
		kept := open(t)
		var rows []row
		for i := range 5 {
			rows = append(rows, newRow("k1", "hospital-east", fmt.Sprint(i)))
		}
		addRows(t, kept, append(rows, newRow("k1", "hospital-west", "a"))...)
		want := idsOf(rows)
		slices.Sort(want)
		var got []string
		for after := ""; ; after = got[len(got)-1] {
			part, err := kept.list(t.Context(), "hospital-east", after, 2)
			require.NoError(t, err)
			if len(part) == 0 {
				break
			}
			require.LessOrEqual(t, len(part), 2)
			got = append(got, idsOf(part)...)
		}
		assert.Equal(t, want, got)
	})
	t.Run("they are counted", func(t *testing.T) {
		kept := open(t)
		counts, err := kept.count(t.Context(), "")
		require.NoError(t, err)
		assert.Empty(t, counts.By)
		assert.Zero(t, counts.Oldest)
		wished := func(subject, patient string, after time.Duration) row {
			wished := newRow("k1", subject, patient)
			wished.Wished = wishedAt.Add(after)
			return wished
		}
		added := addRows(t, kept, wished("east", "a", 0), wished("east", "b", time.Hour), wished("east", "c", 2*time.Hour),
			wished("west", "a", -time.Hour), wished("west", "b", -2*time.Hour))
		change(t, kept, added[0], subscribed)
		change(t, kept, added[1], ending)
		change(t, kept, added[4], subscribed)
		for subject, want := range map[string]Counts{
			"":      {By: map[State]int{Waiting: 2, Subscribed: 2, Ending: 1}, Oldest: keptAt.Add(-time.Hour)},
			"east":  {By: map[State]int{Waiting: 1, Subscribed: 1, Ending: 1}, Oldest: keptAt.Add(time.Hour)},
			"west":  {By: map[State]int{Waiting: 1, Subscribed: 1}, Oldest: keptAt.Add(-time.Hour)},
			"north": {By: map[State]int{}},
		} {
			counts, err := kept.count(t.Context(), subject)
			require.NoError(t, err)
			assert.Equal(t, want, counts, subject)
		}
		for range 2 { // the second time nothing is there
			_, err := kept.remove(t.Context(), added[3])
			require.NoError(t, err)
			counts, err := kept.count(t.Context(), "west")
			require.NoError(t, err)
			assert.Equal(t, Counts{By: map[State]int{Subscribed: 1}}, counts)
		}
	})
	t.Run("the longest due come first", func(t *testing.T) {
		kept := open(t)
		var rows []row
		for i, due := range []int{3, 1, 2, 5, 4, 0, 6} {
			each := newRow("k1", []string{"east", "west"}[i%2], fmt.Sprint(i))
			each.Due = wishedAt.Add(time.Duration(due) * time.Minute)
			rows = append(rows, each)
		}
		rows = addRows(t, kept, rows...)
		rows[2] = change(t, kept, rows[2], func(r *row) { r.State = Ending })
		change(t, kept, rows[5], subscribed)
		for _, tc := range []struct {
			state   State
			after   time.Duration
			limit   int
			without []string
			want    []string
		}{
			{Waiting, 0, 10, nil, []string{}},
			{Waiting, time.Minute, 10, nil, []string{rows[1].ID}},
			{Waiting, time.Hour, 3, nil, []string{rows[1].ID, rows[0].ID, rows[4].ID}},
			{Waiting, time.Hour, 10, nil, []string{rows[1].ID, rows[0].ID, rows[4].ID, rows[3].ID, rows[6].ID}},
			{Waiting, time.Hour, 2, []string{"west", "north"}, []string{rows[0].ID, rows[4].ID}},
			{Waiting, time.Hour, 2, []string{"west", "east"}, []string{}},
			{Ending, time.Hour, 10, nil, []string{rows[2].ID}},
		} {
			due, err := kept.due(t.Context(), tc.state, wishedAt.Add(tc.after), tc.limit, tc.without)
			require.NoError(t, err)
			assert.Equal(t, tc.want, idsOf(due), "%v", tc)
		}
	})
	t.Run("what Mitz was told something else than now is outdated", func(t *testing.T) {
		kept := open(t)
		told := func(subject string, ura consent.URA, patient, told string) row {
			each := newRow("k1", subject, patient)
			each.DataHolder.URA, each.Told = ura, told
			return each
		}
		rows := addRows(t, kept, told("east", "1", "a", "a"), told("east", "1", "b", "m"), told("east", "1", "c", "z"),
			told("east", "1", "d", ""), told("east", "2", "e", "a"), told("west", "1", "f", "a"), told("east", "1", "waits", "a"))
		for _, each := range rows[:6] {
			change(t, kept, each, subscribed)
		}
		outdated, err := kept.outdated(t.Context(), "east", "1", "m", 10)
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{rows[0].ID, rows[2].ID, rows[3].ID}, idsOf(outdated))
		for limit := range 3 {
			outdated, err = kept.outdated(t.Context(), "east", "1", "m", limit+1)
			require.NoError(t, err)
			assert.Len(t, outdated, limit+1)
		}
	})
	t.Run("one change of a version is made", func(t *testing.T) {
		kept := open(t)
		added := addRows(t, kept, newRow("k1", "hospital-east", "a"), newRow("k1", "hospital-east", "b"))
		changed := added[0]
		changed.Place, changed.Key, changed.Sealed = placeOf("k2", "a"), "k2", []byte("other")
		changed.DataHolder = consent.DataHolder{URA: "00000001", FacilityType: "Z3"}
		changed.State, changed.Since, changed.Attempts, changed.Failure = Ending, keptAt.Add(time.Minute), 2, "http_status"
		changed.MitzID, changed.Former, changed.Told, changed.Wished, changed.Due = "8", "7", "else", keptAt.Add(time.Minute), keptAt.Add(time.Hour)
		now := change(t, kept, added[0], func(r *row) { *r = changed })
		assert.Greater(t, now.Version, added[0].Version)
		changed.Version = now.Version
		assert.Equal(t, changed, now)
		for _, old := range []row{added[0], {Subscription: Subscription{ID: uuid.NewString()}, Version: 1}} {
			was, err := kept.replace(t.Context(), old)
			require.NoError(t, err)
			assert.False(t, was)
			was, err = kept.remove(t.Context(), old)
			require.NoError(t, err)
			assert.False(t, was)
		}
		now.Place = added[1].Place
		was, err := kept.replace(t.Context(), now)
		require.NoError(t, err)
		assert.False(t, was, "another row has the place")
		was, err = kept.remove(t.Context(), now)
		require.NoError(t, err)
		assert.True(t, was)
		_, err = kept.find(t.Context(), "hospital-east", now.ID)
		require.ErrorIs(t, err, ErrUnknown)
		_, err = kept.find(t.Context(), "hospital-east", added[1].ID)
		assert.NoError(t, err, "the other is left alone")
	})
	t.Run("what Mitz is told is kept", func(t *testing.T) {
		kept := open(t)
		none, err := kept.saying(t.Context(), "a")
		require.NoError(t, err)
		assert.Empty(t, none)
		for _, each := range []string{"a", "b", "a"} {
			require.NoError(t, kept.keepSaying(t.Context(), each, "of "+each))
		}
		said, err := kept.saying(t.Context(), "b")
		require.NoError(t, err)
		assert.Equal(t, "of b", said)
	})
	t.Run("each key is told once", func(t *testing.T) {
		kept := open(t)
		keys, err := kept.keys(t.Context())
		require.NoError(t, err)
		assert.Empty(t, keys)
		addRows(t, kept, newRow("k1", "east", "a"), newRow("k2", "east", "b"), newRow("k1", "west", "c"), newRow("k3", "west", "d"))
		keys, err = kept.keys(t.Context())
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{"k1", "k2", "k3"}, keys)
	})
	t.Run("one takes over the work from whom it saw", func(t *testing.T) {
		kept := open(t)
		for _, step := range []struct {
			seen, mine string
			was        bool
			now        string
		}{
			{"nobody", "a", false, ""},
			{"", "a", true, "a"},
			{"", "b", false, "a"},
			{"a", "b", true, "b"},
			{"a", "c", false, "b"},
		} {
			was, err := kept.takeOver(t.Context(), step.seen, step.mine)
			require.NoError(t, err)
			assert.Equal(t, step.was, was, "%v", step)
			now, err := kept.beat(t.Context())
			require.NoError(t, err)
			assert.Equal(t, step.now, now, "%v", step)
		}
	})
}
