// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

func TestDeny(t *testing.T) {
	t.Run("nothing on record is a refusal", func(t *testing.T) {
		w := fresh(t)
		_, err := w.RequestToken(t.Context(), patient, birthCare)
		require.NoError(t, err)
		assertRefused(t, w, lastTokenAnswer(t, w), "access_denied", noConsent, 1)
	})
	t.Run("a recorded refusal looks the same to the requester", func(t *testing.T) {
		w := fresh(t)
		require.NoError(t, w.Mitz.Record(mitztest.Consent{
			Patient: patient, DataHolder: "00000659", Category: "GGC002", RequesterType: "G3", Decision: consent.Deny,
		}))
		_, err := w.RequestToken(t.Context(), patient, birthCare)
		require.NoError(t, err)
		assertRefused(t, w, lastTokenAnswer(t, w), "access_denied", noConsent, 1)
	})
	t.Run("consent for another kind of organisation is none", func(t *testing.T) {
		w := fresh(t)
		require.NoError(t, w.Mitz.Record(mitztest.Consent{
			Patient: patient, DataHolder: "00000659", Category: "GGC002", RequesterType: "J8", Decision: consent.Permit,
		}))
		_, err := w.RequestToken(t.Context(), patient, birthCare)
		require.NoError(t, err)
		assertRefused(t, w, lastTokenAnswer(t, w), "access_denied", noConsent, 1)
	})
	t.Run("consent of another patient is none", func(t *testing.T) {
		w := fresh(t)
		permit(t, w, otherPatient, "00000659", "GGC002")
		_, err := w.RequestToken(t.Context(), patient, birthCare)
		require.NoError(t, err)
		assertRefused(t, w, lastTokenAnswer(t, w), "access_denied", noConsent, 1)
	})
	t.Run("a Deny by a misbehaving Mitz is a Deny", func(t *testing.T) {
		w := fresh(t)
		permit(t, w, patient, "00000659", "GGC002")
		w.Mitz.Misbehave(mitztest.Denying)
		_, err := w.RequestToken(t.Context(), patient, birthCare)
		require.NoError(t, err)
		assertRefused(t, w, lastTokenAnswer(t, w), "access_denied", noConsent, 1)
	})
}

// TestFaultsOfMitz goes through every way in which Mitz can fail to answer. Consent is
// on record throughout: only the fault stands between the requester and a token.
func TestFaultsOfMitz(t *testing.T) {
	faults := unpausedFaults()
	for _, status := range []int{400, 401, 403, 404, 500, 502, 503, 504} {
		faults = append(faults, mitztest.HTTPStatus(status))
	}
	// Those in which no answer can have been lost are asked once more.
	twice := map[mitztest.Behaviour]bool{
		mitztest.Dropping: true, mitztest.HTTPStatus(502): true, mitztest.HTTPStatus(503): true, mitztest.HTTPStatus(504): true,
	}
	for _, fault := range faults {
		t.Run(fault.String(), func(t *testing.T) {
			w := fresh(t)
			permit(t, w, patient, "00000659", "GGC002")
			w.Mitz.Misbehave(fault)

			_, err := w.RequestToken(t.Context(), patient, birthCare)

			require.NoError(t, err)
			queries := 1
			if twice[fault] {
				queries = 2
			}
			assertRefused(t, w, lastTokenAnswer(t, w), "server_error", undetermined, queries)
			w.Mitz.Behave()
			answer, err := w.RequestToken(t.Context(), patient, birthCare)
			require.NoError(t, err)
			assertPermitted(t, w, answer)
		})
	}
	t.Run("an Indeterminate about one of several categories", func(t *testing.T) {
		w := fresh(t)
		permit(t, w, patient, "00000659", "GGC002", "GGC012")
		w.Mitz.Misbehave(mitztest.AnsweringIndeterminate)
		_, err := w.RequestToken(t.Context(), patient, results)
		require.NoError(t, err)
		assertRefused(t, w, lastTokenAnswer(t, w), "server_error", undetermined, 1)
	})
}

