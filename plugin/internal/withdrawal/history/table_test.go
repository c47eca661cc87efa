// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package history

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/databasetest"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

const life = 366 * 24 * time.Hour

func openTable(t testing.TB, database *gorm.DB) *Table {
	t.Helper()
	opened, err := OpenTable(t.Context(), database, life)
	require.NoError(t, err)
	return opened
}

func TestTable(t *testing.T) {
	for name, start := range databasetest.Servers() {
		t.Run(name, func(t *testing.T) {
			newDatabase := start(t)
			testHistory(t, func(t *testing.T) withdrawal.History { return openTable(t, newDatabase(t)(t)) })
			testNodes(t, newDatabase)
			testKeys(t, newDatabase)
		})
	}
}

// TestMemory holds the history of one process against the same.
func TestMemory(t *testing.T) {
	testHistory(t, func(*testing.T) withdrawal.History { return NewMemory(life) })
}

// places are of so many things, each at a place of its own.
func places(names ...string) (all []withdrawal.Withdrawn) {
	for _, name := range names {
		all = append(all, withdrawal.Withdrawn{Place: name, Key: "key", Sealed: []byte("sealed " + name)})
	}
	return all
}

func testHistory(t *testing.T, open func(t *testing.T) withdrawal.History) {
	at := time.Now().UTC().Truncate(time.Microsecond)
	assertLast := func(t *testing.T, history withdrawal.History, expected time.Time, asked ...string) {
		t.Helper()
		last, err := history.Last(t.Context(), asked)
		require.NoError(t, err)
		assert.True(t, last.Equal(expected), "%s, %s expected", last, expected)
	}
	t.Run("of several places the latest counts", func(t *testing.T) {
		history := open(t)
		assertLast(t, history, time.Time{}, "a", "b")
		require.NoError(t, history.Keep(t.Context(), at, places("a", "c")))
		require.NoError(t, history.Keep(t.Context(), at.Add(time.Second), places("b")))
		assertLast(t, history, at, "a")
		assertLast(t, history, at.Add(time.Second), "a", "b", "d")
		assertLast(t, history, time.Time{}, "d")
	})
	t.Run("an earlier time does not replace a later one", func(t *testing.T) {
		history := open(t)
		require.NoError(t, history.Keep(t.Context(), at, places("a")))
		require.NoError(t, history.Keep(t.Context(), at.Add(-time.Hour), places("a", "b")))
		assertLast(t, history, at, "a")
		assertLast(t, history, at.Add(-time.Hour), "b")
		require.NoError(t, history.Keep(t.Context(), at.Add(time.Hour), places("a", "b")))
		assertLast(t, history, at.Add(time.Hour), "a")
	})
	t.Run("as many as one notification can name", func(t *testing.T) {
		history := open(t)
		var all []withdrawal.Withdrawn
		for n := range 2*maxTogether + 1 {
			all = append(all, places(fmt.Sprint(n))...)
		}
		require.NoError(t, history.Keep(t.Context(), at, all))
		for _, each := range all {
			assertLast(t, history, at, each.Place)
		}
	})
	t.Run("what nothing can be older than is forgotten", func(t *testing.T) {
		history := open(t)
		old := at.Add(-life - 2*spare)
		due(history)
		require.NoError(t, history.Keep(t.Context(), old, places("a")))
		require.NoError(t, history.Keep(t.Context(), at.Add(-life), places("b")))
		due(history)
		require.NoError(t, history.Keep(t.Context(), at, places("c")))
		assertLast(t, history, time.Time{}, "a")
		assertLast(t, history, at.Add(-life), "b")
	})
}

// due has a history sweep at the next withdrawal.
func due(history withdrawal.History) {
	switch history := history.(type) {
	case *Table:
		history.swept = time.Time{}
	case *Memory:
		history.swept = time.Time{}
	}
}

// testNodes has two nodes keep the same at the same moment.
func testNodes(t *testing.T, newDatabase func(t testing.TB) databasetest.Open) {
	t.Run("two nodes keep the same at once", func(t *testing.T) {
		open := newDatabase(t)
		nodes := []*Table{openTable(t, open(t)), openTable(t, open(t))}
		at := time.Now().UTC().Truncate(time.Microsecond)
		var keeping sync.WaitGroup
		for i := range 20 {
			keeping.Go(func() {
				assert.NoError(t, nodes[i%2].Keep(t.Context(), at.Add(time.Duration(i)*time.Second), places("c", "b", "a")))
			})
		}
		keeping.Wait()
		for _, place := range []string{"a", "b", "c"} {
			for _, node := range nodes {
				last, err := node.Last(t.Context(), []string{place})
				require.NoError(t, err)
				assert.True(t, last.Equal(at.Add(19*time.Second)), "%s", last)
			}
		}
	})
}

// noMarks are sessions that nobody looks at.
type noMarks struct{}

func (noMarks) Get(string) (string, error) { return "", nil }
func (noMarks) Put(string, string) error   { return nil }

func patient(t testing.TB) consent.BSN {
	t.Helper()
	parsed, err := consent.ParseBSN("900186021")
	require.NoError(t, err)
	return parsed
}

