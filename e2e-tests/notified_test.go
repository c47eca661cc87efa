// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// subscribingWorld has Mitz tell of each patient about whom a token for the first scope was
// issued, and asks nothing of it for the second.
func subscribingWorld() harness.WorldConfig {
	config := plainWorld()
	config.Profiles[0].Subscribe = true
	configure := config.ConfigureMitz
	config.ConfigureMitz = func(section *harness.MitzConfig) {
		configure(section)
		section.NotifyURL = harness.NotifyURL
		section.Kinds = map[string][]string{"RPZAC103": {"G3"}, "RPZAC104": {"V6"}}
	}
	return config
}

// requesterPermission is what lets the requester see a category at hospital-east.
func requesterPermission(bsn string, category consent.Category) mitztest.Consent {
	return mitztest.Consent{Patient: bsn, DataHolder: "00000659", Category: category, RequesterType: "G3", Decision: consent.Permit}
}

// permitHospitals records what is no matter to the requester, and what Mitz tells all the same.
func permitHospitals(t *testing.T, w *harness.World) {
	t.Helper()
	require.NoError(t, w.Mitz.Record(mitztest.Consent{
		Patient: patient, DataHolder: "00000659", Category: "GGC002", RequesterType: "V6", Decision: consent.Permit,
	}))
}

// TestAWithdrawalInMitzEndsTokens: what a patient withdraws in Mitz ends the tokens that rest on
// it, on every node, before Mitz has its answer.
func TestAWithdrawalInMitzEndsTokens(t *testing.T) {
	for name, start := range map[string]func(t *testing.T) (*harness.World, []*harness.Node){
		"one node with its sessions in memory": func(t *testing.T) (*harness.World, []*harness.Node) {
			w := harness.StartWorld(t, subscribingWorld())
			return w, []*harness.Node{w.DataHolder}
		},
		"two nodes that share Redis and PostgreSQL": func(t *testing.T) (*harness.World, []*harness.Node) {
			c := newCluster(t, subscribingWorld(), harness.RedisConfig{})
			return c.World, []*harness.Node{c.first, c.second}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, nodes := start(t)
			onEveryNode := func(expected bool, token, because string) {
				t.Helper()
				for _, node := range nodes {
					assert.Equal(t, expected, isActive(t, node, token), because)
				}
			}
			notified := 0
			awaitNotification := func() {
				t.Helper()
				notified++
				require.NoError(t, w.Mitz.WaitForNotifications(t.Context(), notified))
				require.Equal(t, http.StatusCreated, w.Mitz.Notifications()[notified-1].Status)
			}
			permit(t, w, patient, "00000659", "GGC002", "GGC012")
			permit(t, w, otherPatient, "00000659", "GGC002")
			older := guardedToken(t, w)
			again := guardedToken(t, w)
			answer, err := w.RequestToken(t.Context(), otherPatient, birthCare)
			require.NoError(t, err)
			others := answer.Token()
			require.NoError(t, w.Mitz.WaitForSubscriptions(t.Context(), 2))
			require.Len(t, w.Mitz.Subscriptions(), 2, "once for each patient")

			permitHospitals(t, w)
			awaitNotification()
			onEveryNode(true, older, "consent for others changes nothing")
			require.True(t, w.Mitz.Withdraw(requesterPermission(patient, "GGC012")))
			awaitNotification()
			onEveryNode(true, older, "it does not rest on that category")

			require.True(t, w.Mitz.Withdraw(requesterPermission(patient, "GGC002")))
			awaitNotification()
			onEveryNode(false, older, "withdrawn")
			onEveryNode(false, again, "withdrawn")
			onEveryNode(true, others, "another patient's")

			permit(t, w, patient, "00000659", "GGC002")
			awaitNotification()
			newer := guardedToken(t, w)
			onEveryNode(true, newer, "consent that was given again counts at once")
			onEveryNode(false, older, "and brings nothing back")
			require.Len(t, w.Mitz.Subscriptions(), 2, "who is subscribed is not subscribed again")
		})
	}
}

