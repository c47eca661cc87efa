// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

func registration() Credential {
	return signedBy(testPresenter, "MitzConsentRegistration", "registeredConsent", object{
		"patient":      object{"identifier": bsnIdentifier(testBSN)},
		"dataHolder":   object{"identifier": uraIdentifier("00000659")},
		"dataCategory": []any{"GGC002"}, "requesterFacilityType": []any{"V6", "G3"}, "choice": "permit",
		"recordedAt":     testNow.Add(-time.Hour).Format(time.RFC3339),
		"recordedBy":     object{"identifier": identifier("http://fhir.nl/fhir/NamingSystem/uzi-nr-pers", "900000009"), "roleCode": "03.000"},
		"identification": "wid", "agreement": "3.8",
	})
}

func objecting() Credential {
	c := registration()
	said("registeredConsent", "deny", "choice")(&c)
	return c
}

func membership() Credential {
	return signedBy(testMitz, "MitzMembershipCredential", "membership", object{
		"organization": object{"identifier": uraIdentifier("12345678")}, "role": "registrar", "since": "2026-01-01T00:00:00Z",
	})
}

func registrationBreaches() []breach {
	say := func(value any, path ...string) func(*Credential) { return said("registeredConsent", value, path...) }
	at := func(d time.Duration) string { return testNow.Add(d).Format(time.RFC3339) }
	return append(anyCredential("registeredConsent"), []breach{
		{"of another organisation", func(c *Credential) { c.Issuer = "did:web:other.example" }, ReasonClaimUntrusted, "registeredConsent"},
		{"of Mitz", func(c *Credential) { c.Issuer = testMitz }, ReasonClaimUntrusted, "registeredConsent"},
		{"of another patient", say(bsnIdentifier("999996630"), "patient", "identifier"), ReasonClaimContradiction, "registeredConsent.patient.identifier"},
		{"for another data holder", say(uraIdentifier("00000660"), "dataHolder", "identifier"), ReasonClaimContradiction, "registeredConsent.dataHolder.identifier"},
		{"about another data category", say([]any{"GGC013"}, "dataCategory"), ReasonClaimContradiction, "registeredConsent.dataCategory"},
		{"for another kind of requester", say([]any{"V6"}, "requesterFacilityType"), ReasonClaimContradiction, "registeredConsent.requesterFacilityType"},
		{"for no kind of requester", say(nil, "requesterFacilityType"), ReasonClaimMissing, "registeredConsent.requesterFacilityType"},
		{"without a choice", say(nil, "choice"), ReasonClaimMissing, "registeredConsent.choice"},
		{"with another choice", say("Permit", "choice"), ReasonClaimMalformed, "registeredConsent.choice"},
		{"without a professional", say(nil, "recordedBy"), ReasonClaimMissing, "registeredConsent.recordedBy.identifier"},
		{"by a professional without a number", say(nil, "recordedBy", "identifier"), ReasonClaimMissing, "registeredConsent.recordedBy.identifier"},
		{"by a professional without a role", say(nil, "recordedBy", "roleCode"), ReasonClaimMissing, "registeredConsent.recordedBy.roleCode"},
		{"by an organisation", say(uraIdentifier("12345678"), "recordedBy", "identifier"), ReasonClaimMalformed, "registeredConsent.recordedBy.identifier"},
		{"by another professional", say("900000007", "recordedBy", "identifier"), ReasonClaimContradiction, "registeredConsent.recordedBy.identifier"},
		{"by a professional in another role", say("01.015", "recordedBy", "roleCode"), ReasonClaimContradiction, "registeredConsent.recordedBy.roleCode"},
		{"by a method that is not accepted", say("vouching", "identification"), ReasonClaimUntrusted, "registeredConsent.identification"},
		{"without a method", say(nil, "identification"), ReasonClaimMissing, "registeredConsent.identification"},
		{"under agreements that are not accepted", say("3.7", "agreement"), ReasonClaimUntrusted, "registeredConsent.agreement"},
		{"under no agreement", say(nil, "agreement"), ReasonClaimMissing, "registeredConsent.agreement"},
		{"too old", say(at(-169*time.Hour), "recordedAt"), ReasonClaimOutdated, "registeredConsent.recordedAt"},
		{"of the future", say(at(2*time.Minute), "recordedAt"), ReasonClaimPremature, "registeredConsent.recordedAt"},
		{"of no time", say(nil, "recordedAt"), ReasonClaimMissing, "registeredConsent.recordedAt"},
	}...)
}

