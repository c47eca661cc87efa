// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package once

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/patience"
)

var errReadOnly = errors.New("cannot execute INSERT in a read-only transaction")

// network are texts that each step takes a while to reach, and each answer to come back.
type network struct {
	latency func() time.Duration
	mutex   sync.Mutex
	texts   map[string]string
	reads   int
	broken  error
}

func (n *network) Get(place string) (string, error) {
	time.Sleep(n.latency())
	defer func() { time.Sleep(n.latency()) }()
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.reads++
	return n.texts[place], n.broken
}

func (n *network) Put(place, text string) error {
	time.Sleep(n.latency())
	defer func() { time.Sleep(n.latency()) }()
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.broken != nil {
		return n.broken
	}
	n.texts[place] = text
	return nil
}

func newNetwork(latency func() time.Duration) *network {
	return &network{latency: latency, texts: map[string]string{}}
}

func always(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

// sharedTable is a table that fails for some nodes, and for others does not.
type sharedTable struct {
	*Memory
	latency func() time.Duration
	failure func() error // of this node; nil: it works
	asked   *atomic.Int32
}

func (t sharedTable) Claim(ctx context.Context, ids ...ID) error {
	t.asked.Add(1)
	if err := sleep(ctx, t.latency()); err != nil {
		return err
	}
	if err := t.failure(); err != nil {
		return err
	}
	return t.Memory.Claim(ctx, ids...)
}

func works() error         { return nil }
func failsToWrite() error  { return errReadOnly }
func quick() time.Duration { return time.Millisecond }

// clusterNode makes the claims of one node.
func clusterNode(table *Memory, shared Shared, latency func() time.Duration, failure func() error) *Cluster {
	return NewCluster(sharedTable{table, latency, failure, &atomic.Int32{}}, shared, time.Now, func(error) {})
}

// TestOneNodeHasTheClaimWhateverTheTableDoes has several nodes claim the same at about the same
// time, of which some reach the table and others do not, over networks of every speed.
func TestOneNodeHasTheClaimWhateverTheTableDoes(t *testing.T) {
	for name, slowest := range map[string]time.Duration{
		"over a fast network": 5 * time.Millisecond, "over a slow network": 100 * time.Millisecond,
		"over one that is too slow": 2 * settleTime,
	} {
		t.Run(name, func(t *testing.T) {
			claimed := 0
			for seed := range uint64(400) {
				synctest.Test(t, func(t *testing.T) {
					times := claimSomehow(seed, slowest)
					require.LessOrEqual(t, times, int32(1), "seed %d", seed)
					claimed += int(times)
				})
			}
			t.Logf("claimed in %d of 400", claimed)
			assert.Positive(t, claimed)
		})
	}
}

// claimSomehow has two to four nodes claim the same two ids, and returns how many did.
func claimSomehow(seed uint64, slowest time.Duration) int32 {
	var mutex sync.Mutex
	chance := rand.New(rand.NewPCG(seed, 7))
	upTo := func(n int64) int64 {
		mutex.Lock()
		defer mutex.Unlock()
		return chance.Int64N(n)
	}
	latency := func() time.Duration { return time.Duration(upTo(int64(slowest))) }
	shared, table := newNetwork(latency), NewMemory(time.Now)
	var claimed atomic.Int32
	var group sync.WaitGroup
	for range 2 + upTo(3) {
		failure := []func() error{works, failsToWrite}[upTo(2)]
		node := clusterNode(table, shared, latency, failure)
		group.Go(func() {
			time.Sleep(time.Duration(upTo(int64(4 * slowest))))
			if node.Claim(context.Background(), IDOf("a"), IDOf("b")) == nil {
				claimed.Add(1)
			}
		})
	}
	group.Wait()
	return claimed.Load()
}

func TestClusterWithoutTheTable(t *testing.T) {
	a, b := IDOf("a"), IDOf("b")
	for name, order := range map[string][2]func() error{
		"what was claimed in the table counts without it": {works, failsToWrite},
		"and the other way round":                         {failsToWrite, works},
		"and without it twice":                            {failsToWrite, failsToWrite},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// The second node does not see the first's claim in the table either.
				shared := newNetwork(quick)
				first := clusterNode(NewMemory(time.Now), shared, quick, order[0])
				second := clusterNode(NewMemory(time.Now), shared, quick, order[1])
				require.NoError(t, first.Claim(t.Context(), a))
				require.ErrorIs(t, second.Claim(t.Context(), a), ErrUsed)
				require.ErrorIs(t, second.Claim(t.Context(), b, a), ErrUsed, "one of two")
				require.NoError(t, second.Claim(t.Context(), IDOf("c")), "another")
			})
		})
	}
	t.Run("in one process one has it at once, and the others wait for nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			node := clusterNode(NewMemory(time.Now), newNetwork(quick), quick, failsToWrite)
			assert.EqualValues(t, 1, atOnce(func() bool { return node.Claim(context.Background(), a) == nil }))
		})
	})
	t.Run("what one node claimed it refuses though the session database lost it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			shared := newNetwork(quick)
			node := clusterNode(NewMemory(time.Now), shared, quick, failsToWrite)
			require.NoError(t, node.Claim(t.Context(), a))
			clear(shared.texts)
			assert.ErrorIs(t, node.Claim(t.Context(), a), ErrUsed)
		})
	})
	t.Run("trouble of the session database is no first use, whether or not the table works", func(t *testing.T) {
		for _, failure := range []func() error{works, failsToWrite} {
			synctest.Test(t, func(t *testing.T) {
				shared := newNetwork(quick)
				shared.broken = errors.New("connection refused")
				assert.ErrorIs(t, clusterNode(NewMemory(time.Now), shared, quick, failure).Claim(t.Context(), a), shared.broken)
			})
		}
	})
	t.Run("a requester that goes away waits for nothing, and has claimed nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, goAway := context.WithTimeout(t.Context(), settleTime/2)
			defer goAway()
			node := clusterNode(NewMemory(time.Now), newNetwork(quick), quick, failsToWrite)
			assert.ErrorIs(t, node.Claim(ctx, a), context.DeadlineExceeded)
		})
	})
	t.Run("a node that took too long to write claims nothing: another may be done with waiting", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			node := clusterNode(NewMemory(time.Now), newNetwork(always(writeTime/2)), quick, failsToWrite)
			assert.ErrorIs(t, node.Claim(t.Context(), a), errSlow)
		})
	})
	t.Run("nothing but hashes is in the session database", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			shared := newNetwork(quick)
			require.NoError(t, clusterNode(NewMemory(time.Now), shared, quick, failsToWrite).Claim(t.Context(), a))
			require.NoError(t, clusterNode(NewMemory(time.Now), shared, quick, works).Claim(t.Context(), b))
			require.Len(t, shared.texts, 2)
			for place, text := range shared.texts {
				assert.Regexp(t, `^(table|beside)-[0-9a-f]{64}$`, place)
				assert.Regexp(t, `^(claimed|[A-Z2-7]{26})$`, text)
			}
		})
	})
}

