// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/drain"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

func TestANotificationEndsWhatIsNotPermittedAnyMore(t *testing.T) {
	for _, form := range []struct{ contentType, file string }{
		{xmlType, "good/partial.xml"}, {jsonType, "good/partial.json"}, {xmlType + "; charset=utf-8", "good/partial.xml"},
	} {
		t.Run(form.contentType, func(t *testing.T) {
			w := newWorld(t)
			pharmacy, hospital, midwife := w.pharmacy(t), w.hospital(t), w.midwife(t)
			medication := w.token(t, testBSN, testHolder, "V6", "GGC013")
			other := w.token(t, testBSN, testHolder, "V6", "GGC099")
			both := w.token(t, testBSN, testHolder, "V6", "GGC013", "GGC002")
			another := w.token(t, otherBSN, testHolder, "V6", "GGC002")
			elsewhere := w.token(t, testBSN, "00000659", "V6", "GGC002")

			answer := w.post(w.secret, form.contentType, message(t, form.file))

			assert.Equal(t, http.StatusCreated, answer.Code, answer.Body)
			assert.Empty(t, answer.Body.String())
			assert.True(t, pharmacy(), "pharmacies are permitted")
			assert.False(t, hospital(), "hospitals are not")
			assert.False(t, midwife(), "nor is who is of no known kind")
			assert.False(t, medication(), "medication is treatment data, which hospitals may not see")
			assert.True(t, other(), "of another category it tells nothing")
			assert.False(t, both(), "a token about both is about this one too")
			assert.True(t, another())
			assert.True(t, elsewhere())
			received := w.only(t)
			assert.Equal(t, Accepted, received.Outcome)
			assert.True(t, received.Patient.Equal(w.patient))
			assert.Equal(t, testHolder, received.DataHolder)
			assert.Equal(t, "gp-east", received.Subject)
			assert.Len(t, received.Place, 64)
			assert.True(t, received.Ends)
			require.NoError(t, received.Failure)

			hospital = w.hospital(t)
			assert.True(t, hospital(), "a token that Mitz permits after it lives")
			assert.Equal(t, http.StatusCreated, w.post(w.secret, form.contentType, message(t, form.file)).Code, "the same again is harmless")
			assert.True(t, pharmacy())
			assert.False(t, hospital(), "and counts like the first")
		})
	}
}

// TestNotificationsInAnyOrder: an older one after a newer one takes nothing back.
func TestNotificationsInAnyOrder(t *testing.T) {
	newer := example(t) // pharmacies alone
	older := strings.ReplaceAll(strings.NewReplacer("RPZAC005", "RPZAC104", "RPZAC104", "RPZAC005").Replace(newer), "2026-", "2025-")
	for name, order := range map[string][]string{
		"in order": {older, newer}, "the older one last": {newer, older}, "each twice": {newer, newer, older, older},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			before := w.hospital(t)
			for _, each := range order {
				require.Equal(t, http.StatusCreated, w.post(w.secret, xmlType, each).Code)
			}
			assert.False(t, before(), "what the newer one ended stays so")
			assert.True(t, w.hospital(t)(), "what Mitz permits later does not depend on it")
		})
	}
}

// TestATokenThatIsBeingMade: what is stamped before a notification ends with it, also when it is
// stored later; what is stamped after it is not.
func TestATokenThatIsBeingMade(t *testing.T) {
	w := newWorld(t)
	before := w.hospital(t)
	require.Equal(t, http.StatusCreated, w.post(w.secret, xmlType, example(t)).Code)
	after := w.hospital(t)
	assert.False(t, before())
	assert.True(t, after())
}

// refusedCase is a request that is not taken as it is.
type refusedCase struct {
	name    string
	request func(t *testing.T, w *world) *http.Request
	status  int
	outcome Outcome
	ends    bool // all tokens about the patient
}

