// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"testing"
	"time"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

// claimsAlone are the claims of the valid evidence, from a decision point.
func claimsAlone() Evidence {
	evidence := validEvidence()
	evidence.Basis, evidence.Credentials = BasisClaims, nil
	return evidence
}

func TestNothingRestsOnClaimsThatNobodyVerified(t *testing.T) {
	proven, attesting := trustedDefinition(definition.NeededClaims()...), trustedDefinition(definition.NeededClaims()...)
	attestation := trustedDefinition("other")[pe.WalletOwnerOrganization].InputDescriptors[0]
	attestation.Id, attestation.Constraints.Fields[1].Filter.Enum = "two", []string{definition.TypeAttestation}
	whole := attesting[pe.WalletOwnerOrganization]
	whole.InputDescriptors = append(whole.InputDescriptors, attestation)
	attesting[pe.WalletOwnerOrganization] = whole
	for _, tc := range []struct {
		name       string
		definition pe.WalletOwnerMapping
		change     func(*ProfileConfig)
		problem    string // empty: there is none
	}{
		{"a definition that says who attests what", proven, nil, ""},
		{"the built-in definition, with a whole CA", nil, nil, "profiles[0].presentationdefinition: descriptor"},
		{"no ground for claims", attesting, func(c *ProfileConfig) { c.Grounds = []string{"mitz-attestation"} }, "profiles[0].grounds: claims alone establish none of them"},
		{"an age of enrolments", proven, func(c *ProfileConfig) { c.EnrollmentMaxAge = time.Hour }, "profiles[0].enrollmentmaxage: claims alone do not tell"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config := validConfig()
			config.Strict, config.Profiles = true, config.Profiles[:1]
			config.Trust["attestation"] = []string{testMitz}
			if tc.change != nil {
				tc.change(&config.Profiles[0])
			}
			p, err := New(config, func(ProfileConfig) (pe.WalletOwnerMapping, error) { return tc.definition, nil })
			require.NoError(t, err, "the token endpoint can do with it")
			_, caseErr := p.Case(p.Profile("birth-care"), claimsAlone())
			if tc.problem == "" {
				require.NoError(t, p.CheckAlone())
				require.NoError(t, caseErr)
				return
			}
			require.ErrorContains(t, p.CheckAlone(), tc.problem)
			assertRefused(t, caseErr, ReasonClaimUntrusted)
		})
	}
	t.Run("outside strict mode anything goes, and the check tells what", func(t *testing.T) {
		p := newPolicy(t, validConfig())
		_, err := p.Case(p.Profile("birth-care"), claimsAlone())
		require.NoError(t, err)
		require.ErrorContains(t, p.CheckAlone(), "profiles[1].presentationdefinition")
	})
}

func TestClaimsAloneAreThoseOfTheDefinition(t *testing.T) {
	without := func(claim string) pe.WalletOwnerMapping {
		return trustedDefinition(filter(definition.NeededClaims(), func(each string) bool { return each != claim })...)
	}
	for _, tc := range []struct {
		name       string
		types      map[string]string // of organisations, by configuration
		definition pe.WalletOwnerMapping
		change     func(claims map[string]any)
		reason     Reason // empty: there is a question
		claims     []string
	}{
		{"a mandate that the definition does not give", nil, trustedDefinition(definition.NeededClaims()...), func(claims map[string]any) {
			claims["delegation_registered_by"], claims["delegation_role_code"] = "900000008", "01.046"
		}, ReasonClaimUntrusted, []string{"delegation_registered_by", "delegation_role_code"}},
		{"what nobody reads", nil, trustedDefinition(definition.NeededClaims()...), func(claims map[string]any) { claims["something"] = "else" }, "", nil},
		{"a type that the definition does not give, and the list does not have", map[string]string{"00000001": "Z3"}, without("organization_facility_type"),
			func(map[string]any) {}, ReasonClaimMissing, []string{"organization_facility_type"}},
		{"a type that the list has too", map[string]string{"12345678": "G3"}, without("organization_facility_type"), func(map[string]any) {}, "", nil},
		{"a type that the list has otherwise", map[string]string{"12345678": "V6"}, without("organization_facility_type"),
			func(map[string]any) {}, ReasonClaimContradiction, []string{"organization_facility_type"}},
		{"consent", nil, trustedDefinition(definition.NeededClaims()...), func(claims map[string]any) { claims["mitz_consent"] = true }, ReasonReservedClaim, []string{"mitz_consent"}},
		{"the key of a token", nil, trustedDefinition(definition.NeededClaims()...), func(claims map[string]any) { claims["cnf"] = "x" }, ReasonReservedClaim, []string{"cnf"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config := validConfig()
			config.Strict, config.Profiles, config.FacilityTypes = true, config.Profiles[:1], tc.types
			p, err := New(config, func(ProfileConfig) (pe.WalletOwnerMapping, error) { return tc.definition, nil })
			require.NoError(t, err)
			evidence := claimsAlone()
			tc.change(evidence.Claims)
			c, err := p.Case(p.Profile("birth-care"), evidence)
			if tc.reason == "" {
				require.NoError(t, err)
				assert.NoError(t, c.Question().Validate())
				return
			}
			assertRefused(t, err, tc.reason, tc.claims...)
		})
	}
}

func TestADecisionIsAboutAGuardedScope(t *testing.T) {
	p := newPolicy(t, validConfig())
	for _, tc := range []struct {
		tokenScope, scope string
		decided           bool
	}{
		{"birth-care", "birth-care", true},
		{"birth-care", "openid", true},
		{"birth-care", "medication", false},
		{"birth-care", "", false},
		{"birth-care", "birth-care medication", false},
		{"birth-care", "medication\t", false},
		{"birth-care medication", "birth-care", false},
		{"openid", "openid", false},
		{"openid", "birth-care", false},
		{"", "birth-care", false},
	} {
		profile, err := p.ScreenDecision(tc.tokenScope, tc.scope)
		if tc.decided {
			require.NoError(t, err)
			assert.Equal(t, tc.tokenScope, profile.Scope)
			continue
		}
		assertRefused(t, err, ReasonScope)
		assert.Nil(t, profile)
	}
}
