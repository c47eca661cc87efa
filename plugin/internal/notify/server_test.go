// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// patient is how long a test waits for what must come, on a machine that is busy.
const patient = 2 * time.Minute

func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, patient, time.Millisecond)
}

// dial connects to a server, and sends what a client sends by itself.
func dial(t *testing.T, url, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patient)))
	_, err = io.WriteString(conn, text)
	require.NoError(t, err)
	return conn
}

// head is the head of a request whose body has this length.
func head(secret string, length int, more ...string) string {
	return fmt.Sprintf("POST %s%s HTTP/1.1\r\nHost: node.example\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n",
		withdrawal.PathPrefix, secret, xmlType, length, strings.Join(more, ""))
}

func statusOf(t *testing.T, conn net.Conn) int {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	_ = response.Body.Close()
	return response.StatusCode
}

func TestASenderThatHangsUp(t *testing.T) {
	for _, sent := range []int{0, 1, 100, len(example(t)) - 1} {
		t.Run(fmt.Sprintf("after %d bytes", sent), func(t *testing.T) {
			w := newWorld(t)
			pharmacy := w.pharmacy(t)
			url := w.serve(t)
			conn := dial(t, url, head(w.secret, len(example(t)))+example(t)[:sent])
			require.NoError(t, conn.Close())
			eventually(t, func() bool { return len(w.told.all()) > 0 })
			assert.Equal(t, Incomplete, w.only(t).Outcome)
			assert.False(t, pharmacy())
		})
	}
}

func TestASenderThatDoesNotWaitForTheAnswer(t *testing.T) {
	w := newWorld(t)
	hospital := w.hospital(t)
	written, gone := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.sessions.before = func() {
		once.Do(func() {
			close(written)
			<-gone
		})
	}
	conn := dial(t, w.serve(t), head(w.secret, len(example(t)))+example(t))
	<-written
	require.NoError(t, conn.Close())
	close(gone)
	eventually(t, func() bool { return len(w.told.all()) > 0 })
	assert.Equal(t, Accepted, w.only(t).Outcome)
	assert.False(t, hospital())
}

func TestExpectContinue(t *testing.T) {
	w := newWorld(t)
	url := w.serve(t)
	expect := "Expect: 100-continue\r\n"
	reader := bufio.NewReader(dial(t, url, head(forged(w.secret), 1<<20, expect)))
	line, err := reader.ReadString('\n')
	require.NoError(t, err)
	assert.Contains(t, line, "404", "nobody asks for the body of what comes by another path")

	conn := dial(t, url, head(w.secret, len(example(t)), expect))
	reader = bufio.NewReader(conn)
	line, err = reader.ReadString('\n')
	require.NoError(t, err)
	assert.Contains(t, line, "100 Continue")
	_, err = reader.Discard(len("\r\n"))
	require.NoError(t, err)
	_, err = io.WriteString(conn, example(t))
	require.NoError(t, err)
	line, err = reader.ReadString('\n')
	require.NoError(t, err)
	assert.Contains(t, line, "201 Created")
}

func TestChunks(t *testing.T) {
	w := newWorld(t)
	hospital := w.hospital(t)
	text := fmt.Sprintf("POST %s%s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n", withdrawal.PathPrefix, w.secret, xmlType)
	for rest := example(t); rest != ""; {
		size := min(len(rest), 1000)
		text += fmt.Sprintf("%x\r\n%s\r\n", size, rest[:size])
		rest = rest[size:]
	}
	assert.Equal(t, http.StatusCreated, statusOf(t, dial(t, w.serve(t), text+"0\r\n\r\n")))
	assert.False(t, hospital())
}

func TestChunksThatBreakOff(t *testing.T) {
	w := newWorld(t)
	hospital := w.hospital(t)
	text := fmt.Sprintf("POST %s%s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n", withdrawal.PathPrefix, w.secret, xmlType)
	assert.Equal(t, http.StatusBadRequest, statusOf(t, dial(t, w.serve(t), text+"5\r\n<Bund\r\nwhat is this\r\n")))
	assert.Equal(t, Incomplete, w.only(t).Outcome)
	assert.False(t, hospital())
}

// pipes is a listener of connections in memory, which keep to the clock of a test.
type pipes struct{ conns chan net.Conn }

func (p pipes) Accept() (net.Conn, error) {
	conn, open := <-p.conns
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (p pipes) Close() error   { close(p.conns); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// serveInMemory has a server serve one connection in memory, which keeps to the clock of the test.
func (w *world) serveInMemory(t *testing.T) (conn net.Conn) {
	t.Helper()
	listener := pipes{make(chan net.Conn)}
	server := &http.Server{Handler: w.server(), ReadHeaderTimeout: time.Hour}
	go func() { _ = server.Serve(listener) }()
	conn, served := net.Pipe()
	listener.conns <- served
	t.Cleanup(func() {
		_ = conn.Close()
		_ = server.Close()
		time.Sleep(time.Second) // of the test's clock: the server lingers for half of one
	})
	return conn
}

// TestTheStopDoesNotWaitForABody: what came by a secret path and is cut off by the stop ends tokens.
func TestTheStopDoesNotWaitForABody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		pharmacy := w.pharmacy(t)
		conn := w.serveInMemory(t)
		_, err := io.WriteString(conn, head(w.secret, len(example(t)))+example(t)[:100])
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, 1, w.working.Load().Running)
		began := time.Now()
		closed := make(chan int)
		go func() { closed <- w.Requests.Close(0, time.Hour) }()
		assert.Equal(t, http.StatusBadRequest, statusOf(t, conn))
		assert.Zero(t, <-closed)
		assert.Zero(t, time.Since(began))
		assert.Equal(t, Incomplete, w.only(t).Outcome, "the stop waits until it is told")
		assert.False(t, pharmacy())
	})
}

// TestASlowSender: a body has its time, and holds nothing after it.
func TestASlowSender(t *testing.T) {
	for name, known := range map[string]bool{"by a secret path": true, "by another": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				pharmacy := w.pharmacy(t)
				conn := w.serveInMemory(t)
				secret := w.secret
				if !known {
					secret = forged(secret)
				}
				began := time.Now()
				var sending sync.WaitGroup
				sending.Go(func() {
					_, _ = io.WriteString(conn, head(secret, 1000))
					for { // until it is hung up
						if _, err := io.WriteString(conn, " "); err != nil {
							return
						}
						time.Sleep(time.Second)
					}
				})
				content, _ := io.ReadAll(conn)
				assert.WithinRange(t, time.Now(), began, began.Add(patience+2*time.Second))
				if known {
					assert.Contains(t, string(content), "400 Bad Request")
					assert.Equal(t, Incomplete, w.only(t).Outcome)
				} else {
					assert.Contains(t, string(content), "404 Not Found")
				}
				assert.Equal(t, !known, pharmacy())
				assert.Zero(t, w.working.Load())
				_ = conn.Close()
				sending.Wait()
			})
		})
	}
}
