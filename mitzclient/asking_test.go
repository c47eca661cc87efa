// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"errors"
	"testing"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/stretchr/testify/require"
)

func TestEveryQueryIsToldBeforeItLeaves(t *testing.T) {
	var told []string
	mitz := simulate(t, Hooks{})
	mitz.MisbehaveOnce(mitztest.HTTPStatus(503))
	_, err := mitz.Consult(asking(t, func(_ context.Context, id string) error {
		require.Len(t, mitz.Queries(), len(told), "it has left already")
		told = append(told, id)
		return nil
	}), question(t, "GGC002"))
	require.NoError(t, err)
	queries := mitz.Queries()
	require.Len(t, queries, 2, "also one that is sent again")
	require.Equal(t, []string{queries[0].RequestID, queries[1].RequestID}, told)
}

// asking is a context whose trace is told of queries before they leave.
func asking(t *testing.T, told func(context.Context, string) error) context.Context {
	return WithTrace(t.Context(), &Trace{Asking: told})
}

// ask asks a question that fails.
func ask(t *testing.T, ctx context.Context, mitz *simulated) (Answer, *Error) {
	t.Helper()
	answer, err := mitz.Consult(ctx, question(t, "GGC002"))
	failure, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
	return answer, failure
}

func TestAQueryThatCannotBeRecordedIsNotSent(t *testing.T) {
	t.Run("and is no failure of Mitz", func(t *testing.T) {
		full := errors.New("no space left on device")
		mitz := simulate(t, Hooks{})
		ctx := asking(t, func(context.Context, string) error { return full })
		for range 3 * openAfter {
			answer, failure := ask(t, ctx, mitz)
			requireCode(t, Unrecorded, failure)
			require.Zero(t, failure.Attempts)
			require.Empty(t, answer.RequestID, "nobody asked under it")
			require.NotErrorIs(t, failure, full)
		}
		require.Empty(t, mitz.Queries())
		require.Equal(t, StateClosed, mitz.Circuit())
	})
	t.Run("when the requester went away meanwhile, that is why", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		mitz := simulate(t, Hooks{})
		_, failure := ask(t, WithTrace(ctx, &Trace{Asking: func(ctx context.Context, _ string) error {
			cancel()
			return ctx.Err()
		}}), mitz)
		requireCode(t, Canceled, failure)
		require.Empty(t, mitz.Queries())
	})
	t.Run("nor is a second one, after a first that failed in passing", func(t *testing.T) {
		asked := 0
		mitz := simulate(t, Hooks{})
		mitz.Misbehave(mitztest.HTTPStatus(503))
		_, failure := ask(t, asking(t, func(context.Context, string) error {
			if asked++; asked > 1 {
				return errors.New("no space left on device")
			}
			return nil
		}), mitz)
		requireCode(t, HTTPStatus, failure)
		require.Len(t, mitz.Queries(), 1)
	})
}