// by posts to the secret path, with a change.
func by(contentType, body string, change ...func(*http.Request)) func(*testing.T, *world) *http.Request {
	return func(_ *testing.T, w *world) *http.Request {
		request := httptest.NewRequest(http.MethodPost, withdrawal.PathPrefix+w.secret, strings.NewReader(body))
		request.Header.Set(echo.HeaderContentType, contentType)
		for _, each := range change {
			each(request)
		}
		return request
	}
}

func header(name string, values ...string) func(*http.Request) {
	return func(request *http.Request) { request.Header[name] = values }
}

func refusedCases(t *testing.T) []refusedCase {
	good := example(t)
	at := func(secret func(w *world) string) func(*testing.T, *world) *http.Request {
		return func(t *testing.T, w *world) *http.Request {
			secret := secret(w)
			return by(xmlType, good, func(request *http.Request) { request.URL.Path = withdrawal.PathPrefix + secret })(t, w)
		}
	}
	hangingUp := func(request *http.Request) { request.Body = http.NoBody; request.ContentLength = int64(len(good)) }
	large := strings.Repeat(" ", mitzclient.MaxNotification) + good
	return []refusedCase{
		{"a path of which a letter was changed", at(func(w *world) string { return forged(w.secret) }), 404, UnknownPath, false},
		{"half a path", at(func(w *world) string { return w.secret[:40] }), 404, UnknownPath, false},
		{"a path with something behind it", at(func(w *world) string { return w.secret + "A" }), 404, UnknownPath, false},
		{"a path below it", at(func(w *world) string { return w.secret + "/x" }), 404, UnknownPath, false},
		{"a path of a data holder that is not on the list", at(func(w *world) string { return w.path(t, testBSN, "00000659") }), 404, UnknownPath, false},
		{"about another patient", by(xmlType, strings.ReplaceAll(good, testBSN, otherBSN)), 404, Mismatch, false},
		{"about another data holder", by(xmlType, strings.ReplaceAll(good, string(testHolder), "00000659")), 404, Mismatch, false},
		{"no content type", by("", good), 415, "unknown_media_type", true},
		{"another content type", by("text/plain", good), 415, "unknown_media_type", true},
		{"two content types", by(xmlType, good, header("Content-Type", xmlType, jsonType)), 415, "unknown_media_type", true},
		{"compressed", by(xmlType, good, header("Content-Encoding", "gzip")), 415, ContentEncoding, true},
		{"compressed after it was not", by(xmlType, good, header("Content-Encoding", "identity", "br")), 415, ContentEncoding, true},
		{"empty", by(xmlType, ""), 400, "malformed", true},
		{"broken off", by(xmlType, good, func(request *http.Request) { request.Body = io.NopCloser(broken{strings.NewReader(good[:99])}) }), 400, Incomplete, true},
		{"truncated", by(xmlType, good[:len(good)/2]), 400, "malformed", true},
		{"in the other form", by(jsonType, good), 400, "malformed", true},
		{"with a document type", by(xmlType, message(t, "hostile/doctype.xml")), 400, "doctype", true},
		{"contradictory", by(jsonType, message(t, "hostile/kind_refused_twice.xml")), 400, "malformed", true},
		{"with two patients", by(xmlType, message(t, "hostile/second_patient.xml")), 400, "duplicate_element", true},
		{"a member twice", by(jsonType, message(t, "hostile/member_twice.json")), 400, "duplicate_member", true},
		{"larger than it may be", by(xmlType, large), 413, TooLarge, true},
		{"larger than it may be, in chunks", by(xmlType, large, func(request *http.Request) { request.ContentLength = -1 }), 413, TooLarge, true},
		{"larger than it may be, as it says", by(xmlType, "", hangingUp, func(request *http.Request) { request.ContentLength = 1 << 40 }), 413, TooLarge, true},
	}
}

