// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"encoding/xml"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/memorynet"
	"github.com/stretchr/testify/require"
)

func TestConsult(t *testing.T) {
	var seen *http.Request
	var message struct {
		MessageID string `xml:"Header>MessageID"`
		To        string `xml:"Header>To"`
	}
	server := start(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.Clone(t.Context())
		_ = xml.NewDecoder(r.Body).Decode(&message)
		reply(w, http.StatusOK, fixture(t, "permit.xml", r))
	})
	client := server.client(t)

	answer, err := client.Consult(t.Context(), question(t, "GGC002"))
	require.NoError(t, err)
	require.Equal(t, consent.Decisions{"GGC002": consent.Permit}, answer.Decisions)
	require.NoError(t, uuid.Validate(answer.RequestID))

	require.Equal(t, http.MethodPost, seen.Method)
	require.Equal(t, "/mitz/geslotenautorisatievraag/xacml3", seen.RequestURI)
	require.NotZero(t, seen.ContentLength)
	seen.Header.Del("Content-Length")
	require.Equal(t, http.Header{
		"Accept":       {"application/soap+xml"},
		"Content-Type": {`application/soap+xml; charset=UTF-8; action="XACMLAuthorizationDecisionQueryRequest"`},
		"User-Agent":   {"nuts-mitz"},
		"X-Request-Id": {answer.RequestID},
	}, seen.Header)
	require.Equal(t, "urn:uuid:"+answer.RequestID, message.MessageID)
	require.Equal(t, server.URL+"/mitz/geslotenautorisatievraag/xacml3", message.To)

	again, err := client.Consult(t.Context(), question(t, "GGC002"))
	require.NoError(t, err)
	require.NotEqual(t, answer.RequestID, again.RequestID)
}

func TestConsultReportsEveryDecisionAsItIs(t *testing.T) {
	for file, decisions := range map[string]consent.Decisions{
		"deny.xml":           {"GGC002": consent.Deny},
		"indeterminate.xml":  {"GGC002": consent.Indeterminate},
		"not_applicable.xml": {"GGC002": consent.NotApplicable},
		"two_categories.xml": {"GGC002": consent.Permit, "GGC012": consent.Deny},
	} {
		t.Run(file, func(t *testing.T) {
			server := start(t, func(w http.ResponseWriter, r *http.Request) {
				reply(w, http.StatusOK, fixture(t, file, r))
			})
			var categories []consent.Category
			for category := range decisions {
				categories = append(categories, category)
			}
			answer, err := server.client(t).Consult(t.Context(), question(t, categories...))
			require.NoError(t, err)
			require.Equal(t, decisions, answer.Decisions)
		})
	}
}

func TestAConnectionServesOneConsultAfterAnother(t *testing.T) {
	// Outside of a bubble, one is given up when the process stands still for 50 ms.
	inBubble(t, "in memory", func(t *testing.T, network *memorynet.Listener) {
		var connections atomic.Int32
		client := start(t, permits(t), on(network), counting(&connections, new(atomic.Int32))).client(t)
		through(network, client)
		for range 5 {
			_, err := client.Consult(t.Context(), question(t, "GGC002"))
			require.NoError(t, err)
		}
		require.EqualValues(t, 1, connections.Load())
	})
}

func TestManyConsultsAtOnceShareTheConnectionsAllowed(t *testing.T) {
	const consults, allowed = 64, 4
	inBubble(t, "in memory", func(t *testing.T, network *memorynet.Listener) {
		var connections, most atomic.Int32
		client := start(t, permits(t), on(network), counting(&connections, &most)).client(t, func(c *Config) { c.MaxConnections = allowed })
		through(network, client)
		q := question(t, "GGC002")

		var group sync.WaitGroup
		ids := make([]string, consults)
		errs := make([]error, consults)
		for i := range consults {
			group.Go(func() {
				answer, err := client.Consult(t.Context(), q)
				ids[i], errs[i] = answer.RequestID, err
			})
		}
		group.Wait()
		distinct := map[string]bool{}
		for i := range consults {
			require.NoError(t, errs[i])
			distinct[ids[i]] = true
		}
		require.Len(t, distinct, consults)
		require.LessOrEqual(t, most.Load(), int32(allowed))
		require.LessOrEqual(t, connections.Load(), int32(allowed), "each is used again")
	})
}

// counting counts all connections, and the most that were open at once.
func counting(total, most *atomic.Int32) func(*httptest.Server) {
	var current atomic.Int32
	return func(s *httptest.Server) {
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				total.Add(1)
				for now := current.Add(1); ; {
					before := most.Load()
					if now <= before || most.CompareAndSwap(before, now) {
						return
					}
				}
			case http.StateClosed, http.StateHijacked:
				current.Add(-1)
			}
		}
	}
}

func TestThereIsNoProxy(t *testing.T) {
	client, err := New(Config{Endpoint: "http://mitz.example"})
	require.NoError(t, err)
	require.Nil(t, client.query.line.Connections().Proxy)
}

func BenchmarkConsult(b *testing.B) {
	client, q := start(b, permits(b)).client(b), question(b, "GGC002")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Consult(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
}
