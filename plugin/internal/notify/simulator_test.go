// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// subscribed is a world of which Mitz knows the secret path.
type subscribed struct {
	*world
	mitz  *mitztest.Simulator
	count int // of the notifications that were waited for
}

func newSubscribed(t *testing.T, form string) *subscribed {
	t.Helper()
	w := newWorld(t)
	identity, err := mitztest.NewIdentity()
	require.NoError(t, err)
	mitz, err := mitztest.Start(identity.Config())
	require.NoError(t, err)
	t.Cleanup(mitz.Close)
	link, err := mitzclient.NewLink(mitzclient.Config{
		Endpoint: mitz.Endpoint(), TLS: identity.ClientTLS(), Subscriptions: mitzclient.SubscriptionConfig{PlainHTTP: true},
	}, mitzclient.Hooks{})
	require.NoError(t, err)
	t.Cleanup(link.Close)
	_, err = link.Subscribe(t.Context(), mitzclient.Subscription{
		Patient: w.patient, DataHolder: consent.DataHolder{URA: testHolder, FacilityType: "Z3"},
		GatewaySystem: "2.999.1", SourceSystem: "2.999.2", NotifyURL: w.serve(t) + withdrawal.PathPrefix + w.secret, Payload: form,
	})
	require.NoError(t, err)
	return &subscribed{world: w, mitz: mitz}
}

// permits has the patient permit or refuse treatment data to organisations of a type.
func (s *subscribed) permits(t *testing.T, requester consent.FacilityType, decision consent.Decision) {
	t.Helper()
	require.NoError(t, s.mitz.Record(mitztest.Consent{
		Patient: testBSN, DataHolder: testHolder, Category: "GGC002", RequesterType: requester, Decision: decision,
	}))
}

// wait waits until so many more notifications were answered, and returns the last answer.
func (s *subscribed) wait(t *testing.T, more int) (status int) {
	t.Helper()
	s.count += more
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	require.NoError(t, s.mitz.WaitForNotifications(ctx, s.count))
	return s.mitz.Notifications()[s.count-1].Status
}

var forms = []string{mitzclient.FHIRXML, mitzclient.FHIRJSON}

func TestWithTheSimulator(t *testing.T) {
	for _, form := range forms {
		t.Run(form, func(t *testing.T) {
			s := newSubscribed(t, form)
			s.permits(t, "J8", consent.Permit)
			require.Equal(t, http.StatusCreated, s.wait(t, 1))
			pharmacy, hospital := s.pharmacy(t), s.hospital(t)
			s.permits(t, "V6", consent.Permit)
			require.Equal(t, http.StatusCreated, s.wait(t, 1))
			assert.True(t, pharmacy())
			assert.True(t, hospital())
			s.permits(t, "V6", consent.Deny)
			require.Equal(t, http.StatusCreated, s.wait(t, 1))
			assert.True(t, pharmacy(), "whoever is permitted still keeps access")
			assert.False(t, hospital())
			s.permits(t, "V6", consent.Permit)
			require.Equal(t, http.StatusCreated, s.wait(t, 1))
			assert.False(t, hospital(), "consent that is given again gives a new token")
			assert.True(t, s.hospital(t)())
		})
	}
}

