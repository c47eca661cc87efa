// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recent

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var start = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

const keep = time.Minute

func TestValuesAreRememberedForAWhile(t *testing.T) {
	for _, before := range []time.Duration{0, keep / 2, keep - 1} { // wherever in the life of a map
		r := New[string, int](keep, 10)
		r.Of(start, "another")
		now := start.Add(before)
		*r.Of(now, "a") = 1
		require.Equal(t, 1, *r.Of(now.Add(keep-1), "a"))
		require.Equal(t, 1, *r.Get(now.Add(2*keep-2), "a"), "each time it is asked for counts")
		require.Equal(t, 1, *r.Get(now.Add(3*keep-3), "a"))
		require.Nil(t, r.Get(now.Add(5*keep), "a"))
		require.Zero(t, *r.Of(now.Add(5*keep), "a"))
		require.Nil(t, r.Get(now.Add(5*keep), "b"), "to ask is not to remember")
		require.Len(t, maps.Collect(r.All(now.Add(5*keep))), 1)
	}
}

func TestNoMoreIsRememberedThanAllowed(t *testing.T) {
	const most = 100
	r := New[int, int](keep, most)
	for i := range 50 * most {
		now := start.Add(time.Duration(i) * time.Millisecond)
		*r.Of(now, i) = i
		*r.Of(now, 0)++ // is asked for all the time
		require.LessOrEqual(t, len(r.young), most)
		require.LessOrEqual(t, len(r.old), most)
	}
	end := start.Add(50 * most * time.Millisecond)
	require.Equal(t, 50*most, *r.Get(end, 0))
	held := slices.Collect(maps.Keys(maps.Collect(r.All(end))))
	require.Contains(t, held, 50*most-1, "the newest")
	require.NotContains(t, held, 1, "the one not asked for the longest")
}

func TestAllCanBeForgotten(t *testing.T) {
	r := New[string, int](keep, 1)
	r.Of(start, "a")
	r.Of(start, "b")
	for range r.All(start) {
		break
	}
	r.Clear()
	require.Empty(t, maps.Collect(r.All(start)))
}
