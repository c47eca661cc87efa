// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/core"
	nutshttp "github.com/nuts-foundation/nuts-node/http"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
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

// TestTooManyAtOnce: one path has two places, and eight wait. Who finds none comes again; the tokens
// have ended all the same, as the path says whom it is about.
func TestTooManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		pharmacy := w.pharmacy(t)
		other := w.path(t, otherBSN, testHolder)
		var group sync.WaitGroup
		send := func(secret string, body io.Reader) {
			group.Go(func() {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, withdrawal.PathPrefix+secret, body)
				assert.NoError(t, err)
				request.Header.Set(echo.HeaderContentType, xmlType)
				w.send(request)
			})
			synctest.Wait()
		}
		reader, writer := io.Pipe()
		for range maxAtOncePath + maxWaitingOne {
			send(w.secret, reader)
		}
		assert.Equal(t, maxAtOncePath, w.working.Load().Running)
		assert.Equal(t, maxWaitingOne, w.working.Load().Waiting)
		assert.True(t, pharmacy())
		send(w.secret, strings.NewReader(example(t)))
		assert.Equal(t, Busy, w.only(t).Outcome)
		assert.False(t, pharmacy())

		send(other, strings.NewReader(strings.ReplaceAll(example(t), testBSN, otherBSN)))
		assert.Equal(t, Accepted, w.told.all()[1].Outcome, "another path has places of its own")

		time.Sleep(longestWait)
		synctest.Wait()
		assert.Len(t, w.told.all(), 2+maxWaitingOne, "nobody waits for longer")
		assert.Equal(t, maxAtOncePath, w.working.Load().Running)
		_ = writer.Close()
		group.Wait()
		assert.Zero(t, w.working.Load())
	})
}

// TestTooManyEndTokens: whoever finds no place for that either ends none, and comes again.
func TestTooManyEndTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		pharmacy := w.pharmacy(t)
		var held []func()
		for i := range maxAtOnce + maxWaiting {
			key := fmt.Sprint("path ", i)
			go func() {
				if turn, err := w.working.Take(t.Context(), key); err == nil {
					held = append(held, turn.GiveBack)
				}
			}()
			synctest.Wait()
		}
		turn, err := w.ending.Take(t.Context(), w.secret)
		require.NoError(t, err)
		answer := w.post(w.secret, xmlType, example(t))
		assert.Equal(t, http.StatusServiceUnavailable, answer.Code)
		assert.Equal(t, "10", answer.Header().Get("Retry-After"))
		requireOutcome(t, answer, "busy")
		assert.False(t, w.only(t).Ends)
		assert.True(t, pharmacy())
		turn.GiveBack()
		assert.Equal(t, http.StatusServiceUnavailable, w.post(w.secret, xmlType, example(t)).Code)
		assert.False(t, pharmacy())
		for len(held) > 0 {
			give := held[0]
			held = held[1:]
			give()
			synctest.Wait()
		}
	})
}

// TestFewAreTakenApartAtOnce: a core is left for tokens.
func TestFewAreTakenApartAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		assert.LessOrEqual(t, cap(w.reading), max(1, runtime.GOMAXPROCS(0)/2))
		for range cap(w.reading) {
			w.reading <- struct{}{}
		}
		done, body := make(chan struct{}), example(t)
		go func() {
			w.post(w.secret, xmlType, body)
			close(done)
		}()
		synctest.Wait()
		assert.Empty(t, w.told.all())
		<-w.reading
		<-done
		assert.Equal(t, Accepted, w.only(t).Outcome)
	})
}

func TestTwoAtOnce(t *testing.T) {
	w := newWorld(t)
	url := w.serve(t)
	for range 20 {
		pharmacy, hospital := w.pharmacy(t), w.hospital(t)
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				response, err := http.Post(url+withdrawal.PathPrefix+w.secret, xmlType, strings.NewReader(example(t)))
				if assert.NoError(t, err) {
					_ = response.Body.Close()
					assert.Equal(t, http.StatusCreated, response.StatusCode)
				}
			})
		}
		group.Wait()
		assert.True(t, pharmacy())
		assert.False(t, hospital())
	}
	http.DefaultClient.CloseIdleConnections()
}

// maxUnread is how much of a body net/http reads that nobody wanted. Of a larger one it hangs up, so
// that its sender may not see the answer.
const maxUnread = 256 << 10

