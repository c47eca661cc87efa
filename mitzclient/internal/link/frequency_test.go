// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package link

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func perMinute(n int) func(*Budget) { return func(c *Budget) { c.PerMinute = n } }

func TestARequesterAsksSoOftenAboutOnePatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, sends := fakeOperation(ends(nil), Hooks{}, perMinute(10))
		for i := range 100 {
			failure := link.Do(t.Context(), about("a", "900186021"))
			if i < 10 {
				require.Nil(t, failure)
				continue
			}
			requireCode(t, TooManyQueries, failure)
			require.Zero(t, failure.Attempts)
		}
		require.Equal(t, 10, sends.sent("a"))
		require.Equal(t, Closed, link.State())
		for _, another := range []Call{about("a", "999996630"), about("b", "900186021"), from("a")} {
			failure := link.Do(t.Context(), another)
			require.Nil(t, failure, "another patient, or another requester")
		}
	})
}

// In any minute, whenever it begins, there are no more queries than allowed, and not much
// fewer.
func TestInAnyMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, _ := fakeOperation(ends(nil), Hooks{}, perMinute(10))
		var sent []time.Time
		for step := range 4000 {
			if failure := link.Do(t.Context(), about("a", "900186021")); failure == nil {
				sent = append(sent, time.Now())
			}
			time.Sleep(time.Duration(step%7) * 50 * time.Millisecond)
		}
		for i := 10; i < len(sent); i++ {
			require.Greater(t, sent[i].Sub(sent[i-10]), time.Minute)
		}
		require.Less(t, sent[len(sent)-1].Sub(sent[0]), time.Duration(len(sent)/10+1)*(frequencyPeriod+time.Second))
	})
}

func TestARetryIsCountedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, sends := fakeOperation(func(_ context.Context, n int) *Failure {
			if n%2 == 1 {
				return status(503)
			}
			return nil
		}, Hooks{}, perMinute(5))
		for range 10 {
			_ = link.Do(t.Context(), about("a", "900186021"))
		}
		require.Equal(t, 5, sends.sent("a"))
		failure := (&retry{next: newFrequency(&fake{end: ends(status(503))}, 1), again: InPassing}).Exchange(t.Context(), about("a", "900186021"))
		requireCode(t, HTTPStatus, failure)
		require.Equal(t, 1, failure.Attempts, "why the first failed, and not that there was no second")
	})
}

func TestWhatIsRefusedIsNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, sends := fakeOperation(ends(status(500), status(500), status(500), status(500), status(500), nil), Hooks{}, perMinute(6))
		for range 50 {
			_ = link.Do(t.Context(), about("a", "900186021"))
		}
		require.Equal(t, openAfter, sends.sent("a"))
		time.Sleep(openFor + 1)
		failure := link.Do(t.Context(), about("a", "900186021"))
		require.Nil(t, failure)
	})
}

func TestNoAnswerIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, sends := fakeOperation(ends(nil), Hooks{}, perMinute(3))
		for range 3 {
			failure := link.Do(t.Context(), about("a", "900186021"))
			require.Nil(t, failure)
		}
		failure := link.Do(t.Context(), about("a", "900186021"))
		requireCode(t, TooManyQueries, failure)
		require.Equal(t, 3, sends.sent("a"), "each answer is a query's own")
	})
}

func TestWhatIsKeptOfPatients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, other := newFrequency(&fake{end: ends(nil)}, 1000), newFrequency(&fake{end: ends(nil)}, 1000)
		for i := range 3 * maxFrequencies {
			_ = f.Exchange(t.Context(), from(fmt.Sprint(i)))
		}
		require.LessOrEqual(t, entries(f), 2*maxFrequencies, "bounded, whatever comes")
		time.Sleep(2 * frequencyPeriod)
		require.Zero(t, entries(f), "and nothing after a while")

		q := about("a", "900186021")
		for _, each := range []*frequency{f, other} {
			_ = each.Exchange(t.Context(), q)
		}
		for hash := range f.pairs.All(time.Now()) {
			require.Nil(t, other.pairs.Get(time.Now(), hash), "each process has a key of its own")
			require.False(t, strings.Contains(string(hash[:]), "900186021"))
		}
	})
}

func entries(f *frequency) (n int) {
	for range f.pairs.All(time.Now()) {
		n++
	}
	return n
}
