// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/wire"
	"github.com/stretchr/testify/require"
)

// otherOperation is a second operation beside the closed query: its messages go to /other.
type otherOperation struct {
	*link.Operation
	url  string
	line *wire.Line
}

const otherAtOnce = 4

func newOtherOperation(server *mitz, client *Client) *otherOperation {
	return &otherOperation{
		Operation: link.New(link.Budget{Timeout: patience, AtOnce: otherAtOnce, PerMinute: 10}, link.Hooks{}),
		url:       server.URL + "/other", line: client.peer.Line(otherAtOnce, nil),
	}
}

// send sends one message on behalf of a party.
func (o *otherOperation) send(ctx context.Context, party int) *link.Failure {
	return o.Do(ctx, link.Call{By: strconv.Itoa(party), Send: func(ctx context.Context) *link.Failure {
		_, failure := o.line.Post(ctx, o.line.Connections(), wire.Message{URL: o.url, Accept: mediaType})
		if failure != nil {
			failure.Attempts = 1
		}
		return failure
	}})
}

// TestOperationsShareTheFilesAndNothingElse has one operation go wrong over real connections,
// with more calls than it has turns and connections, while another is used.
func TestOperationsShareTheFilesAndNothingElse(t *testing.T) {
	const atOnce = 4
	ways := map[string]http.HandlerFunc{
		"is stuck": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"fails":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"is told to pause": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusTooManyRequests)
		},
	}
	for way, wrong := range ways {
		for _, path := range []string{"/other", closedQueryPath} {
			t.Run(path+" "+way, func(t *testing.T) {
				var arrived atomic.Int32
				server := start(t, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					if strings.HasSuffix(r.URL.Path, path) {
						arrived.Add(1)
						wrong(w, r)
						return
					}
					reply(w, http.StatusOK, fixture(t, "permit.xml", r))
				})
				files := server.authority.files(t)
				l, err := NewLink(Config{Endpoint: server.URL, Files: &files, MaxConnections: atOnce, QueriesPerMinute: math.MaxInt32, Timeout: patience}, Hooks{})
				require.NoError(t, err)
				defer l.Close()
				other := newOtherOperation(server, l.client)
				query := func(ctx context.Context, party int) error {
					q := question(t, "GGC002")
					q.Requester.URA = consent.URA(fmt.Sprintf("%08d", party))
					_, err := l.Consult(ctx, q)
					return err
				}

				ctx, stop := context.WithCancel(t.Context())
				var running sync.WaitGroup
				for i := range 4 * atOnce {
					running.Go(func() {
						for ctx.Err() == nil && arrived.Load() < 100 {
							if path == "/other" {
								_ = other.send(ctx, i)
							} else {
								_ = query(ctx, i)
							}
						}
					})
				}
				require.Eventually(t, func() bool { return arrived.Load() > 0 }, patience, time.Millisecond)
				for range 20 {
					if path == "/other" {
						require.NoError(t, query(t.Context(), 99))
					} else {
						require.Nil(t, other.send(t.Context(), 99))
					}
				}
				if path == "/other" {
					require.Equal(t, StateClosed, l.Circuit())
					require.Zero(t, l.Load())
				} else {
					require.Equal(t, link.Closed, other.State())
				}
				stop()
				running.Wait()
			})
		}
	}
}

func TestChangedFilesAreUsedByEveryOperation(t *testing.T) {
	mitz := simulate(t, Hooks{})
	other := mitz.client.peer.Line(1, nil)
	before := other.Connections()
	mitz.renew(t, "renewed", time.Now().Add(time.Hour))
	require.NoError(t, mitz.reloader.check())
	require.NotSame(t, before, other.Connections())
	require.Equal(t, mitz.client.query.line.Connections().TLSClientConfig.Certificates, other.Connections().TLSClientConfig.Certificates)
}

// TestCodesOfTheLink compares the codes that are promised here with those that are made below.
func TestCodesOfTheLink(t *testing.T) {
	for code, want := range map[link.Code]Code{
		link.Canceled: Canceled, link.Timeout: Timeout, link.Unreachable: Unreachable, link.TLS: TLS, link.HTTPStatus: HTTPStatus,
		link.FaultSender: FaultSender, link.FaultReceiver: FaultReceiver, link.MalformedAnswer: MalformedAnswer,
		link.OversizedAnswer: OversizedAnswer, link.Overloaded: Overloaded, link.CircuitOpen: CircuitOpen,
		link.RateLimited: RateLimited, link.TooManyQueries: TooManyQueries,
	} {
		require.Equal(t, want, Code(code))
	}
}

func TestCircuitStatesHaveTheNumbersOfTheMetric(t *testing.T) {
	for state, want := range map[CircuitState]struct {
		number int
		text   string
		link   link.State
	}{
		StateClosed: {0, "closed", link.Closed}, StateHalfOpen: {1, "half_open", link.HalfOpen}, StateOpen: {2, "open", link.Open},
	} {
		require.Equal(t, want.number, int(state))
		require.Equal(t, want.text, state.String())
		require.Equal(t, state, CircuitState(want.link))
	}
}
