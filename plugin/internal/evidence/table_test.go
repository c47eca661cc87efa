// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package evidence

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

func openTable(t *testing.T, database *gorm.DB) *Table {
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
			testNodes(t, newDatabase)
			testMigrations(t, newDatabase)
		})
	}
}

// TestInMemory holds the store of the other tests against the same.
func TestInMemory(t *testing.T) {
	testStore(t, func(*testing.T) store { return newInMemory() })
}

var testKeys = withdrawal.NewKeys()

func rowFor(t *testing.T, name string, state State, now time.Time) row {
	t.Helper()
	made, err := rowOf(testKeys, registration(t, name), state, now)
	require.NoError(t, err)
	return made
}

func testStore(t *testing.T, open func(t *testing.T) store) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 123000, time.UTC)
	add := func(t *testing.T, kept store, state State, at time.Time, names ...string) {
		t.Helper()
		for _, name := range names {
			require.NoError(t, kept.add(t.Context(), rowFor(t, name, state, at)))
		}
	}
	due := func(t *testing.T, kept store, states ...State) (found []row) {
		t.Helper()
		found, err := kept.due(t.Context(), states, now.Add(time.Hour), 10)
		require.NoError(t, err)
		return found
	}
	t.Run("what is kept is read as it was", func(t *testing.T) {
		kept := open(t)
		want := rowFor(t, "a", Waiting, now)
		want.Failure, want.Attempts = "unreachable/refused", 3
		require.NoError(t, kept.add(t.Context(), want))
		want.Version = 1
		assert.Equal(t, []row{want}, due(t, kept, Waiting))
	})
	t.Run("the same again changes nothing", func(t *testing.T) {
		kept := open(t)
		add(t, kept, Waiting, now, "a")
		first := due(t, kept, Waiting)[0]
		done, err := kept.replace(t.Context(), first.in(Accepted, now))
		require.NoError(t, err)
		require.True(t, done)
		add(t, kept, Waiting, now.Add(time.Minute), "a")
		assert.Empty(t, due(t, kept, Waiting))
		assert.Len(t, due(t, kept, Accepted), 1)
	})
	t.Run("what is due longest comes first", func(t *testing.T) {
		kept := open(t)
		add(t, kept, Waiting, now.Add(2*time.Minute), "late")
		add(t, kept, Waiting, now, "early")
		add(t, kept, Refused, now.Add(time.Minute), "between")
		add(t, kept, Waiting, now.Add(2*time.Hour), "not yet")
		add(t, kept, Kept, now, "kept")
		var names []string
		for _, each := range due(t, kept, Waiting, Refused) {
			names = append(names, strings.TrimPrefix(each.Registration, "did:web:midwife.example#"))
		}
		assert.Equal(t, []string{"early", "between", "late"}, names)
	})
	t.Run("who comes late replaces nothing", func(t *testing.T) {
		kept := open(t)
		add(t, kept, Waiting, now, "a")
		first := due(t, kept, Waiting)[0]
		for i, want := range []bool{true, false} {
			did, err := kept.replace(t.Context(), first)
			require.NoError(t, err)
			assert.Equal(t, want, did, i)
		}
	})
	t.Run("what was accepted before Mitz was asked is in force", func(t *testing.T) {
		kept := open(t)
		add(t, kept, Accepted, now, "before")
		add(t, kept, Accepted, now.Add(time.Minute), "after")
		add(t, kept, Waiting, now, "not told")
		settled, err := kept.settle(t.Context(), "00000659", now, now)
		require.NoError(t, err)
		assert.Equal(t, 1, settled)
		settled, err = kept.settle(t.Context(), "00000660", now.Add(time.Hour), now)
		require.NoError(t, err)
		assert.Zero(t, settled, "another data holder")
		counts, err := kept.count(t.Context())
		require.NoError(t, err)
		assert.Equal(t, map[State]int{InForce: 1, Accepted: 1, Waiting: 1}, counts.By)
	})
	t.Run("what waits about a patient is found", func(t *testing.T) {
		kept := open(t)
		add(t, kept, Waiting, now, "waits")
		add(t, kept, Refused, now, "refused")
		add(t, kept, Accepted, now, "accepted")
		place := rowFor(t, "waits", Waiting, now).Place
		found, err := kept.waiting(t.Context(), []string{"other", place})
		require.NoError(t, err)
		states := map[State]int{}
		for _, each := range found {
			states[each.State]++
		}
		assert.Equal(t, map[State]int{Waiting: 1, Refused: 1}, states)
		found, err = kept.waiting(t.Context(), []string{"other"})
		require.NoError(t, err)
		assert.Empty(t, found)
	})
	t.Run("it tells since when a row is there", func(t *testing.T) {
		kept := open(t)
		add(t, kept, Kept, now, "a")
		since, err := kept.keptSince(t.Context(), rowFor(t, "a", Kept, now).ID)
		require.NoError(t, err)
		assert.True(t, since.Equal(now))
		since, err = kept.keptSince(t.Context(), "another")
		require.NoError(t, err)
		assert.True(t, since.IsZero())
	})
	t.Run("what is under another key is found", func(t *testing.T) {
		kept := open(t)
		add(t, kept, Kept, now, "a", "b", "c")
		var after string
		for range 3 {
			found, err := kept.sealedOtherwise(t.Context(), "another", after, 1)
			require.NoError(t, err)
			require.Len(t, found, 1)
			assert.Greater(t, found[0].ID, after)
			after = found[0].ID
		}
		for key, after := range map[string]string{"another": after, testKeys.ID(): ""} {
			found, err := kept.sealedOtherwise(t.Context(), key, after, 1)
			require.NoError(t, err)
			assert.Empty(t, found)
		}
	})
	t.Run("a beat is taken over once", func(t *testing.T) {
		kept := open(t)
		for _, step := range []struct {
			seen, mine string
			want       bool
		}{{"", "a", true}, {"", "b", false}, {"c", "b", false}, {"a", "b", true}} {
			did, err := kept.TakeOver(t.Context(), step.seen, step.mine)
			require.NoError(t, err)
			assert.Equal(t, step.want, did, step)
		}
		beat, err := kept.Beat(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "b", beat)
	})
	t.Run("a call ends with its context", func(t *testing.T) {
		kept := open(t)
		ended, end := context.WithCancel(t.Context())
		end()
		require.ErrorIs(t, kept.add(ended, rowFor(t, "a", Waiting, now)), context.Canceled)
		_, err := kept.due(ended, []State{Waiting}, now, 1)
		require.ErrorIs(t, err, context.Canceled)
	})
}

