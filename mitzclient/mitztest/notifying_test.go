// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func TestNotificationsThatAreKeptBackAreSentWhenItBehaves(t *testing.T) {
	h := newHolder(t)
	h.subscribe(t, "/notify/1", mediaXML)
	h.Misbehave(NotifyingLate)
	h.permits(t, "J8", "GGC002", consent.Permit)
	h.permits(t, "J8", "GGC002", consent.Deny)
	h.MisbehaveOnce(NotifyingNever)
	h.permits(t, "J8", "GGC013", consent.Permit)
	require.NoError(t, h.WaitForNotifications(patience(t), 1))
	assert.Equal(t, "told never to send it", h.Notifications()[0].Problem)
	assert.Empty(t, h.arrivals)
	h.Behave()
	assert.Contains(t, h.next(t).state(t), "active permit 005", "the oldest first")
	assert.Equal(t, nothingPermitted, h.next(t).state(t))
	h.permits(t, "J8", "GGC002", consent.Permit)
	assert.Contains(t, h.next(t).state(t), "active permit 005", "and no later than others")
	require.NoError(t, h.WaitForNotifications(patience(t), 4))
	assert.Equal(t, NotifyingLate, h.Notifications()[1].Behaviour)
	assert.Equal(t, Behaving{}, h.Notifications()[3].Behaviour)
}

func TestNotificationsAreReordered(t *testing.T) {
	h := newHolder(t)
	h.subscribe(t, "/notify/1", mediaXML)
	h.subscribe(t, "/notify/2", mediaXML)
	h.MisbehaveOnce(NotifyingReordered, Behaving{}) // the first change, of which the second subscription is told as ever
	h.permits(t, "J8", "GGC002", consent.Permit)
	assert.Equal(t, "/notify/2", h.next(t).path, "it waits for a notification of its own subscription")
	assert.Empty(t, h.arrivals)
	h.permits(t, "J8", "GGC002", consent.Deny)
	states := map[string][]string{}
	for range 3 {
		got := h.next(t)
		states[got.path] = append(states[got.path], got.state(t))
	}
	require.Len(t, states["/notify/1"], 2)
	assert.Equal(t, nothingPermitted, states["/notify/1"][0])
	assert.Contains(t, states["/notify/1"][1], "active permit 005", "the older one came after the newer one")

	h.Misbehave(NotifyingReordered)
	h.permits(t, "J8", "GGC002", consent.Permit)
	assert.Empty(t, h.arrivals)
	h.Behave()
	assert.Contains(t, h.next(t).state(t), "active permit 005", "without a newer one it comes when it behaves")
}

func TestTheSameNotificationComesTwice(t *testing.T) {
	h := newHolder(t)
	h.subscribe(t, "/notify/1", mediaJSON)
	h.MisbehaveOnce(NotifyingTwice)
	h.permits(t, "J8", "GGC002", consent.Permit)
	first := h.next(t)
	assert.Equal(t, first, h.next(t))
	require.NoError(t, h.WaitForNotifications(patience(t), 2))
}

func TestANotificationComesToAPathThatNobodySubscribed(t *testing.T) {
	h := newHolder(t)
	h.subscribe(t, "/notify/1", mediaXML)
	h.MisbehaveOnce(NotifyingElsewhere)
	h.permits(t, "J8", "GGC002", consent.Permit)
	assert.Regexp(t, "^/notify/[0-9a-f-]{36}$", h.next(t).path)
}

// misbehaved sends one notification in each form, each with this behaviour.
func misbehaved(t *testing.T, way Notifying, decision consent.Decision) map[string]arrival {
	t.Helper()
	h := newHolder(t)
	found := map[string]arrival{}
	for _, payload := range []string{mediaXML, mediaJSON} {
		id := h.subscribe(t, "/notify/1", payload)
		h.MisbehaveOnce(way)
		h.permits(t, "J8", "GGC002", decision)
		found[payload] = h.next(t)
		send(t, h.Simulator, endRequest(t, h.Simulator, id))
	}
	return found
}

