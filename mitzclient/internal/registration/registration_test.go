// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package registration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

const testBSN = "900186021"

func testRequest(t testing.TB) Request {
	t.Helper()
	patient, err := consent.ParseBSN(testBSN)
	require.NoError(t, err)
	return Request{
		ID: "0c0ffee0-0000-8000-8000-000000000001", Patient: patient, DataHolder: consent.DataHolder{URA: "00000659", FacilityType: "V6"},
		Categories: []consent.Category{"GGC002", "GGC012"}, RequesterTypes: []consent.FacilityType{"G3", "Z3"}, Requester: "12345678",
		Professional: consent.Professional{ID: consent.ProfessionalID{Root: consent.RootUZI, Extension: "900000009"}, Role: "03.000"},
		RecordedAt:   time.Date(2026, 3, 1, 13, 0, 0, 5, time.FixedZone("", 3600)), Identification: "wid", Agreement: "3.8",
	}
}

func TestEncode(t *testing.T) {
	r := testRequest(t)
	require.NoError(t, r.Validate())
	message := Encode(r)
	assert.Equal(t, string(message), string(Encode(r)), "the same is the same bytes")
	assert.Equal(t, 1, strings.Count(string(message), testBSN))
	assert.Equal(t, 3, strings.Count(string(message), `"2026-03-01T12:00:00Z"`), "in UTC")

	var read struct {
		Entry []struct {
			FullURL  string
			Resource struct {
				ResourceType string
				Identifier   json.RawMessage
			}
			Request struct{ Method, URL, IfNoneExist string }
		}
	}
	require.NoError(t, json.Unmarshal(message, &read))
	require.Len(t, read.Entry, r.Entries())
	urls := map[string]bool{}
	var kinds []string
	for _, each := range read.Entry {
		urls[each.FullURL] = true
		kinds = append(kinds, each.Resource.ResourceType)
		assert.Equal(t, each.Resource.ResourceType, each.Request.URL)
		assert.NotContains(t, fmt.Sprint(each.FullURL, each.Request), testBSN, "no number in what a server takes for an address")
		assert.Equal(t, each.Resource.ResourceType == "Consent", strings.HasSuffix(each.Request.IfNoneExist, "|"+each.FullURL))
	}
	assert.Equal(t, []string{"Consent", "Consent", "Patient", "Organization", "Organization", "Provenance"}, kinds)
	assert.Len(t, urls, r.Entries())

	other := r
	other.ID = "0c0ffee0-0000-8000-8000-000000000002"
	for url := range urls {
		assert.NotContains(t, string(Encode(other)), url, "another registration has other identifiers")
	}
}

func TestValidate(t *testing.T) {
	for _, tc := range []struct {
		problem string
		spoil   func(*Request)
	}{
		{"id: not a uuid", func(r *Request) { r.ID = "geheim" }},
		{"patient: missing", func(r *Request) { r.Patient = consent.BSN{} }},
		{"data holder: not a URA: eight digits", func(r *Request) { r.DataHolder.URA = "geheim" }},
		{"data holder: not an organisation type", func(r *Request) { r.DataHolder.FacilityType = "geheim!" }},
		{"categories: none, or too many", func(r *Request) { r.Categories = nil }},
		{"categories: not a data category", func(r *Request) { r.Categories = []consent.Category{"geheim"} }},
		{"categories: one is there twice", func(r *Request) { r.Categories = []consent.Category{"GGC002", "GGC002"} }},
		{"requester types: none, or too many", func(r *Request) { r.RequesterTypes = make([]consent.FacilityType, 0) }},
		{"requester types: not an organisation type", func(r *Request) { r.RequesterTypes = []consent.FacilityType{"geheim!"} }},
		{"requester types: one is there twice", func(r *Request) { r.RequesterTypes = []consent.FacilityType{"Z3", "Z3"} }},
		{"requester: not a URA: eight digits", func(r *Request) { r.Requester = "" }},
		{"professional: not a number in a register", func(r *Request) { r.Professional.ID.Extension = "geheim!" }},
		{"professional: not a role", func(r *Request) { r.Professional.Role = "geheim" }},
		{"time: missing", func(r *Request) { r.RecordedAt = time.Time{} }},
		{"identification: not a code", func(r *Request) { r.Identification = "een geheim" }},
		{"agreement: not a version", func(r *Request) { r.Agreement = strings.Repeat("3", 65) }},
	} {
		t.Run(tc.problem, func(t *testing.T) {
			r := testRequest(t)
			tc.spoil(&r)
			require.EqualError(t, r.Validate(), tc.problem)
		})
	}
}

