// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/memorynet"
	"github.com/stretchr/testify/require"
)

// TestTimeouts has a time pass for which the other side does nothing, or does not end.
func TestTimeouts(t *testing.T) {
	const enough = 100 * time.Millisecond
	for _, tt := range []struct {
		name   string
		answer func(http.ResponseWriter, *http.Request)
		status int
	}{
		{"no answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 0},
		{"a body that drips", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			for ticker := time.NewTicker(time.Millisecond); r.Context().Err() == nil; <-ticker.C {
				_, _ = io.WriteString(w, " ")
				w.(http.Flusher).Flush()
			}
		}, 0},
		{"an error body that drips", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			w.WriteHeader(http.StatusInternalServerError)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, http.StatusInternalServerError},
	} {
		answer := func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			tt.answer(w, r)
		}
		inBubble(t, tt.name, func(t *testing.T, network *memorynet.Listener) {
			client := start(t, answer, on(network)).client(t, func(c *Config) { c.Timeout = enough })
			through(network, client)
			requireTimeout(t, t.Context(), client, enough, tt.status)
		})
	}
	inBubble(t, "the caller's deadline is earlier", func(t *testing.T, network *memorynet.Listener) {
		client := start(t, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, on(network)).client(t)
		through(network, client)
		ctx, cancel := context.WithTimeout(t.Context(), enough)
		defer cancel()
		requireTimeout(t, ctx, client, enough, 0)
	})
	inBubble(t, "a server that accepts and is silent", func(t *testing.T, network *memorynet.Listener) {
		go func() {
			connection, _ := network.Accept()
			_, _ = io.Copy(io.Discard, connection)
		}()
		client, err := New(Config{Endpoint: "https://mitz.example", TLS: &tls.Config{}, Timeout: enough})
		require.NoError(t, err)
		through(network, client)
		requireTimeout(t, t.Context(), client, enough, 0)
	})
}

// requireTimeout has a consult fail when the time is over, and then at once.
func requireTimeout(t *testing.T, ctx context.Context, client *Client, after time.Duration, status int) {
	t.Helper()
	began := time.Now()
	answer, err := client.Consult(ctx, question(t, "GGC002"))
	requireFailure(t, answer, err, Timeout, "", status)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, after, time.Since(began))
}

func TestCancellationReachesMitz(t *testing.T) {
	inBubble(t, "while it does not answer", func(t *testing.T, network *memorynet.Listener) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		client := start(t, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			cancel()
			<-r.Context().Done()
			close(ended)
		}, on(network)).client(t)
		through(network, client)
		requireCanceled(t, ctx, client)
		<-ended
	})
}

func TestACanceledConsultIsNotSent(t *testing.T) {
	inBubble(t, "over a connection that there could be", func(t *testing.T, network *memorynet.Listener) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		client := start(t, func(http.ResponseWriter, *http.Request) { t.Error("a query was sent") }, on(network)).client(t)
		through(network, client)
		requireCanceled(t, ctx, client)
	})
}

// requireCanceled has a consult fail when its caller went away, and then at once.
func requireCanceled(t *testing.T, ctx context.Context, client *Client) {
	t.Helper()
	began := time.Now()
	answer, err := client.Consult(ctx, question(t, "GGC002"))
	requireFailure(t, answer, err, Canceled, "", 0)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, time.Since(began))
}
