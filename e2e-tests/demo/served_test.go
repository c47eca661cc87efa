// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/stories"
)

// visitor uses the served demo as a browser does, without JavaScript.
type visitor struct {
	t      *testing.T
	url    string // without a slash at the end
	client http.Client
}

// newVisitor serves the demo for a test, with real nodes.
func newVisitor(t *testing.T) (*visitor, *stage) {
	t.Helper()
	stage := newTestStage(t)
	server, err := web.Start(web.Config{Scene: stage.scene(theCast())})
	require.NoError(t, err)
	t.Cleanup(server.Close)
	t.Cleanup(func() { assert.NoError(t, stage.ScanLogs(theCast().bsns())) })
	return &visitor{t: t, url: strings.TrimSuffix(server.URL, "/")}, stage
}

// see gets a page, and looks for patients' numbers on it.
func (v *visitor) see(path string) string {
	v.t.Helper()
	response, err := v.client.Get(v.url + path)
	require.NoError(v.t, err)
	return v.read(response)
}

// send posts a form, and gets the page that it leads to.
func (v *visitor) send(path string, form url.Values) string {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.url+path, strings.NewReader(form.Encode()))
	require.NoError(v.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", v.url)
	response, err := v.client.Do(request)
	require.NoError(v.t, err)
	return v.read(response)
}

func (v *visitor) read(response *http.Response) string {
	v.t.Helper()
	defer response.Body.Close()
	require.Equal(v.t, http.StatusOK, response.StatusCode)
	body, err := io.ReadAll(response.Body)
	require.NoError(v.t, err)
	assertNoNumbers(v.t, string(body))
	return string(body)
}

// playTime is how long a story may take on a machine that is busy.
const playTime = time.Minute

// play plays a story to its end, and returns its page.
func (v *visitor) play(key string) (page string) {
	v.t.Helper()
	v.send("/en/play", url.Values{"story": {key}})
	require.Eventually(v.t, func() bool {
		page = v.see("/en/stories/" + key)
		return strings.Contains(page, `class="outcome`)
	}, playTime, 50*time.Millisecond)
	return page
}

// TestServedStories plays every story on real nodes, and looks at all pages afterwards.
func TestServedStories(t *testing.T) {
	v, _ := newVisitor(t)
	for _, story := range stories.All() {
		t.Run(story.Key, func(t *testing.T) {
			page := v.play(story.Key)
			assert.Equal(t, len(story.Steps), strings.Count(page, `class="step done"`))
			assert.Contains(t, page, "It ended as it must")
			_, first, _ := strings.Cut(page, `<span class="what">`)
			first, _, _ = strings.Cut(first, "<")
			assert.Contains(t, []string{"Get this record", "I give consent"}, first, "something of the story before")
			if story.Key != "impostor" && story.Key != "certificate" && story.Key != "kind" {
				assert.Contains(t, page, "Which proofs are needed?")
			}
			for _, path := range []string{"/requester", "/patient/" + story.Patient, "/dataholder", "/behind"} {
				assert.Equal(t, 0, strings.Count(v.see("/nl"+path)+v.see("/en"+path), "⟦"), path)
			}
		})
	}
}

// TestServedByHand does by hand what the stories do: ask, consent, ask, withdraw, and use the token
// once more; and with Mitz broken.
func TestServedByHand(t *testing.T) {
	v, stage := newVisitor(t)
	ask := url.Values{"do": {"ask"}, "patient": {stories.Client}}
	choose := func(decision string) string {
		return v.send("/en/do", url.Values{
			"do": {"choose"}, "patient": {stories.Client}, "holder": {"hospital"}, "category": {category}, "kind": {practiceType}, "decision": {decision},
		})
	}
	assert.Contains(t, v.send("/en/do", ask), "No consent")
	choose("permit")
	page := v.send("/en/do", ask)
	assert.Contains(t, page, theCast().client.notes[1])
	assert.Contains(t, v.see("/en/dataholder"), "Works for 15 more minutes")
	assert.Contains(t, v.see("/en/patient/"+stories.Client), "Mitz said yes")
	assert.Contains(t, v.see("/en/patient/"+stories.Client), "asked for treatment data at", "a sentence")
	assert.Contains(t, v.see("/en/behind"), "Does the patient agree?")

	require.NoError(t, stage.Mitz.WaitForSubscriptions(t.Context(), 1))
	choose("none")
	assert.Contains(t, v.send("/en/do", url.Values{"do": {"read-again"}}), "The key does not work")
	assert.Contains(t, v.see("/en/dataholder"), "No longer works, since")

	choose("permit")
	assert.Contains(t, v.send("/nl/do", url.Values{"do": {"conduct"}, "conduct": {"failing"}}), "Mitz doet het niet goed")
	assert.Contains(t, v.send("/en/do", ask), "Cannot be established")
	v.send("/en/do", url.Values{"do": {"reset"}})
	assert.NotContains(t, v.see("/nl/"), "Mitz doet het niet goed")

	choose("deny")
	assert.Contains(t, v.see("/en/patient/"+stories.Client), `<span class="badge deny">No</span>`)
	assert.Contains(t, v.send("/en/do", ask), "No consent")
}

// TestTokensOfTheCentre shows those of the data holder without Mitz, and ends them when everything
// begins anew.
func TestTokensOfTheCentre(t *testing.T) {
	v, stage := newVisitor(t)
	v.send("/en/do", url.Values{
		"do": {"choose"}, "patient": {stories.West}, "holder": {"centre"}, "category": {category}, "kind": {practiceType}, "decision": {"permit"},
	})
	assert.Contains(t, v.send("/en/do", url.Values{"do": {"ask"}, "patient": {stories.West}}), "Received")
	page := v.see("/en/dataholder")
	assert.Contains(t, page, theCast().west.name)
	assert.Contains(t, page, "Works for 15 more minutes")
	kept := stage.centreSessions.Kept()
	require.Len(t, kept, 1)

	v.send("/en/do", url.Values{"do": {"reset"}})
	told, err := stage.centre.Introspect(t.Context(), kept[0].Token)
	require.NoError(t, err)
	assert.False(t, told.Active)
	assert.Contains(t, v.see("/en/dataholder"), "No key was given")
}
