// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/subscriptions"
)

const (
	subscriptionsPath = "/internal/mitz/v1/hospital-east/subscriptions"
	testBSN2          = "999996642"
)

// subscriptionsInMemory keeps subscriptions as a database does.
type subscriptionsInMemory struct {
	world *world
	all   []subscriptions.Subscription
	of    []subscriptions.Wish // for each
	calls int
	hangs bool // until its caller waits no longer
}

var _ subscriptions.Subscriptions = (*subscriptionsInMemory)(nil)

// since is when everything happens.
var since = time.Date(2026, 11, 27, 13, 0, 0, 0, time.FixedZone("", 3600))

// call returns why the database does nothing.
func (s *subscriptionsInMemory) call(ctx context.Context) error {
	s.calls++
	if s.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.world.failing
}

func (s *subscriptionsInMemory) Add(ctx context.Context, wishes ...subscriptions.Wish) ([]subscriptions.Subscription, error) {
	if err := s.call(ctx); err != nil {
		return nil, err
	}
	var added []subscriptions.Subscription
	for _, wish := range wishes {
		at := slices.IndexFunc(s.of, func(other subscriptions.Wish) bool {
			return wish.Subject == other.Subject && wish.Patient.Equal(other.Patient)
		})
		if at < 0 {
			at = len(s.all)
			s.of = append(s.of, wish)
			s.all = append(s.all, subscriptions.Subscription{
				ID: idOf(at), Subject: wish.Subject, State: subscriptions.Waiting, Since: since,
			})
		}
		added = append(added, s.all[at])
	}
	return added, nil
}

func (s *subscriptionsInMemory) List(ctx context.Context, subject, after string, limit int) (subscriptions.Page, error) {
	page := subscriptions.Page{Counts: subscriptions.Counts{By: map[subscriptions.State]int{}}}
	for _, each := range s.all {
		if each.Subject != subject {
			continue
		}
		page.Counts.By[each.State]++
		if each.State == subscriptions.Waiting {
			page.Counts.Oldest = since
		}
		switch {
		case each.ID <= after:
		case len(page.Subscriptions) < limit:
			page.Subscriptions = append(page.Subscriptions, each)
		case page.Next == "":
			page.Next = page.Subscriptions[limit-1].ID
		}
	}
	return page, s.call(ctx)
}

func (s *subscriptionsInMemory) at(subject, id string) (*subscriptions.Subscription, error) {
	at := slices.IndexFunc(s.all, func(each subscriptions.Subscription) bool { return each.ID == id && each.Subject == subject })
	if at < 0 {
		return &subscriptions.Subscription{}, fmt.Errorf("the table: %w", subscriptions.ErrUnknown)
	}
	return &s.all[at], nil
}

func (s *subscriptionsInMemory) Get(ctx context.Context, subject, id string) (subscriptions.Subscription, error) {
	if err := s.call(ctx); err != nil {
		return subscriptions.Subscription{}, err
	}
	found, err := s.at(subject, id)
	return *found, err
}

func (s *subscriptionsInMemory) End(ctx context.Context, subject, id string) error {
	if err := s.call(ctx); err != nil {
		return err
	}
	found, err := s.at(subject, id)
	found.State = subscriptions.Ending
	return err
}

func idOf(at int) string { return fmt.Sprintf("0b5b8f1e-3d6f-4d3e-9d0a-%012x", at) }

// ask sends a request and reads the answer into a value; nil: it has none.
func (w *world) ask(t *testing.T, method, path, body string, into any) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header.Set(echo.HeaderContentType, jsonType)
	answer := w.send(request)
	if into != nil {
		require.NoError(t, json.Unmarshal(answer.Body.Bytes(), into), answer.Body.String())
	}
	assert.NotContains(t, answer.Body.String(), testBSN)
	assert.NotContains(t, fmt.Sprint(answer.Header()), testBSN)
	return answer
}

