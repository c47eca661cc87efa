// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package definition

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/nuts-foundation/go-did/did"
	"github.com/nuts-foundation/go-did/vc"
	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

const (
	testHolder    = "did:web:clinic.example:iam:midwives"
	testOtherName = "2.16.528.1.1007.99.2110-1-900020000-S-12345678-00.000-08001234"
)

type object = map[string]any

// trusting returns rules with this trust.
func trusting(t testing.TB, entries map[trust.Attribute][]string) Rules {
	t.Helper()
	rules := Rules{Trust: map[trust.Attribute]trust.Issuers{}}
	for attribute, texts := range entries {
		issuers, err := trust.Parse(texts)
		require.NoError(t, err)
		rules.Trust[attribute] = issuers
	}
	return rules
}

// everybody is trust with which every form is accepted.
func everybody() map[trust.Attribute][]string {
	ca := testFingerprint + "::*"
	return map[trust.Attribute][]string{
		trust.Organization: {ca, testVektis},
		trust.FacilityType: {testVektis},
		trust.Practitioner: {testVektis, "dezi"},
		trust.Enrollment:   {"holder", ca},
		trust.Delegation:   {"holder", ca},
	}
}

func builtin(t testing.TB, rules Rules) pe.PresentationDefinition {
	t.Helper()
	mapping, err := rules.Builtin()
	require.NoError(t, err)
	require.Len(t, mapping, 1)
	return mapping[pe.WalletOwnerOrganization]
}

// inJSONLD returns a credential as a wallet holds it; proofs have these types, none: it is
// attested by whoever presents it.
func inJSONLD(t testing.TB, credentialType, issuer string, subject object, proofs ...string) vc.VerifiableCredential {
	t.Helper()
	credential := object{
		"@context": []string{"https://www.w3.org/2018/credentials/v1"}, "id": issuer + "#" + credentialType,
		"type": []string{"VerifiableCredential", credentialType}, "issuer": issuer, "issuanceDate": "2026-01-01T00:00:00Z",
		"credentialSubject": withID(subject),
	}
	for _, proof := range proofs {
		credential["proof"] = object{"type": proof}
	}
	content, err := json.Marshal(credential)
	require.NoError(t, err)
	return parsed(t, string(content))
}

// inJWT returns the same as a JWT, with a signature that nobody looks at.
func inJWT(t testing.TB, credentialType, issuer string, subject object) vc.VerifiableCredential {
	t.Helper()
	part := func(value object) string {
		content, err := json.Marshal(value)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(content)
	}
	return parsed(t, part(object{"alg": "PS256", "typ": "JWT"})+"."+part(object{
		"iss": issuer, "sub": testHolder, "jti": issuer + "#" + credentialType, "nbf": 1767225600,
		"vc": object{
			"@context": []string{"https://www.w3.org/2018/credentials/v1"}, "type": []string{"VerifiableCredential", credentialType},
			"credentialSubject": withID(subject),
		},
	})+"."+base64.RawURLEncoding.EncodeToString([]byte("signature")))
}

func withID(subject object) object {
	subject = maps.Clone(subject)
	subject["id"] = testHolder
	return subject
}

func parsed(t testing.TB, text string) vc.VerifiableCredential {
	t.Helper()
	credential, err := vc.ParseVerifiableCredential(text)
	require.NoError(t, err)
	return *credential
}

// chosen are the credentials that a stock wallet chooses, by descriptor, and the claims that
// the node at the other side reads from them.
func chosen(t testing.TB, definition pe.PresentationDefinition, wallet ...vc.VerifiableCredential) (map[string]vc.VerifiableCredential, map[string]any, error) {
	t.Helper()
	builder := definition.PresentationSubmissionBuilder()
	builder.AddWallet(did.MustParseDID(testHolder), wallet)
	_, instruction, err := builder.Build(vc.JWTPresentationProofFormat)
	if err != nil {
		return nil, nil, err
	}
	credentials := map[string]vc.VerifiableCredential{}
	for i, mapping := range instruction.Mappings {
		credentials[mapping.Id] = instruction.VerifiableCredentials[i]
	}
	claims, err := definition.ResolveConstraintsFields(credentials)
	return credentials, claims, err
}

// shape is one way in which an attribute is shown, and the claims that the node reads.
type shape struct {
	name       string
	credential func(t testing.TB) vc.VerifiableCredential
	claims     map[string]any
}

func jsonld(credentialType, issuer string, subject object, proofs ...string) func(t testing.TB) vc.VerifiableCredential {
	return func(t testing.TB) vc.VerifiableCredential {
		return inJSONLD(t, credentialType, issuer, subject, proofs...)
	}
}

