// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/memorynet"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/wire"
	"github.com/stretchr/testify/require"
)

// peer answers each request on a connection as talk does, and tells when the client hung up.
type peer struct {
	net.Listener
	group  sync.WaitGroup
	hungUp chan struct{}
}

func newPeer(t testing.TB, listener net.Listener, talk func(net.Conn)) *peer {
	p := &peer{Listener: listener, hungUp: make(chan struct{}, 1000)}
	p.group.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.group.Go(func() { p.serve(conn, talk) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		p.group.Wait()
	})
	return p
}

func (p *peer) serve(conn net.Conn, talk func(net.Conn)) {
	defer func() { _ = conn.Close() }()
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, request.Body)
	talk(conn)
	_, _ = io.Copy(io.Discard, conn) // until the client hangs up
	p.hungUp <- struct{}{}
}

// sends returns what sends a text.
func sends(text string) func(net.Conn) {
	return func(conn net.Conn) { _, _ = io.WriteString(conn, text) }
}

// drips sends a text, and then another again and again for as long as the client listens.
func drips(text, drop string) func(net.Conn) {
	return func(conn net.Conn) {
		for _, err := io.WriteString(conn, text); err == nil; _, err = io.WriteString(conn, drop) {
			time.Sleep(time.Millisecond)
		}
	}
}

// TestAnExchangeEndsWhateverTheOtherSideDoes has each peer keep its connection open for as
// long as the client does.
func TestAnExchangeEndsWhateverTheOtherSideDoes(t *testing.T) {
	const soap = "HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\n"
	for _, tt := range []struct {
		name   string
		talk   func(net.Conn)
		code   Code
		status int
	}{
		{"status 101 and silence", sends("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"), HTTPStatus, 101},
		{"status 101 and a body without end", drips("HTTP/1.1 101 Switching Protocols\r\nContent-Type: application/soap+xml\r\n\r\n", "x"), HTTPStatus, 101},
		{"status 101 with a length", sends("HTTP/1.1 101 Switching Protocols\r\nContent-Length: 10\r\n\r\n"), HTTPStatus, 101},
		{"status 100 and silence", sends("HTTP/1.1 100 Continue\r\n\r\n"), Timeout, 0},
		{"status 103 without end", drips("", "HTTP/1.1 103 Early Hints\r\n\r\n"), "", 0},
		{"status 199 and silence", sends("HTTP/1.1 199 Own\r\n\r\n"), Timeout, 0},
		{"status 204", sends("HTTP/1.1 204 No Content\r\n\r\n"), HTTPStatus, 204},
		{"status 206 and silence", sends("HTTP/1.1 206 Partial\r\nContent-Length: 10\r\n\r\n"), HTTPStatus, 206},
		{"status 302 and silence", sends("HTTP/1.1 302 Found\r\nContent-Length: 10\r\n\r\n"), HTTPStatus, 302},
		{"status 503 and a body without end", drips("HTTP/1.1 503 Busy\r\n\r\n", "x"), HTTPStatus, 503},
		{"status 429 and silence", sends("HTTP/1.1 429 Slow\r\nContent-Length: 10\r\n\r\n"), HTTPStatus, 429},
		{"status 999", sends("HTTP/1.1 999 Other\r\n\r\n"), HTTPStatus, 999},
		{"a status line without end", drips("HTTP/1.1 200 ", "x"), "", 0},
		{"headers without end", drips("HTTP/1.1 200 OK\r\n", "A: b\r\n"), "", 0},
		{"headers that stop", sends("HTTP/1.1 200 OK\r\nContent-Ty"), Timeout, 0},
		{"a body that stops", sends(soap + "Content-Length: 100\r\n\r\n<"), Timeout, 0},
		{"a body that ends with the connection", sends(soap + "\r\n<"), Timeout, 0},
		{"chunks without end", drips(soap+"Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"), Timeout, 0},
		{"a chunk's length without end", drips(soap+"Transfer-Encoding: chunked\r\n\r\n", "0"), "", 0},
		{"trailers that stop", sends(soap + "Transfer-Encoding: chunked\r\n\r\n1\r\n \r\n0\r\nA: b"), Timeout, 0},
		{"trailers without end", drips(soap+"Transfer-Encoding: chunked\r\n\r\n1\r\n \r\n0\r\n", "A: b\r\n"), "", 0},
	} {
		inBubble(t, tt.name, func(t *testing.T, network *memorynet.Listener) {
			peer := newPeer(t, network, tt.talk)
			client, err := New(Config{Endpoint: "http://mitz.example"})
			require.NoError(t, err)
			defer client.Close()
			through(network, client)
			began := time.Now()
			_, err = client.Consult(t.Context(), question(t, "GGC002"))
			failure := err.(*Error)
			if tt.code != "" {
				requireCode(t, tt.code, failure)
			}
			require.Equal(t, tt.status, failure.Status)
			require.LessOrEqual(t, time.Since(began), DefaultTimeout)
			require.NotEqual(t, wire.DetailOverdue, failure.Detail)
			require.Zero(t, client.query.line.Overdue())
			client.Close() // a connection that is in order is kept for another query
			<-peer.hungUp  // or the connection outlives the exchange, and the test does not end
		})
	}
}

// TestPeersThatSwitchProtocolsTakeNoTurns has more of them than there are turns and
// connections.
func TestPeersThatSwitchProtocolsTakeNoTurns(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	peer := newPeer(t, listener, sends("HTTP/1.1 101 Switching Protocols\r\n\r\n"))
	link, err := NewLink(Config{Endpoint: "http://" + peer.Addr().String(), MaxConnections: 2, QueriesPerMinute: 100, Timeout: patience}, Hooks{})
	require.NoError(t, err)
	defer link.Close()
	q := question(t, "GGC002")
	for i := range 20 {
		q.Requester.URA = consent.URA(fmt.Sprintf("%08d", i))
		_, err := link.Consult(t.Context(), q)
		failure, _ := err.(*Error)
		require.NotNil(t, failure)
		if failure.Code == CircuitOpen {
			break
		}
		requireCode(t, HTTPStatus, failure)
		<-peer.hungUp
	}
	require.Zero(t, link.Load())
}