func TestWhatIsToldIsWrong(t *testing.T) {
	for way, test := range map[Notifying]struct {
		decision consent.Decision
		state    string
		contains map[string]int // text by how often
	}{
		NotifyingOtherPatient:    {consent.Deny, nothingPermitted, map[string]int{UnaskedPatient: 1, patient: 0, "00000659": 1}},
		NotifyingOtherDataHolder: {consent.Deny, nothingPermitted, map[string]int{"90000001": 1, "00000659": 0, patient: 1}},
		NotifyingTwoPatients:     {consent.Deny, nothingPermitted, map[string]int{UnaskedPatient: 1, patient: 1}},
		NotifyingNoPatient:       {consent.Deny, nothingPermitted, map[string]int{patient: 0, "00000659": 1}},
		NotifyingNoConsent:       {consent.Permit, "", map[string]int{patient: 1, "RPZAC": 0}},
		NotifyingUnknownKind:     {consent.Deny, nothingPermitted + " 999", nil},
		NotifyingRefusals:        {consent.Permit, "GGC002 inactive 001 003 004 103 104 200", nil},
		NotifyingContradiction:   {consent.Permit, "GGC002 active permit 001 003 004 005 103 104 200; " + nothingPermitted, nil},
	} {
		t.Run(way.String(), func(t *testing.T) {
			got := misbehaved(t, way, test.decision)
			assert.Equal(t, test.state, got[mediaXML].state(t))
			for form, arrival := range got {
				assert.True(t, json.Valid([]byte(arrival.body)) || form == mediaXML)
				for text, times := range test.contains {
					assert.Equal(t, times, strings.Count(arrival.body, text), "%s in %s", text, form)
				}
			}
		})
	}
	t.Run("a contradiction where all is refused", func(t *testing.T) {
		assert.Equal(t, nothingPermitted+"; GGC002 active permit 001 003 004 005 103 104 200", misbehaved(t, NotifyingContradiction, consent.Deny)[mediaXML].state(t))
	})
	t.Run("refusals only where there are none", func(t *testing.T) {
		s := state{category: "GGC002", permitted: kinds}
		b := notificationTo(Subscription{}, s)
		tellRefusals(b)
		assert.Len(t, b.consents(), 1)
	})
}

func TestTheTextIsMalformed(t *testing.T) {
	wellFormed := func(form, text string) bool {
		if form == mediaJSON {
			return json.Valid([]byte(text))
		}
		_, err := parse([]byte(text))
		return err == nil
	}
	for way, test := range map[Notifying]func(t *testing.T, form string, got arrival){
		NotifyingTruncated: func(t *testing.T, form string, got arrival) {
			assert.NotEmpty(t, got.body)
			assert.False(t, wellFormed(form, got.body))
		},
		NotifyingGarbage: func(t *testing.T, form string, got arrival) {
			assert.NotEmpty(t, got.body)
			assert.False(t, wellFormed(form, got.body))
		},
		NotifyingEmpty: func(t *testing.T, _ string, got arrival) { assert.Empty(t, got.body) },
		NotifyingHuge: func(t *testing.T, form string, got arrival) {
			assert.Greater(t, len(got.body), 1<<20)
			assert.True(t, wellFormed(form, got.body))
		},
		NotifyingMediaType: func(t *testing.T, form string, got arrival) {
			assert.Equal(t, "text/plain", got.mediaType)
			assert.True(t, wellFormed(form, got.body))
		},
		NotifyingDoctype: func(t *testing.T, form string, got arrival) {
			assert.False(t, wellFormed(form, got.body))
			if form == mediaXML {
				require.NoError(t, xml.Unmarshal([]byte(got.body), new(told)), "a lenient reader takes it")
			}
		},
		NotifyingDoubled: func(t *testing.T, form string, got arrival) {
			assert.True(t, wellFormed(form, got.body))
			for _, twice := range []string{`"status":"active","status":"inactive"`, `<status value="active"></status><status value="inactive"></status>`} {
				if strings.Contains(got.body, twice) {
					return
				}
			}
			assert.Fail(t, "no status twice", got.body)
		},
	} {
		for _, decision := range []consent.Decision{consent.Permit, consent.Deny} {
			t.Run(way.String()+", "+decision.String(), func(t *testing.T) {
				for form, got := range misbehaved(t, way, decision) {
					test(t, form, got)
				}
			})
		}
	}
}

func TestEveryWayOfNotifyingIsTested(t *testing.T) {
	assert.Len(t, notifyings, 5+8+7)
	assert.Equal(t, "unknown way of notifying", Notifying(0).String())
}

func TestAQueryIsAnsweredHoweverItNotifies(t *testing.T) {
	s := start(t)
	for way := range notifyings {
		s.Misbehave(way)
		s.MisbehaveTowards("00000123", way)
		got := read(t, ask(t, s, fixture(t, "closed-query.xml")))
		assert.Equal(t, []string{"Deny"}, got.Results[0].Decisions)
	}
}
