// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"time"
)

// latencies returns those of a round, sorted.
func (r round) latencies() []time.Duration {
	return sortedBy(r.shots, func(s shot) time.Duration { return s.Latency })
}

// latency is a percentile of a round, in milliseconds.
func (r round) latency(p float64) float64 { return milliseconds(percentile(r.latencies(), p)) }

// cost is the processor time of the node for a request, in milliseconds.
func (r round) cost() float64 { return milliseconds(r.cpuTime) / float64(len(r.shots)) }

// over collects a value of each round.
func (r row) over(value func(round) float64) spread {
	values := make([]float64, len(r.rounds))
	for i, each := range r.rounds {
		values[i] = value(each)
	}
	return spreadOf(values)
}

// all returns a percentile over every request of a row, in milliseconds.
func (r row) all(p float64, duration func(shot) time.Duration) float64 {
	return milliseconds(percentile(sortedBy(r.shots(), duration), p))
}

func (r row) shots() (all []shot) {
	for _, each := range r.rounds {
		all = append(all, each.shots...)
	}
	return all
}

func latencyOf(s shot) time.Duration { return s.Latency }
func lagOf(s shot) time.Duration     { return s.Lag }

// throughput is the answers that were as they must be, a second, from the first to the last.
func (r row) throughput() spread {
	return r.over(func(each round) float64 {
		first, last := each.took, time.Duration(0)
		for i, shot := range each.shots {
			answered := pace{rate: r.rate}.after(i) + shot.Latency
			first, last = min(first, answered), max(last, answered)
		}
		return float64(count(each.shots, r.want)-1) / (last - first).Seconds()
	})
}

// ownLoad is how many processors the generator and the simulator kept busy.
func (r row) ownLoad() spread {
	return r.over(func(each round) float64 { return each.ownTime.Seconds() / each.took.Seconds() })
}

// elseLoad is how many processors others kept busy, who have nothing to do with this.
func (r row) elseLoad() spread {
	return r.over(func(each round) float64 { return each.elseTime.Seconds() / each.took.Seconds() })
}

// sent is a percentile that counts from the sending, in milliseconds. The lag is in both
// rows that are compared, and cancels; the bare query is subtracted without its own.
func sent(shots []shot, p float64) float64 {
	return milliseconds(percentile(sortedBy(shots, func(s shot) time.Duration { return s.Latency - s.Lag }), p))
}

// extra is how much longer one row takes than another, beyond the time of a bare query:
// the median over the rounds of the difference in a round, in milliseconds. pooled is
// the same over all requests, whichever round they were in.
func extra(rows []row, guarded, unguarded int, p float64) (paired spread, pooled float64) {
	differences := make([]float64, len(rows[guarded].rounds))
	for i := range differences {
		differences[i] = rows[guarded].rounds[i].latency(p) - rows[unguarded].rounds[i].latency(p) - sent(rows[rowBare].rounds[i].shots, p)
	}
	return spreadOf(differences), rows[guarded].all(p, latencyOf) - rows[unguarded].all(p, latencyOf) - sent(rows[rowBare].shots(), p)
}

// extraCost is how much more processor time one row costs the node than another, in
// percent, and less what the bare query costs its own process.
func extraCost(rows []row, guarded, unguarded int) (whole, lessBare float64) {
	base, cost := rows[unguarded].cost(), rows[guarded].cost()
	return 100 * (cost/base - 1), 100 * ((cost-rows[rowBare].cost())/base - 1)
}

// cost is over all rounds: the clock of a single one is coarse.
func (r row) cost() float64 {
	var total time.Duration
	for _, each := range r.rounds {
		total += each.cpuTime
	}
	return milliseconds(total) / float64(r.requests())
}

// memory is the node's before the first round, at most, and after the last.
func (r row) memory() (before, most, after int64) {
	for _, each := range r.rounds {
		most = max(most, each.memBefore, each.memAfter)
	}
	return r.rounds[0].memBefore, most, r.rounds[len(r.rounds)-1].memAfter
}