// unpausedFaults are all faults but those after which Mitz is left alone for a while.
func unpausedFaults() []mitztest.Behaviour {
	return slices.DeleteFunc(mitztest.AllFaults(), func(fault mitztest.Behaviour) bool {
		_, pausing := fault.(mitztest.TooManyRequests)
		return pausing || fault == mitztest.HTTPStatus(429)
	})
}

// TestMitzThatAsksForFewerQueries has a world of its own: its node leaves Mitz alone.
func TestMitzThatAsksForFewerQueries(t *testing.T) {
	w := harness.StartWorld(t, plainWorld())
	permit(t, w, patient, "00000659", "GGC002")
	w.Mitz.MisbehaveOnce(mitztest.TooManyRequests(time.Minute))
	for range 3 {
		_, err := w.RequestToken(t.Context(), patient, birthCare)
		require.NoError(t, err)
		assertRefused(t, w, lastTokenAnswer(t, w), "server_error", undetermined, 1)
	}
}

// TestMitzIsAskedAgainWhenItAllowsIt has a world of its own: its node leaves Mitz alone.
func TestMitzIsAskedAgainWhenItAllowsIt(t *testing.T) {
	w := harness.StartWorld(t, plainWorld())
	permit(t, w, patient, "00000659", "GGC002")
	w.Mitz.MisbehaveOnce(mitztest.TooManyRequests(time.Second))
	_, err := w.RequestToken(t.Context(), patient, birthCare)
	require.NoError(t, err)
	assertRefused(t, w, lastTokenAnswer(t, w), "server_error", undetermined, 1)

	assertRecovers(t, w)
	queries := w.Mitz.Queries()
	require.Len(t, queries, 2, "refusals in between were none of Mitz's")
	assert.GreaterOrEqual(t, queries[1].Time.Sub(queries[0].Time), time.Second, "it was asked before it allowed that")
}

// assertRecovers asks until there is a token, and does nothing else about it.
func assertRecovers(t *testing.T, w *harness.World) {
	t.Helper()
	require.Eventually(t, func() bool {
		answer, err := w.RequestToken(t.Context(), patient, birthCare)
		return err == nil && answer.Token() != ""
	}, longest, 100*time.Millisecond, "it recovers by itself")
	assert.Equal(t, 1, w.Sessions.Tokens(), "live tokens")
}

// TestCircuit has a world of its own: its node takes Mitz to be down.
func TestCircuit(t *testing.T) {
	w := harness.StartWorld(t, plainWorld())
	permit(t, w, patient, "00000659", "GGC002")
	health := func() harness.Answer {
		answer, err := w.DataHolder.Get(t.Context(), "/health")
		require.NoError(t, err)
		return answer
	}
	assert.True(t, health().Contains(`"mitz.circuit":{"status":"UP","details":"closed"}`))
	assert.True(t, health().Contains(`"mitz.certificate"`))
	w.Mitz.Misbehave(mitztest.HTTPStatus(500))
	// It opens after five failures, and lets one try again after seconds: a busy machine may be
	// slower than that, and try again.
	require.Eventually(t, func() bool {
		w.Mitz.ResetLog()
		_, err := w.RequestToken(t.Context(), patient, birthCare)
		require.NoError(t, err)
		metrics, err := w.DataHolder.Get(t.Context(), "/metrics")
		require.NoError(t, err)
		return len(w.Mitz.Queries()) == 0 && health().Contains(`"details":"open"`) && metrics.Contains("nuts_mitz_circuit_state 2") &&
			openCircuit.Match(metrics.Body)
	}, longest, 10*time.Millisecond)
	assertRefused(t, w, lastTokenAnswer(t, w), "server_error", undetermined, 0)

	w.Mitz.Behave()
	assertRecovers(t, w)
	assert.True(t, health().Contains(`"details":"closed"`))
}

