// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"encoding/json"
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

func TestScopes(t *testing.T) {
	for _, tc := range []struct {
		name, scope string
		definition  string // scope whose definition is answered
		grants      []harness.Grant
		granted     string // the scope in the token, for which Mitz was asked once; empty: refused
	}{
		{"a blank scope is refused", "", birthCare, []harness.Grant{harness.VPToken, harness.JWTBearer}, ""},
		{"a scope of spaces is refused", "  ", birthCare, []harness.Grant{harness.VPToken, harness.JWTBearer}, ""},
		{"the same scope twice is one scope and one query", birthCare + " " + birthCare, birthCare, []harness.Grant{harness.JWTBearer}, birthCare},
		{"spaces around a scope do not hide it", " " + birthCare + " ", birthCare, []harness.Grant{harness.VPToken, harness.JWTBearer}, birthCare},
		{"a guarded scope is guarded beside an unguarded one", birthCare + " " + plain, birthCare, []harness.Grant{harness.JWTBearer}, birthCare + " " + plain},
		{"and the other way round", plain + " " + birthCare, birthCare, []harness.Grant{harness.JWTBearer}, plain + " " + birthCare},
		{"two guarded scopes are refused, with consent for both", birthCare + " " + results, birthCare, []harness.Grant{harness.VPToken, harness.JWTBearer}, ""},
		{"two guarded scopes are refused beside an unguarded one", plain + " " + results + " " + birthCare, birthCare, []harness.Grant{harness.JWTBearer}, ""},
		{"a scope that writes what the guarded one reads cannot be beside it", birthCare + " " + sly, birthCare, []harness.Grant{harness.JWTBearer}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, grant := range tc.grants {
				t.Run(string(grant), func(t *testing.T) {
					w := fresh(t)
					permit(t, w, patient, "00000659", "GGC002", "GGC012")
					a := newAttempt(t, w, grant)
					a.request.Scope, a.request.DefinitionScope = tc.scope, tc.definition
					answer := a.send()
					if tc.granted == "" {
						assertRefused(t, w, answer, "invalid_scope", "", 0)
						return
					}
					introspection := assertPermitted(t, w, answer)
					assert.Equal(t, tc.granted, introspection.Text("scope"))
					assert.Equal(t, true, introspection.Claims["mitz_consent"])
					assert.Len(t, w.Mitz.Queries(), 1)
				})
			}
		})
	}
	t.Run("a guarded scope beside an unguarded one needs consent", func(t *testing.T) {
		w := fresh(t)
		a := newAttempt(t, w, harness.JWTBearer)
		a.request.Scope, a.request.DefinitionScope = plain+" "+birthCare, birthCare
		assertRefused(t, w, a.send(), "access_denied", noConsent, 1)
	})
	t.Run("an unknown scope is the node's to refuse", func(t *testing.T) {
		w := fresh(t)
		a := newAttempt(t, w, harness.JWTBearer)
		a.request.Scope = birthCare + " nowhere"
		assertRefused(t, w, a.send(), "invalid_scope", "", 0)
	})
}

// TestUnguardedScopeIsAsOnTheStockNode asks the stock node and ours for the same token
// and compares everything that is not different by nature.
func TestUnguardedScopeIsAsOnTheStockNode(t *testing.T) {
	config := plainWorld()
	config.Profiles, config.ConfigureMitz = nil, nil
	config.Binaries = harness.Binaries{Mitz: binaries.Stock, Stock: binaries.Stock}
	stock := harness.StartWorld(t, config)
	unconfigured := plainWorld()
	unconfigured.Profiles, unconfigured.ConfigureMitz = nil, nil
	without := harness.StartWorld(t, unconfigured)

	ask := func(t *testing.T, w *harness.World, scope string, grant harness.Grant) (harness.Answer, map[string]any) {
		t.Helper()
		wallet, err := w.NewWallet()
		require.NoError(t, err)
		organization, err := w.Server.X509Credential(wallet.DID, harness.X509CredentialOptions{})
		require.NoError(t, err)
		answer, err := wallet.RequestToken(t.Context(), harness.TokenRequest{
			Issuer: w.Issuer(), Grant: grant, Scope: scope, DefinitionScope: plain, Credentials: []harness.Credential{organization},
		})
		require.NoError(t, err)
		if answer.Token() == "" {
			return answer, nil
		}
		introspection, err := w.DataHolder.Introspect(t.Context(), answer.Token())
		require.NoError(t, err)
		claims := maps.Clone(introspection.Claims)
		for _, byNature := range []string{"iss", "client_id", "iat", "exp"} {
			assert.Contains(t, claims, byNature)
			delete(claims, byNature)
		}
		return answer, claims
	}
	shape := func(answer harness.Answer) (keys []string) {
		var body map[string]any
		if json.Unmarshal(answer.Body, &body) == nil {
			for key := range maps.Keys(body) {
				keys = append(keys, key)
			}
		}
		return keys
	}
	bothGrants(t, func(t *testing.T, grant harness.Grant) {
		for _, scope := range []string{plain, plain + " " + plain, " " + plain, "nowhere"} {
			t.Run("scope "+scope, func(t *testing.T) {
				expected, expectedClaims := ask(t, stock, scope, grant)
				for name, w := range map[string]*harness.World{"with guarded scopes": fresh(t), "without a mitz section": without} {
					t.Run(name, func(t *testing.T) {
						answer, claims := ask(t, w, scope, grant)
						assert.Equal(t, expected.Status, answer.Status)
						assert.ElementsMatch(t, shape(expected), shape(answer))
						assert.Equal(t, expected.OAuthError(), answer.OAuthError())
						assert.Equal(t, expectedClaims, claims)
					})
				}
			})
		}
	})
	t.Run("none of it reached Mitz", func(t *testing.T) {
		assert.Zero(t, world.Mitz.Received())
	})
	t.Run("without a mitz section a blank scope is as on the stock node", func(t *testing.T) {
		expected, expectedClaims := ask(t, stock, "", harness.JWTBearer)
		answer, claims := ask(t, without, "", harness.JWTBearer)
		assert.Equal(t, expected.Status, answer.Status)
		assert.Equal(t, expectedClaims, claims)
	})
}