// TestTenThousandHostileNotifications mixes forged, malformed and replayed ones, by paths that are
// known and that are not. Nothing ends but what a known path names.
func TestTenThousandHostileNotifications(t *testing.T) {
	w := newWorld(t)
	const replayed, damaged, guessed, unnamed = testBSN, "999996642", "900203638", otherBSN
	var most atomic.Int64
	w.sessions.before = func() {
		for running := int64(w.working.Load().Running); ; {
			before := most.Load()
			if running <= before || most.CompareAndSwap(before, running) {
				return
			}
		}
	}
	tokens := map[string]func() bool{}
	for _, number := range []string{replayed, damaged, guessed, unnamed} {
		tokens[number] = w.token(t, number, testHolder, "J8", "GGC002")
		tokens[number+" elsewhere"] = w.token(t, number, "00000659", "J8", "GGC002")
	}
	good, damagedPath, guessedPath := example(t), w.path(t, damaged, testHolder), w.path(t, guessed, testHolder)
	large := strings.Repeat(" ", mitzclient.MaxNotification-len(good))
	wide := strings.Replace(good, "voorbeeldtekst", strings.Repeat("<p/>", len(large)/4), 1)
	kinds := []struct {
		secret, body string
		status       int // 0: any
	}{
		{forged(w.secret), good, 404},                                   // forged
		{strings.ToUpper(w.secret), good + large, 0},                    //
		{strings.Repeat("A", len(w.secret)), large, 0},                  //
		{w.secret, good, 201},                                           // replayed
		{guessedPath, strings.ReplaceAll(good, replayed, unnamed), 404}, // about somebody else, and soon 503
		{guessedPath, strings.ReplaceAll(good, string(testHolder), "00000659"), 404},
		{damagedPath, good[:len(good)/2], 400},                       // malformed
		{damagedPath, message(t, "hostile/second_patient.xml"), 400}, //
		{damagedPath, "", 400},                                       //
	}
	rare := []struct {
		secret, body string
		status       int
	}{
		{damagedPath, large + good[:len(good)/2], 400}, {w.secret, wide, 201}, {w.secret, large + good, 201},
		{damagedPath, large + good + good, 0}, {damagedPath, strings.Repeat("<a>", len(large)/3), 400},
	}
	url := w.serve(t)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	defer client.CloseIdleConnections()
	var group sync.WaitGroup
	const senders, each = 10, 1000
	for sender := range senders {
		group.Go(func() {
			for i := range each {
				kind := kinds[(i+sender)%len(kinds)]
				if i%100 == 0 {
					kind = rare[(i/100+sender)%len(rare)]
				}
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+withdrawal.PathPrefix+kind.secret, strings.NewReader(kind.body))
				if !assert.NoError(t, err) {
					return
				}
				request.Header.Set(echo.HeaderContentType, xmlType)
				response, err := client.Do(request)
				if err != nil && len(kind.body) > maxUnread {
					continue
				}
				if !assert.NoError(t, err) {
					return
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				if kind.status != 0 && response.StatusCode != http.StatusServiceUnavailable {
					assert.Equal(t, kind.status, response.StatusCode)
				}
			}
		})
	}
	group.Wait()

	assert.False(t, tokens[damaged]())
	assert.False(t, tokens[guessed](), "who guesses by a path learns nothing, and ends what is the path's")
	assert.True(t, tokens[unnamed](), "no path named this patient")
	for name, lives := range tokens {
		if strings.HasSuffix(name, "elsewhere") {
			assert.True(t, lives(), "at another data holder")
		}
	}
	places := map[string]bool{}
	for _, received := range w.told.all() {
		places[received.Place] = true
	}
	assert.Len(t, places, 4, "three patients, and nobody")
	assert.Positive(t, most.Load())
	assert.LessOrEqual(t, most.Load(), int64(3*maxAtOncePath), "three paths, of which each has its share")
	assert.LessOrEqual(t, len(w.sessions.marks), 3+8, "three patients, and the kinds of one category")
	assert.Zero(t, w.working.Load())
	assert.Empty(t, w.told.panics)
}

// TestTheNodesLogHoldsNoSecret serves it by the node's own HTTP engine, with the log's real hook.
func TestTheNodesLogHoldsNoSecret(t *testing.T) {
	var active atomic.Bool
	active.Store(true)
	var out lockedBuffer
	hooks, level := logrus.StandardLogger().ReplaceHooks(logrus.LevelHooks{}), logrus.GetLevel()
	logrus.SetOutput(&out)
	logrus.SetLevel(logrus.TraceLevel)
	logrus.AddHook(redact.NewHook(&active))
	t.Cleanup(func() {
		logrus.SetOutput(io.Discard)
		logrus.SetLevel(level)
		logrus.StandardLogger().ReplaceHooks(hooks)
	})
	w := newWorld(t)
	url := w.serveAsTheNode(t)
	client := &http.Client{}
	defer client.CloseIdleConnections()
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodPut} {
		for _, path := range []string{withdrawal.PathPrefix + w.secret, withdrawal.PathPrefix + w.secret + "?a=b", withdrawal.PathPrefix + w.secret + "/x", "/mitz/" + w.secret, "/mitz//notify/" + w.secret, "/mitz/%6eotify/" + w.secret, withdrawal.PathPrefix + forged(w.secret)} {
			request, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(example(t)))
			require.NoError(t, err)
			request.Header.Set(echo.HeaderContentType, xmlType)
			request.Header.Set("Authorization", "Bearer "+w.secret)
			response, err := client.Do(request)
			require.NoError(t, err)
			_ = response.Body.Close()
		}
	}
	text := out.String()
	assert.Contains(t, text, "HTTP request")
	assert.Contains(t, text, "uri=\"/mitz/notify/[secret]")
	assert.Contains(t, text, "requestURI=\"/mitz/notify/[secret]")
	assert.NotContains(t, strings.ReplaceAll(text, "Bearer "+w.secret, ""), w.secret[1:20])
}

// serveAsTheNode starts the node's HTTP engine on a port that is free.
func (w *world) serveAsTheNode(t *testing.T) (url string) {
	t.Helper()
	for range 20 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		address := listener.Addr().String()
		require.NoError(t, listener.Close())
		failed := make(chan struct{})
		engine := nutshttp.New(func() { close(failed) }, nil)
		config := engine.Config().(*nutshttp.Config)
		config.Public.Address, config.Internal.Address = address, address
		require.NoError(t, engine.Configure(core.ServerConfig{}))
		w.Routes(engine.Router())
		require.NoError(t, engine.Start())
		if w.isServed(failed, address) {
			t.Cleanup(func() {
				assert.NoError(t, engine.Shutdown())
				<-failed
			})
			return "http://" + address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// isServed reports whether the server answers there; it has failed when somebody else has the port.
func (w *world) isServed(failed <-chan struct{}, address string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	for ctx.Err() == nil {
		select {
		case <-failed:
			return false
		default:
		}
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return true
		}
		time.Sleep(time.Millisecond)
	}
	return false
}

// lockedBuffer is written by several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