func jwt(credentialType, issuer string, subject object) func(t testing.TB) vc.VerifiableCredential {
	return func(t testing.TB) vc.VerifiableCredential { return inJWT(t, credentialType, issuer, subject) }
}

// shapes are all forms of all attributes.
func shapes() map[trust.Attribute][]shape {
	const signed = "JsonWebSignature2020"
	organization := func(ura any) object { return object{"organization": object{"ura": ura, "name": "Midwives"}} }
	named := func(ura, name any) map[string]any {
		return map[string]any{ClaimOrganizationURA: ura, ClaimOrganizationName: name}
	}
	identifiers := []any{object{"system": "http://fhir.nl/fhir/NamingSystem/agb-z", "value": "08001234"}, object{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "12345678"}}
	employee := object{"identifier": "900000009", "roleName": "03.000"}
	worker := object{"identifier": "12345678", "employee": object{"identifier": "900000009", "role": "03.000"}}
	user := map[string]any{ClaimUserID: "900000009", ClaimUserRole: "03.000"}
	flat := object{"patientId": "900186021", "registeredBy": "900000009"}
	nested := object{"hasEnrollment": object{"patient": object{"identifier": identifiers}, "enrolledBy": object{"identifier": "900000009"}}}
	mandate := object{"registeredBy": "900000008", "roleCode": "01.046"}
	guides := object{"hasDelegation": object{"delegatedBy": object{"identifier": "900000008"}, "roleCode": "01.046"}}
	mandated := map[string]any{ClaimDelegationRegisteredBy: "900000008", ClaimDelegationRoleCode: "01.046"}
	return map[trust.Attribute][]shape{
		trust.Organization: {
			{"a server certificate's own", jwt(TypeX509, testUZI, object{"subject": object{"O": "Midwives"}, "san": object{"otherName": testOtherName}}), named("12345678", "Midwives")},
			{"a registrar's", jsonld(TypeNutsURA, testVektis, organization("12345678"), signed), named("12345678", "Midwives")},
			{"a registrar's with a system", jsonld(TypeNutsURA, testVektis, organization("http://fhir.nl/fhir/NamingSystem/ura|12345678"), signed),
				named("http://fhir.nl/fhir/NamingSystem/ura|12345678", "Midwives")},
			{"under a certificate", jwt(TypeNutsURA, testUZI, organization("12345678")), named("12345678", "Midwives")},
			{"the toolkit's", jwt(TypeHealthcareOrganization, testUZI, organization("12345678")), named("12345678", "Midwives")},
			{"the guide's, with a list", jwt(TypeHealthcareProvider, testUZI, object{"identifier": identifiers}), named(nil, nil)},
			{"the guide's, with an object", jwt(TypeHealthcareProvider, testUZI, object{"identifier": identifiers[1]}), named(nil, nil)},
			{"the guide's, with a text", jwt(TypeHealthcareProvider, testUZI, object{"identifier": "12345678"}), named(nil, nil)},
		},
		trust.FacilityType: {
			{"an authority's", jsonld("HealthcareProviderRoleTypeCredential", testVektis, object{"roleCodeNL": "G3"}, signed), map[string]any{ClaimOrganizationFacilityType: "G3"}},
			{"an authority's JWT", jwt("HealthcareProviderRoleTypeCredential", testVektis, object{"roleCodeNL": "G3"}), map[string]any{ClaimOrganizationFacilityType: "G3"}},
		},
		trust.Practitioner: {
			{"a registrar's", jsonld("NutsEmployeeCredential", testVektis, employee, signed), user},
			{"Dezi's", jsonld(TypeDezi, "https://auth.dezi.example", worker, proofDezi), user},
			{"Dezi's, with whatever issuer", jsonld(TypeDezi, "did:web:somebody.example", worker, proofDezi), user},
		},
		trust.Enrollment: {
			{"the pilots'", jsonld("PatientEnrollmentCredential", testHolder, flat), map[string]any{ClaimEnrollmentIdentifier: "900186021", ClaimEnrollmentRegisteredBy: "900000009"}},
			{"the guide's, under a pass", jwt("PatientEnrollmentCredential", testUZI, nested),
				map[string]any{ClaimEnrollmentIdentifier: identifiers, ClaimEnrollmentRegisteredBy: object{"identifier": "900000009"}}},
		},
		trust.Delegation: {
			{"none", nil, nil},
			{"the pilots'", jsonld("HealthCareProfessionalDelegationCredential", testHolder, mandate), mandated},
			{"the pilots' under the guide's name", jsonld("HealthcareProfessionalDelegationCredential", testHolder, mandate), mandated},
			{"the guide's, under a pass", jwt("HealthcareProfessionalDelegationCredential", testUZI, guides), mandated},
		},
	}
}

