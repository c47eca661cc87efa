// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// The scopes of the world of grounds. Where the ground that is tested does not permit, the next
// would.
const (
	attested  = "attested"  // by what Mitz attested, and else by what it says now
	recorded  = "recorded"  // by what the requester recorded, and else by what Mitz says
	continued = "continued" // by what Mitz says, and after its Deny by what the requester recorded
	either    = "either"    // by what Mitz attested or the requester recorded, and else by what Mitz says
	watched   = "watched"   // by what Mitz attested or the requester recorded, which is looked up again
)

// The types of credential on which grounds rest.
const (
	typeAttestation  = "MitzConsentRegistrationAttestation"
	typeMembership   = "MitzMembershipCredential"
	typeRegistration = "MitzConsentRegistration"
)

// brought is a world in which requesters bring consent along. Mitz issues with a wallet, which
// signs whatever a test wants, and with a node, which can revoke.
type brought struct {
	*harness.World
	Signing  *harness.Wallet
	Revoking harness.Subject
}

// broughtWorld has all scopes of the world of grounds.
func broughtWorld(b *brought) harness.WorldConfig {
	config := plainWorld()
	scope := func(name, afterdeny string, grounds ...string) harness.MitzProfile {
		return harness.MitzProfile{Scope: name, Categories: []string{"GGC002"}, Purpose: "TREAT", Grounds: grounds, AfterDeny: afterdeny}
	}
	config.Profiles = []harness.MitzProfile{
		scope(attested, "", "mitz-attestation", "mitz-closed-query"),
		scope(recorded, "", "consent-registration", "mitz-closed-query"),
		scope(continued, "continue", "mitz-closed-query", "consent-registration"),
		scope(either, "", "mitz-attestation", "consent-registration", "mitz-closed-query"),
		scope(watched, "", "mitz-attestation", "consent-registration"),
	}
	config.Profiles[4].Recheck = "1s"
	config.Prepare = func(w *harness.World) (err error) {
		b.World = w
		if b.Signing, err = w.NewNamedWallet("mitz"); err != nil {
			return err
		}
		b.Revoking, err = w.Requester.CreateSubject(context.Background(), "mitz")
		return err
	}
	config.ConfigureMitz = func(section *harness.MitzConfig) {
		section.Timeout = timeout
		section.Trust.Attestation = []string{b.Signing.DID, b.Revoking.DID}
		section.Trust.Membership = section.Trust.Attestation
	}
	return config
}

var (
	sharedBrought     *brought
	sharedBroughtOnce sync.Once
)

// freshBrought returns the shared world of grounds with consent on record at Mitz, no queries and
// no tokens.
func freshBrought(t *testing.T) *brought {
	t.Helper()
	sharedBroughtOnce.Do(func() {
		b := &brought{}
		if _, err := harness.NewWorld(context.Background(), broughtWorld(b)); err != nil {
			t.Error(err)
			return
		}
		sharedBrought = b
	})
	require.NotNil(t, sharedBrought)
	reset(sharedBrought.World)
	t.Cleanup(func() { reset(sharedBrought.World) })
	permit(t, sharedBrought.World, patient, "00000659", "GGC002")
	permit(t, sharedBrought.World, patient, "00000660", "GGC002")
	return sharedBrought
}

func closeBrought() error {
	if sharedBrought == nil {
		return nil
	}
	return sharedBrought.Close()
}

// object is a part of a credential's subject.
type object = map[string]any

func uraObject(ura string) object {
	return object{"identifier": harness.Identifier(harness.URAIdentifier(ura))}
}
func patientObject(bsn string) object {
	return object{"identifier": harness.Identifier(harness.BSNIdentifier(bsn))}
}
func daysAgo(days int) string {
	return time.Now().Add(-time.Duration(days) * 24 * time.Hour).UTC().Format(time.RFC3339)
}

// attestedConsent is what Mitz attests to the requester, with something else in it.
func attestedConsent(changes object) object {
	said := object{
		"patient": patientObject(patient), "dataHolder": uraObject("00000659"),
		"requester":    object{"identifier": harness.Identifier(harness.URAIdentifier("00001234")), "facilityType": "G3"},
		"dataCategory": []string{"GGC002"}, "purposeOfUse": "TREAT", "decidedAt": daysAgo(1),
	}
	return object{"attestedConsent": changed(said, changes)}
}

