// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/databasetest"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

func openTable(t testing.TB, database *gorm.DB) *Table {
	t.Helper()
	opened, err := OpenTable(t.Context(), database)
	require.NoError(t, err)
	return opened
}

func TestTable(t *testing.T) {
	for name, start := range databasetest.Servers() {
		t.Run(name, func(t *testing.T) {
			newDatabase := start(t)
			testStore(t, func(t *testing.T) store { return openTable(t, newDatabase(t)(t)) })
			testNodes(t, func(t *testing.T) [2]*Table {
				open := newDatabase(t)
				return [2]*Table{openTable(t, open(t)), openTable(t, open(t))}
			})
			testMigrations(t, newDatabase)
			testTrouble(t, newDatabase)
		})
	}
}

// TestAKeyThatIsGoneIsNoticed: with it goes who is subscribed.
func TestAKeyThatIsGoneIsNoticed(t *testing.T) {
	table := openTable(t, databasetest.SQLite(t, filepath.Join(t.TempDir(), "node.db")))
	former := withdrawal.NewKeys()
	rotated := former.Rotated()
	require.NoError(t, table.CheckKeys(t.Context(), former), "nobody is subscribed")
	addRows(t, table, newRow(former.ID(), "hospital-east", "a"))
	require.NoError(t, table.CheckKeys(t.Context(), former))
	require.NoError(t, table.CheckKeys(t.Context(), rotated), "the key is among them")
	err := table.CheckKeys(t.Context(), withdrawal.NewKeys())
	require.ErrorContains(t, err, former.ID())
	require.ErrorContains(t, err, "put its line back")
}

// TestATakenPlaceSpoilsNoOtherRow: what is written in one transaction with it is written.
func TestATakenPlaceSpoilsNoOtherRow(t *testing.T) {
	for name, start := range databasetest.Servers() {
		t.Run(name, func(t *testing.T) {
			table := openTable(t, start(t)(t)(t))
			rows := addRows(t, table, newRow("key", "hospital-east", "a"), newRow("key", "hospital-east", "b"), newRow("key", "hospital-east", "c"))
			first, second := rows[0], rows[1]
			first.Failure, second.Place = "written", rows[2].Place
			all := []*replacing{{row: first, done: make(chan struct{})}, {row: second, done: make(chan struct{})}}
			table.together.writeAll(all)
			require.NoError(t, errors.Join(all[0].err, all[1].err))
			assert.True(t, all[0].was)
			assert.False(t, all[1].was)
			kept, err := table.find(t.Context(), "hospital-east", first.ID)
			require.NoError(t, err)
			assert.Equal(t, "written", kept.Failure)
		})
	}
}

