// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pages

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
)

// TestABrowserIsToldWhatPassed listens as a browser does, until the demo ends.
func TestABrowserIsToldWhatPassed(t *testing.T) {
	f, bus := everything(), new(events.Bus)
	ctx, end := context.WithCancel(t.Context())
	p, err := New(ctx, f, f, bus)
	require.NoError(t, err)
	server := httptest.NewServer(p.Handler())
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/nl/live", nil)
	require.NoError(t, err)
	response, err := server.Client().Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	assert.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	lines := bufio.NewScanner(response.Body)
	next := func() string {
		for lines.Scan() {
			if text := lines.Text(); text != "" {
				return text
			}
		}
		return ""
	}
	require.Equal(t, ": ", next(), "it is open")

	bus.Publish(events.Event{Kind: "query"})
	assert.Equal(t, `data: {"id":1,"say":"Mag dit van de patiënt?"}`, next())
	require.Equal(t, ": ", next())
	bus.Nudge()
	assert.Equal(t, `data: {"id":0,"say":""}`, next())

	end()
	require.Equal(t, ": ", next())
	assert.Empty(t, next(), "it ends with the demo")
}

// TestAStorysPageShowsNoOther: what is fetched again is about the story of the page.
func TestAStorysPageShowsNoOther(t *testing.T) {
	handler := newHandler(t, everything()) // in which "consent" was played
	for path, wanted := range map[string]bool{"/en/part/story/consent/run": true, "/en/part/story/stolen/run": false} {
		answer := get(t, handler, path)
		assert.Equal(t, http.StatusOK, answer.Code)
		assert.Equal(t, wanted, strings.Contains(answer.Body.String(), `class="outcome`), path)
	}
	assert.Contains(t, get(t, handler, "/en/part/story/stolen/lanes").Body.String(), "Play the story")
}
