// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTimeouts(t *testing.T) {
	// What is waited for is a time that passes, or the client that hangs up.
	brief := func(c *Config) { c.Timeout = 100 * time.Millisecond }
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
		t.Run(tt.name, func(t *testing.T) {
			server := start(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				tt.answer(w, r)
			})
			began := time.Now()
			answer, err := server.client(t, brief).Consult(t.Context(), question(t, "GGC002"))
			requireFailure(t, answer, err, Timeout, "", tt.status)
			require.Less(t, time.Since(began), 5*time.Second)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	}
	t.Run("the caller's deadline is earlier", func(t *testing.T) {
		server := start(t, func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		answer, err := server.client(t).Consult(ctx, question(t, "GGC002"))
		requireFailure(t, answer, err, Timeout, "", 0)
	})
	t.Run("a server that accepts and is silent", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { _ = listener.Close() }()
		client, err := New(Config{Endpoint: "https://" + listener.Addr().String(), TLS: &tls.Config{}, Timeout: 50 * time.Millisecond})
		require.NoError(t, err)
		answer, err := client.Consult(t.Context(), question(t, "GGC002"))
		requireFailure(t, answer, err, Timeout, "", 0)
	})
}

func TestCancellationReachesMitz(t *testing.T) {
	arrived, ended := make(chan struct{}), make(chan struct{})
	server := start(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(arrived)
		<-r.Context().Done()
		close(ended)
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	answer, err := server.client(t).Consult(ctx, question(t, "GGC002"))
	requireFailure(t, answer, err, Canceled, "", 0)
	require.ErrorIs(t, err, context.Canceled)
	<-ended
}

func TestACanceledConsultIsNotSent(t *testing.T) {
	var queries atomic.Int32
	server := start(t, func(http.ResponseWriter, *http.Request) { queries.Add(1) })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	answer, err := server.client(t).Consult(ctx, question(t, "GGC002"))
	requireFailure(t, answer, err, Canceled, "", 0)
	require.Zero(t, queries.Load())
}