// testNodes tests what two nodes do with one database at the same moment.
func testNodes(t *testing.T, open func(t *testing.T) [2]*Table) {
	const goroutines = 8
	// atOnce does something in each goroutine, half of which are of one node.
	atOnce := func(nodes [2]*Table, do func(node *Table, i int)) {
		var group sync.WaitGroup
		for i := range goroutines {
			group.Go(func() { do(nodes[i%2], i) })
		}
		group.Wait()
	}
	t.Run("two nodes that add the same patients keep each once", func(t *testing.T) {
		nodes := open(t)
		const patients, adds, ofEach = 60, 125, 3 // 1000 adds in all
		var ids [patients]sync.Map
		atOnce(nodes, func(node *Table, i int) {
			random := rand.New(rand.NewPCG(uint64(i), 1))
			for range adds {
				var rows []row
				var places [][]string
				chosen := random.Perm(patients)[:ofEach]
				for _, n := range chosen {
					each := newRow("k1", []string{"east", "west"}[n%2], fmt.Sprint(n))
					rows, places = append(rows, each), append(places, []string{each.Place, placeOf("k0", each.Place)})
				}
				kept, err := node.add(t.Context(), rows, places)
				if !assert.NoError(t, err) {
					return
				}
				for j, n := range chosen {
					ids[n].Store(kept[j].ID, true)
				}
			}
		})
		for n := range patients {
			different := 0
			ids[n].Range(func(any, any) bool { different++; return true })
			assert.Equal(t, 1, different, "a patient has one id for all")
		}
		counts, err := nodes[0].count(t.Context(), "")
		require.NoError(t, err)
		assert.Equal(t, map[State]int{Waiting: patients}, counts.By)
		east, err := nodes[1].list(t.Context(), "east", "", 2*patients)
		require.NoError(t, err)
		assert.Len(t, east, patients/2)
	})
	t.Run("two nodes that revive the same revive it once", func(t *testing.T) {
		nodes := open(t)
		var rows []row
		for i := range 20 {
			rows = append(rows, newRow("k1", "east", fmt.Sprint(i)))
		}
		for _, each := range addRows(t, nodes[0], rows...) {
			change(t, nodes[0], each, ending)
		}
		atOnce(nodes, func(node *Table, i int) {
			mine := slices.Clone(rows)
			if i%3 == 0 {
				slices.Reverse(mine)
			}
			for _, each := range addRows(t, node, append(mine, newRow("k1", "east", fmt.Sprint("new ", i%3)))...)[:len(rows)] {
				assert.Equal(t, Waiting, each.State)
				assert.EqualValues(t, 3, each.Version)
			}
		})
		counts, err := nodes[0].count(t.Context(), "east")
		require.NoError(t, err)
		assert.Equal(t, map[State]int{Waiting: 23}, counts.By)
	})
	t.Run("a node that starts counts what another is adding", func(t *testing.T) {
		nodes := open(t)
		addRows(t, nodes[0], newRow("k1", "east", "a"))
		adding := nodes[0].sql.GORM().Begin()
		require.NoError(t, insert(adding, []record{recordOf(newRow("k1", "east", "b"))}))
		counted := make(chan error, 1)
		go func() { counted <- nodes[1].sql.Again(t.Context(), recount) }()
		if adding.Name() == "postgres" {
			require.Eventually(t, func() bool {
				var waiting int64
				return adding.Table("pg_locks").Where("NOT granted").Count(&waiting).Error == nil && waiting > 0
			}, time.Minute, time.Millisecond, "it waits for the other")
		}
		require.NoError(t, adding.Commit().Error)
		require.NoError(t, <-counted)
		counts, err := nodes[0].count(t.Context(), "")
		require.NoError(t, err)
		assert.Equal(t, map[State]int{Waiting: 2}, counts.By)
		var all int
		require.NoError(t, nodes[0].sql.GORM().Table(subjectsTable).Pluck("subscriptions", &all).Error)
		assert.Equal(t, 2, all)
	})
	t.Run("of changes at once one is made", func(t *testing.T) {
		nodes := open(t)
		const rounds = 5
		for round := range rounds {
			added := addRows(t, nodes[0], newRow("k1", "east", fmt.Sprint(round)))[0]
			seen, err := nodes[0].beat(t.Context())
			require.NoError(t, err)
			var replaced, removed, taken atomic.Int32
			atOnce(nodes, func(node *Table, i int) {
				mine := added
				mine.Attempts = i
				was, err := node.replace(t.Context(), mine)
				if assert.NoError(t, err) && was {
					replaced.Add(1)
				}
				took, err := node.takeOver(t.Context(), seen, fmt.Sprint(round, " of ", i))
				if assert.NoError(t, err) && took {
					taken.Add(1)
				}
			})
			assert.EqualValues(t, 1, replaced.Load())
			assert.EqualValues(t, 1, taken.Load())
			now, err := nodes[1].find(t.Context(), "east", added.ID)
			require.NoError(t, err)
			atOnce(nodes, func(node *Table, _ int) {
				was, err := node.remove(t.Context(), now)
				if assert.NoError(t, err) && was {
					removed.Add(1)
				}
			})
			assert.EqualValues(t, 1, removed.Load())
		}
		counts, err := nodes[0].count(t.Context(), "east")
		require.NoError(t, err)
		assert.Empty(t, counts.By, "each was counted once when it went")
	})
}

// TestNoNumberInTheFiles looks for patients in all that SQLite writes.
func TestNoNumberInTheFiles(t *testing.T) {
	dir := t.TempDir()
	open := func() string {
		var all strings.Builder
		files, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, each := range files {
			content, err := os.ReadFile(filepath.Join(dir, each.Name()))
			require.NoError(t, err)
			all.Write(content)
		}
		return all.String()
	}
	w := newWorld(t)
	w.Config.Store = openTable(t, databasetest.SQLite(t, filepath.Join(dir, "sqlite.db")+databasetest.AsTheNode))
	service, err := New(w.Config)
	require.NoError(t, err)
	for _, each := range w.add(service, 0, 20) {
		if each.ID[0] < '8' {
			require.NoError(t, service.End(t.Context(), "east", each.ID))
		}
	}
	written := open()
	require.Contains(t, written, "east")
	for _, each := range wishesOf(t, 0, 20) {
		number := each.Patient.Expose()
		for _, form := range []string{number, base64.StdEncoding.EncodeToString([]byte(number)), hex.EncodeToString([]byte(number))} {
			assert.False(t, strings.Contains(written, form), "a patient's number")
		}
	}
}
