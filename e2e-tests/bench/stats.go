// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"math"
	"slices"
	"time"
)

// percentile returns the smallest duration that is not less than p percent of all
// (nearest rank), zero when there are none. The durations are sorted.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// spread is the median of a value over rounds and its quartiles.
type spread struct {
	median, low, high float64
}

// spreadOf is not a number when there are no values.
func spreadOf(values []float64) spread {
	sorted := slices.Sorted(slices.Values(values))
	return spread{median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75)}
}

// quantile interpolates between the two nearest of the sorted values.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	position := q * float64(len(sorted)-1)
	below := int(position)
	if below == len(sorted)-1 {
		return sorted[below]
	}
	return sorted[below] + (position-float64(below))*(sorted[below+1]-sorted[below])
}

// milliseconds has fractions.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// sortedBy collects a duration of each shot, the shortest first.
func sortedBy(shots []shot, duration func(shot) time.Duration) []time.Duration {
	all := make([]time.Duration, len(shots))
	for i, each := range shots {
		all[i] = duration(each)
	}
	slices.Sort(all)
	return all
}