func TestSubscribingAPatient(t *testing.T) {
	w := newWorld(t)
	var told map[string]any
	answer := w.ask(t, http.MethodPost, subscriptionsPath, `{"patient": "`+testBSN+`", "birthDate": "1980-01-31"}`, &told)
	require.Equal(t, http.StatusAccepted, answer.Code)
	assert.Equal(t, map[string]any{
		"id": idOf(0), "state": "waiting", "since": "2026-11-27T12:00:00Z", "attempts": 0.0, "failure": nil,
	}, told)
	require.Len(t, w.kept.of, 1)
	wish := w.kept.of[0]
	assert.Equal(t, "1980-01-31", wish.BirthDate)
	assert.Equal(t, "hospital-east", wish.Subject)
	assert.EqualValues(t, "00000659", wish.DataHolder.URA)
	assert.EqualValues(t, "V6", wish.DataHolder.FacilityType)
	assert.Equal(t, []subscriptions.Change{{Subject: "hospital-east", Count: 1}}, w.changes)

	place := answer.Header().Get(echo.HeaderLocation)
	var found, again map[string]any
	assert.Equal(t, http.StatusOK, w.ask(t, http.MethodGet, place, "", &found).Code)
	assert.Equal(t, told, found)
	answer = w.ask(t, http.MethodPost, subscriptionsPath, `{"patient": "`+testBSN+`", "birthDate": null}`, &again)
	assert.Equal(t, http.StatusAccepted, answer.Code)
	assert.Equal(t, told, again)
	assert.Equal(t, place, answer.Header().Get(echo.HeaderLocation))
}

// TestSubscribingAThousandPatients has as many as one body may hold, as people write JSON.
func TestSubscribingAThousandPatients(t *testing.T) {
	w := newWorld(t)
	numbers := someNumbers(maxPatients - 1)
	numbers = append(numbers, numbers[0]) // the first again
	patients := make([]map[string]string, len(numbers))
	for i, number := range numbers {
		patients[i] = map[string]string{"patient": number, "birthDate": "1980-01-31"}
	}
	body, err := json.MarshalIndent(map[string]any{"patients": patients}, "", "        ")
	require.NoError(t, err)
	var told struct{ Subscriptions []view }
	answer := w.ask(t, http.MethodPost, subscriptionsPath, string(body), &told)
	require.Equal(t, http.StatusAccepted, answer.Code)
	assert.Empty(t, answer.Header().Get(echo.HeaderLocation))
	require.Len(t, told.Subscriptions, maxPatients)
	for i, each := range told.Subscriptions[:maxPatients-1] {
		require.Equal(t, idOf(i), each.ID)
		require.Equal(t, "1980-01-31", w.kept.of[i].BirthDate)
	}
	assert.Equal(t, told.Subscriptions[0], told.Subscriptions[maxPatients-1])
	assert.Equal(t, []subscriptions.Change{{Subject: "hospital-east", Count: maxPatients}}, w.changes)
}

func TestAListOfOneIsAnsweredWithAList(t *testing.T) {
	w := newWorld(t)
	var told struct{ Subscriptions []view }
	answer := w.ask(t, http.MethodPost, subscriptionsPath, `{"patients": [{"patient": "`+testBSN+`"}]}`, &told)
	assert.Equal(t, http.StatusAccepted, answer.Code)
	assert.Empty(t, answer.Header().Get(echo.HeaderLocation))
	assert.Len(t, told.Subscriptions, 1)
}

// someNumbers returns numbers that pass the eleven test.
func someNumbers(n int) []string {
	var numbers []string
	for first := 10000000; len(numbers) < n; first++ {
		digits, sum := fmt.Sprint(first), 0
		for i, digit := range digits {
			sum += (9 - i) * int(digit-'0')
		}
		if sum%11 < 10 {
			numbers = append(numbers, digits+fmt.Sprint(sum%11))
		}
	}
	return numbers
}

