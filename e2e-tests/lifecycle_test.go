// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// slowWorld has a time-out that no test waits for.
func slowWorld(t *testing.T) *harness.World {
	t.Helper()
	config := plainWorld()
	config.ConfigureMitz = func(section *harness.MitzConfig) { section.Timeout = "1m" }
	return harness.StartWorld(t, config)
}

func TestCancelledRequestCancelsTheQuery(t *testing.T) {
	w := slowWorld(t)
	permit(t, w, patient, "00000659", "GGC002")
	w.Mitz.Misbehave(mitztest.Hanging)
	a := newAttempt(t, w, harness.JWTBearer)
	a.request.Credentials = a.set.All()
	ctx, cancel := context.WithCancel(t.Context())
	outcome := make(chan error, 1)
	go func() {
		_, err := a.wallet.RequestToken(ctx, a.request)
		outcome <- err
	}()
	require.NoError(t, w.Mitz.WaitForQueries(t.Context(), 1))

	cancel()

	require.ErrorIs(t, <-outcome, context.Canceled)
	waiting, done := context.WithTimeout(t.Context(), longest)
	defer done()
	require.NoError(t, w.Mitz.WaitForCancelled(waiting, 1), "the query outlived the request")
	assert.Zero(t, w.Sessions.Tokens())
}

func TestStoppingTheNodeLetsRunningConsultsEnd(t *testing.T) {
	w := slowWorld(t)
	permit(t, w, patient, "00000659", "GGC002")
	w.Mitz.Misbehave(mitztest.Slow(15 * time.Second)) // in which a busy machine has all of them there
	answers := requestWhileStopping(t, w, func() {
		metrics, err := w.DataHolder.Get(t.Context(), "/metrics")
		require.NoError(t, err)
		assert.True(t, metrics.Contains("\nnuts_mitz_consults_running 3\n"))
		assert.True(t, metrics.Contains("\nnuts_mitz_consults_waiting 0\n"))
	})
	for _, answer := range answers {
		assert.NotEmpty(t, answer.Token(), "the patient sees the query, and so the requester gets its answer")
	}
	assert.Zero(t, w.Mitz.Cancelled())
	assert.Len(t, w.Mitz.Queries(), len(answers))
}

func TestStoppingTheNodeEndsConsultsThatTakeTooLong(t *testing.T) {
	config := plainWorld()
	config.ConfigureMitz = func(section *harness.MitzConfig) { section.Timeout = "2s" }
	w := harness.StartWorld(t, config)
	permit(t, w, patient, "00000659", "GGC002")
	w.Mitz.Misbehave(mitztest.Hanging)
	for _, answer := range requestWhileStopping(t, w, func() {}) {
		assert.Equal(t, "server_error", answer.OAuthError().Code)
	}
	assert.Zero(t, w.Sessions.Tokens())
}

// requestWhileStopping stops the data holder's node while three of its requests wait for
// Mitz, and returns their answers. Meanwhile runs before the stop.
func requestWhileStopping(t *testing.T, w *harness.World, meanwhile func()) []harness.Answer {
	t.Helper()
	answers, errs := make([]harness.Answer, 3), make([]error, 3)
	attempts := make([]*attempt, len(answers))
	for i := range attempts {
		attempts[i] = newAttempt(t, w, harness.JWTBearer)
		attempts[i].request.Credentials = attempts[i].set.All()
	}
	var waiting sync.WaitGroup
	for i, a := range attempts {
		waiting.Go(func() { answers[i], errs[i] = requestInTime(t, a) })
	}
	require.NoError(t, w.Mitz.WaitForQueries(t.Context(), len(answers)))
	meanwhile()

	require.NoError(t, w.DataHolder.Stop())

	assert.Zero(t, w.DataHolder.ExitCode())
	waiting.Wait()
	require.NoError(t, errors.Join(errs...))
	return answers
}

// requestInTime asks again when the presentation expired before the node came to it: it
// is valid for five seconds, and a busy machine may take longer. One that is made at another
// time than now is sent once.
func requestInTime(t *testing.T, a *attempt) (harness.Answer, error) {
	t.Helper()
	const tries = 10
	for try := 1; ; try++ {
		answer, err := a.wallet.RequestToken(t.Context(), a.request)
		if err != nil || try == tries || !a.request.IssuedAt.IsZero() || !answer.Contains(`\"exp\" not satisfied`) {
			return answer, err
		}
	}
}