func membershipBreaches() []breach {
	say := func(value any, path ...string) func(*Credential) { return said("membership", value, path...) }
	return append(anyCredential("membership"), []breach{
		{"of another issuer", func(c *Credential) { c.Issuer = "did:web:other.example" }, ReasonClaimUntrusted, "membership"},
		{"self-issued", func(c *Credential) { c.Issuer = testPresenter }, ReasonClaimUntrusted, "membership"},
		{"of another organisation", say(uraIdentifier("87654321"), "organization", "identifier"), ReasonClaimContradiction, "membership.organization.identifier"},
		{"of a requester", say("requester", "role"), ReasonClaimContradiction, "membership.role"},
		{"of a data holder", say("data-holder", "role"), ReasonClaimContradiction, "membership.role"},
		{"of two roles", say([]any{"registrar", "requester"}, "role"), ReasonClaimContradiction, "membership.role"},
		{"that has yet to begin", say(testNow.Add(time.Hour).Format(time.RFC3339), "since"), ReasonClaimPremature, "membership.since"},
		{"that began at no time", say(nil, "since"), ReasonClaimMissing, "membership.since"},
	}...)
}

func TestARegistrationPermits(t *testing.T) {
	p := newPolicy(t, groundsConfig(GroundRegistration))
	asked := fails(GroundClosedQuery, errTrouble)
	permission, err := establish(t, p, asked, presenting(registration(), membership()))
	require.NoError(t, err)
	claims, err := permission.Claims()
	require.NoError(t, err)
	assert.Equal(t, "consent-registration", claims["consent_ground"])
	assert.Equal(t, registration().ID, claims["consent_request_id"])
	assert.Equal(t, testNow.Add(-time.Hour).Format(time.RFC3339), claims["consent_checked_at"])
	assert.Equal(t, []Credential{registration(), membership()}, permission.Rests())

	t.Run("that the mandated professional recorded, or the responsible one", func(t *testing.T) {
		mandate := credentialOf("HealthCareProfessionalDelegationCredential", testPresenter, object{"registeredBy": "900000008", "roleCode": "01.046"})
		config := groundsConfig(GroundRegistration)
		config.Trust["delegation"] = []string{"holder"}
		mandated := newPolicy(t, config)
		byResponsible := registration()
		said("registeredConsent", object{"identifier": "900000008", "roleCode": "01.046"}, "recordedBy")(&byResponsible)
		for _, each := range []Credential{registration(), byResponsible} {
			_, err := establish(t, mandated, asked, presenting(mandate, each, membership()))
			require.NoError(t, err)
		}
		mixed := registration()
		said("registeredConsent", "01.046", "recordedBy", "roleCode")(&mixed)
		_, err := establish(t, mandated, asked, presenting(mandate, mixed, membership()))
		assertRefused(t, err, ReasonClaimContradiction, "registeredConsent.recordedBy.roleCode")
	})
}

func TestARegistrationThatIsWrong(t *testing.T) {
	p := newPolicy(t, groundsConfig(GroundRegistration, GroundClosedQuery))
	refused := func(t *testing.T, each breach, credentials ...Credential) {
		t.Helper()
		asked := permits(GroundClosedQuery)
		asked.sought = func() { t.Error("Mitz was asked") }
		_, err := establish(t, p, asked, presenting(credentials...))
		assertBreach(t, err, each)
	}
	for _, each := range registrationBreaches() {
		t.Run(each.name, func(t *testing.T) {
			wrong := registration()
			each.change(&wrong)
			refused(t, each, wrong, membership())
		})
	}
	for _, each := range membershipBreaches() {
		t.Run("with a membership "+each.name, func(t *testing.T) {
			wrong := membership()
			each.change(&wrong)
			refused(t, each, registration(), wrong)
		})
	}
	t.Run("without a membership", func(t *testing.T) {
		refused(t, breach{reason: ReasonClaimMissing, claim: "membership"}, registration())
	})
	t.Run("with two memberships", func(t *testing.T) {
		refused(t, breach{reason: ReasonClaimContradiction, claim: "membership"}, registration(), membership(), membership())
	})
	t.Run("doubled", func(t *testing.T) {
		refused(t, breach{reason: ReasonClaimContradiction, claim: "registeredConsent"}, registration(), registration(), membership())
	})
	t.Run("a membership alone is of no account", func(t *testing.T) {
		permission, err := establish(t, p, permits(GroundClosedQuery), presenting(membership()))
		require.NoError(t, err)
		assert.Equal(t, GroundClosedQuery, permission.Ground())
	})
}