// testKeys replaces the key of a node.
func testKeys(t *testing.T, newDatabase func(t testing.TB) databasetest.Open) {
	t.Run("withdrawals follow the key in use", func(t *testing.T) {
		table := openTable(t, newDatabase(t)(t))
		former := withdrawal.NewKeys()
		both := former.Rotated()
		question := consent.Question{
			Patient: patient(t), DataHolder: consent.DataHolder{URA: "00000659"}, Categories: []consent.Category{"GGC002"},
			Requester: consent.Requester{FacilityType: "V6"},
		}
		last := func(keys *withdrawal.Keys) time.Time {
			t.Helper()
			last, err := withdrawal.NewMarks(keys, withdrawal.DefaultKinds(), noMarks{}).KeptIn(table).Last(t.Context(), question)
			require.NoError(t, err)
			return last
		}
		marks := withdrawal.NewMarks(former, withdrawal.DefaultKinds(), noMarks{}).KeptIn(table)
		require.NoError(t, marks.Narrow(question.Patient, "00000659", map[consent.Category]withdrawal.Told{"GGC002": {}}))
		at := last(former)
		require.False(t, at.IsZero())
		assert.True(t, last(both).Equal(at), "a former key is read")
		onlyNew, known := both.Under(both.ID())
		require.True(t, known)
		require.True(t, last(onlyNew).IsZero())
		err := table.CheckKeys(t.Context(), onlyNew)
		require.ErrorContains(t, err, former.ID())
		require.ErrorContains(t, err, "put its line back")
		require.NoError(t, table.CheckKeys(t.Context(), both))

		require.NoError(t, table.Move(t.Context(), both))
		require.NoError(t, table.CheckKeys(t.Context(), onlyNew), "the former is needed no more")
		assert.True(t, last(onlyNew).Equal(at), "at the time of the withdrawal")
		require.NoError(t, table.Move(t.Context(), both), "again")
		assert.True(t, last(onlyNew).Equal(at))
	})
	t.Run("what came by a secret path alone stays under its key until it is over", func(t *testing.T) {
		table := openTable(t, newDatabase(t)(t))
		former := withdrawal.NewKeys()
		secret, err := former.Path(patient(t), "00000659", "id")
		require.NoError(t, err)
		path, known := former.ReadPath(secret)
		require.True(t, known)
		require.NoError(t, withdrawal.NewMarks(former, withdrawal.DefaultKinds(), noMarks{}).KeptIn(table).WithdrawBy(path))
		both := former.Rotated()
		require.NoError(t, table.Move(t.Context(), both))
		last, err := table.Last(t.Context(), []string{path.Place()})
		require.NoError(t, err)
		assert.False(t, last.IsZero())
		onlyNew, _ := both.Under(both.ID())
		require.ErrorContains(t, table.CheckKeys(t.Context(), onlyNew), former.ID())
		table.life = 0
		require.NoError(t, table.CheckKeys(t.Context(), onlyNew), "nothing is older")
	})
	t.Run("rows that nobody can read are left alone", func(t *testing.T) {
		table := openTable(t, newDatabase(t)(t))
		keys := withdrawal.NewKeys()
		require.NoError(t, table.Keep(t.Context(), time.Now(), places("a", "b")))
		require.NoError(t, table.sql.GORM().Model(&record{}).Where("place = ?", "b").Update("sealed", "not base64").Error)
		require.NoError(t, table.Move(t.Context(), keys))
		last, err := table.Last(t.Context(), []string{"b"})
		require.NoError(t, err)
		assert.False(t, last.IsZero())
	})
}

// TestARowThatChangesWhileItIsMovedStays: a node that uses the former key still may write it.
func TestARowThatChangesWhileItIsMovedStays(t *testing.T) {
	table := openTable(t, databasetest.SQLite(t, filepath.Join(t.TempDir(), "sqlite.db")+databasetest.AsTheNode))
	former := withdrawal.NewKeys()
	marks := withdrawal.NewMarks(former, withdrawal.DefaultKinds(), noMarks{}).KeptIn(table)
	require.NoError(t, marks.Withdraw(withdrawal.About{Patient: patient(t), DataHolder: "00000659"}))
	var before record
	require.NoError(t, table.sql.GORM().First(&before).Error)
	read := before
	read.Withdrawn--
	require.NoError(t, table.move(t.Context(), former.Rotated(), read))
	last, err := table.Last(t.Context(), []string{before.Place})
	require.NoError(t, err)
	assert.Equal(t, before.Withdrawn, last.UnixMicro())
}

func TestNothingTellsWhoThePatientIs(t *testing.T) {
	table := openTable(t, databasetest.SQLite(t, filepath.Join(t.TempDir(), "sqlite.db")+databasetest.AsTheNode))
	marks := withdrawal.NewMarks(withdrawal.NewKeys(), withdrawal.DefaultKinds(), noMarks{}).KeptIn(table)
	require.NoError(t, marks.Narrow(patient(t), "00000659", map[consent.Category]withdrawal.Told{"GGC002": {}}))
	var all []record
	require.NoError(t, table.sql.GORM().Find(&all).Error)
	require.NotEmpty(t, all)
	for _, each := range all {
		sealed, err := base64.StdEncoding.DecodeString(each.Sealed)
		require.NoError(t, err)
		for _, text := range []string{fmt.Sprint(each), string(sealed)} {
			for _, told := range []string{"900186021", "GGC002", "00000659", "RPZAC"} {
				assert.NotContains(t, text, told)
			}
		}
	}
}
