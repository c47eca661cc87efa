// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/scene"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/stories"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// TestStoriesNoticeWhatIsWrong plays stories in a world that is not as it must be.
func TestStoriesNoticeWhatIsWrong(t *testing.T) {
	stage, front := newTestStage(t), new(front)
	client := *stage.Client()
	front.behind, client.Transport = client.Transport, front
	config := stage.scene(theCast())
	config.Bus, config.Client = new(events.Bus), &client
	living, err := scene.New(t.Context(), config)
	require.NoError(t, err)

	misbehave := func(behaviour mitztest.Behaviour) func(*testing.T) {
		return func(*testing.T) { stage.Mitz.Misbehave(behaviour) }
	}
	// instead has searches for a patient answered in place of the record server, after something else.
	instead := func(about patient, before func(*testing.T), status int, body string) func(*testing.T) {
		return func(t *testing.T) {
			front.about, front.answer = about.bsn, func(*http.Request) (*http.Response, error) {
				if before != nil {
					before(t)
				}
				recorder := httptest.NewRecorder()
				recorder.WriteHeader(status)
				_, err := recorder.WriteString(body)
				return recorder.Result(), err
			}
		}
	}
	askAbout := func(about patient) func(*testing.T) {
		return func(t *testing.T) {
			_, err := stage.RequestToken(t.Context(), about.bsn, scope)
			assert.NoError(t, err)
		}
	}
	sanne, emma := theCast().client, theCast().other
	for name, test := range map[string]struct {
		spoil  func(*testing.T)
		story  string
		step   string // that fails
		reason string
	}{
		"Mitz denies although consent was recorded": {misbehave(mitztest.Denying), "consent", "step 3 (shown)", `1 questions came to Mitz, which answered ["deny"], and not ["permit"]`},
		"Mitz does not work":                        {misbehave(mitztest.HTTPStatus(http.StatusServiceUnavailable)), "registration", "step 1 (refused)", `"undetermined" (HTTP 500, error code "server_error"), and not "denied" (HTTP 400)`},
		"Mitz cannot decide":                        {misbehave(mitztest.AnsweringIndeterminate), "kind", "step 2 (refused)", `"undetermined"`},
		"Mitz does not tell the hospital":           {misbehave(mitztest.NotifyingNever), "withdrawal", "step 3 (withdraws)", "the data holder answered HTTP 0 when Mitz told it"},
		"Mitz attests nothing": {func(t *testing.T) {
			stage.Mitz.Issuer().DecideBy(func(consent.Question) consent.Decisions { return nil })
			t.Cleanup(func() { stage.Mitz.Issuer().DecideBy(stage.Mitz.Decide) })
		}, "attestation", "step 2 (shown)", `"not-attested"`},
		"the record server shows another patient":          {instead(emma, nil, http.StatusOK, emma.notes[0]), "other", "step 3 (refused)", `"shown" (HTTP 200`},
		"the record server refuses, but shows the patient": {instead(emma, nil, http.StatusForbidden, emma.notes[0]), "other", "step 3 (refused)", "something of a record is shown"},
		"the record server refuses an ended token, but shows the patient": {func(t *testing.T) {
			front.skip = 1
			instead(sanne, nil, http.StatusUnauthorized, sanne.notes[1])(t)
		}, "withdrawal", "step 4 (ended)", "something of a record is shown"},
		"the record server shows nothing":        {instead(sanne, nil, http.StatusOK, "{}"), "consent", "step 3 (shown)", "the record has 0 notes, and not these 2"},
		"Mitz is asked about the other patient":  {instead(emma, askAbout(emma), http.StatusForbidden, ""), "other", "step 3 (refused)", `1 questions came to Mitz, which answered ["deny"], and not []`},
		"a second token comes with the first":    {instead(sanne, askAbout(sanne), http.StatusOK, "{}"), "other", "step 2 (shown)", "2 tokens were made, and not 1"},
		"the record server lets a thief read on": {func(t *testing.T) { front.skip = 1; instead(sanne, nil, http.StatusOK, "{}")(t) }, "stolen", "step 3 (refused)", `"shown" (HTTP 200`},
	} {
		t.Run(name, func(t *testing.T) {
			at := slices.IndexFunc(stories.All(), func(each stories.Story) bool { return each.Key == test.story })
			*front = fronting(front.behind)
			begun := false
			err := stories.Perform(t.Context(), living, stories.All()[at], func(int, string) {
				if !begun { // everything is as in the beginning
					test.spoil(t)
				}
				begun = true
			})

			require.ErrorContains(t, err, test.step+": ")
			assert.ErrorContains(t, err, test.reason)
			assertNoNumbers(t, err.Error())
		})
	}
	t.Run("and plays on", func(t *testing.T) {
		*front = fronting(front.behind)
		for _, story := range stories.All() {
			assert.NoError(t, stories.Perform(t.Context(), living, story, func(int, string) {}), story.Key)
		}
	})
	assert.NoError(t, stage.ScanLogs(theCast().bsns()))
}

// front stands in front of the record servers, as the practice's system sees them.
type front struct {
	behind http.RoundTripper
	about  string // the number of the patient whose searches are answered here
	skip   int    // searches that are not
	answer func(*http.Request) (*http.Response, error)
}

func fronting(behind http.RoundTripper) front { return front{behind: behind} }

func (f *front) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	if f.answer != nil && form.Get("identifier") == harness.BSNIdentifier(f.about) {
		if f.skip--; f.skip < 0 {
			return f.answer(r)
		}
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return f.behind.RoundTrip(r)
}
