// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/e2e-tests/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// TestMatrix combines every fault of Mitz that answers at once with what is on record
// and with every grant: no combination leaves a token. Afterwards each grant works again
// by itself.
func TestMatrix(t *testing.T) {
	w := harness.StartWorld(t, plainWorld())
	require.NoError(t, w.StoreForUserGrant(t.Context(), patient))
	grants := map[string]func(t *testing.T) harness.Answer{
		"vp_token-bearer": func(t *testing.T) harness.Answer { return newAttempt(t, w, harness.VPToken).send() },
		"jwt-bearer":      func(t *testing.T) harness.Answer { return newAttempt(t, w, harness.JWTBearer).send() },
		"authorization code": func(t *testing.T) harness.Answer {
			result, err := w.RequestUserToken(t.Context(), birthCare)
			require.NoError(t, err)
			assert.Equal(t, result.TokenAnswer.Token(), result.Token)
			return result.TokenAnswer
		},
	}
	records := map[string]func(){
		"consent":    func() { permit(t, w, patient, "00000659", "GGC002") },
		"a refusal":  func() { deny(t, w, patient, "00000659", "GGC002") },
		"nothing":    func() {},
		"of another": func() { permit(t, w, otherPatient, "00000659", "GGC002") },
	}
	faults := promptFaults()
	require.GreaterOrEqual(t, len(faults), 20)
	for grant, send := range grants {
		t.Run(grant, func(t *testing.T) {
			for record, prepare := range records {
				w.Mitz.Forget(patient)
				w.Mitz.Forget(otherPatient)
				prepare()
				for _, fault := range faults {
					w.Mitz.Misbehave(fault)
					answer := send(t)
					assert.Empty(t, answer.Token(), fmt.Sprint(fault, ", on record: ", record))
					assert.NotEmpty(t, answer.OAuthError().Code, fmt.Sprint(fault, ", on record: ", record))
					assert.Zero(t, w.Sessions.Tokens(), fmt.Sprint(fault, ", on record: ", record))
				}
				w.Mitz.Behave()
			}
			permit(t, w, patient, "00000659", "GGC002")
			require.Eventually(t, func() bool { return send(t).Token() != "" }, 20*time.Second, 100*time.Millisecond, "it recovers by itself")
			w.Sessions.Empty()
		})
	}
}

// promptFaults are the faults that do not make a request wait for its time-out.
func promptFaults() []mitztest.Behaviour {
	slow := map[mitztest.Behaviour]bool{mitztest.Hanging: true, mitztest.HangingHalfway: true, mitztest.Endless: true}
	faults := []mitztest.Behaviour{mitztest.Denying, mitztest.HTTPStatus(404), mitztest.HTTPStatus(503)}
	for _, fault := range unpausedFaults() {
		if !slow[fault] {
			faults = append(faults, fault)
		}
	}
	return faults
}

func deny(t *testing.T, w *harness.World, bsn string, dataHolder consent.URA, category consent.Category) {
	t.Helper()
	require.NoError(t, w.Mitz.Record(mitztest.Consent{
		Patient: bsn, DataHolder: dataHolder, Category: category, RequesterType: "G3", Decision: consent.Deny,
	}))
}