func TestWhatSubscribesNobody(t *testing.T) {
	one := `{"patient": "` + testBSN + `"}`
	many := func(patients ...string) string { return `{"patients": [` + strings.Join(patients, ", ") + `]}` }
	for _, tc := range []struct {
		name, path, contentType, body string
		status                        int
		says                          string
	}{
		{"another subject", "/internal/mitz/v1/hospital-west/subscriptions", jsonType, one, http.StatusNotFound, "mitz.dataholders"},
		{"a form", subscriptionsPath, "application/x-www-form-urlencoded", "patient=" + testBSN, http.StatusUnsupportedMediaType, ""},
		{"an empty body", subscriptionsPath, jsonType, "", http.StatusBadRequest, ""},
		{"nothing asked", subscriptionsPath, jsonType, `{}`, http.StatusBadRequest, "patient is not a BSN"},
		{"no patient", subscriptionsPath, jsonType, `{"patient": null}`, http.StatusBadRequest, "patient is not a BSN"},
		{"a number that is no BSN", subscriptionsPath, jsonType, `{"patient": "123456789"}`, http.StatusBadRequest, "patient is not a BSN"},
		{"an unknown day as others write it", subscriptionsPath, jsonType, `{"patient": "` + testBSN + `", "birthDate": "1980-00-00"}`, http.StatusBadRequest, "birthDate"},
		{"an empty birth date", subscriptionsPath, jsonType, `{"patient": "` + testBSN + `", "birthDate": ""}`, http.StatusBadRequest, "birthDate"},
		{"a member of another form", subscriptionsPath, jsonType, `{"patient": "` + testBSN + `", "birthdate": "1980"}`, http.StatusBadRequest, ""},
		{"a patient and a list", subscriptionsPath, jsonType, `{"patient": "` + testBSN + `", "patients": [` + one + `]}`, http.StatusBadRequest, "a patient or a list"},
		{"a birth date beside a list", subscriptionsPath, jsonType, `{"birthDate": "1980", "patients": [` + one + `]}`, http.StatusBadRequest, "a patient or a list"},
		{"an empty list", subscriptionsPath, jsonType, many(), http.StatusBadRequest, "1 to 1000"},
		{"a long list", subscriptionsPath, jsonType, many(slices.Repeat([]string{one}, maxPatients+1)...), http.StatusBadRequest, "1 to 1000"},
		{"a list of numbers", subscriptionsPath, jsonType, many(`"` + testBSN + `"`), http.StatusBadRequest, ""},
		{"a list in a list", subscriptionsPath, jsonType, many(`[` + one + `]`), http.StatusBadRequest, ""},
		{"a member in another case in a list", subscriptionsPath, jsonType, many(`{"Patient": "` + testBSN + `"}`), http.StatusBadRequest, ""},
		{"a member twice in a list", subscriptionsPath, jsonType, many(`{"patient": "` + testBSN2 + `", "patient": "` + testBSN + `"}`), http.StatusBadRequest, ""},
		{"some bad ones among good ones", subscriptionsPath, jsonType, many(one, `{"patient": "123456789"}`, one, `null`, `{"patient": "`+testBSN+`", "birthDate": "31-01-1980"}`), http.StatusBadRequest,
			"patients: at 1, 3: patient is not a BSN; patients: at 4: birthDate is not"},
		{"a large body", subscriptionsPath, jsonType, `{"patient": "` + strings.Repeat("a", maxPatientsBody) + `"}`, http.StatusRequestEntityTooLarge, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			status, body := w.post(tc.path, tc.contentType, tc.body)
			assert.Equal(t, tc.status, status, body)
			assert.Contains(t, body, tc.says)
			for _, secret := range []string{testBSN, testBSN2, "123456789", "31-01", "1980-00"} {
				assert.NotContains(t, body, secret)
			}
			assert.Zero(t, w.kept.calls)
			assert.Empty(t, w.changes)
		})
	}
}

func TestListingSubscriptions(t *testing.T) {
	w := newWorld(t)
	var none map[string]any
	require.Equal(t, http.StatusOK, w.ask(t, http.MethodGet, subscriptionsPath, "", &none).Code)
	assert.Equal(t, map[string]any{
		"counts":        map[string]any{"waiting": 0.0, "subscribed": 0.0, "ending": 0.0},
		"oldestWaiting": nil, "subscriptions": []any{}, "next": nil,
	}, none)
	for i := range 250 {
		w.kept.all = append(w.kept.all, subscriptions.Subscription{ID: idOf(i), Subject: "hospital-east", State: subscriptions.Subscribed, Since: since})
	}
	w.kept.all[0].State, w.kept.all[0].Attempts, w.kept.all[0].Failure = subscriptions.Waiting, 3, "timeout"
	w.kept.all[1].State = subscriptions.Ending
	w.kept.all[2].Subject = "hospital-north"

	var page pageView
	ask := func(query string) {
		t.Helper()
		page = pageView{}
		require.Equal(t, http.StatusOK, w.ask(t, http.MethodGet, subscriptionsPath+query, "", &page).Code)
		assert.Equal(t, map[subscriptions.State]int{"waiting": 1, "subscribed": 247, "ending": 1}, page.Counts)
		assert.True(t, since.Equal(*page.OldestWaiting))
	}
	ask("")
	require.Len(t, page.Subscriptions, defaultLimit)
	assert.Equal(t, 3, page.Subscriptions[0].Attempts)
	assert.Equal(t, "timeout", *page.Subscriptions[0].Failure)
	assert.Equal(t, idOf(100), page.Subscriptions[99].ID)
	ask("?limit=150&after=" + strings.ToUpper(*page.Next))
	require.Len(t, page.Subscriptions, 149)
	assert.Equal(t, idOf(101), page.Subscriptions[0].ID)
	assert.Equal(t, idOf(249), page.Subscriptions[148].ID)
	assert.Nil(t, page.Next)
	ask("?limit=1")
	assert.Len(t, page.Subscriptions, 1)
	ask("?limit=1000")
	assert.Len(t, page.Subscriptions, 249)
}

