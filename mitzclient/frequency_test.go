// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/stretchr/testify/require"
)

// about is a question on behalf of a requester about a patient.
func about(t testing.TB, requester consent.URA, bsn string) consent.Question {
	q := from(requester)
	var err error
	q.Patient, err = consent.ParseBSN(bsn)
	require.NoError(t, err)
	return q
}

func perMinute(n int) func(*Config) { return func(c *Config) { c.QueriesPerMinute = n } }

func TestARequesterAsksSoOftenAboutOnePatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, client := fakeLink(ends(nil), Hooks{}, perMinute(10))
		for i := range 100 {
			_, err := link.Consult(t.Context(), about(t, "a", "900186021"))
			if i < 10 {
				require.NoError(t, err)
				continue
			}
			requireCode(t, TooManyQueries, err.(*Error))
			require.Zero(t, err.(*Error).Attempts)
		}
		require.Equal(t, 10, client.asked("a"))
		require.Equal(t, StateClosed, link.Circuit())
		for _, another := range []consent.Question{about(t, "a", "999996630"), about(t, "b", "900186021"), from("a")} {
			_, err := link.Consult(t.Context(), another)
			require.NoError(t, err, "another patient, or another requester")
		}
	})
}

// In any minute, whenever it begins, there are no more queries than allowed, and not much
// fewer.
func TestInAnyMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, _ := fakeLink(ends(nil), Hooks{}, perMinute(10))
		var sent []time.Time
		for step := range 4000 {
			if _, err := link.Consult(t.Context(), about(t, "a", "900186021")); err == nil {
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
		link, client := fakeLink(func(_ context.Context, n int) *Error {
			if n%2 == 1 {
				return status(503)
			}
			return nil
		}, Hooks{}, perMinute(5))
		for range 10 {
			_, _ = link.Consult(t.Context(), about(t, "a", "900186021"))
		}
		require.Equal(t, 5, client.asked("a"))
		_, err := (&retry{next: newFrequency(&fake{end: ends(status(503))}, 1)}).Consult(t.Context(), about(t, "a", "900186021"))
		requireCode(t, HTTPStatus, err.(*Error))
		require.Equal(t, 1, err.(*Error).Attempts, "why the first failed, and not that there was no second")
	})
}

func TestWhatIsRefusedIsNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, client := fakeLink(ends(status(500), status(500), status(500), status(500), status(500), nil), Hooks{}, perMinute(6))
		for range 50 {
			_, _ = link.Consult(t.Context(), about(t, "a", "900186021"))
		}
		require.Equal(t, openAfter, client.asked("a"))
		time.Sleep(openFor + 1)
		_, err := link.Consult(t.Context(), about(t, "a", "900186021"))
		require.NoError(t, err)
	})
}

func TestNoAnswerIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, client := fakeLink(ends(nil), Hooks{}, perMinute(3))
		for range 3 {
			_, err := link.Consult(t.Context(), about(t, "a", "900186021"))
			require.NoError(t, err)
		}
		answer, err := link.Consult(t.Context(), about(t, "a", "900186021"))
		requireCode(t, TooManyQueries, err.(*Error))
		require.Empty(t, answer)
		require.Equal(t, 3, client.asked("a"), "each answer is a query's own")
	})
}

func TestWhatIsKeptOfPatients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, other := newFrequency(&fake{end: ends(nil)}, 1000), newFrequency(&fake{end: ends(nil)}, 1000)
		for i := range 3 * maxFrequencies {
			_, _ = f.Consult(t.Context(), from(consent.URA(fmt.Sprint(i))))
		}
		require.LessOrEqual(t, entries(f), 2*maxFrequencies, "bounded, whatever comes")
		time.Sleep(2 * frequencyPeriod)
		require.Zero(t, entries(f), "and nothing after a while")

		q := about(t, "a", "900186021")
		for _, each := range []*frequency{f, other} {
			_, _ = each.Consult(t.Context(), q)
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