// TestATableThatDoesNotAnswer is not waited for by everybody, and is found again.
func TestATableThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hangs atomic.Bool
		var asked atomic.Int32
		var told []string
		latency := func() time.Duration {
			if hangs.Load() {
				return time.Hour
			}
			return quick()
		}
		node := NewCluster(sharedTable{NewMemory(time.Now), latency, works, &asked}, newNetwork(always(0)), time.Now,
			func(trouble error) { told = append(told, fmt.Sprint(trouble)) })
		next := 0
		claim := func() (took time.Duration) {
			next++
			began := time.Now()
			require.NoError(t, node.Claim(t.Context(), IDOf(fmt.Sprint(next))))
			return time.Since(began)
		}
		require.Equal(t, quick(), claim())
		require.NoError(t, node.Trouble())

		hangs.Store(true)
		assert.Equal(t, patience.Longest+settleTime, claim())
		assert.Error(t, node.Trouble())
		assert.Equal(t, settleTime, claim(), "nobody waits for a table that rests")
		assert.EqualValues(t, 2, asked.Load())
		time.Sleep(patience.Rest)
		assert.Equal(t, patience.Longest+settleTime, claim(), "one looks again")
		assert.Equal(t, settleTime, claim())
		assert.EqualValues(t, 3, asked.Load())
		assert.EqualValues(t, 4, node.WithoutTable())
		assert.Len(t, told, 1, "told once")

		hangs.Store(false)
		time.Sleep(patience.Rest)
		assert.Equal(t, quick(), claim())
		assert.Equal(t, quick(), claim())
		assert.NoError(t, node.Trouble())
		assert.Len(t, told, 2)
		assert.EqualValues(t, 4, node.WithoutTable())
	})
}

func TestTroubleWithTheTableIsForgottenWhereNobodyAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := clusterNode(NewMemory(time.Now), newNetwork(quick), quick, failsToWrite)
		require.NoError(t, node.Claim(t.Context(), IDOf("a")))
		require.ErrorIs(t, node.Trouble(), errReadOnly)
		time.Sleep(troubleTime + time.Second)
		assert.NoError(t, node.Trouble())
	})
}

// TestAFullDatabase has a real one that takes no more pages: what is in it still counts.
func TestAFullDatabase(t *testing.T) {
	database := open(t, filepath.Join(t.TempDir(), "node.db"))
	table := openTable(t, database, time.Now)
	shared := newNetwork(always(0))
	var told []error
	node := NewCluster(table, shared, time.Now, func(trouble error) { told = append(told, trouble) })
	before := IDOf("before")
	require.NoError(t, node.Claim(t.Context(), before))
	require.NoError(t, database.Exec("PRAGMA max_page_count = 1").Error) // as many as there are
	for i := 0; !strings.Contains(fmt.Sprint(node.Trouble()), "full"); i++ {
		require.Less(t, i, 1000, "the database does not get full")
		require.NoError(t, node.Claim(t.Context(), IDOf(fmt.Sprint(i))), "tokens go on")
	}
	shared.texts = map[string]string{} // as after an upgrade: the node before told nobody
	assert.ErrorIs(t, node.Claim(t.Context(), before), ErrUsed)
	require.NoError(t, node.Claim(t.Context(), IDOf("after")))
	assert.ErrorIs(t, node.Claim(t.Context(), IDOf("after")), ErrUsed)
	assert.NotEmpty(t, told)
}