// TestOperatorsDefinition guards a scope with a definition from the node's own policy files.
func TestOperatorsDefinition(t *testing.T) {
	config := plainWorld()
	config.Profiles = append(config.Profiles, harness.MitzProfile{Scope: "own", Categories: []string{"GGC002"}, Purpose: "TREAT"})
	config.ConfigureMitz = func(section *harness.MitzConfig) {
		section.Timeout, section.Trust.Delegation = timeout, []string{"holder"}
	}
	config.ConfigureDataHolder = func(_ context.Context, w *harness.World, node *harness.NodeConfig) error {
		node.Policies = map[string]string{"own": operatorsMandatePolicy(w)}
		return nil
	}
	w := harness.StartWorld(t, config)
	permit(t, w, patient, "00000659", "GGC002")
	a := newAttempt(t, w, harness.VPToken)
	a.request.Scope = "own"
	a.request.Credentials = append(a.set.All(), a.wallet.Attest(a.wallet.DID, "HealthCareProfessionalDelegationCredential",
		map[string]any{"registeredBy": "900000008", "roleCode": "01.046"}))

	answer, err := a.wallet.RequestToken(t.Context(), a.request)

	require.NoError(t, err)
	assertPermitted(t, w, answer)
	queries := w.Mitz.Queries()
	require.Len(t, queries, 1)
	assert.Equal(t, "900000008", queries[0].Requester.Responsible.ID.Extension, "the delegating professional is responsible")
	assert.EqualValues(t, "01.046", queries[0].Requester.Responsible.Role)
	require.NotNil(t, queries[0].Requester.Mandated)
	assert.Equal(t, "900012345", queries[0].Requester.Mandated.Extension, "the acting professional is mandated")
}

// operatorsMandatePolicy is a definition of an operator's own, with a mandate.
func operatorsMandatePolicy(w *harness.World) string {
	type field = map[string]any
	descriptor := func(credentialType, issuer string, claims map[string]string) map[string]any {
		fields := []field{
			{"path": []string{"$.type"}, "filter": field{"type": "string", "const": credentialType}},
			{"path": []string{"$.issuer"}, "filter": field{"type": "string", "pattern": issuer}},
		}
		for id, name := range claims {
			paths := []string{"$.credentialSubject." + name, "$.credentialSubject[0]." + name}
			filter := field{"type": "string"}
			if id == "organization_ura" {
				filter["pattern"] = `^[0-9.]+-\d+-\d+-S-(\d+)-00\.000-\d+$`
			}
			fields = append(fields, field{"id": id, "path": paths, "filter": filter})
		}
		return map[string]any{"id": credentialType, "constraints": map[string]any{"fields": fields}}
	}
	policy, _ := json.Marshal(map[string]any{"own": map[string]any{"organization": map[string]any{
		"id": "own",
		"format": map[string]any{
			"jwt_vp": field{"alg": []string{"ES256"}}, "jwt_vc": field{"alg": []string{"ES256", "PS256"}},
			"ldp_vc": field{"proof_type": []string{"JsonWebSignature2020"}},
		},
		"input_descriptors": []any{
			descriptor(harness.TypeOrganization, "^"+w.UZI.DIDPrefix()+".+$", map[string]string{"organization_ura": "san.otherName"}),
			descriptor(harness.TypeFacility, "^"+w.Authority.DID+"$", map[string]string{"organization_facility_type": "roleCodeNL"}),
			descriptor(harness.TypeEmployee, "^did:web:", map[string]string{"user_id": "identifier", "user_role": "roleName"}),
			descriptor(harness.TypeEnrollment, "^did:web:", map[string]string{"patient_enrollment_identifier": "patientId"}),
			descriptor("HealthCareProfessionalDelegationCredential", "^did:web:",
				map[string]string{"delegation_registered_by": "registeredBy", "delegation_role_code": "roleCode"}),
		},
	}}})
	return string(policy)
}