// TestWhatStrangersSee looks at everything that a node shows of itself, on both of its ports:
// how the link is, how busy it is and when its certificate ends is shown on the internal one.
func TestWhatStrangersSee(t *testing.T) {
	w := fresh(t)
	public := func(path string) harness.Answer {
		return must[harness.Answer](t)(w.DataHolder.GetPublic(t.Context(), path))
	}
	internal := func(path string) harness.Answer {
		return must[harness.Answer](t)(w.DataHolder.Get(t.Context(), path))
	}
	for _, get := range []func(string) harness.Answer{public, internal} {
		diagnostics := get("/status/diagnostics")
		assert.Equal(t, http.StatusOK, diagnostics.Status)
		var byEngine map[string]map[string]any
		require.NoError(t, json.Unmarshal(diagnostics.Body, &byEngine))
		for title := range byEngine["mitz"] {
			assert.Contains(t, []string{"version", "node_version"}, title)
		}
	}
	for _, path := range []string{"/status", "/status/diagnostics", "/health", "/metrics", "/"} {
		shown := strings.ToLower(string(public(path).Body))
		for _, word := range []string{"circuit", "consult", "certificate", "guarded", "audit", "held_back", "nuts_mitz"} {
			assert.NotContains(t, shown, word, path)
		}
	}
	health, metrics := internal("/health"), internal("/metrics")
	for _, part := range []string{"mitz.guarded", "mitz.guard", "mitz.circuit", "mitz.consults", "mitz.certificate"} {
		assert.True(t, health.Contains(`"`+part+`":{"status":`), part)
	}
	for _, name := range []string{"circuit_state", "guarded_scopes", "consults_running", "consults_waiting", "requesters_held_back", "client_certificate_expiry_timestamp_seconds"} {
		assert.True(t, metrics.Contains("\nnuts_mitz_"+name+" "), name)
	}
}

// TestManyRequestsAtOnce has each of many requests ask about another patient, half of
// whom consented: an answer that went to another request would show.
func TestManyRequestsAtOnce(t *testing.T) {
	const requests = 200
	config := plainWorld()
	config.ConfigureMitz = func(section *harness.MitzConfig) { section.Timeout = "30s" }
	w := harness.StartWorld(t, config)
	w.Mitz.Misbehave(mitztest.Slow(50 * time.Millisecond))
	numbers := manyPatients(requests)
	attempts := make([]*attempt, requests)
	for i, number := range numbers {
		attempts[i] = newAttempt(t, w, []harness.Grant{harness.VPToken, harness.JWTBearer}[i/2%2])
		attempts[i].enroll(harness.BSNIdentifier(number))
		attempts[i].request.Credentials = attempts[i].set.All()
		attempts[i].request.Lifetime = 5 * time.Second
		if i%2 == 0 {
			permit(t, w, number, "00000659", "GGC002")
		}
	}
	var waiting sync.WaitGroup
	answers, errs := make([]harness.Answer, requests), make([]error, requests)
	for i, a := range attempts {
		waiting.Go(func() { answers[i], errs[i] = requestInTime(t, a) })
	}
	waiting.Wait()

	require.NoError(t, errors.Join(errs...))
	assert.Equal(t, requests/2, w.Sessions.Tokens())
	assert.Len(t, w.Mitz.Queries(), requests)
	for i, answer := range answers {
		if i%2 == 1 {
			assert.Equal(t, "access_denied", answer.OAuthError().Code)
			continue
		}
		introspection, err := w.DataHolder.Introspect(t.Context(), answer.Token())
		require.NoError(t, err)
		assert.True(t, introspection.Active)
		assert.True(t, introspection.Text("patient_bsn") == numbers[i], "a token is about another patient")
	}
	require.NoError(t, w.ScanLogs(numbers))
}

// manyPatients returns numbers that pass the eleven test.
func manyPatients(count int) []string {
	var numbers []string
	for i := 100000000; len(numbers) < count; i += 7 {
		if number := strconv.Itoa(i); consent.IsBSN(number) {
			numbers = append(numbers, number)
		}
	}
	return numbers
}
