// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// withdrawingWorld is the world of grounds, in which Mitz tells the node of changes.
func withdrawingWorld(b *brought, more func(section *harness.MitzConfig)) harness.WorldConfig {
	config := broughtWorld(b)
	configure := config.ConfigureMitz
	config.ConfigureMitz = func(section *harness.MitzConfig) {
		configure(section)
		section.NotifyURL = harness.NotifyURL
		section.Kinds = map[string][]string{"RPZAC103": {"G3"}, "RPZAC104": {"V6"}}
		more(section)
	}
	return config
}

func rightNow() string { return time.Now().UTC().Format(time.RFC3339Nano) }

// registered brings a registration along that was recorded at a time, with a membership.
func (b *bringing) registered(at string, changes object) {
	b.t.Helper()
	changes["recordedAt"] = at
	b.brings(b.own(harness.IssueOptions{}, typeRegistration, registeredConsent(changes)), b.mitz(harness.IssueOptions{}, typeMembership, membership(nil)))
}

// attested brings an attestation along of what Mitz decided at a time.
func (b *bringing) attested(at string) {
	b.t.Helper()
	b.brings(b.revocable(typeAttestation, attestedConsent(object{"decidedAt": at})))
}

// subscribe has Mitz tell a node of changes of the patient's consent, of which there is some.
func (b *brought) subscribe(t *testing.T) {
	t.Helper()
	permit(t, b.World, patient, "00000659", "GGC002")
	answer, err := b.DataHolder.Subscribe(t.Context(), "hospital-east", map[string]string{"patient": patient})
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, answer.Status, "%s", answer.Body)
	require.NoError(t, b.Mitz.WaitForSubscriptions(t.Context(), 1))
}

// notified has a consent change at Mitz, which tells the node.
func (b *brought) notified(t *testing.T, change func()) {
	t.Helper()
	before := len(b.Mitz.Notifications())
	change()
	require.NoError(t, b.Mitz.WaitForNotifications(t.Context(), before+1))
	require.Equal(t, http.StatusCreated, b.Mitz.Notifications()[before].Status)
}

// withdraw has the patient withdraw at Mitz.
func (b *brought) withdraw(t *testing.T) {
	t.Helper()
	b.notified(t, func() { require.True(t, b.Mitz.Withdraw(requesterPermission(patient, "GGC002"))) })
}

// TestWhatIsOlderThanAWithdrawalGivesNoToken: a withdrawal ends the live tokens, and also what the
// requester holds from before: an attestation that Mitz did not revoke, and its own registration.
// What was attested or recorded after it counts at once.
func TestWhatIsOlderThanAWithdrawalGivesNoToken(t *testing.T) {
	world := &brought{}
	harness.StartWorld(t, withdrawingWorld(world, func(*harness.MitzConfig) {}))
	world.subscribe(t)
	for _, each := range []struct {
		scope, ground string
		bring         func(b *bringing, at string)
	}{
		{attested, "mitz-attestation", func(b *bringing, at string) { b.attested(at) }},
		{recorded, "consent-registration", func(b *bringing, at string) { b.registered(at, object{}) }},
	} {
		for way, withdraw := range map[string]func(t *testing.T){
			"the record system says so": func(t *testing.T) {
				require.Equal(t, http.StatusNoContent, revoke(t, world.DataHolder, "hospital-east", map[string]string{"patient": patient}))
			},
			"Mitz notifies the node": func(t *testing.T) {
				world.withdraw(t)
				// So Mitz would permit, which is not asked.
				world.notified(t, func() { permit(t, world.World, patient, "00000659", "GGC002") })
			},
		} {
			t.Run(each.ground+", and "+way, func(t *testing.T) {
				b := newBringing(t, world, harness.VPToken, each.scope)
				ask := func() harness.Answer {
					world.Sessions.Empty()
					world.Mitz.ResetLog()
					return b.send()
				}
				each.bring(b, rightNow())
				answer := ask()
				assertRests(t, b, answer, each.ground)
				withdraw(t)
				assert.False(t, isActive(t, world.DataHolder, answer.Token()))
				assertRefused(t, world.World, ask(), "access_denied", noConsent, 0)
				each.bring(b, daysAgo(1))
				assertRefused(t, world.World, ask(), "access_denied", noConsent, 0)
				each.bring(b, rightNow())
				assertRests(t, b, ask(), each.ground)
			})
		}
	}
	t.Run("a registration that is dated ahead, and gave a token before", func(t *testing.T) {
		b := newBringing(t, world, harness.VPToken, recorded)
		b.registered(time.Now().Add(50*time.Second).UTC().Format(time.RFC3339), object{})
		world.Sessions.Empty()
		world.Mitz.ResetLog()
		assertRests(t, b, b.send(), "consent-registration")
		require.Equal(t, http.StatusNoContent, revoke(t, world.DataHolder, "hospital-east", map[string]string{"patient": patient}))
		world.Sessions.Empty()
		assertRefused(t, world.World, b.send(), "access_denied", noConsent, 0)
	})
	t.Run("a withdrawal is known after a restart", func(t *testing.T) {
		b := newBringing(t, world, harness.VPToken, recorded)
		b.registered(rightNow(), object{})
		world.Sessions.Empty()
		assertRests(t, b, b.send(), "consent-registration")
		require.Equal(t, http.StatusNoContent, revoke(t, world.DataHolder, "hospital-east", map[string]string{"patient": patient}))
		require.NoError(t, world.DataHolder.Restart(t.Context(), world.Workspace))
		world.Sessions.Empty()
		assertRefused(t, world.World, b.send(), "access_denied", noConsent, 0)
	})
	require.NoError(t, harness.ScanLogs(world.Path(world.DataHolder.Name), patients), "the node's files")
}