// TestMitzMisbehaves: whatever the simulator makes of a notification in which pharmacies are
// permitted, hospitals lose access or it is about nobody here.
func TestMitzMisbehaves(t *testing.T) {
	for _, tc := range []struct {
		way      mitztest.Notifying
		times    int // how often it is sent
		status   int
		pharmacy bool // keeps its token
		hospital bool
	}{
		{mitztest.NotifyingTwice, 2, 201, true, false},
		{mitztest.NotifyingElsewhere, 1, 404, true, true},
		{mitztest.NotifyingOtherPatient, 1, 404, true, true},
		{mitztest.NotifyingOtherDataHolder, 1, 404, true, true},
		{mitztest.NotifyingRefusals, 1, 201, false, false}, // who is not named is not permitted
		{mitztest.NotifyingUnknownKind, 1, 201, false, false},
		{mitztest.NotifyingContradiction, 1, 400, false, false},
		{mitztest.NotifyingTwoPatients, 1, 400, false, false},
		{mitztest.NotifyingNoPatient, 1, 400, false, false},
		{mitztest.NotifyingNoConsent, 1, 400, false, false},
		{mitztest.NotifyingMediaType, 1, 415, false, false},
		{mitztest.NotifyingTruncated, 1, 400, false, false},
		{mitztest.NotifyingEmpty, 1, 400, false, false},
		{mitztest.NotifyingGarbage, 1, 400, false, false},
		{mitztest.NotifyingHuge, 1, 413, false, false},
		{mitztest.NotifyingDoubled, 1, 400, false, false},
		{mitztest.NotifyingDoctype, 1, 400, false, false},
	} {
		for _, form := range forms {
			t.Run(strings.TrimPrefix(tc.way.String(), "notifying: ")+" in "+form, func(t *testing.T) {
				s := newSubscribed(t, form)
				pharmacy, hospital, another := s.pharmacy(t), s.hospital(t), s.token(t, otherBSN, testHolder, "J8", "GGC002")
				s.mitz.MisbehaveOnce(tc.way)
				s.permits(t, "J8", consent.Permit)
				status := s.wait(t, tc.times)
				// Of what is refused before it is all sent, the answer may be lost.
				if tc.way != mitztest.NotifyingHuge || status != 0 {
					assert.Equal(t, tc.status, status)
				}
				assert.Equal(t, tc.pharmacy, pharmacy())
				assert.Equal(t, tc.hospital, hospital())
				assert.True(t, another())
			})
		}
	}
}

// TestALateNotification: one that was overtaken by a newer one takes nothing back.
func TestALateNotification(t *testing.T) {
	s := newSubscribed(t, mitzclient.FHIRXML)
	hospital := s.hospital(t)
	s.mitz.MisbehaveOnce(mitztest.NotifyingReordered)
	s.permits(t, "V6", consent.Permit)
	s.permits(t, "V6", consent.Deny)
	require.Equal(t, http.StatusCreated, s.wait(t, 2))
	assert.False(t, hospital())
}

// TestWhichRequestersLoseAccess permits one kind after the other: those of the table that are of
// that kind keep their tokens, and nobody else.
func TestWhichRequestersLoseAccess(t *testing.T) {
	own := withdrawal.Kinds{"G3": "RPZAC103", "J8": "RPZAC005", "V6": "RPZAC104", "Q1": "RPZAC777"}
	for name, table := range map[string]withdrawal.Kinds{"built in": withdrawal.DefaultKinds(), "of an operator": own} {
		types := []consent.FacilityType{"Z3", "N6", "K3", "G5", "X3", "T2", "R8", "J8", "JGZ", "G3", "V4", "V5", "V6", "Z4", "Z5", "L1", "Q1", "Q2"}
		for _, kind := range []consent.ProviderCategory{"RPZAC001", "RPZAC003", "RPZAC004", "RPZAC005", "RPZAC103", "RPZAC104", "RPZAC200", "RPZAC777", "RPZAC999"} {
			t.Run(name+", "+string(kind)+" permitted", func(t *testing.T) {
				w := newWorld(t)
				w.Marks = withdrawal.NewMarks(w.Keys, table, w.sessions)
				tokens := map[consent.FacilityType]func() bool{}
				for _, each := range types {
					tokens[each] = w.token(t, testBSN, testHolder, each, "GGC002")
				}
				body := strings.NewReplacer("RPZAC005", string(kind), string(kind), "RPZAC005").Replace(example(t))
				require.Equal(t, http.StatusCreated, w.post(w.secret, xmlType, body).Code)
				for _, each := range types {
					assert.Equal(t, table[each] == kind, tokens[each](), "an organisation of type %s", each)
				}
			})
		}
	}
}
