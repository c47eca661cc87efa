// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/subscriptions"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

const testBSN = "900186021"

// world is an API with all that is behind it.
type world struct {
	API
	marks     map[string]string
	failing   error // why the session database cannot be reached
	revoked   []withdrawal.Revocation
	released  string // the token that ended
	kept      *subscriptionsInMemory
	localizer *localizerInMemory
	changes   []subscriptions.Change
	unread    int // how often subscriptions could not be read
	accesses  *accessesInMemory
	decided   []string // outcomes that were recorded
}

func (w *world) Get(place string) (string, error) { return w.marks[place], w.failing }
func (w *world) Put(place, mark string) error {
	if w.failing != nil {
		return w.failing
	}
	w.marks[place] = mark
	return nil
}

func (w *world) Revoked(_ context.Context, revocation withdrawal.Revocation) {
	w.revoked = append(w.revoked, revocation)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{marks: map[string]string{}}
	w.kept, w.localizer = &subscriptionsInMemory{world: w}, &localizerInMemory{}
	w.accesses = &accessesInMemory{}
	p, err := policy.New(policy.Config{
		DataHolders: []policy.DataHolderConfig{{Subject: "hospital-east", URA: "00000659", FacilityType: "V6"}},
		Profiles:    []policy.ProfileConfig{{Scope: "birth-care", Categories: []string{"GGC002"}, Purpose: "TREAT"}},
		Trust:       map[string][]string{"organization": {"did:web:cibg.example"}, "practitioner": {"holder"}, "enrollment": {"holder"}},
		TypesListed: true,
	}, func(policy.ProfileConfig) (pe.WalletOwnerMapping, error) { return nil, nil })
	require.NoError(t, err)
	w.API = API{Parts{
		Policy: p, Marks: withdrawal.NewMarks(withdrawal.NewKeys(), withdrawal.DefaultKinds(), w), Subscriptions: w.kept, Localizer: w.localizer, Recorder: w,
		Accesses: w.accesses, AccessBases: []string{"https://records.example/fhir"},
		EndToken: func(subject, token string) (bool, error) {
			if w.failing != nil {
				return false, w.failing
			}
			if subject == "hospital-east" && token == "live" {
				w.released = token
				return true, nil
			}
			return false, nil
		},
	}}
	return w
}

// send has the node's HTTP server answer as it answers for this interface.
func (w *world) send(request *http.Request) *httptest.ResponseRecorder {
	server := echo.New()
	server.HTTPErrorHandler = core.CreateHTTPErrorHandler()
	w.Routes(server)
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, request)
	return recorder
}

func (w *world) SubscriptionsChanged(_ context.Context, change subscriptions.Change) {
	w.changes = append(w.changes, change)
}

func (w *world) SubscriptionsUnread(error) { w.unread++ }

// post returns the status and what the body says.
func (w *world) post(path, contentType, body string) (int, string) {
	request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	request.Header.Set(echo.HeaderContentType, contentType)
	answer := w.send(request)
	return answer.Code, answer.Body.String()
}

const (
	path     = "/internal/mitz/v1/hospital-east/revocations"
	jsonType = "application/json"
)

// TestARevocationIsToldToWhoRegistersConsents: it answers 204 only when both know.
func TestARevocationIsToldToWhoRegistersConsents(t *testing.T) {
	w := newWorld(t)
	patient, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	var told []consent.URA
	var failure error
	w.Withdrawn = func(_ context.Context, of consent.BSN, dataHolder consent.URA) error {
		assert.True(t, of.Equal(patient))
		told = append(told, dataHolder)
		return failure
	}
	status, _ := w.post(path, jsonType, `{"patient": "`+testBSN+`"}`)
	assert.Equal(t, http.StatusNoContent, status)
	failure = errors.New("the SQL database fails")
	status, _ = w.post(path, jsonType, `{"patient": "`+testBSN+`"}`)
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Equal(t, []consent.URA{"00000659", "00000659"}, told)
	status, _ = w.post(path, jsonType, `{"token": "live"}`)
	assert.Equal(t, http.StatusNoContent, status)
	assert.Len(t, told, 2, "one token says nothing of consent")
}

