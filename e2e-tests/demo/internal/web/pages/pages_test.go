// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pages

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/events"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/scene"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/stories"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/words"
)

// number is that of a patient in the tests: no page may show it.
const number = "900186021"

// fake is a living system that is told what it looks like.
type fake struct {
	state  scene.State
	did    []scene.Action
	err    error
	played []string
	run    *stories.Run
}

func (f *fake) State(context.Context) scene.State { return f.state }
func (f *fake) Do(_ context.Context, action scene.Action) error {
	f.did = append(f.did, action)
	return f.err
}
func (f *fake) Play(key string) error {
	f.played = append(f.played, key)
	return f.err
}
func (f *fake) Run() *stories.Run { return f.run }

// everything is a system in which everything has happened.
func everything() *fake {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	state := scene.State{
		Now: at, Conduct: "working", Practice: "Verloskundigen De Eerste Stap", Hospital: "Ziekenhuis Oost", Centre: "Geboortecentrum West",
		Patients: []scene.Person{
			{Key: "sanne", Name: "Sanne Bakker", Masked: scene.Mask(number), BirthDate: "1992-04-17", Holder: scene.Hospital},
			{Key: "noor", Name: "Noor de Wit", Masked: "999•••642", BirthDate: "1994-09-30", Holder: scene.Centre, Registered: true},
		},
		Choices: []scene.Choice{
			{Patient: "sanne", Holder: scene.Hospital, Category: "GGC002", Kind: "G3", Decision: scene.Permit},
			{Patient: "sanne", Holder: scene.Hospital, Category: "GGC012", Kind: "Z3", Decision: scene.Deny},
		},
		Tokens: []scene.Token{
			{Label: "a1b2c3", Patient: "sanne", Ground: "ground.mitz-closed-query", Issued: at, Expires: at.Add(10 * time.Minute), Bound: true},
			{Label: "d4e5f6", Patient: "sanne", Issued: at, Expires: at, Ended: at},
		},
		Result: &scene.Result{Time: at, Patient: "sanne", Holder: scene.Hospital, Ending: scene.Shown, Token: "a1b2c3", Notes: []string{"First pregnancy"}},
	}
	for _, decision := range []string{scene.Permit, scene.Deny, scene.None} {
		state.Questions = append(state.Questions, scene.Question{
			Time: at, Patient: "sanne", Requester: state.Practice, Kind: "kind.G3", Role: "role.midwife", Holder: state.Hospital, Category: "GGC002", Decision: decision,
		})
	}
	for _, action := range []string{"query", "consult", "token-issued", "token-refused", "tokens-revoked", "notification"} {
		state.Audit = append(state.Audit, scene.Entry{
			Time: at, Holder: scene.Hospital, Action: action, Outcome: "good", Code: "permit", Patient: "sanne", Ground: "ground.mitz-attestation", Request: "5b1f0c2e",
		})
	}
	state.Audit = append(state.Audit, scene.Entry{Time: at, Holder: scene.Hospital, Action: "tokens-revoked", Outcome: "good", Code: "notification", Patient: "sanne"})
	return &fake{state: state, run: &stories.Run{Story: "consent", Steps: []string{stories.Done, stories.Failed, stories.Running}, Ended: true}}
}

// eventKinds are all kinds of events that there are words for.
func eventKinds(t *testing.T) (kinds []string) {
	t.Helper()
	all, err := words.Read("nl")
	require.NoError(t, err)
	for key := range all {
		if kind, ok := strings.CutPrefix(key, "event."); ok {
			kinds = append(kinds, kind)
		}
	}
	require.NotEmpty(t, kinds)
	return kinds
}

func newHandler(t *testing.T, f *fake) http.Handler {
	t.Helper()
	bus := new(events.Bus)
	for _, kind := range eventKinds(t) {
		from := events.HospitalNode
		if kind == "reset" || strings.HasPrefix(kind, "conduct-") || strings.HasPrefix(kind, "list-") {
			from = events.Mitz // it is no message
		}
		bus.Publish(events.Event{From: from, To: events.Mitz, Kind: kind, About: "sanne", Facts: []events.Fact{
			{Name: "patient", Value: scene.Mask(number)}, {Name: "category", Value: "category.GGC002", Word: true},
		}})
	}
	for _, party := range events.Order() {
		bus.Publish(events.Event{From: party, To: events.Mitz, Kind: "query"})
	}
	p, err := New(t.Context(), f, f, bus)
	require.NoError(t, err)
	return p.Handler()
}