// testNodes tests what nodes do with one database at the same moment.
func testNodes(t *testing.T, newDatabase func(t testing.TB) databasetest.Open) {
	t.Run("nodes that keep the same keep it once", func(t *testing.T) {
		open := newDatabase(t)
		const nodes = 4
		var databases [nodes]*gorm.DB
		for i := range nodes {
			databases[i] = open(t) // SQLite does not open while another one writes
		}
		var tables [nodes]*Table
		var starting sync.WaitGroup
		for i := range nodes {
			starting.Go(func() {
				table, err := OpenTable(t.Context(), databases[i])
				assert.NoError(t, err)
				tables[i] = table
			})
		}
		starting.Wait()
		var group sync.WaitGroup
		for i := range nodes {
			group.Go(func() {
				for n := range 20 {
					assert.NoError(t, tables[i].add(t.Context(), rowFor(t, fmt.Sprint(n), Waiting, time.Now())))
				}
			})
		}
		group.Wait()
		counts, err := tables[0].count(t.Context())
		require.NoError(t, err)
		assert.Equal(t, map[State]int{Waiting: 20}, counts.By)
		assert.WithinDuration(t, time.Now(), counts.Oldest, time.Hour)
	})
}

func testMigrations(t *testing.T, newDatabase func(t testing.TB) databasetest.Open) {
	t.Run("what is there stays, and the node's tables are left alone", func(t *testing.T) {
		open := newDatabase(t)
		database := open(t)
		for _, each := range []string{"did", "goose_db_version", "mitz_subscriptions"} {
			require.NoError(t, database.Exec("CREATE TABLE "+each+" (id VARCHAR(64))").Error)
		}
		require.NoError(t, openTable(t, database).add(t.Context(), rowFor(t, "a", Kept, time.Now())))
		counts, err := openTable(t, open(t)).count(t.Context())
		require.NoError(t, err)
		assert.Equal(t, map[State]int{Kept: 1}, counts.By)
		tables, err := database.Migrator().GetTables()
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{
			"did", "goose_db_version", "mitz_subscriptions", evidenceTable, "mitz_work", schema.Migrations,
		}, tables)
	})
	t.Run("what a node left halfway is made whole", func(t *testing.T) {
		all := schema.Objects()
		for made := range len(all) + 1 {
			database := newDatabase(t)(t)
			for _, each := range all[:made] {
				require.NoError(t, database.Exec(each.Statement()).Error)
			}
			openTable(t, database)
			for _, each := range all {
				assert.True(t, each.IsThere(database), each.Statement())
			}
		}
	})
	t.Run("the largest fits", func(t *testing.T) {
		kept := openTable(t, newDatabase(t)(t))
		large := registration(t, "large")
		large.ID = strings.Repeat("i", maxID)
		large.Credentials[1] = strings.Repeat("c", maxSealed-1000)
		fresh, err := rowOf(testKeys, large, Kept, time.Now())
		require.NoError(t, err)
		assert.Less(t, len(recordOf(fresh).Sealed), 64<<10, "a TEXT of MySQL")
		require.NoError(t, kept.add(t.Context(), fresh))
	})
	t.Run("a newer version's tables are left alone", func(t *testing.T) {
		database := newDatabase(t)(t)
		openTable(t, database)
		require.NoError(t, database.Exec("INSERT INTO "+schema.Migrations+" (step) VALUES (?)", len(schema.Steps)+2).Error)
		_, err := OpenTable(t.Context(), database)
		require.ErrorContains(t, err, "a newer nuts-mitz has changed the tables")
	})
	t.Run("trouble is told without what is in the table", func(t *testing.T) {
		database := newDatabase(t)(t)
		kept := openTable(t, database)
		require.NoError(t, database.Exec("DROP TABLE "+evidenceTable).Error)
		err := kept.add(t.Context(), rowFor(t, "a", Kept, time.Now()))
		require.Error(t, err)
		assert.Regexp(t, `^table mitz_evidence: the database answers (SQLSTATE 42P01|SQLite error 1)$`, err.Error())
	})
}

