// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// TestMatrix combines the faults of Mitz with what is on record and with every grant: no
// combination leaves a token. After each of them Mitz behaves again, and the next request
// gets what is on record. That request also sets the node's count of failures in a row to
// zero, without which a few faults after another would keep all others from Mitz.
//
// Each grant has a world of its own, so that they can take their turns at once.
func TestMatrix(t *testing.T) {
	telling, others, lasting := tellingTroubles(t), otherTroubles(), lastingTroubles()
	require.GreaterOrEqual(t, len(telling), 20)
	for _, grant := range matrixGrants {
		t.Run(grant.name, func(t *testing.T) {
			t.Parallel()
			m := startMatrix(t, grant.prepare)
			for _, onRecord := range matrixRecords {
				m.try(t, onRecord, telling)
			}
			m.try(t, matrixRecords[0], lasting)
			if grant.quick {
				m.try(t, matrixRecords[0], others)
			}
		})
	}
}

// matrix is a world in which one grant is tried.
type matrix struct {
	*harness.World
	send func(t *testing.T) harness.Answer
}

// startMatrix has a Mitz that may take longer than elsewhere: three grants at once keep a
// slow machine busy.
func startMatrix(t *testing.T, prepare func(*testing.T, *harness.World) func(*testing.T) harness.Answer) *matrix {
	t.Helper()
	config := plainWorld()
	config.ConfigureMitz = func(section *harness.MitzConfig) { section.Timeout = "10s" }
	w := harness.StartWorld(t, config)
	return &matrix{World: w, send: prepare(t, w)}
}

// matrixGrants makes a way to ask for a token with each grant, the slowest first.
var matrixGrants = []struct {
	name    string
	quick   bool
	prepare func(t *testing.T, w *harness.World) (send func(t *testing.T) harness.Answer)
}{
	{"authorization code", false, func(t *testing.T, w *harness.World) func(t *testing.T) harness.Answer {
		require.NoError(t, w.StoreForUserGrant(t.Context(), patient))
		return func(t *testing.T) harness.Answer {
			result, err := w.RequestUserToken(t.Context(), birthCare)
			require.NoError(t, err)
			assert.Equal(t, result.TokenAnswer.Token(), result.Token)
			return result.TokenAnswer
		}
	}},
	{"vp_token-bearer", true, sendAttempts(harness.VPToken)},
	{"jwt-bearer", true, sendAttempts(harness.JWTBearer)},
}

// sendAttempts has one wallet ask again and again: what it presents is not the point here.
func sendAttempts(grant harness.Grant) func(*testing.T, *harness.World) func(*testing.T) harness.Answer {
	return func(t *testing.T, w *harness.World) func(*testing.T) harness.Answer {
		a := newAttempt(t, w, grant)
		return func(t *testing.T) harness.Answer {
			a.t = t
			return a.send()
		}
	}
}

// onRecord is what Mitz knows, and so what it answers when it behaves.
type onRecord struct {
	name    string
	prepare func(t *testing.T, w *harness.World)
	permits bool
}

var matrixRecords = []onRecord{
	{"consent", func(t *testing.T, w *harness.World) { permit(t, w, patient, "00000659", "GGC002") }, true},
	{"a refusal", func(t *testing.T, w *harness.World) { deny(t, w, patient, "00000659", "GGC002") }, false},
	{"nothing", func(*testing.T, *harness.World) {}, false},
	{"consent of another", func(t *testing.T, w *harness.World) { permit(t, w, otherPatient, "00000659", "GGC002") }, false},
}

// trouble is a way in which no consent is established, and back.
type trouble struct {
	name  string
	begin func(t *testing.T, w *harness.World)
	end   func(t *testing.T, w *harness.World)
	// denied tells that Mitz refuses in due form; otherwise it is not known what it would say.
	denied bool
	// unasked tells that no query gets as far as Mitz.
	unasked bool
	// pauses tells that Mitz is left alone for a while after it.
	pauses bool
}

// tellingTroubles are tried with everything on record. What a faulty Mitz sends permits
// everything, whatever is on record (see [mitztest.Fault]): a fault that is overlooked
// shows, also where nothing is on record.
func tellingTroubles(t *testing.T) (troubles []trouble) {
	t.Helper()
	for _, fault := range tellingFaults {
		troubles = append(troubles, misbehaving(fault))
	}
	return append(troubles, unreachableMitz(), unknownMitz(t))
}

// otherTroubles are all other faults that are over at once.
func otherTroubles() (troubles []trouble) {
	waiting := []mitztest.Behaviour{mitztest.Hanging, mitztest.HangingHalfway}
	for _, fault := range unpausedFaults() {
		if !slices.Contains(tellingFaults, fault) && !slices.Contains(waiting, fault) {
			troubles = append(troubles, misbehaving(fault))
		}
	}
	return troubles
}