// openCircuit finds, in the metrics, refusals because the circuit is open.
var openCircuit = regexp.MustCompile(`(?m)^nuts_mitz_tokens_refused_total\{reason="circuit_open"\} [1-9]`)

func TestUnreachableMitz(t *testing.T) {
	t.Run("a Mitz of an unknown authority is not asked", func(t *testing.T) {
		other, err := mitztest.NewIdentity()
		require.NoError(t, err)
		files, err := other.WriteFiles(t.TempDir())
		require.NoError(t, err)
		config := plainWorld()
		config.ConfigureMitz = func(section *harness.MitzConfig) { section.TrustStoreFile = files.TrustStore }
		w := harness.StartWorld(t, config)
		permit(t, w, patient, "00000659", "GGC002")

		_, err = w.RequestToken(t.Context(), patient, birthCare)

		require.NoError(t, err)
		assertRefused(t, w, lastTokenAnswer(t, w), "server_error", undetermined, 0)
	})
	t.Run("a Mitz that is down gives no token, until it is back", func(t *testing.T) {
		w := harness.StartWorld(t, plainWorld())
		permit(t, w, patient, "00000659", "GGC002")
		w.Mitz.Close()

		_, err := w.RequestToken(t.Context(), patient, birthCare)

		require.NoError(t, err)
		assertRefused(t, w, lastTokenAnswer(t, w), "server_error", undetermined, 0)
		require.NoError(t, w.Mitz.Restart(nil))
		permit(t, w, patient, "00000659", "GGC002")
		assertRecovers(t, w)
	})
	t.Run("a Mitz that does not know us gives no token", func(t *testing.T) {
		other, err := mitztest.NewIdentity()
		require.NoError(t, err)
		files, err := other.WriteFiles(t.TempDir())
		require.NoError(t, err)
		config := plainWorld()
		config.ConfigureMitz = func(section *harness.MitzConfig) {
			section.CertFile, section.CertKeyFile = files.Certificate, files.Key
		}
		w := harness.StartWorld(t, config)
		permit(t, w, patient, "00000659", "GGC002")

		_, err = w.RequestToken(t.Context(), patient, birthCare)

		require.NoError(t, err)
		assertRefused(t, w, lastTokenAnswer(t, w), "server_error", undetermined, 0)
		assert.Empty(t, w.Mitz.Refusals())
	})
}

// TestTLSIsRepaired puts a wrong file in place for each end of the connection, and then
// the right one again. The node itself takes them in use.
func TestTLSIsRepaired(t *testing.T) {
	t.Parallel() // most of its time it waits until the node looks at the files
	ours, other := must[*mitztest.Identity](t)(mitztest.NewIdentity()), must[*mitztest.Identity](t)(mitztest.NewIdentity())
	r := renewableWorld(t, ours)
	for _, tc := range []struct {
		name          string
		spoil, repair func()
	}{
		{
			"roots that are not Mitz's",
			func() { r.replace(r.truststore, other.CAPEM()) },
			func() { r.replace(r.truststore, r.roots) },
		},
		{
			"a certificate that Mitz does not know",
			func() { r.renew(other, "of another authority", 90) },
			func() { r.renew(ours, "renewed", 90) },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			reset(r.World)
			permit(t, r.World, patient, "00000659", "GGC002")
			tc.spoil()
			r.awaitLog(t.Context(), inUse)
			_, err := r.RequestToken(t.Context(), patient, birthCare)
			require.NoError(t, err)
			assertRefused(t, r.World, lastTokenAnswer(t, r.World), "server_error", undetermined, 0)

			tc.repair()
			r.awaitLog(t.Context(), inUse)
			assertRecovers(t, r.World)
			assert.Len(t, r.Mitz.Queries(), 1, "queries at Mitz")
		})
	}
}
