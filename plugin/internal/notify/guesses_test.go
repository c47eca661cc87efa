// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNobodyFindsOutByTryingWhomAPathIsAbout: after some numbers that were not the patient's, the
// right one is answered as every other is, until a minute later.
func TestNobodyFindsOutByTryingWhomAPathIsAbout(t *testing.T) {
	w := newWorld(t)
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	w.Endpoint.Now = func() time.Time { return now }
	right, wrong := example(t), strings.ReplaceAll(example(t), testBSN, otherBSN)
	another := w.path(t, otherBSN, testHolder)

	pharmacy := w.pharmacy(t)
	for range maxGuesses {
		require.Equal(t, http.StatusNotFound, w.post(w.secret, xmlType, wrong).Code)
		now = now.Add(time.Second)
	}
	require.True(t, pharmacy())
	for name, body := range map[string]string{"the right one": right, "a wrong one": wrong, "nothing": ""} {
		pharmacy := w.pharmacy(t)
		answer := w.post(w.secret, xmlType, body)
		assert.Equal(t, http.StatusServiceUnavailable, answer.Code, name)
		assert.Equal(t, retryAfter, answer.Header().Get("Retry-After"), name)
		requireOutcome(t, answer, string(Guessing))
		assert.False(t, pharmacy(), "%s: it could have been a withdrawal", name)
	}
	assert.Equal(t, http.StatusCreated, w.post(another, xmlType, wrong).Code, "by another path all is as before")

	now = now.Add(guessesWindow)
	assert.Equal(t, http.StatusCreated, w.post(w.secret, xmlType, right).Code)
	assert.Equal(t, http.StatusNotFound, w.post(w.secret, xmlType, wrong).Code, "the count began anew")
}