func TestRevokingAPatient(t *testing.T) {
	w := newWorld(t)
	question := consent.Question{DataHolder: consent.DataHolder{URA: "00000659"}, Categories: []consent.Category{"GGC002"}}
	var err error
	question.Patient, err = consent.ParseBSN(testBSN)
	require.NoError(t, err)
	stamp, err := w.Marks.Stamp(question)
	require.NoError(t, err)

	status, body := w.post(path, jsonType, `{"patient": "`+testBSN+`"}`)
	assert.Equal(t, http.StatusNoContent, status)
	assert.Empty(t, body)
	holds, err := w.Marks.Holds(stamp)
	require.NoError(t, err)
	assert.False(t, holds)
	require.Len(t, w.revoked, 1)
	revocation := w.revoked[0]
	assert.True(t, revocation.Patient.Equal(question.Patient))
	assert.Equal(t, "hospital-east", revocation.Subject)
	assert.Equal(t, consent.URA("00000659"), revocation.DataHolder.URA)
	assert.Equal(t, withdrawal.CauseRecordSystem, revocation.Cause)
	assert.NoError(t, revocation.Failure)

	status, _ = w.post(path, jsonType+"; charset=utf-8", `{"patient": "`+testBSN+`"}`)
	assert.Equal(t, http.StatusNoContent, status, "again is harmless")
}

func TestRevokingAToken(t *testing.T) {
	w := newWorld(t)
	status, _ := w.post(path, jsonType, `{"token": "live"}`)
	assert.Equal(t, http.StatusNoContent, status)
	assert.Equal(t, "live", w.released)
	require.Len(t, w.revoked, 1)
	assert.True(t, w.revoked[0].Patient.IsZero())

	status, _ = w.post(path, jsonType, `{"token": "another"}`)
	assert.Equal(t, http.StatusNotFound, status)
	assert.Len(t, w.revoked, 1)
}

func TestWhatRevokesNothing(t *testing.T) {
	for _, tc := range []struct {
		name, path, contentType, body string
		status                        int
	}{
		{"another subject", "/internal/mitz/v1/hospital-west/revocations", jsonType, `{"patient": "` + testBSN + `"}`, http.StatusNotFound},
		{"a form", path, "application/x-www-form-urlencoded", "patient=" + testBSN, http.StatusUnsupportedMediaType},
		{"no content type", path, "", `{"patient": "` + testBSN + `"}`, http.StatusUnsupportedMediaType},
		{"an empty body", path, jsonType, "", http.StatusBadRequest},
		{"no JSON", path, jsonType, testBSN + ",", http.StatusBadRequest},
		{"two values", path, jsonType, `{"patient": "` + testBSN + `"} {}`, http.StatusBadRequest},
		{"a list", path, jsonType, `["` + testBSN + `"]`, http.StatusBadRequest},
		{"nothing asked", path, jsonType, `{}`, http.StatusBadRequest},
		{"null", path, jsonType, `{"patient": null}`, http.StatusBadRequest},
		{"a patient and a token", path, jsonType, `{"patient": "` + testBSN + `", "token": "live"}`, http.StatusBadRequest},
		{"the patient twice", path, jsonType, `{"patient": "` + testBSN + `", "patient": "999996630"}`, http.StatusBadRequest},
		{"the patient in another case", path, jsonType, `{"Patient": "` + testBSN + `"}`, http.StatusBadRequest},
		{"another member", path, jsonType, `{"patient": "` + testBSN + `", "reason": "x"}`, http.StatusBadRequest},
		{"a number that is no BSN", path, jsonType, `{"patient": "123456789"}`, http.StatusBadRequest},
		{"a number for a text", path, jsonType, `{"patient": ` + testBSN + `}`, http.StatusBadRequest},
		{"a large body", path, jsonType, `{"token": "` + strings.Repeat("a", maxBody) + `"}`, http.StatusRequestEntityTooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			status, body := w.post(tc.path, tc.contentType, tc.body)
			assert.Equal(t, tc.status, status, body)
			assert.NotContains(t, body, testBSN)
			assert.NotEmpty(t, body)
			assert.Empty(t, w.marks)
			assert.Empty(t, w.released)
			assert.Empty(t, w.revoked)
		})
	}
}

func TestARevocationThatFailsIsNotSaidToBeDone(t *testing.T) {
	for _, body := range []string{`{"patient": "` + testBSN + `"}`, `{"token": "live"}`} {
		w := newWorld(t)
		w.failing = errors.New("connection refused about " + testBSN)
		status, text := w.post(path, jsonType, body)
		assert.Equal(t, http.StatusServiceUnavailable, status)
		assert.NotContains(t, text, testBSN)
		require.Len(t, w.revoked, 1)
		assert.Error(t, w.revoked[0].Failure)
	}
	t.Run("nor where there is no key", func(t *testing.T) {
		w := newWorld(t)
		w.Marks = withdrawal.Off(w)
		status, text := w.post(path, jsonType, `{"patient": "`+testBSN+`"}`)
		assert.Equal(t, http.StatusNotImplemented, status)
		assert.Contains(t, text, "mitz.withdrawal.keyfile")
		assert.Empty(t, w.revoked)
	})
}
