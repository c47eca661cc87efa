// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"crypto/tls"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// arrival is a notification that came in.
type arrival struct {
	path, mediaType, body string
	client                string // its certificate
}

// holder is a data holder who subscribed. It answers with 201 unless told otherwise.
type holder struct {
	*Simulator
	arrivals chan arrival
	url      string
	answers  func(w http.ResponseWriter, r *http.Request)
}

// newHolder starts a simulator and a data holder that demands the simulator's certificate.
func newHolder(t *testing.T, change ...func(*Config)) *holder {
	t.Helper()
	h := &holder{arrivals: make(chan arrival, 1000), answers: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) }}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the simulator closed
		}
		h.arrivals <- arrival{r.URL.Path, r.Header.Get("Content-Type"), string(body), r.TLS.PeerCertificates[0].Subject.CommonName}
		h.answers(w, r)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{identity(t).Server()}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: identity(t).CAs()}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	cfg := identity(t).Config()
	for _, each := range change {
		each(&cfg)
	}
	s, err := Start(cfg)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	h.Simulator, h.url = s, server.URL
	return h
}

// subscription returns the fixture with the data holder's own endpoint.
func (h *holder) subscription(t *testing.T, path, payload string) string {
	t.Helper()
	return strings.NewReplacer("https://holder.example/mitz/notify/made-up", h.url+path, `payload":"application/fhir+xml"`, `payload":"`+payload+`"`).
		Replace(fixture(t, "subscription.json"))
}

func (h *holder) subscribe(t *testing.T, path, payload string) (id string) {
	t.Helper()
	return subscribe(t, h.Simulator, mediaJSON, h.subscription(t, path, payload))
}

// next returns the next notification that comes in.
func (h *holder) next(t *testing.T) arrival {
	t.Helper()
	select {
	case a := <-h.arrivals:
		return a
	case <-patience(t).Done():
		t.Fatal("no notification came")
		return arrival{}
	}
}

// permits records what the patient of the fixture decides.
func (h *holder) permits(t *testing.T, requesterType consent.FacilityType, category consent.Category, decision consent.Decision) {
	t.Helper()
	require.NoError(t, h.Record(decisionOf(requesterType, category, decision)))
}

func decisionOf(requesterType consent.FacilityType, category consent.Category, decision consent.Decision) Consent {
	return Consent{Patient: patient, DataHolder: "00000659", Category: category, RequesterType: requesterType, Decision: decision}
}

// told is a notification, read leniently.
type told struct {
	Entries []struct {
		Consent *struct {
			Kinds    []codeOf `xml:"extension>valueCodeableConcept>coding>code"`
			Status   codeOf   `xml:"status"`
			Category codeOf   `xml:"category>coding>code"`
			Moment   codeOf   `xml:"dateTime"`
			Type     codeOf   `xml:"provision>type"`
		} `xml:"resource>Consent"`
		Patient codeOf `xml:"resource>Patient>identifier>value"`
		Holder  codeOf `xml:"resource>Organization>identifier>value"`
	} `xml:"entry"`
}

type codeOf struct {
	Value string `xml:"value,attr"`
}

// state returns the category, and what is permitted and refused, in short.
func (a arrival) state(t *testing.T) string {
	t.Helper()
	var read told
	require.NoError(t, xml.Unmarshal([]byte(a.body), &read), a.body)
	var parts []string
	for _, each := range read.Entries {
		if each.Consent == nil {
			continue
		}
		var codes []string
		for _, code := range each.Consent.Kinds {
			codes = append(codes, strings.TrimPrefix(code.Value, "RPZAC"))
		}
		parts = append(parts, strings.TrimSpace(each.Consent.Category.Value+" "+each.Consent.Status.Value+" "+each.Consent.Type.Value)+" "+strings.Join(codes, " "))
	}
	return strings.Join(parts, "; ")
}

const nothingPermitted = "GGC002 inactive 001 003 004 005 103 104 200"

var (
	anyUUID   = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	anyMoment = regexp.MustCompile(`20[0-9-]{8}T[0-9:]{8}(\.[0-9]{1,7})?Z`)
)

