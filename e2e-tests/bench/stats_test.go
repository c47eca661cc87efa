// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"math"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPercentileIsAValueThatWasMeasured(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, tt := range []struct {
		name   string
		sorted []time.Duration
		p      float64
		want   time.Duration
	}{
		{"none", nil, 50, 0},
		{"the only one", []time.Duration{7}, 99, 7},
		{"the median of two is the lower", []time.Duration{1, 9}, 50, 1},
		{"the median of three", []time.Duration{1, 5, 9}, 50, 5},
		{"of a hundred", hundred, 99, 99},
		{"the longest", hundred, 100, 100},
		{"the shortest", hundred, 0, 1},
		{"ranks are rounded up", hundred[:10], 99, 10},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, percentile(tt.sorted, tt.p)) })
	}
}

func TestSpread(t *testing.T) {
	assert.Equal(t, spread{median: 3, low: 2, high: 4}, spreadOf([]float64{5, 1, 4, 2, 3}), "sorts a copy")
	assert.Equal(t, spread{median: 1.5, low: 1.25, high: 1.75}, spreadOf([]float64{2, 1}), "interpolates")
	assert.Equal(t, spread{median: 7, low: 7, high: 7}, spreadOf([]float64{7}))
	assert.True(t, math.IsNaN(spreadOf(nil).median))
	assert.Equal(t, "- [-, -]", spreadOf(nil).String())
}

func TestVerdict(t *testing.T) {
	assert.Equal(t, "reached", verdict(5, 5))
	assert.Equal(t, "not reached", verdict(5.01, 5))
	assert.Equal(t, "not reached", verdict(math.NaN(), 5), "what was not measured is not reached")
}

// rowOf has a round for each list of latencies; every request was a millisecond late.
func rowOf(cpu time.Duration, rounds ...[]time.Duration) row {
	var r row
	for _, latencies := range rounds {
		one := round{cpuTime: cpu}
		for _, latency := range latencies {
			one.shots = append(one.shots, shot{Latency: latency, Lag: time.Millisecond, Outcome: gotToken})
		}
		r.rounds = append(r.rounds, one)
	}
	return r
}

func TestWhatTheGuardCosts(t *testing.T) {
	const ms = time.Millisecond
	rows := make([]row, rowBare+1)
	rows[rowUnguarded] = rowOf(100*ms, []time.Duration{5 * ms, 5 * ms}, []time.Duration{7 * ms, 7 * ms})
	rows[rowGuarded] = rowOf(130*ms, []time.Duration{8 * ms, 8 * ms}, []time.Duration{11 * ms, 11 * ms})
	rows[rowBare] = rowOf(20*ms, []time.Duration{3 * ms, 3 * ms}, []time.Duration{3 * ms, 3 * ms})

	paired, pooled := extra(rows, rowGuarded, rowUnguarded, 50)

	// 8-5 and 11-7, less the bare 3 that were sent a millisecond late and took 2.
	assert.Equal(t, spread{median: 1.5, low: 1.25, high: 1.75}, paired)
	assert.InDelta(t, 1, pooled, 1e-9, "8-5-2: the medians of all")
	whole, lessBare := extraCost(rows, rowGuarded, rowUnguarded)
	assert.InDelta(t, 30, whole, 1e-9)
	assert.InDelta(t, 10, lessBare, 1e-9)
}

func TestARowKnowsWhatIsWrong(t *testing.T) {
	r := rowOf(0, []time.Duration{1, 2}, []time.Duration{3})
	r.want = gotToken
	assert.Zero(t, r.wrong())
	r.rounds[0].queries = 1
	assert.Equal(t, 1, r.wrong(), "a query to Mitz for an unguarded request")
	r.asksMitz = true
	assert.Equal(t, 2, r.wrong(), "tokens without a query")
	r.rounds[1].queries = 2
	assert.Zero(t, r.wrong())
	r.rounds[1].shots[0].Outcome = serverError
	assert.Equal(t, 1, r.wrong())
}

func TestProcessTimeIsUserAndSystem(t *testing.T) {
	used, err := parseProcessTime([]byte("6854 (a) b (c)) R 1 2 3 0 -1 4194304 100 0 0 0 150 25 0 0 20 0 1 0 656142"))
	require.NoError(t, err)
	assert.Equal(t, 1750*time.Millisecond, used)
	_, err = parseProcessTime([]byte("6854 (a) R 1 2"))
	assert.Error(t, err)

	used, err = parseMachineTime([]byte("cpu  100 20 30 9999 999 4 5 6 50 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n"))
	require.NoError(t, err)
	assert.Equal(t, 1650*time.Millisecond, used, "without idle and iowait, and guests only once")

	memory, err := residentMemory(os.Getpid())
	require.NoError(t, err)
	assert.Greater(t, memory, int64(1<<20))
}

func TestMetric(t *testing.T) {
	text := []byte("# TYPE go_goroutines gauge\ngo_goroutines_max 9\ngo_goroutines 1.2e+02\n")
	assert.Equal(t, "120", metric(text, "go_goroutines"))
	assert.Equal(t, "unknown", metric(text, "go_threads"))
}
