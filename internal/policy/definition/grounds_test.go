// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package definition

import (
	"maps"
	"slices"
	"testing"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

const testMitz = "did:web:mitz.example"

// groundRules are rules of a profile whose grounds rest on these types.
func groundRules(t testing.TB, several bool, types ...string) Rules {
	rules := trusting(t, map[trust.Attribute][]string{
		trust.Organization: {testFingerprint + "::*"}, trust.FacilityType: {testVektis},
		trust.Practitioner: {"holder"}, trust.Enrollment: {"holder"},
		trust.Attestation: {testMitz}, trust.Membership: {testMitz},
	})
	rules.Grounds = Grounds{Types: types, Several: several}
	return rules
}

func memberAs(role string) object { return object{"membership": object{"role": role}} }

// TestAWalletIsServedByWhatItHolds: a stock wallet with the credentials of each of the three
// scenarios answers one definition, with what it has.
func TestAWalletIsServedByWhatItHolds(t *testing.T) {
	for name, in := range map[string]func(t testing.TB, credentialType, issuer string, subject object) vc.VerifiableCredential{
		"JWT": inJWT,
		"JSON-LD": func(t testing.TB, a, b string, c object) vc.VerifiableCredential {
			return inJSONLD(t, a, b, c, "JsonWebSignature2020")
		},
	} {
		t.Run(name, func(t *testing.T) {
			first := fourCredentials(t)
			attestation := in(t, TypeAttestation, testMitz, object{"attestedConsent": object{}})
			registration := in(t, TypeRegistration, testHolder, object{"registeredConsent": object{}})
			requester, registrar := in(t, TypeMembership, testMitz, memberAs("requester")), in(t, TypeMembership, testMitz, memberAs("registrar"))
			foreign := in(t, TypeAttestation, "did:web:other.example", object{"attestedConsent": object{}})
			whoAsks := []string{"enrollment", "facilitytype", "organization", "practitioner"}
			for _, tc := range []struct {
				name   string
				rules  Rules
				wallet []vc.VerifiableCredential
				chosen []string // besides who asks; nil with unserved: nothing
				served bool
			}{
				{"the first scenario's", groundRules(t, true, GroundTypes()...), nil, nil, true},
				{"the second scenario's", groundRules(t, true, GroundTypes()...), []vc.VerifiableCredential{foreign, attestation}, []string{"attestation"}, true},
				{"the third scenario's", groundRules(t, true, GroundTypes()...), []vc.VerifiableCredential{requester, registrar, registration}, []string{"membership", "registration"}, true},
				{"all of them", groundRules(t, true, GroundTypes()...), []vc.VerifiableCredential{attestation, registrar, registration}, []string{"attestation", "membership", "registration"}, true},
				{"an attestation where nothing else counts", groundRules(t, false, TypeAttestation), []vc.VerifiableCredential{attestation}, []string{"attestation"}, true},
				{"no attestation where nothing else counts", groundRules(t, false, TypeAttestation), []vc.VerifiableCredential{foreign}, nil, false},
				{"a registration without a membership where nothing else counts", groundRules(t, false, TypeRegistration, TypeMembership), []vc.VerifiableCredential{registration, requester}, nil, false},
				{"a registration where nothing else counts", groundRules(t, false, TypeRegistration, TypeMembership), []vc.VerifiableCredential{registration, registrar}, []string{"membership", "registration"}, true},
				{"what no ground rests on", groundRules(t, false), []vc.VerifiableCredential{attestation, registration, registrar}, nil, true},
			} {
				t.Run(tc.name, func(t *testing.T) {
					definition := builtin(t, tc.rules)
					matched, claims, err := chosen(t, definition, append(slices.Clone(first), tc.wallet...)...)
					if !tc.served {
						require.Error(t, err)
						return
					}
					require.NoError(t, err)
					assert.Equal(t, slices.Sorted(slices.Values(append(slices.Clone(whoAsks), tc.chosen...))), slices.Sorted(maps.Keys(matched)))
					if slices.Contains(tc.chosen, "attestation") {
						assert.Equal(t, testMitz+"#"+TypeAttestation, claims["mitz_attestation_id"], "by which a requester can select one")
					}
					assert.NotContains(t, claims, "attestedConsent")
				})
			}
		})
	}
}

// TestGroundsFitTheBoundsOfARequest: with every attribute and every ground there are as many
// descriptors as a submission may answer.
func TestGroundsFitTheBoundsOfARequest(t *testing.T) {
	rules := trusting(t, everybody())
	rules.Grounds = Grounds{Types: GroundTypes(), Several: true}
	definition := builtin(t, rules)
	assert.Len(t, definition.InputDescriptors, 8)
	assert.Len(t, definition.SubmissionRequirements, 8)
}

// fourCredentials are those of the first scenario, and of the measurements, in the order of the descriptors.
func fourCredentials(t testing.TB) []vc.VerifiableCredential {
	return []vc.VerifiableCredential{
		inJWT(t, TypeX509, testUZI, object{"subject": object{"O": "Midwives"}, "san": object{"otherName": testOtherName}}),
		inJWT(t, "HealthcareProviderRoleTypeCredential", testVektis, object{"roleCodeNL": "G3"}),
		inJSONLD(t, "NutsEmployeeCredential", testHolder, object{"identifier": "900000009", "roleName": "03.000"}),
		inJSONLD(t, "PatientEnrollmentCredential", testHolder, object{"patientId": "900186021", "registeredBy": "900000009"}),
	}
}