// TestAWithdrawalCountsOnEveryNode: one node of a cluster is told of a withdrawal, and another is
// asked for a token on what is older.
func TestAWithdrawalCountsOnEveryNode(t *testing.T) {
	world := &brought{}
	c := newCluster(t, broughtWorld(world), harness.RedisConfig{})
	for scope, bring := range map[string]func(b *bringing, at string){
		attested: func(b *bringing, at string) { b.attested(at) },
		recorded: func(b *bringing, at string) { b.registered(at, object{}) },
	} {
		t.Run(scope, func(t *testing.T) {
			b := newBringing(t, world, harness.VPToken, scope)
			bring(b, rightNow())
			token := b.send().Token()
			require.True(t, c.active(t, token))
			require.Equal(t, http.StatusNoContent, revoke(t, c.second, "hospital-east", map[string]string{"patient": patient}))
			require.False(t, c.active(t, token))
			answer := b.send()
			assert.Equal(t, "access_denied", answer.OAuthError().Code, "%s", answer.Body)
			assert.Equal(t, noConsent, answer.OAuthError().Description)
			assert.Empty(t, answer.Token())
			bring(b, rightNow())
			assert.True(t, c.active(t, b.send().Token()), "consent given anew")
		})
	}
}

// TestANotificationEndsWhatWaitsToBeRegistered: Mitz takes no registrations, and a patient withdraws
// there. When Mitz takes them again it is not told of what this patient chose before.
func TestANotificationEndsWhatWaitsToBeRegistered(t *testing.T) {
	world := &brought{}
	harness.StartWorld(t, withdrawingWorld(world, func(section *harness.MitzConfig) {
		section.Registration.Endpoint = section.Endpoint + "/toestemmingen/fhir"
	}))
	world.subscribe(t)
	world.Mitz.Misbehave(mitztest.Registering{Behaviour: mitztest.HTTPStatus(503)})
	for _, each := range []string{patient, otherPatient} {
		b := newBringing(t, world, harness.VPToken, recorded)
		b.enroll(harness.BSNIdentifier(each))
		b.registered(rightNow(), object{"patient": patientObject(each)})
		require.NotEmpty(t, b.send().Token())
	}
	world.withdraw(t)
	var states []string
	for _, state := range evidenceOf(t, world.World) {
		states = append(states, state)
	}
	assert.ElementsMatch(t, []string{"withdrawn", "waiting"}, states)

	world.Mitz.Behave()
	require.NoError(t, world.Mitz.WaitForRegistrations(t.Context(), 1))
	require.Len(t, world.Mitz.Registrations(), 1)
	assert.Equal(t, otherPatient, world.Mitz.Registrations()[0].PatientNumber())
}
