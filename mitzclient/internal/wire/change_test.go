// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package wire

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/memorynet"
	"github.com/stretchr/testify/require"
)

// changed is a server in memory, and how many connections were made to it. It is for bubbles.
type changed struct {
	made atomic.Int32
	peer *Peer
	line *Line
}

func serve(t testing.TB, handler http.HandlerFunc) *changed {
	c := &changed{}
	network := memorynet.Listen()
	server := &http.Server{Handler: handler, ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			c.made.Add(1)
		}
	}}
	go func() { _ = server.Serve(network) }()
	c.peer = NewPeer(nil, 10*time.Second)
	c.line = c.peer.Line(4, nil)
	c.line.Connections().DialContext = network.Dial
	t.Cleanup(func() { c.peer.Close(); _ = server.Close() })
	return c
}

func (c *changed) change(ctx context.Context) (http.Header, *link.Failure) {
	return c.line.Change(ctx, c.line.Connections(), Message{URL: "http://mitz.example", Accept: "text/plain"}, http.StatusAccepted)
}

// hanging answers with a body that does not end before the request does.
func hanging(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", "10")
		w.Header().Set("Location", "here")
		w.WriteHeader(status)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

func TestTheBodyOfAnotherStatusIsNotReadByAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, hanging(http.StatusBadRequest))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		header, failure := server.change(ctx)
		require.Nil(t, header)
		require.Equal(t, &link.Failure{Code: link.HTTPStatus, Status: http.StatusBadRequest}, failure)
		require.Zero(t, time.Since(began))
	})
}

func TestTheHeaderOfAGoodAnswerCountsWhateverItsBodyDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := serve(t, hanging(http.StatusAccepted))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		header, failure := server.change(ctx)
		require.Nil(t, failure)
		require.Equal(t, "here", header.Get("Location"))
		require.Equal(t, time.Second, time.Since(began))
		require.Zero(t, server.line.Overdue())
	})
}

func TestAConnectionIsUsedAgainAfterASmallBody(t *testing.T) {
	const large = 4 << 20 // Go 1.27 takes in some of what nobody read, too
	for size, want := range map[int]int32{0: 1, 100: 1, maxUnread: 1, large: 3} {
		t.Run(strconv.Itoa(size)+" bytes", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Length", strconv.Itoa(size))
					w.WriteHeader(http.StatusAccepted)
					_, _ = io.WriteString(w, strings.Repeat("x", size))
				})
				for range 3 {
					_, failure := server.change(t.Context())
					require.Nil(t, failure)
				}
				require.Equal(t, want, server.made.Load())
			})
		})
	}
}
