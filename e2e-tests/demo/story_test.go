// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// TestStoryNoticesWhatIsWrong plays the story in worlds that are not as they must be.
func TestStoryNoticesWhatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		cast   func(*cast)
		spoil  func(*testing.T, *story)
		failed []int
		checks int // that are shown as failed
	}{
		"nothing is wrong": {},
		"Mitz denies although consent was recorded": {
			spoil:  misbehave(mitztest.Denying),
			failed: []int{2, 3, 4, 5}, checks: 7,
		},
		"Mitz always permits": {
			cast:   func(c *cast) { c.client.bsn = mitztest.PatientAlwaysPermit },
			failed: []int{1, 4, 6}, checks: 7,
		},
		"Mitz does not work": {
			spoil:  misbehave(mitztest.HTTPStatus(http.StatusServiceUnavailable)),
			failed: []int{1, 2, 3, 4, 5, 6, 9, 10}, checks: 14,
		},
		"Mitz cannot decide": {
			spoil:  misbehave(mitztest.AnsweringIndeterminate),
			failed: []int{1, 2, 3, 4, 5, 6, 9, 10}, checks: 14,
		},
		"Mitz does not tell the hospital": {
			spoil:  misbehave(mitztest.NotifyingNever),
			failed: []int{5}, checks: 2,
		},
		"Mitz attests nothing": {
			spoil: func(_ *testing.T, s *story) {
				s.Mitz.Issuer().DecideBy(func(consent.Question) consent.Decisions { return nil })
			},
			failed: []int{7, 8}, checks: 2,
		},
		"the record server shows any patient": {
			spoil:  answerAboutTheOther(http.StatusOK, nil),
			failed: []int{3}, checks: 2,
		},
		"the record server refuses, but shows the patient": {
			spoil:  answerAboutTheOther(http.StatusForbidden, nil),
			failed: []int{3}, checks: 1,
		},
		"Mitz is asked about the other patient": {
			spoil: answerAboutTheOther(http.StatusForbidden, func(t *testing.T, s *story) {
				_, err := s.RequestToken(t.Context(), s.cast.other.bsn, scope)
				assert.NoError(t, err)
			}),
			failed: []int{3, 4}, checks: 4,
		},
	} {
		t.Run(name, func(t *testing.T) {
			cast := theCast()
			if test.cast != nil {
				test.cast(&cast)
			}
			var out bytes.Buffer
			story := newTestStory(t, cast, page{out: &out})
			if test.spoil != nil {
				test.spoil(t, story)
			}

			failed := story.play(t.Context())

			assert.Equal(t, test.failed, failed, out.String())
			assert.Equal(t, test.checks, bytes.Count(out.Bytes(), []byte("[FAILED]")), out.String())
			assertNoNumbers(t, out.String(), cast.bsns()...)
			assert.NoError(t, story.ScanLogs(cast.bsns()))
		})
	}
}

func TestStoryNoticesWrongClaims(t *testing.T) {
	var out bytes.Buffer
	story := newTestStory(t, theCast(), page{out: &out})
	require.NoError(t, story.Mitz.Record(story.cast.client.permission()))
	request, err := story.ask(t.Context(), story.cast.client)
	require.NoError(t, err)
	require.Len(t, request.queries, 1)

	request.queries[0].RequestID = "another"
	story.cast.client, story.cast.other = story.cast.other, story.cast.client
	verdict := &verdict{page: story.page}
	require.NoError(t, story.expectClaims(t.Context(), request, verdict))

	assert.True(t, verdict.failed)
	assert.Contains(t, out.String(), "not as it must be: consent_request_id, patient_bsn\n")
}

func newTestStory(t *testing.T, cast cast, page page) *story {
	t.Helper()
	built, err := binaries()
	require.NoError(t, err)
	stage, err := openStage(t.Context(), built, cast, t.TempDir(), io.Discard)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, stage.Close()) })
	return newStory(stage, cast, page)
}

func misbehave(behaviour mitztest.Behaviour) func(*testing.T, *story) {
	return func(_ *testing.T, s *story) { s.Mitz.Misbehave(behaviour) }
}

// answerAboutTheOther puts a server in front of the record server, that answers searches
// for the other patient itself, with that patient's notes.
func answerAboutTheOther(status int, before func(*testing.T, *story)) func(*testing.T, *story) {
	return func(t *testing.T, s *story) {
		behind, client := s.records, s.Client()
		front, err := s.ServeTLS("front", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.PostFormValue("identifier") == harness.BSNIdentifier(s.cast.other.bsn) {
				if before != nil {
					before(t, s)
				}
				w.WriteHeader(status)
				_, _ = io.WriteString(w, strings.Join(s.cast.other.notes, "\n"))
				return
			}
			token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
			_, number, _ := strings.Cut(r.PostFormValue("identifier"), "|")
			answer, err := harness.SearchPatient(r.Context(), client, behind, token, number)
			assert.NoError(t, err)
			w.WriteHeader(answer.Status)
			_, _ = w.Write(answer.Body)
		}))
		require.NoError(t, err)
		s.records = front
	}
}