func TestWhatIsNotTakenAsItIs(t *testing.T) {
	for _, tc := range refusedCases(t) {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			pharmacy, medication := w.pharmacy(t), w.token(t, testBSN, testHolder, "J8", "GGC013")
			another, elsewhere := w.token(t, otherBSN, testHolder, "J8", "GGC002"), w.token(t, testBSN, "00000659", "J8", "GGC002")

			answer := w.send(tc.request(t, w))

			assert.Equal(t, tc.status, answer.Code)
			assert.Equal(t, !tc.ends, pharmacy())
			assert.Equal(t, !tc.ends, medication(), "all about the patient at the data holder")
			assert.True(t, another())
			assert.True(t, elsewhere())
			received := w.only(t)
			assert.Equal(t, tc.outcome, received.Outcome)
			assert.Equal(t, tc.ends, received.Ends)
			assert.True(t, received.Patient.IsZero(), "what it says of a patient is not to be relied on")
			assert.Equal(t, tc.outcome == UnknownPath, received.Place == "")
			requireOutcome(t, answer, string(tc.outcome))
			for _, private := range []string{testBSN, otherBSN, w.secret, "voorbeeldtekst"} {
				assert.NotContains(t, answer.Body.String(), private)
			}
		})
	}
}

// requireOutcome requires an OperationOutcome with this code, in one of its forms.
func requireOutcome(t *testing.T, answer *httptest.ResponseRecorder, code string) {
	t.Helper()
	var found outcome
	switch kind := answer.Header().Get(echo.HeaderContentType); kind {
	case fhirJSON + "; charset=utf-8":
		require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &found))
		require.Equal(t, "OperationOutcome", found.ResourceType)
		require.Len(t, found.Issue, 1)
		require.Equal(t, primitive(code), found.Issue[0].Details.Coding[0].Code)
		require.NotEmpty(t, found.Issue[0].Details.Text)
	case fhirXML + "; charset=utf-8":
		var read struct {
			XMLName xml.Name `xml:"http://hl7.org/fhir OperationOutcome"`
			Code    struct {
				Value string `xml:"value,attr"`
			} `xml:"issue>details>coding>code"`
		}
		require.NoError(t, xml.Unmarshal(answer.Body.Bytes(), &read))
		require.Equal(t, code, read.Code.Value)
	default:
		t.Fatalf("another type: %q", kind)
	}
}