func get(t *testing.T, handler http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost:1234"+path, nil)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

var (
	// wordless is what stands where words should be.
	wordless = regexp.MustCompile(words.Missing + "[^⟧]*⟧|%![^ ]*")
	// partsOf finds what the page fetches again.
	partsOf = regexp.MustCompile(`data-part="([^"]*)"`)
	// inline is what the Content Security Policy forbids.
	inline = regexp.MustCompile(` style="| on[a-z]+="|<script>`)
)

// allPages are the paths of all pages, after the language.
func allPages() []string {
	paths := []string{"/", "/stories", "/requester", "/wallet", "/wallet/login", "/patient", "/patient/noor", "/dataholder", "/behind", "/honest"}
	for _, story := range stories.All() {
		paths = append(paths, "/stories/"+story.Key)
	}
	for _, part := range parts {
		paths = append(paths, "/part/"+part, "/part/"+part+"/sanne")
	}
	return paths
}

// TestWhatMitzToldIsNoEndOfKeysByItself: it comes after consent was given, too.
func TestWhatMitzToldIsNoEndOfKeysByItself(t *testing.T) {
	decisions, log, found := strings.Cut(get(t, newHandler(t, everything()), "/en/dataholder").Body.String(), "<table>")
	require.True(t, found)
	assert.Contains(t, decisions, "Choices of Sanne Bakker changed: whoever has no consent now has no key")
	assert.Equal(t, 1, strings.Count(decisions, "Keys ended of Sanne Bakker"), "by the data holder")
	assert.Contains(t, log, "Keys ended, if there were any")
}

// TestEveryPageHasWordsInBothLanguages renders every page, with everything and with nothing on it.
func TestEveryPageHasWordsInBothLanguages(t *testing.T) {
	full := everything()
	empty := &fake{state: scene.State{Conduct: "silent", Patients: full.state.Patients}}
	for name, f := range map[string]*fake{"with everything": full, "with nothing": empty} {
		handler := newHandler(t, f)
		for _, language := range words.Languages() {
			for _, path := range allPages() {
				t.Run(name+" /"+language+path, func(t *testing.T) {
					answer := get(t, handler, "/"+language+path)
					require.Equal(t, http.StatusOK, answer.Code)
					page := answer.Body.String()
					assert.Empty(t, wordless.FindAllString(page, -1))
					assert.False(t, strings.Contains(page, number), "a patient's number is shown")
					assert.Empty(t, inline.FindAllString(page, -1), "the policy forbids it")
					for _, part := range partsOf.FindAllStringSubmatch(page, -1) {
						assert.Equal(t, http.StatusOK, get(t, handler, part[1]).Code, part[1])
					}
					assert.Equal(t, policy, answer.Header().Get("Content-Security-Policy"))
					assert.Equal(t, "no-store", answer.Header().Get("Cache-Control"))
				})
			}
		}
	}
}

// TestEveryEndingAndStateHasWords looks at what only some results show.
func TestEveryEndingAndStateHasWords(t *testing.T) {
	f := everything()
	handler := newHandler(t, f)
	for _, ending := range []scene.Ending{scene.Denied, scene.Undetermined, scene.NotProven, scene.NotAttested, scene.TokenEnded, scene.OtherPatient, scene.NoProofs, scene.Trouble} {
		f.state.Result.Ending, f.state.Result.Code = ending, "access_denied"
		for _, language := range words.Languages() {
			assert.Empty(t, wordless.FindAllString(get(t, handler, "/"+language+"/requester").Body.String(), -1))
		}
	}
	for _, proofs := range [][]scene.Proof{nil, {{Name: scene.ProofOrganization, Expires: f.state.Now}, {Name: scene.ProofType}}} {
		for _, signatory := range []bool{true, false} {
			f.state.Wallet, f.state.Signatory, f.state.Unproven = proofs, signatory, true
			for _, language := range words.Languages() {
				assert.Empty(t, wordless.FindAllString(get(t, handler, "/"+language+"/wallet").Body.String(), -1))
			}
		}
	}
	for _, conduct := range scene.Behaviours() {
		f.state.Conduct = conduct
		for _, language := range words.Languages() {
			assert.Empty(t, wordless.FindAllString(get(t, handler, "/"+language+"/behind").Body.String(), -1))
		}
	}
	for _, story := range stories.All() {
		f.run = &stories.Run{Story: story.Key, Ended: true}
		for range story.Steps {
			f.run.Steps = append(f.run.Steps, stories.Done)
		}
		for _, language := range words.Languages() {
			assert.Empty(t, wordless.FindAllString(get(t, handler, "/"+language+"/stories/"+story.Key).Body.String(), -1))
		}
	}
}

func TestTheBrowsersLanguageIsTheFirst(t *testing.T) {
	handler := newHandler(t, everything())
	for accepted, wanted := range map[string]string{"": "/nl/", "nl-NL,nl;q=0.9": "/nl/", "en-GB": "/en/", "de": "/en/"} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/", nil)
		request.Header.Set("Accept-Language", accepted)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		assert.Equal(t, wanted, recorder.Header().Get("Location"), accepted)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	handler := newHandler(t, everything())
	for _, path := range []string{"/nl/patient/" + number, "/nl/stories/none", "/nl/part/none", "/en/none", "/nl/part/questions/none"} {
		answer := get(t, handler, path)
		assert.Equal(t, http.StatusNotFound, answer.Code, path)
		assert.False(t, strings.Contains(answer.Body.String(), number), "the path is repeated")
	}
}

// send posts a form as a page of the server does.
func send(t *testing.T, handler http.Handler, path string, form url.Values, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:1234"+path, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", "http://localhost:1234")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	if change != nil {
		change(request)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

func TestFormsAreDone(t *testing.T) {
	f := everything()
	handler := newHandler(t, f)
	choice := url.Values{"do": {"choose"}, "patient": {"sanne"}, "holder": {"hospital"}, "category": {"GGC002"}, "kind": {"G3"}, "decision": {"permit"}}

	answer := send(t, handler, "/en/do", choice, nil)

	assert.Equal(t, http.StatusSeeOther, answer.Code)
	assert.Equal(t, "/en/patient/sanne#choice-GGC002-G3", answer.Header().Get("Location"))
	assert.Equal(t, []scene.Action{{Name: "choose", Patient: "sanne", Holder: "hospital", Category: "GGC002", Kind: "G3", Decision: "permit"}}, f.did)

	for action, wanted := range map[string]string{"ask": "/nl/requester#result", "conduct": "/nl/behind#switch", "obtain": "/nl/wallet#wallet", "reset": "/nl/"} {
		assert.Equal(t, wanted, send(t, handler, "/nl/do", url.Values{"do": {action}}, nil).Header().Get("Location"))
	}
	assert.Equal(t, "/nl/stories/consent#run", send(t, handler, "/nl/play", url.Values{"story": {"consent"}}, nil).Header().Get("Location"))
	assert.Equal(t, []string{"consent"}, f.played)
}

func TestWhatCannotBeDoneIsSaid(t *testing.T) {
	f := everything()
	handler := newHandler(t, f)
	for err, status := range map[error]int{
		scene.ErrBusy: http.StatusConflict, scene.ErrUnknown: http.StatusBadRequest, errors.New("about " + number): http.StatusInternalServerError,
	} {
		f.err = err
		for _, path := range []string{"/nl/do", "/en/play"} {
			answer := send(t, handler, path, url.Values{"do": {"ask"}}, nil)
			assert.Equal(t, status, answer.Code)
			assert.Empty(t, wordless.FindAllString(answer.Body.String(), -1))
			assert.False(t, strings.Contains(answer.Body.String(), number), "an error is shown")
		}
	}
	f.err = nil
	assert.Equal(t, http.StatusBadRequest, send(t, handler, "/nl/do?do=ask", nil, nil).Code, "nothing is read from the address")
}

// TestOnlyPagesOfThisServerAreServed: nothing is done or shown for another origin.
func TestOnlyPagesOfThisServerAreServed(t *testing.T) {
	f := everything()
	handler := newHandler(t, f)
	for name, change := range map[string]func(*http.Request){
		"another host":           func(r *http.Request) { r.Host = "attacker.example" },
		"another origin":         func(r *http.Request) { r.Header.Set("Origin", "http://attacker.example") },
		"another port":           func(r *http.Request) { r.Header.Set("Origin", "http://localhost:1235") },
		"no origin":              func(r *http.Request) { r.Header.Del("Origin") },
		"an origin of nobody":    func(r *http.Request) { r.Header.Set("Origin", "null") },
		"a fetch of another one": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"one of the same site":   func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
	} {
		assert.Equal(t, http.StatusForbidden, send(t, handler, "/nl/do", url.Values{"do": {"ask"}}, change).Code, name)
	}
	assert.Empty(t, f.did)
	for name, change := range map[string]func(*http.Request){
		"another host":         func(r *http.Request) { r.Host = "attacker.example" },
		"another origin":       func(r *http.Request) { r.Header.Set("Origin", "http://attacker.example") },
		"a picture on another": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost:1234/nl/", nil)
		change(request)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		assert.Equal(t, http.StatusForbidden, recorder.Code, name)
	}
	large := url.Values{"do": {strings.Repeat("a", 2*maxForm)}}
	assert.Equal(t, http.StatusBadRequest, send(t, handler, "/nl/do", large, nil).Code)
}