// decoys are credentials that a wallet holds too, and must not choose.
func decoys(t testing.TB) []vc.VerifiableCredential {
	const signed, somebody = "JsonWebSignature2020", "did:web:somebody.example"
	pass := func(kindAndRest string) object {
		return object{"subject": object{"CN": "A. Midwife"}, "san": object{"otherName": "2.16.528.1.1007.99.217-1-900000009-" + kindAndRest}}
	}
	return []vc.VerifiableCredential{
		inJWT(t, TypeX509, testUZI, pass("Z-12345678-03.000-00000000")),
		inJWT(t, TypeX509, testUZI, pass("N-12345678-00.000-00000000")),
		inJSONLD(t, TypeNutsURA, somebody, object{"organization": object{"ura": "87654321"}}, signed),
		inJSONLD(t, "HealthcareProviderRoleTypeCredential", somebody, object{"roleCodeNL": "V6"}, signed),
		inJSONLD(t, "NutsEmployeeCredential", somebody, object{"identifier": "1", "roleName": "01.015"}, signed),
		inJSONLD(t, "NutsEmployeeCredential", testHolder, object{"identifier": "1", "roleName": "01.015"}),
		inJSONLD(t, TypeDezi, somebody, object{"employee": object{"identifier": "1", "role": "01.015"}}, signed),
		inJSONLD(t, "PatientEnrollmentCredential", testHolder, object{"patient": "900186021"}),
		inJSONLD(t, "SomeOtherCredential", testVektis, object{"roleCodeNL": "V6", "identifier": "1", "roleName": "01.015"}, signed),
	}
}

// TestAStockWalletChoosesEveryForm lets the node's own wallet choose from every mixture of
// forms, with what it must not choose before and behind them.
func TestAStockWalletChoosesEveryForm(t *testing.T) {
	definition := builtin(t, trusting(t, everybody()))
	all := shapes()
	for i, organization := range all[trust.Organization] {
		facility := all[trust.FacilityType][i%2]
		for _, practitioner := range all[trust.Practitioner] {
			for _, enrollment := range all[trust.Enrollment] {
				for _, delegation := range all[trust.Delegation] {
					shown := []shape{organization, facility, practitioner, enrollment, delegation}
					name := fmt.Sprintf("%s, %s, %s, %s, %s", organization.name, facility.name, practitioner.name, enrollment.name, delegation.name)
					t.Run(name, func(t *testing.T) { assertChosen(t, definition, shown) })
				}
			}
		}
	}
}

func assertChosen(t *testing.T, definition pe.PresentationDefinition, shown []shape) {
	t.Helper()
	expected := map[string]string{}
	claims := map[string]any{}
	var right []vc.VerifiableCredential
	for i, each := range shown {
		if each.credential == nil {
			continue
		}
		credential := each.credential(t)
		right = append(right, credential)
		expected[string(trust.Attributes()[i])] = credential.Raw()
		maps.Copy(claims, each.claims)
	}
	for _, wallet := range [][]vc.VerifiableCredential{append(decoys(t), right...), append(slices.Clone(right), decoys(t)...)} {
		credentials, read, err := chosen(t, definition, wallet...)
		require.NoError(t, err)
		raw := map[string]string{}
		for descriptor, credential := range credentials {
			raw[descriptor] = credential.Raw()
		}
		assert.Equal(t, expected, raw)
		assert.Equal(t, claims, read)
	}
}

func TestAWalletWithSeveralFormsChoosesOneOfEach(t *testing.T) {
	definition := builtin(t, trusting(t, everybody()))
	var wallet []vc.VerifiableCredential
	for _, ways := range shapes() {
		for _, way := range ways {
			if way.credential != nil {
				wallet = append(wallet, way.credential(t))
			}
		}
	}
	credentials, _, err := chosen(t, definition, wallet...)
	require.NoError(t, err)
	for _, attribute := range []trust.Attribute{trust.Organization, trust.FacilityType, trust.Practitioner, trust.Enrollment, trust.Delegation} {
		form, known := FormOf(typesOf(credentials[string(attribute)]))
		assert.True(t, known)
		assert.Equal(t, attribute, form.Attribute)
	}
	assert.Len(t, credentials, 5)
}

func typesOf(credential vc.VerifiableCredential) (types []string) {
	for _, each := range credential.Type {
		types = append(types, each.String())
	}
	return types
}

func TestAWalletWithoutAnAttributeChoosesNothing(t *testing.T) {
	definition := builtin(t, trusting(t, everybody()))
	for _, missing := range []trust.Attribute{trust.Organization, trust.FacilityType, trust.Practitioner, trust.Enrollment} {
		t.Run(string(missing), func(t *testing.T) {
			wallet := decoys(t)
			for attribute, ways := range shapes() {
				if attribute != missing && ways[0].credential != nil {
					wallet = append(wallet, ways[0].credential(t))
				}
			}
			_, _, err := chosen(t, definition, wallet...)
			assert.ErrorIs(t, err, pe.ErrNoCredentials)
		})
	}
}

