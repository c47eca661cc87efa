// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package wire

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
	"github.com/stretchr/testify/require"
)

// changed is a server, and how many connections were made to it and closed.
type changed struct {
	url  string
	made atomic.Int32
	peer *Peer
	line *Line
}

func serve(t testing.TB, handler http.HandlerFunc) *changed {
	c := &changed{}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			c.made.Add(1)
		}
	}
	server.Start()
	c.url = server.URL
	c.peer = NewPeer(nil, 10*time.Second)
	c.line = c.peer.Line(4, nil)
	t.Cleanup(func() { c.peer.Close(); server.Close() })
	return c
}

func (c *changed) change(ctx context.Context) (http.Header, *link.Failure) {
	return c.line.Change(ctx, c.line.Connections(), Message{URL: c.url, Accept: "text/plain"}, http.StatusAccepted)
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
	server := serve(t, hanging(http.StatusBadRequest))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // if it were read
	defer cancel()
	header, failure := server.change(ctx)
	require.Nil(t, header)
	require.Equal(t, &link.Failure{Code: link.HTTPStatus, Status: http.StatusBadRequest}, failure)
}

func TestTheHeaderOfAGoodAnswerCountsWhateverItsBodyDoes(t *testing.T) {
	server := serve(t, hanging(http.StatusAccepted))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	header, failure := server.change(ctx)
	require.Nil(t, failure)
	require.Equal(t, "here", header.Get("Location"))
	require.Zero(t, server.line.Overdue())
}

func TestAConnectionIsUsedAgainAfterASmallBody(t *testing.T) {
	const large = 4 << 20 // Go 1.27 takes in some of what nobody read, too
	for size, want := range map[int]int32{0: 1, 100: 1, maxUnread: 1, large: 3} {
		t.Run(strconv.Itoa(size)+" bytes", func(t *testing.T) {
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
	}
}