func TestWhatListsNothing(t *testing.T) {
	for _, query := range []string{
		"limit=0", "limit=1001", "limit=-1", "limit=", "limit=ten", "limit=1.5", "limit=99999999999999999999", "limit=1&limit=2",
		"after=", "after=0", "after=" + testBSN, "after=" + idOf(0) + "%20", "after=" + idOf(0) + "&after=" + idOf(0),
		"patient=" + testBSN, testBSN, "Limit=1", "limit=1;after=2", "%zz",
	} {
		t.Run(query, func(t *testing.T) {
			w := newWorld(t)
			assert.Equal(t, http.StatusBadRequest, w.ask(t, http.MethodGet, subscriptionsPath+"?"+query, "", nil).Code)
			assert.Zero(t, w.kept.calls)
		})
	}
}

func TestEndingASubscription(t *testing.T) {
	w := newWorld(t)
	place := w.ask(t, http.MethodPost, subscriptionsPath, `{"patient": "`+testBSN+`"}`, nil).Header().Get(echo.HeaderLocation)
	capitals := subscriptionsPath + "/" + strings.ToUpper(idOf(0))
	for _, path := range []string{place, place, capitals} {
		assert.Equal(t, http.StatusNoContent, w.ask(t, http.MethodDelete, path, "", nil).Code)
	}
	var found view
	assert.Equal(t, http.StatusOK, w.ask(t, http.MethodGet, capitals, "", &found).Code)
	assert.Equal(t, subscriptions.Ending, found.State)
	require.Len(t, w.changes, 4)
	assert.Equal(t, subscriptions.Change{Subject: "hospital-east", Ended: true, Count: 1}, w.changes[1])

	w.kept.all = nil // Mitz was told
	assert.Equal(t, http.StatusNotFound, w.ask(t, http.MethodDelete, place, "", nil).Code)
	assert.Len(t, w.changes, 4)
}

func TestASubscriptionThatIsNotThere(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		w := newWorld(t)
		w.kept.all = []subscriptions.Subscription{{ID: idOf(0), Subject: "hospital-north", State: subscriptions.Subscribed}}
		assert.Equal(t, http.StatusNotFound, w.ask(t, method, subscriptionsPath+"/"+idOf(0), "", nil).Code, "another subject's")
		assert.Equal(t, http.StatusNotFound, w.ask(t, method, subscriptionsPath+"/"+idOf(1), "", nil).Code)
		assert.Equal(t, 2, w.kept.calls)
		for _, id := range []string{testBSN, "1", idOf(0) + "0", "{" + idOf(0) + "}", strings.ReplaceAll(idOf(0), "-", ""), "%00", "urn:uuid:" + idOf(0), idOf(0) + "%0A"} {
			answer := w.ask(t, method, subscriptionsPath+"/"+id, "", nil)
			assert.Equal(t, http.StatusNotFound, answer.Code, id)
			assert.NotContains(t, answer.Body.String(), id)
		}
		assert.Equal(t, 2, w.kept.calls, "what is no id is not looked for")
		assert.Equal(t, subscriptions.Subscribed, w.kept.all[0].State)
		assert.Empty(t, w.changes)
		assert.Zero(t, w.unread)
	}
}