func TestTheAnswerIsInTheFormOfTheSender(t *testing.T) {
	w := newWorld(t)
	assert.Equal(t, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"too-long","details":{"coding":[{`+
		`"system":"https://github.com/nuts-mitz/nuts-mitz/notification","code":"too_large"}],"text":"the notification is larger than 1 MiB"}}]}`,
		strings.TrimSpace(w.post(w.secret, jsonType, strings.Repeat(" ", 1<<20+1)).Body.String()))
	assert.Equal(t, `<OperationOutcome xmlns="http://hl7.org/fhir"><issue><severity value="error"></severity><code value="not-found"></code>`+
		`<details><coding><system value="https://github.com/nuts-mitz/nuts-mitz/notification"></system><code value="unknown_path"></code></coding>`+
		`<text value="there is no such subscription"></text></details></issue></OperationOutcome>`, w.post("x", xmlType, "").Body.String())
}

func TestMarksThatCannotBeWritten(t *testing.T) {
	for name, body := range map[string]string{"a notification": example(t), "a malformed one": "<"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.sessions.failing = errors.New("connection refused about " + testBSN)
			answer := w.post(w.secret, xmlType, body)
			assert.Equal(t, http.StatusServiceUnavailable, answer.Code)
			assert.Equal(t, "10", answer.Header().Get("Retry-After"))
			requireOutcome(t, answer, "failed")
			assert.NotContains(t, answer.Body.String(), testBSN)
			received := w.only(t)
			assert.Equal(t, Failed, received.Outcome)
			assert.True(t, received.Ends)
			assert.Equal(t, w.sessions.failing, errors.Unwrap(received.Failure))
		})
	}
}

func TestAPanicEndsTheTokens(t *testing.T) {
	w := newWorld(t, func(parts *Parts) {
		parts.Certificate = &Certificate{Roots: newCA(t).pool, Names: []string{"mitz.example"}, Header: "X-Cert"}
	})
	w.Now = nil // which the check of a certificate calls
	pharmacy := w.pharmacy(t)
	request := by(xmlType, example(t), header("X-Cert", newCA(t).header(t, "mitz.example")))(t, w)
	answer := w.send(request)
	assert.Equal(t, http.StatusInternalServerError, answer.Code)
	requireOutcome(t, answer, "panic")
	assert.False(t, pharmacy())
	assert.Equal(t, []string{"Panic while a notification of Mitz was handled"}, w.told.panics)
	assert.Equal(t, Panicked, w.only(t).Outcome)
	assert.True(t, w.only(t).Ends)

	t.Run("and is a 503 where they could not end", func(t *testing.T) {
		w.sessions.failing = errors.New("connection refused")
		answer := w.send(by(xmlType, example(t), header("X-Cert", newCA(t).header(t, "mitz.example")))(t, w))
		assert.Equal(t, http.StatusServiceUnavailable, answer.Code)
		assert.Error(t, w.told.all()[1].Failure)
	})
	t.Run("also one of the session database", func(t *testing.T) {
		w := newWorld(t)
		w.sessions.panics = true
		answer := w.post(w.secret, xmlType, "<")
		assert.Equal(t, http.StatusServiceUnavailable, answer.Code)
		assert.Equal(t, errPanic, w.only(t).Failure)
		assert.NotContains(t, answer.Body.String(), testBSN)
	})
}

func TestOtherMethods(t *testing.T) {
	w := newWorld(t)
	pharmacy := w.pharmacy(t)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodPatch} {
		request := httptest.NewRequest(method, withdrawal.PathPrefix+w.secret, strings.NewReader("<"))
		assert.Equal(t, http.StatusMethodNotAllowed, w.send(request).Code, method)
	}
	assert.Equal(t, http.StatusNotFound, w.post("", xmlType, "<").Code, "without a secret")
	assert.True(t, pharmacy())
	assert.Empty(t, w.told.all())
}

func TestANodeThatDoesNotRun(t *testing.T) {
	w := newWorld(t, func(parts *Parts) { parts.Requests = drain.New() })
	pharmacy := w.pharmacy(t)
	answer := w.post(w.secret, xmlType, example(t))
	assert.Equal(t, http.StatusServiceUnavailable, answer.Code)
	assert.Equal(t, "10", answer.Header().Get("Retry-After"))
	assert.Equal(t, NotRunning, w.only(t).Outcome)
	assert.True(t, pharmacy())
}

// TestTheListsOfNow: a data holder that is taken off the list is none of ours, and one of several
// subjects is named by its number alone.
func TestTheListsOfNow(t *testing.T) {
	w := newWorld(t)
	builder := policy.NewListBuilder(2)
	for _, subject := range []string{"gp-west", "gp-east"} {
		builder.DataHolder(policy.Place("a test"), policy.DataHolderConfig{Subject: subject, URA: string(testHolder), FacilityType: "Z3"})
	}
	lists, err := builder.Build()
	require.NoError(t, err)
	w.Policy.Use(lists)
	assert.Equal(t, http.StatusCreated, w.post(w.secret, xmlType, example(t)).Code)
	assert.Empty(t, w.only(t).Subject)
	assert.Equal(t, testHolder, w.only(t).DataHolder)

	none, err := policy.NewListBuilder(0).Build()
	require.NoError(t, err)
	w.Policy.Use(none)
	pharmacy := w.pharmacy(t)
	assert.Equal(t, http.StatusNotFound, w.post(w.secret, xmlType, "<").Code)
	assert.True(t, pharmacy())
}

// TestKeysThatAreReplaced: a path that was made under a former key still ends tokens.
func TestKeysThatAreReplaced(t *testing.T) {
	former := newWorld(t)
	w := newWorld(t, func(parts *Parts) { parts.Keys = former.Keys.Rotated() })
	w.Marks = withdrawal.NewMarks(w.Keys, withdrawal.DefaultKinds(), w.sessions)
	for name, body := range map[string]string{"a notification": example(t), "a malformed one": "<"} {
		hospital := w.hospital(t)
		w.post(former.secret, xmlType, body)
		assert.False(t, hospital(), name)
	}
}

// TestWhatWaitsIsToldOfAWithdrawal: after the tokens ended, and the notification is confirmed when
// that is done.
func TestWhatWaitsIsToldOfAWithdrawal(t *testing.T) {
	var failure error
	var told []consent.URA
	var w *world
	w = newWorld(t, func(parts *Parts) {
		parts.Withdrawn = func(ctx context.Context, patient consent.BSN, dataHolder consent.URA) error {
			assert.True(t, patient.Equal(w.patient))
			assert.NoError(t, ctx.Err())
			assert.NotZero(t, w.sessions.written(), "after the tokens ended")
			told = append(told, dataHolder)
			return failure
		}
	})
	assert.Equal(t, http.StatusCreated, w.post(w.secret, xmlType, example(t)).Code)
	assert.Equal(t, []consent.URA{testHolder}, told)
	failure = errors.New("the database fails")
	assert.Equal(t, http.StatusServiceUnavailable, w.post(w.secret, xmlType, example(t)).Code)
	assert.Len(t, told, 2)
}

// TestANotificationOfManyCategories writes one mark instead of thousands.
func TestANotificationOfManyCategories(t *testing.T) {
	category := `<category><coding><system value="http://fhir.nl/otv/CodeSystem/gegevenscategorie"/><version value="3960100"/><code value="GGC002"/><display value="Behandelgegevens"/></coding></category>`
	require.Contains(t, example(t), category)
	var many strings.Builder
	for i := range maxCategories + 1 {
		many.WriteString(strings.Replace(category, "GGC002", "GGC"+string(rune('0'+i/100))+string(rune('0'+i/10%10))+string(rune('0'+i%10)), 1))
	}
	w := newWorld(t)
	pharmacy := w.pharmacy(t)
	assert.Equal(t, http.StatusCreated, w.post(w.secret, xmlType, strings.Replace(example(t), category, many.String(), 1)).Code)
	assert.False(t, pharmacy(), "in doubt all end")
	assert.Equal(t, 1, w.sessions.written())
}

func TestNew(t *testing.T) {
	good := newWorld(t).Parts
	for name, change := range map[string]func(*Parts){
		"no keys": func(p *Parts) { p.Keys = nil }, "no marks": func(p *Parts) { p.Marks = nil }, "no policy": func(p *Parts) { p.Policy = nil },
		"no recorder": func(p *Parts) { p.Recorder = nil }, "no drain": func(p *Parts) { p.Requests = nil }, "no clock": func(p *Parts) { p.Now = nil },
		"a certificate of nobody":  func(p *Parts) { p.Certificate = &Certificate{Names: []string{"mitz.example"}} },
		"a certificate of anybody": func(p *Parts) { p.Certificate = &Certificate{Roots: newCA(t).pool} },
		"a certificate of no name": func(p *Parts) { p.Certificate = &Certificate{Roots: newCA(t).pool, Names: []string{"a", ""}} },
	} {
		parts := good
		change(&parts)
		_, err := New(parts)
		assert.Error(t, err, name)
	}
}

// TestEveryOutcomeHasAnAnswer: and none that is refused is answered as if it was taken.
func TestEveryOutcomeHasAnAnswer(t *testing.T) {
	seen := map[Outcome]bool{}
	for _, each := range Outcomes() {
		assert.False(t, seen[each], each)
		seen[each] = true
		reply := each.reply(nil)
		assert.Equal(t, each == Accepted, reply.status < 400, each)
		assert.Equal(t, each == Accepted, reply.text == "", each)
		assert.Regexp(t, "^[a-z]+(_[a-z]+|[0-9])*$", string(each))
	}
	assert.Contains(t, Outcomes(), Outcome("contradiction"))
	for each := range replies {
		assert.Contains(t, Outcomes(), each)
	}
}