func TestANotificationHasTheFormOfTheKnownExample(t *testing.T) {
	for payload, name := range map[string]string{mediaXML: "notification.xml", mediaJSON: "notification.json"} {
		t.Run(payload, func(t *testing.T) {
			h := newHolder(t)
			h.subscribe(t, "/notify/1", payload)
			h.permits(t, "J8", "GGC002", consent.Permit)
			got := h.next(t)
			assert.Equal(t, "/notify/1", got.path)
			assert.Equal(t, payload, got.mediaType)
			assert.Equal(t, "Mitz simulator client", got.client)
			ids := map[string]string{}
			text := anyUUID.ReplaceAllStringFunc(got.body, func(id string) string {
				if ids[id] == "" {
					ids[id] = "id" + string(rune('1'+len(ids)))
				}
				return ids[id]
			})
			text = anyMoment.ReplaceAllString(text, "now")
			if payload == mediaJSON {
				assert.JSONEq(t, fixture(t, name), text)
				return
			}
			assert.Equal(t, plain(fixture(t, name)), text)
		})
	}
}

// plain returns a fixture without the white space between its parts, each with an end tag.
func plain(text string) string {
	text = regexp.MustCompile(`>\s+<`).ReplaceAllString(strings.TrimSpace(text), "><")
	return regexp.MustCompile(`<([a-zA-Z]+)([^<>]*)/>`).ReplaceAllString(text, "<$1$2></$1>")
}

func TestWhatIsToldIsTheWholeStateOfOneCategory(t *testing.T) {
	h := newHolder(t)
	h.permits(t, "Z3", "GGC002", consent.Permit) // nobody subscribed yet
	require.NoError(t, h.Record(Consent{Patient: patient, DataHolder: "00000660", Category: "GGC002", RequesterType: "G5", Decision: consent.Permit}))
	id := h.subscribe(t, "/notify/1", mediaXML)
	for _, step := range []struct {
		name string
		do   func()
		told string
	}{
		{"another kind is permitted", func() { h.permits(t, "J8", "GGC002", consent.Permit) },
			"GGC002 active permit 001 005; GGC002 inactive 003 004 103 104 200"},
		{"the same again", func() { h.permits(t, "J8", "GGC002", consent.Permit) },
			"GGC002 active permit 001 005; GGC002 inactive 003 004 103 104 200"},
		{"a refusal within a kind that is permitted", func() { h.permits(t, "N6", "GGC002", consent.Deny) },
			"GGC002 active permit 005; GGC002 inactive 001 003 004 103 104 200"},
		{"which is taken back", func() { h.permits(t, "N6", "GGC002", consent.Permit) },
			"GGC002 active permit 001 005; GGC002 inactive 003 004 103 104 200"},
		{"one type of a kind is withdrawn", func() { assert.True(t, h.Withdraw(decisionOf("N6", "GGC002", 0))) },
			"GGC002 active permit 005; GGC002 inactive 001 003 004 103 104 200"},
		{"a type that is not known", func() { h.permits(t, "XYZ", "GGC002", consent.Permit) },
			"GGC002 active permit 005 103; GGC002 inactive 001 003 004 104 200"},
		{"another category", func() { h.permits(t, "V6", "GGC013", consent.Permit) },
			"GGC013 active permit 104; GGC013 inactive 001 003 004 005 103 200"},
		{"nothing is left of one", func() { assert.True(t, h.Withdraw(decisionOf("V6", "GGC013", 0))) },
			"GGC013 inactive 001 003 004 005 103 104 200"},
		{"everything is withdrawn", func() { assert.True(t, h.Forget(patient)) }, nothingPermitted},
	} {
		step.do()
		assert.Equal(t, step.told, h.next(t).state(t), step.name)
	}
	assert.Empty(t, h.Consents())
	assert.False(t, h.Forget(patient), "nothing is left")
	assert.False(t, h.Withdraw(decisionOf("V6", "GGC013", 0)))
	require.NoError(t, h.Record(Consent{Patient: UnaskedPatient, DataHolder: "00000659", Category: "GGC002", RequesterType: "Z3", Decision: consent.Permit}))
	require.NoError(t, h.Record(Consent{Patient: patient, DataHolder: "00000660", Category: "GGC002", RequesterType: "Z3", Decision: consent.Permit}))
	require.NoError(t, h.WaitForNotifications(patience(t), 9))
	assert.Len(t, h.Notifications(), 9, "and nothing about others")
	assert.Empty(t, h.arrivals)
	last := h.Notifications()[8]
	assert.Equal(t, Notification{Time: last.Time, Subscription: id, DataHolder: "00000659", Category: "GGC002", Behaviour: Behaving{}, Status: 201}, last)
}