func TestAnObjectionRefuses(t *testing.T) {
	say := func(value any, path ...string) func(*Credential) { return said("registeredConsent", value, path...) }
	for _, tc := range []struct {
		name   string
		change func(c *Credential)
		counts bool
	}{
		{"as it is", func(*Credential) {}, true},
		{"without a proof", func(c *Credential) { c.Signed = false }, true},
		{"of somebody else", func(c *Credential) { c.Issuer = testMitz }, true},
		{"too old to permit", say("2020-01-01T00:00:00Z", "recordedAt"), true},
		{"without a professional", say(nil, "recordedBy"), true},
		{"of a patient who cannot be read", say("somebody", "patient", "identifier"), true},
		{"that does not say about which data", say(nil, "dataCategory"), true},
		{"about some of the data", say([]any{"GGC013", "GGC002"}, "dataCategory"), true},
		{"of another patient", say(bsnIdentifier("999996630"), "patient", "identifier"), false},
		{"about other data", say([]any{"GGC013"}, "dataCategory"), false},
		{"at another data holder", say(uraIdentifier("00000660"), "dataHolder", "identifier"), false},
		{"for other kinds of requesters", say([]any{"V6"}, "requesterFacilityType"), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, ground := range GroundNames() {
				objection := objecting()
				tc.change(&objection)
				asked := permits(GroundClosedQuery)
				asked.sought = func() { assert.False(t, tc.counts, "Mitz was asked") }
				evidence := presenting(attestation(), objection, membership())
				permission, err := establish(t, newPolicy(t, groundsConfig(ground)), asked, evidence)
				if tc.counts {
					assertRefused(t, err, ReasonDenied)
				} else if ground != GroundRegistration {
					require.NoError(t, err)
					assert.Equal(t, ground, permission.Ground())
				} else {
					require.Error(t, err, "what is no objection here permits nothing either")
				}
			}
		})
	}
	t.Run("it wins over a permission beside it", func(t *testing.T) {
		permitted := registration()
		permitted.ID += "2"
		_, err := establish(t, newPolicy(t, groundsConfig(GroundRegistration)), permits(GroundClosedQuery), presenting(permitted, objecting(), membership()))
		assertRefused(t, err, ReasonDenied)
	})
	t.Run("it is told, and refuses when it cannot be", func(t *testing.T) {
		p := newPolicy(t, groundsConfig(GroundClosedQuery))
		c, err := p.Case(p.Profile("birth-care"), presenting(objecting()))
		require.NoError(t, err)
		grounds, err := NewGrounds(p, permits(GroundClosedQuery))
		require.NoError(t, err)
		told := &trail{}
		_, err = grounds.Establish(t.Context(), c, told)
		assertRefused(t, err, ReasonDenied)
		require.Len(t, told.ended, 1)
		assert.Equal(t, GroundRegistration, told.ended[0].Ground)
		assert.Equal(t, objecting().ID, told.ended[0].Finding.ID)
		_, err = grounds.Establish(t.Context(), c, &trail{unrecorded: errTrouble})
		require.ErrorIs(t, err, errTrouble)
	})
}

func TestGroundsAreConfigured(t *testing.T) {
	for _, tc := range []struct {
		name    string
		change  func(config *Config)
		problem string
	}{
		{"all three", func(*Config) {}, ""},
		{"nobody attests", func(c *Config) { delete(c.Trust, "attestation") }, `profiles[0].grounds: "mitz-attestation" needs trust.attestation`},
		{"nobody attests memberships", func(c *Config) { delete(c.Trust, "membership") }, `profiles[0].grounds: "consent-registration" needs trust.membership`},
		{"a ground twice", func(c *Config) { c.Profiles[0].Grounds = []string{"mitz-attestation", "mitz-attestation"} }, `profiles[0].grounds: "mitz-attestation" is given twice`},
		{"presumed consent", func(c *Config) { c.Profiles[0].Purpose = "COC" }, `profiles[0].grounds: "consent-registration" cannot be a ground for purpose COC`},
		{"no method", func(c *Config) { c.Registration.Identifications = []string{} }, `profiles[0].grounds: "consent-registration" needs registration.identifications`},
		{"no agreement", func(c *Config) { c.Registration.Agreements = []string{} }, `profiles[0].grounds: "consent-registration" needs registration.identifications and registration.agreements`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config := groundsConfig(GroundNames()...)
			tc.change(&config)
			p, err := New(config, noDefinitions)
			if tc.problem != "" {
				require.ErrorContains(t, err, tc.problem)
				return
			}
			require.NoError(t, err)
			assert.True(t, p.AsksMitz())
			assert.True(t, p.TakesRegistrations())
		})
	}
	t.Run("what is not configured has a default", func(t *testing.T) {
		assert.Equal(t, RegistrationConfig{Identifications: []string{"wid"}, Agreements: []string{"3.8"}, MaxAge: 168 * time.Hour},
			RegistrationConfig{}.withDefaults())
	})
	t.Run("an operator's definition must ask for what the grounds rest on", func(t *testing.T) {
		operators := func(ProfileConfig) (pe.WalletOwnerMapping, error) {
			return trustedDefinition(definition.NeededClaims()...), nil
		}
		_, err := New(groundsConfig(GroundAttestation, GroundRegistration), operators)
		for _, each := range definition.GroundTypes() {
			assert.ErrorContains(t, err, "profiles[0].presentationdefinition: no descriptor asks for a "+each)
		}
		_, err = New(groundsConfig(GroundClosedQuery), operators)
		require.NoError(t, err)
	})
	t.Run("none of them asks Mitz by itself", func(t *testing.T) {
		p := newPolicy(t, groundsConfig(GroundAttestation))
		assert.False(t, p.AsksMitz())
		assert.False(t, p.TakesRegistrations())
		assert.Equal(t, consent.PurposeTreatment, p.Profile("birth-care").Purpose)
	})
}