// lastingTroubles have the next request wait: the one until the time-out, the other until
// Mitz may be asked again.
func lastingTroubles() []trouble {
	tooMany := misbehaving(mitztest.TooManyRequests(time.Second))
	tooMany.pauses = true
	return []trouble{misbehaving(mitztest.Hanging), tooMany}
}

// tellingFaults are some of each kind: what Mitz says of itself, what happens to the
// connection, what is no answer, what is the answer to something else, and what can be
// read in two ways.
var tellingFaults = []mitztest.Behaviour{
	mitztest.Denying, mitztest.AnsweringIndeterminate, mitztest.AnsweringNotApplicable,
	mitztest.SenderFault, mitztest.FaultWithOK, mitztest.PermitWithFailure, mitztest.Redirect, mitztest.HTTPStatus(503),
	mitztest.Dropping, mitztest.DroppingHalfway, mitztest.Truncated,
	mitztest.WrongRelatesTo, mitztest.WrongPatient, mitztest.WrongDataHolder, mitztest.MissingResult,
	mitztest.DoubledResult, mitztest.ErrorStatus, mitztest.UnknownDecision, mitztest.DenyThenPermit, mitztest.SecondResponse,
}

func misbehaving(fault mitztest.Behaviour) trouble {
	return trouble{
		name:   fault.String(),
		begin:  func(_ *testing.T, w *harness.World) { w.Mitz.Misbehave(fault) },
		end:    func(_ *testing.T, w *harness.World) { w.Mitz.Behave() },
		denied: fault == mitztest.Denying,
	}
}

func unreachableMitz() trouble {
	return trouble{
		name:    "down",
		begin:   func(_ *testing.T, w *harness.World) { w.Mitz.Close() },
		end:     restartMitz,
		unasked: true,
	}
}

func unknownMitz(t *testing.T) trouble {
	t.Helper()
	other := must[*mitztest.Identity](t)(mitztest.NewIdentity())
	impersonated := func(config *mitztest.Config) { config.Certificate = other.Server() }
	return trouble{
		name:    "of an unknown authority",
		begin:   func(t *testing.T, w *harness.World) { require.NoError(t, w.Mitz.Restart(impersonated)) },
		end:     restartMitz,
		unasked: true,
	}
}

func restartMitz(t *testing.T, w *harness.World) {
	t.Helper()
	require.NoError(t, w.Mitz.Restart(nil))
}

// try goes through the troubles, with this on record.
func (m *matrix) try(t *testing.T, record onRecord, troubles []trouble) {
	t.Helper()
	for _, trouble := range troubles {
		t.Run("Mitz "+trouble.name+", on record "+record.name, func(t *testing.T) {
			m.renew(t, record)
			trouble.begin(t, m.World)
			m.assertNoToken(t, trouble)
			trouble.end(t, m.World)
			m.renew(t, record)
			m.assertRecovered(t, trouble, record)
		})
	}
}

// renew leaves this on record and nothing else, also after a restart.
func (m *matrix) renew(t *testing.T, record onRecord) {
	t.Helper()
	reset(m.World)
	record.prepare(t, m.World)
}

func (m *matrix) assertNoToken(t *testing.T, trouble trouble) {
	t.Helper()
	answer := m.send(t)
	queries := len(m.Mitz.Queries())
	if trouble.unasked {
		assert.Zero(t, queries, "queries at Mitz")
	} else {
		// Otherwise it was not this trouble that kept the token back.
		assert.Contains(t, []int{1, 2}, queries, "queries at Mitz")
	}
	if trouble.denied {
		assertRefused(t, m.World, answer, "access_denied", noConsent, queries)
		return
	}
	assertRefused(t, m.World, answer, "server_error", undetermined, queries)
}

// assertRecovered asks once for what is on record, or until Mitz is no longer left alone.
func (m *matrix) assertRecovered(t *testing.T, trouble trouble, record onRecord) {
	t.Helper()
	answer := m.send(t)
	if trouble.pauses {
		require.Eventually(t, func() bool {
			answer = m.send(t)
			return answer.OAuthError().Code != "server_error"
		}, longest, 50*time.Millisecond, "Mitz is still left alone")
	}
	if !record.permits {
		assertRefused(t, m.World, answer, "access_denied", noConsent, 1)
		return
	}
	assertPermitted(t, m.World, answer)
	assert.Len(t, m.Mitz.Queries(), 1, "queries at Mitz")
}

func deny(t *testing.T, w *harness.World, bsn string, dataHolder consent.URA, category consent.Category) {
	t.Helper()
	require.NoError(t, w.Mitz.Record(mitztest.Consent{
		Patient: bsn, DataHolder: dataHolder, Category: category, RequesterType: "G3", Decision: consent.Deny,
	}))
}
