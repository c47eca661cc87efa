// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func TestNoPrintedFormHoldsThePatientsNumber(t *testing.T) {
	s := start(t)
	ask(t, s, fixture(t, "closed-query-mandate.xml"))
	c := Consent{Patient: patient, DataHolder: "00000659", Category: "GGC002", RequesterType: "Z3", Decision: consent.Permit}
	require.NoError(t, s.Record(c))
	query := s.Queries()[0]
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, printed := range []any{query, &query, s.Queries(), c, &c, []Consent{c}} {
			assert.NotContains(t, fmt.Sprintf(verb, printed), patient, verb)
		}
	}
	written, err := json.Marshal(query)
	require.NoError(t, err)
	assert.NotContains(t, string(written), patient)
	assert.Equal(t, "Permit of [BSN]: GGC002 of 00000659 to Z3", fmt.Sprint(c))
	assert.Contains(t, query.String(), "00000123 (Z3) asked [GGC013 GGC002 GGC012] of 00000659 (JGZ) about [BSN] for COC")
}

func TestTheCountsIncludeRefusedRequests(t *testing.T) {
	s := start(t)
	ask(t, s, fixture(t, "closed-query.xml"))
	ask(t, s, "no query")
	assert.Equal(t, 2, s.Received())
	assert.Len(t, s.Queries(), 1)
	assert.Equal(t, "CN=Mitz simulator client,O=nuts-mitz test", s.Refusals()[0].ClientSubject)

	s.ResetLog()
	assert.Zero(t, s.Received())
	assert.Zero(t, s.Cancelled())
	assert.Empty(t, s.Queries())
	assert.Empty(t, s.Refusals())
}

func TestWaitForQueriesEndsWithTheQueryOrTheContext(t *testing.T) {
	s := start(t)
	ended, end := context.WithCancel(context.Background())
	end()
	require.ErrorIs(t, s.WaitForQueries(ended, 1), context.Canceled)
	require.ErrorIs(t, s.WaitForCancelled(ended, 1), context.Canceled)

	waited := make(chan error, 1)
	go func() { waited <- s.WaitForQueries(patience(t), 2) }()
	ask(t, s, fixture(t, "closed-query.xml"))
	select {
	case err := <-waited:
		t.Fatalf("one query is not two: %v", err)
	default:
	}
	ask(t, s, fixture(t, "closed-query.xml"))
	require.NoError(t, <-waited)
	require.NoError(t, s.WaitForQueries(ended, 2), "what is there needs no waiting")
}

func TestManyMayAskAtOnce(t *testing.T) {
	s := start(t)
	c := client(t, identity(t).ClientTLS())
	text := fixture(t, "closed-query.xml")
	var clients sync.WaitGroup
	for range 8 {
		requests := []*http.Request{request(t, s, text), request(t, s, text), request(t, s, text)}
		clients.Go(func() {
			for _, r := range requests {
				got, err := do(t, c, r)
				assert.NoError(t, err)
				assert.Equal(t, http.StatusOK, got.status)
				s.Queries()
			}
		})
	}
	clients.Wait()
	assert.Len(t, s.Queries(), 24)
}