// TestWhatABuiltinDefinitionAsks shows what of the template is left, by trust.
func TestWhatABuiltinDefinitionAsks(t *testing.T) {
	descriptorOf := func(t *testing.T, rules Rules, attribute trust.Attribute) Descriptor {
		t.Helper()
		mapping, err := rules.Builtin()
		require.NoError(t, err)
		for _, each := range Descriptors(mapping) {
			if each.Id == string(attribute) {
				return each
			}
		}
		require.Fail(t, "it is not asked")
		return Descriptor{}
	}
	with := func(t *testing.T, attribute trust.Attribute, entries ...string) Rules {
		t.Helper()
		trusted := everybody()
		trusted[attribute] = entries
		return trusting(t, trusted)
	}
	t.Run("without a choice everything is needed, and nothing says so", func(t *testing.T) {
		rules := with(t, trust.Delegation)
		definition := builtin(t, rules)
		assert.Len(t, definition.InputDescriptors, 4)
		assert.Empty(t, definition.SubmissionRequirements)
		assert.Empty(t, definition.InputDescriptors[0].Group)
		rules.TypesConfigured = true
		assert.Len(t, builtin(t, rules).SubmissionRequirements, 4, "a facility type is not needed any more")
	})
	t.Run("types that nobody who is trusted can issue are not asked", func(t *testing.T) {
		assert.Equal(t, []string{TypeNutsURA}, descriptorOf(t, with(t, trust.Organization, testVektis), trust.Organization).Types())
		assert.Equal(t, []string{TypeX509, TypeNutsURA, TypeHealthcareProvider, TypeHealthcareOrganization}, descriptorOf(t, with(t, trust.Organization, testUZI), trust.Organization).Types())
		assert.Equal(t, []string{TypeDezi}, descriptorOf(t, with(t, trust.Practitioner, "dezi"), trust.Practitioner).Types())
	})
	t.Run("nor are their claims looked for", func(t *testing.T) {
		employee := descriptorOf(t, with(t, trust.Practitioner, testVektis), trust.Practitioner)
		assert.Equal(t, []string{"$.credentialSubject[0].identifier", "$.credentialSubject.identifier"}, employee.Constraints.Fields[2].Path)
	})
	t.Run("an issuer is demanded where the trust names one", func(t *testing.T) {
		assert.Equal(t, []string{testVektis}, descriptorOf(t, with(t, trust.FacilityType, testVektis), trust.FacilityType).IssuerFilters())
		assert.Equal(t, []string{`^(?:did:web:vektis\.example:.+)$`}, descriptorOf(t, with(t, trust.FacilityType, testVektis+":*"), trust.FacilityType).IssuerFilters())
		assert.Empty(t, descriptorOf(t, with(t, trust.Practitioner, "holder", testVektis), trust.Practitioner).IssuerFilters(), "of the presenter no definition can")
		assert.Empty(t, descriptorOf(t, with(t, trust.Practitioner, "dezi"), trust.Practitioner).IssuerFilters(), "what a credential of Dezi names proves nothing")
	})
	t.Run("claims have the profile's names", func(t *testing.T) {
		rules := trusting(t, everybody())
		rules.Names = Names{ClaimUserID: "subject_id"}
		assert.Contains(t, descriptorOf(t, rules, trust.Practitioner).ids(), "subject_id")
		assert.NotContains(t, descriptorOf(t, rules, trust.Practitioner).ids(), ClaimUserID)
	})
	t.Run("an attribute that nobody may attest is an error", func(t *testing.T) {
		_, err := with(t, trust.Enrollment).Builtin()
		assert.ErrorContains(t, err, "trust.enrollment: nobody is trusted who can attest it")
	})
	t.Run("every form has a place in the template for each of its claims", func(t *testing.T) {
		for _, form := range Forms() {
			descriptor := descriptorOf(t, trusting(t, everybody()), form.Attribute)
			for claim, places := range form.Claims {
				if claim == ClaimOrganizationURA && slices.Contains(form.Types, TypeHealthcareProvider) {
					continue // may be an object: see builtinTemplate
				}
				assert.True(t, slices.ContainsFunc(descriptor.Constraints.Fields, func(field pe.Field) bool {
					return field.Id != nil && *field.Id == claim && slices.ContainsFunc(field.Path, func(path string) bool { return form.has(claim, path) })
				}), "%s of %s at any of %s", claim, form.Types[0], places)
			}
		}
	})
}