// TestAKeyThatIsGoneIsNoticed: with it goes what was kept.
func TestAKeyThatIsGoneIsNoticed(t *testing.T) {
	table := openTable(t, databasetest.SQLite(t, filepath.Join(t.TempDir(), "node.db")))
	require.NoError(t, table.CheckKeys(t.Context(), withdrawal.NewKeys()), "nothing is kept")
	require.NoError(t, table.add(t.Context(), rowFor(t, "a", Kept, time.Now())))
	require.NoError(t, table.CheckKeys(t.Context(), testKeys))
	require.NoError(t, table.CheckKeys(t.Context(), testKeys.Rotated()), "the key is among them")
	err := table.CheckKeys(t.Context(), withdrawal.NewKeys())
	require.ErrorContains(t, err, testKeys.ID())
	require.ErrorContains(t, err, "put its line back")
}

// TestNoNumberInTheFiles looks for the patient in all that SQLite writes.
func TestNoNumberInTheFiles(t *testing.T) {
	dir := t.TempDir()
	service, err := New(Config{Store: openTable(t, databasetest.SQLite(t, filepath.Join(dir, "sqlite.db")+databasetest.AsTheNode)), Keys: testKeys, Withdrawals: unknown{}, Log: newWorld(t).node().config.Log})
	require.NoError(t, err)
	for n := range 20 {
		require.NoError(t, service.Keep(t.Context(), registration(t, fmt.Sprint(n))))
	}
	patient, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	require.NoError(t, service.Withdrawn(t.Context(), patient, "00000659"))
	var written strings.Builder
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, each := range files {
		content, err := os.ReadFile(filepath.Join(dir, each.Name()))
		require.NoError(t, err)
		written.Write(content)
	}
	require.Contains(t, written.String(), "hospital-east")
	for _, form := range []string{testBSN, base64.StdEncoding.EncodeToString([]byte(testBSN)), hex.EncodeToString([]byte(testBSN))} {
		assert.NotContains(t, strings.ToLower(written.String()), strings.ToLower(form), "a patient's number")
	}
}
