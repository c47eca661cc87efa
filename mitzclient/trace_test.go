// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/memorynet"
	"github.com/stretchr/testify/require"
)

func TestATraceOfATraceForgetsNoHook(t *testing.T) {
	var told []string
	trace := func(name string, failure error) *Trace {
		return &Trace{
			Asking: func(_ context.Context, id string) error {
				told = append(told, name+" asks "+id)
				return failure
			},
			Retrying: func(failed *Error) { told = append(told, name+" retries "+failed.RequestID) },
		}
	}
	ctx := WithTrace(WithTrace(t.Context(), trace("outer", nil)), trace("inner", nil))
	require.NoError(t, ContextTrace(ctx).Asking(ctx, "1"))
	ContextTrace(ctx).Retrying(&Error{RequestID: "1"})
	require.Equal(t, []string{"outer asks 1", "inner asks 1", "outer retries 1", "inner retries 1"}, told)

	for name, ctx := range map[string]context.Context{
		"outer": WithTrace(WithTrace(t.Context(), trace("outer", errors.New("full"))), &Trace{}),
		"inner": WithTrace(WithTrace(t.Context(), &Trace{}), trace("inner", errors.New("full"))),
	} {
		require.Error(t, ContextTrace(ctx).Asking(ctx, "2"), name)
	}
}

func TestAHookMayWaitNoLongerThanTheConsult(t *testing.T) {
	inBubble(t, "which is not sent", func(t *testing.T, network *memorynet.Listener) {
		link, err := NewLink(Config{Endpoint: "http://mitz.example"}, Hooks{})
		require.NoError(t, err)
		require.NoError(t, network.Close())
		through(network, link.client)
		began := time.Now()
		_, err = link.Consult(asking(t, func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		}), question(t, "GGC002"))
		failure, _ := errors.AsType[*Error](err)
		requireCode(t, Unrecorded, failure)
		require.Zero(t, failure.Attempts)
		require.Equal(t, DefaultTimeout, time.Since(began))
	})
}