// changed replaces members, and takes those away that are nil.
func changed(said, changes object) object {
	for name, value := range changes {
		if said[name] = value; value == nil {
			delete(said, name)
		}
	}
	return said
}

// registeredConsent is what the requester recorded, with something else in it.
func registeredConsent(changes object) object {
	said := object{
		"patient": patientObject(patient), "dataHolder": uraObject("00000659"), "dataCategory": []string{"GGC002"},
		"requesterFacilityType": []string{"G3"}, "choice": "permit", "recordedAt": daysAgo(1),
		"recordedBy":     object{"identifier": harness.Identifier(harness.UZIIdentifier("900012345")), "roleCode": "03.000"},
		"identification": "wid", "agreement": "3.8",
	}
	return object{"registeredConsent": changed(said, changes)}
}

func membership(changes object) object {
	return object{"membership": changed(object{"organization": uraObject("00001234"), "role": "registrar", "since": daysAgo(100)}, changes)}
}

// bringing is an attempt at a token on what the requester brings along.
type bringing struct {
	*attempt
	brought *brought
}

func newBringing(t *testing.T, b *brought, grant harness.Grant, scope string) *bringing {
	t.Helper()
	a := newAttempt(t, b.World, grant)
	a.request.Scope = scope
	return &bringing{a, b}
}

// mitz issues a credential as Mitz.
func (b *bringing) mitz(options harness.IssueOptions, credentialType string, claims object) harness.Credential {
	b.t.Helper()
	return must[harness.Credential](b.t)(b.brought.Signing.IssueWith(options, b.wallet.DID, credentialType, claims))
}

// own issues a credential as the requester.
func (b *bringing) own(options harness.IssueOptions, credentialType string, claims object) harness.Credential {
	b.t.Helper()
	return must[harness.Credential](b.t)(b.wallet.IssueWith(options, b.wallet.DID, credentialType, claims))
}

// revocable issues a credential as Mitz, which can revoke it.
func (b *bringing) revocable(credentialType string, claims object) harness.Credential {
	b.t.Helper()
	return must[harness.Credential](b.t)(b.world.Requester.IssueRevocable(b.t.Context(), b.brought.Revoking.DID, b.wallet.DID, credentialType, claims))
}

func (b *bringing) revoked(credentialType string, claims object) harness.Credential {
	b.t.Helper()
	credential := b.revocable(credentialType, claims)
	require.NoError(b.t, b.world.Requester.Revoke(b.t.Context(), credential))
	return credential
}

func (b *bringing) brings(credentials ...harness.Credential) { b.set.More = credentials }

// refusal is one thing that is wrong with what a requester brings along.
type refusal struct {
	name  string
	spoil func(b *bringing)
	// claim is named in the refusal; empty where the node refuses before the plugin, with one of
	// the grants at least.
	claim string
}

// assertRefusals tries each with both grants. Mitz would permit, and is not asked.
func assertRefusals(t *testing.T, scope string, right func(b *bringing), refusals []refusal) {
	t.Helper()
	for _, each := range refusals {
		t.Run(each.name, func(t *testing.T) {
			bothGrants(t, func(t *testing.T, grant harness.Grant) {
				b := newBringing(t, freshBrought(t), grant, scope)
				right(b)
				each.spoil(b)
				answer := b.send()
				assertRefused(t, b.world, answer, "invalid_request", "", 0)
				if each.claim != "" {
					assert.Contains(t, answer.OAuthError().Description, each.claim)
				}
			})
		})
	}
}

// assertRests checks on which ground a token is, and that Mitz was not asked for it.
func assertRests(t *testing.T, b *bringing, answer harness.Answer, ground string) {
	t.Helper()
	introspection := assertPermitted(t, b.world, answer)
	assert.Equal(t, ground, introspection.Text("consent_ground"))
	assert.NotEmpty(t, introspection.Text("consent_request_id"))
	assert.Equal(t, patient, introspection.Text("patient_bsn"))
	assert.Zero(t, b.world.Mitz.Received(), "requests at Mitz")
}