// operations has a request to each of the operations.
var operations = []struct{ method, path, body string }{
	{http.MethodPost, subscriptionsPath, `{"patient": "` + testBSN + `"}`},
	{http.MethodPost, subscriptionsPath, `{"patients": [{"patient": "` + testBSN + `"}]}`},
	{http.MethodGet, subscriptionsPath, ""},
	{http.MethodGet, subscriptionsPath + "/" + idOf(0), ""},
	{http.MethodDelete, subscriptionsPath + "/" + idOf(0), ""},
}

func TestADatabaseThatFailsIsToldAndTriedAgain(t *testing.T) {
	for _, each := range operations {
		t.Run(each.method+" "+each.path, func(t *testing.T) {
			w := newWorld(t)
			w.failing = errors.New("connection refused about " + testBSN)
			answer := w.ask(t, each.method, each.path, each.body, nil)
			assert.Equal(t, http.StatusServiceUnavailable, answer.Code)
			assert.Equal(t, "10", answer.Header().Get(echo.HeaderRetryAfter))
			if each.method == http.MethodGet {
				assert.Equal(t, 1, w.unread)
				return
			}
			require.Len(t, w.changes, 1)
			assert.ErrorIs(t, w.changes[0].Failure, w.failing)
		})
	}
}

func TestADatabaseThatHangsKeepsNobodyWaiting(t *testing.T) {
	for _, each := range operations {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.kept.hangs = true
			begin := time.Now()
			answer := w.ask(t, each.method, each.path, each.body, nil)
			assert.Equal(t, http.StatusServiceUnavailable, answer.Code)
			assert.Equal(t, databaseTime, time.Since(begin))
		})
	}
}

func TestWhereNobodyCanBeSubscribed(t *testing.T) {
	for _, each := range operations {
		w := newWorld(t)
		w.Subscriptions = nil
		answer := w.ask(t, each.method, each.path, each.body, nil)
		assert.Equal(t, http.StatusNotImplemented, answer.Code)
		assert.Contains(t, answer.Body.String(), "mitz.withdrawal.notifyurl")
	}
}

// TestWhoIsOnTheListNoMore has what there is of a data holder that was taken from the list.
func TestWhoIsOnTheListNoMore(t *testing.T) {
	const west = "/internal/mitz/v1/hospital-west/subscriptions"
	w := newWorld(t)
	w.kept.all = []subscriptions.Subscription{{ID: idOf(0), Subject: "hospital-west", State: subscriptions.Subscribed, Since: since}}
	w.kept.of = make([]subscriptions.Wish, 1)
	status := func(method, path string) int { return w.ask(t, method, path, "", nil).Code }

	assert.Equal(t, http.StatusNotFound, status(http.MethodPost, west), "nobody is subscribed there any more")
	assert.Equal(t, http.StatusOK, status(http.MethodGet, west))
	assert.Equal(t, http.StatusOK, status(http.MethodGet, west+"/"+idOf(0)))
	assert.Equal(t, http.StatusNotFound, status(http.MethodDelete, west+"/"+idOf(1)))
	assert.Equal(t, http.StatusNotFound, status(http.MethodDelete, "/internal/mitz/v1/hospital-north/subscriptions/"+idOf(0)))
	assert.Equal(t, http.StatusNotFound, status(http.MethodGet, "/internal/mitz/v1/hospital-north/subscriptions"), "there was never any")
	w.failing = errors.New("gone")
	assert.Equal(t, http.StatusServiceUnavailable, status(http.MethodDelete, west+"/"+idOf(0)))
	w.failing = nil
	assert.Empty(t, w.changes, "what is in an address is not repeated before it is known")

	assert.Equal(t, http.StatusNoContent, status(http.MethodDelete, west+"/"+idOf(0)))
	assert.Equal(t, subscriptions.Ending, w.kept.all[0].State)
	assert.Len(t, w.changes, 1)

	calls := w.kept.calls
	assert.Equal(t, http.StatusNotFound, status(http.MethodGet, "/internal/mitz/v1/no%00subject/subscriptions"))
	assert.Equal(t, calls, w.kept.calls, "no database is asked for what is no subject")
	w.Subscriptions = nil
	assert.Equal(t, http.StatusNotFound, status(http.MethodGet, west))
}