func TestForgettingTellsOfEachCategory(t *testing.T) {
	h := newHolder(t)
	h.permits(t, "Z3", "GGC002", consent.Permit)
	h.permits(t, "J8", "GGC002", consent.Permit)
	h.permits(t, "Z3", "GGC013", consent.Permit)
	h.subscribe(t, "/notify/1", mediaXML)
	h.Forget(patient)
	assert.Equal(t, nothingPermitted, h.next(t).state(t))
	assert.Equal(t, strings.Replace(nothingPermitted, "GGC002", "GGC013", 1), h.next(t).state(t))
	require.NoError(t, h.WaitForNotifications(patience(t), 2))
	assert.Len(t, h.Notifications(), 2)
}

func TestThePatientsOfTheTestEnvironmentAreToldOfAsTheyAreAnswered(t *testing.T) {
	h := newHolder(t)
	for number, expected := range map[string]string{
		PatientAlwaysPermit: strings.Replace(nothingPermitted, "inactive", "active permit", 1), PatientAlwaysDeny: nothingPermitted,
	} {
		subscribe(t, h.Simulator, mediaJSON, strings.Replace(h.subscription(t, "/notify/1", mediaXML), patient, number, 1))
		for _, decision := range []consent.Decision{consent.Permit, consent.Deny} {
			require.NoError(t, h.Record(Consent{Patient: number, DataHolder: "00000659", Category: "GGC002", RequesterType: "Z3", Decision: decision}))
			assert.Equal(t, expected, h.next(t).state(t))
		}
	}
}

func TestEverySubscriptionIsToldInTheOrderOfTheChanges(t *testing.T) {
	h := newHolder(t)
	h.subscribe(t, "/notify/1", mediaXML)
	h.subscribe(t, "/notify/2", mediaXML)
	const changes = 50
	for i := range changes {
		h.permits(t, "J8", "GGC002", consent.Decision(1+i%2))
	}
	require.NoError(t, h.WaitForNotifications(patience(t), 2*changes))
	moments := map[string]string{}
	count := map[string]int{}
	for range 2 * changes {
		got := h.next(t)
		permitted := strings.Contains(got.state(t), "permit 005")
		assert.Equal(t, consent.Decision(1+count[got.path]%2) == consent.Permit, permitted)
		count[got.path]++
		at := anyMoment.FindString(got.body)
		parsed, err := time.Parse(time.RFC3339Nano, at)
		require.NoError(t, err)
		if before := moments[got.path]; before != "" {
			earlier, err := time.Parse(time.RFC3339Nano, before)
			require.NoError(t, err)
			assert.False(t, parsed.Before(earlier))
		}
		moments[got.path] = at
	}
}

func TestWhatIsAnsweredIsNotedAndNotFollowed(t *testing.T) {
	h := newHolder(t)
	h.subscribe(t, "/notify/1", mediaXML)
	for _, status := range []int{204, 400, 404, 500, 307} {
		h.answers = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		}
		h.ResetLog()
		h.permits(t, "J8", "GGC002", consent.Permit)
		require.NoError(t, h.WaitForNotifications(patience(t), 1))
		assert.Equal(t, status, h.Notifications()[0].Status)
		h.next(t)
	}
	assert.Empty(t, h.arrivals, "each once, whatever was answered")
}