func answerOf(entries int, status string) string {
	entry := `{"response":{"status":"` + status + `","location":"Consent/1/_history/1"}}`
	return `{"resourceType":"Bundle","id":"x","type":"transaction-response","entry":[` + strings.Join(slicesRepeat(entry, entries), ",") + `]}`
}

func slicesRepeat(text string, times int) (all []string) {
	for range times {
		all = append(all, text)
	}
	return all
}

func TestDecodeAnswer(t *testing.T) {
	r := testRequest(t)
	good := answerOf(6, "201 Created")
	for _, tc := range []struct {
		name, body string
		isGood     bool
	}{
		{"created", good, true},
		{"there already", answerOf(6, "200"), true},
		{"one entry less", answerOf(5, "201 Created"), false},
		{"one entry more", answerOf(7, "201 Created"), false},
		{"not done", strings.Replace(good, "201 Created", "422 Unprocessable Entity", 1), false},
		{"another status", strings.Replace(good, "201 Created", "2010", 1), false},
		{"no status", strings.Replace(good, `"status":"201 Created",`, "", 1), false},
		{"two statuses", strings.Replace(good, `"status":"201 Created"`, `"status":"422","status":"201 Created"`, 1), false},
		{"a status in capitals too", strings.Replace(good, `"status":"201 Created"`, `"Status":"422","status":"201 Created"`, 1), false},
		{"another type", strings.Replace(good, "transaction-response", "batch-response", 1), false},
		{"another resource", strings.Replace(good, `"Bundle"`, `"OperationOutcome"`, 1), false},
		{"more after it", good + "{}", false},
		{"nothing", "", false},
		{"null", "null", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.isGood, DecodeAnswer([]byte(tc.body), r) == nil)
		})
	}
}

func TestDecodeStatus(t *testing.T) {
	for body, want := range map[string]int{
		`{"resourceType":"Parameters","parameter":[{"name":"unprocessed","valueInteger":3}]}`:                     3,
		`{"resourceType":"Parameters","parameter":[{"name":"waiting","valueInteger":0}]}`:                         0,
		`{"resourceType":"Parameters","parameter":[{"name":"a","valueInteger":-1}]}`:                              -1,
		`{"resourceType":"Parameters","parameter":[{"name":"a","valueInteger":0.5}]}`:                             -1,
		`{"resourceType":"Parameters","parameter":[{"name":"a","valueInteger":"0"}]}`:                             -1,
		`{"resourceType":"Parameters","parameter":[{"name":"a","valueInteger":99999999999}]}`:                     -1,
		`{"resourceType":"Parameters","parameter":[{"name":"a","valueInteger":3,"valueInteger":0}]}`:              -1,
		`{"resourceType":"Parameters","parameter":[{"name":"a","valueInteger":3,"valueinteger":0}]}`:              -1,
		`{"resourceType":"Parameters","parameter":[{"name":"a"}]}`:                                                -1,
		`{"resourceType":"Parameters","parameter":[]}`:                                                            -1,
		`{"resourceType":"Parameters","parameter":[{"name":"a","valueInteger":0},{"name":"b","valueInteger":3}]}`: -1,
		`{"resourceType":"Bundle","parameter":[{"name":"a","valueInteger":0}]}`:                                   -1,
		`{"parameter":[{"name":"a","valueInteger":0}]}`:                                                           -1,
		`0`: -1,
		``:  -1,
	} {
		t.Run(body, func(t *testing.T) {
			number, err := DecodeStatus([]byte(body))
			assert.Equal(t, want < 0, err != nil)
			assert.Equal(t, max(want, 0), number)
		})
	}
}

// FuzzDecode looks for answers that panic, or that are good and bad at once.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(answerOf(6, "201 Created")))
	f.Add([]byte(`{"resourceType":"Parameters","parameter":[{"name":"unprocessed","valueInteger":3}]}`))
	r := testRequest(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		number, err := DecodeStatus(body)
		if number < 0 || err != nil && number != 0 {
			t.Error("a number beside an error, or less than none")
		}
		if DecodeAnswer(body, r) == nil && err == nil {
			t.Error("an answer and a status in one")
		}
	})
}
