// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

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

// TestHowManyEndTokens: as many as find no place, up to a bound, and the next when one of them is done.
func TestHowManyEndTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		pharmacy := w.pharmacy(t)
		for i := range maxAtOncePath + maxWaitingOne { // all places of the path
			go func() { _, _ = w.working.Take(t.Context(), w.secret) }()
			synctest.Wait()
			require.Equal(t, i+1, w.working.Load().Running+w.working.Load().Waiting)
		}
		var last func()
		for i := range maxEnding {
			turn, err := w.ending.Take(t.Context(), fmt.Sprint("path ", i))
			require.NoError(t, err)
			last = turn.GiveBack
		}
		requireOutcome(t, w.post(w.secret, xmlType, example(t)), "busy")
		assert.True(t, pharmacy(), "there was no place to end it")
		last()
		requireOutcome(t, w.post(w.secret, xmlType, example(t)), "busy")
		assert.False(t, pharmacy())
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
	assert.LessOrEqual(t, len(w.sessions.marks), 3+3*8, "three patients, and the kinds of one category and the two below it")
	assert.Zero(t, w.working.Load())
	assert.Empty(t, w.told.panics)
}