// TestNotificationsThatAreNotAsTheyMustBe: Mitz tells of a change that is no matter to the token,
// in a way in which that cannot be read, or tells it to the wrong address. What came by the
// secret path ends the token all the same; what did not ends nothing.
func TestNotificationsThatAreNotAsTheyMustBe(t *testing.T) {
	w := harness.StartWorld(t, subscribingWorld())
	for _, tc := range []struct {
		way    mitztest.Notifying
		status int // 0: there is no answer
		ends   bool
	}{
		{mitztest.NotifyingNever, 0, false},
		{mitztest.NotifyingTwice, http.StatusCreated, false},
		{mitztest.NotifyingElsewhere, http.StatusNotFound, false},
		{mitztest.NotifyingOtherPatient, http.StatusNotFound, false},
		{mitztest.NotifyingOtherDataHolder, http.StatusNotFound, false},
		{mitztest.NotifyingRefusals, http.StatusCreated, true},
		{mitztest.NotifyingUnknownKind, http.StatusCreated, true},
		{mitztest.NotifyingContradiction, http.StatusBadRequest, true},
		{mitztest.NotifyingTwoPatients, http.StatusBadRequest, true},
		{mitztest.NotifyingNoPatient, http.StatusBadRequest, true},
		{mitztest.NotifyingNoConsent, http.StatusBadRequest, true},
		{mitztest.NotifyingMediaType, http.StatusUnsupportedMediaType, true},
		{mitztest.NotifyingTruncated, http.StatusBadRequest, true},
		{mitztest.NotifyingEmpty, http.StatusBadRequest, true},
		{mitztest.NotifyingGarbage, http.StatusBadRequest, true},
		{mitztest.NotifyingHuge, http.StatusRequestEntityTooLarge, true},
		{mitztest.NotifyingDoubled, http.StatusBadRequest, true},
		{mitztest.NotifyingDoctype, http.StatusBadRequest, true},
	} {
		t.Run(tc.way.String(), func(t *testing.T) {
			w.Mitz.Forget(patient)
			permit(t, w, patient, "00000659", "GGC002")
			permit(t, w, otherPatient, "00000659", "GGC002")
			token := guardedToken(t, w)
			answer, err := w.RequestToken(t.Context(), otherPatient, birthCare)
			require.NoError(t, err)
			require.NoError(t, w.Mitz.WaitForSubscriptions(t.Context(), 2))
			before := len(w.Mitz.Notifications())

			w.Mitz.MisbehaveOnce(tc.way)
			permitHospitals(t, w)
			messages := 1
			if tc.way == mitztest.NotifyingTwice {
				messages = 2
			}
			require.NoError(t, w.Mitz.WaitForNotifications(t.Context(), before+messages))
			for _, each := range w.Mitz.Notifications()[before:] {
				assert.Equal(t, tc.status, each.Status)
			}
			assert.Equal(t, !tc.ends, isActive(t, w.DataHolder, token))
			assert.True(t, isActive(t, w.DataHolder, answer.Token()), "another patient's")
			assert.True(t, isActive(t, w.DataHolder, guardedToken(t, w)), "there is consent")
		})
	}
	t.Run("an older notification after a newer one", func(t *testing.T) {
		w.Mitz.Forget(patient)
		permit(t, w, patient, "00000659", "GGC002")
		token := guardedToken(t, w)
		before := len(w.Mitz.Notifications())
		w.Mitz.MisbehaveOnce(mitztest.NotifyingReordered)
		require.True(t, w.Mitz.Withdraw(requesterPermission(patient, "GGC002")))
		require.True(t, isActive(t, w.DataHolder, token), "nobody told")
		permit(t, w, patient, "00000659", "GGC002")
		require.NoError(t, w.Mitz.WaitForNotifications(t.Context(), before+2))
		assert.False(t, isActive(t, w.DataHolder, token))
		assert.True(t, isActive(t, w.DataHolder, guardedToken(t, w)))
	})
}
