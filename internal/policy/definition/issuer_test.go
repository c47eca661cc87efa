// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package definition

import (
	"testing"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// practitionerWith is a definition without faults, but for what a test gives to the
// descriptor of the practitioner.
func practitionerWith(fields ...pe.Field) *checked {
	return complete().without("user").adding(describe("id_user", append(fields, claimField(ClaimUserID), claimField(ClaimUserRole))...))
}

func TestCheckDefinitionIssuers(t *testing.T) {
	const employee = "NutsEmployeeCredential"
	str := func(f pe.Filter) pe.Filter { f.Type = "string"; return f }
	at := func(path ...string) pe.Field { return pe.Field{Path: path, Filter: namedIssuer().Filter} }
	proven, loose := "^did:web:issuer\\.example$", ".*"
	optional := namedIssuer()
	optional.Optional = ptr(true)
	required := namedIssuer()
	required.Optional = ptr(false)

	for _, tc := range []struct {
		name   string
		field  pe.Field
		reason string // empty: proven
	}{
		{"a const with a DID is proven", issuerField(str(pe.Filter{Const: &someIssuer})), ""},
		{"a const with a did:x509 of one certificate is proven", issuerField(str(pe.Filter{Const: ptr(testUZI)})), ""},
		{"an enum of DIDs is proven", issuerField(str(pe.Filter{Enum: []string{someIssuer, testUZI}})), ""},
		{"a proven pattern is", issuerField(str(pe.Filter{Pattern: &proven})), ""},
		{"the path in brackets is the same", at("$['issuer']"), ""},
		{"all spellings of the path together are too", at("$.issuer", "$['issuer']"), ""},
		{"a constraint that says it is not optional is proven", required, ""},
		{"a proven const needs no proven pattern: the node checks both", issuerField(str(pe.Filter{Const: &someIssuer, Pattern: &loose})), ""},
		{"a proven pattern needs no proven const: the node checks both", issuerField(str(pe.Filter{Const: ptr("x"), Pattern: &proven})), ""},

		{"no constraint", claimField("other"), "nothing constrains the issuer; add a field with the path $.issuer"},
		{"no filter", pe.Field{Path: []string{"$.issuer"}}, "has no filter"},
		{"a filter with a type alone", issuerField(str(pe.Filter{})), "lets every issuer pass"},
		{"an optional constraint", optional, `the constraint on the issuer is optional; leave out "optional"`},
		{"one path of several", at("$.issuer", "$.credentialSubject.by"), "other paths too"},
		{"another path", at("$.credentialSubject.issuer"), "nothing constrains the issuer"},
		{"a path below the issuer", at("$.issuer.id"), "nothing constrains the issuer"},
		{"a path with a wildcard", at("$..issuer"), "nothing constrains the issuer"},
		{"no path at all", at(), "nothing constrains the issuer"},
		{"a filter of another type", issuerField(pe.Filter{Type: "array", Const: &someIssuer}), `has the type "array"; make it "string"`},
		{"a filter without a type", issuerField(pe.Filter{Const: &someIssuer}), `has the type ""`},
		{"an empty enum", issuerField(str(pe.Filter{Enum: []string{}})), "an empty enum"},
		{"an enum with one that is no DID", issuerField(str(pe.Filter{Enum: []string{someIssuer, "issuer.example"}})), `the enum of the filter on the issuer has "issuer.example", which is no DID`},
		{"an enum beside a proven const: the node looks at the enum alone", issuerField(str(pe.Filter{Enum: []string{"x"}, Const: &someIssuer})), `has "x"`},
		{"an enum beside a proven pattern", issuerField(str(pe.Filter{Enum: []string{"x"}, Pattern: &proven})), `has "x"`},
		{"a const that is a word of the trust", issuerField(str(pe.Filter{Const: ptr("holder")})), `has "holder"`},
		{"a const that is a prefix", issuerField(str(pe.Filter{Const: ptr("did:web:issuer.example:*")})), "which is no DID"},
		{"a const that is a did:x509 without its CA", issuerField(str(pe.Filter{Const: ptr("did:x509:0:sha256:short::san:x")})), "CA's whole fingerprint"},
		{"a const and a pattern that are both loose", issuerField(str(pe.Filter{Const: ptr("x"), Pattern: &loose})), `has "x"`},
		{"a loose pattern", issuerField(str(pe.Filter{Pattern: ptr("did:web:issuer.example")})), `does not begin with ^, so it matches in the middle of a name; write the pattern ^did:web:issuer\.example$`},
		{"a pattern that lets all pass", issuerField(str(pe.Filter{Pattern: &loose})), suggestPattern},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := practitionerWith(typeField(employee), tc.field)
			if tc.reason == "" {
				require.NoError(t, c.check())
				assert.Empty(t, c.sources, "the definition decides")
				return
			}
			err := c.check()
			assert.ErrorContains(t, err, `descriptor "id_user" (organization): it is not proven who attests user_id, user_role: `)
			assert.ErrorContains(t, err, tc.reason)
			assert.ErrorContains(t, err, "or name in trust.practitioner who may attest it")
		})
	}
	t.Run("one proven field is enough: all fields must match", func(t *testing.T) {
		assert.NoError(t, practitionerWith(typeField(employee), optional, namedIssuer(), issuerField(str(pe.Filter{Pattern: &loose}))).check())
	})
	t.Run("a descriptor that feeds nothing may have any issuer", func(t *testing.T) {
		assert.NoError(t, complete().adding(describe("free", claimField("other"))).check())
	})
	t.Run("a descriptor in the user's wallet is checked too", func(t *testing.T) {
		c := complete().without("user").inUserWallet(describe("u", typeField(employee), claimField(ClaimUserID), claimField(ClaimUserRole)))
		assert.ErrorContains(t, c.check(), `descriptor "u" (user): it is not proven`)
	})
	t.Run("an optional claim needs a proven issuer too", func(t *testing.T) {
		mandate := claimField(ClaimDelegationRoleCode)
		mandate.Optional = ptr(true)
		assert.ErrorContains(t, complete().adding(describe("mandate", mandate)).check(), `descriptor "mandate"`)
	})
	t.Run("the profile's own name of a claim is looked at", func(t *testing.T) {
		c := complete().adding(describe("sly", claimField("subject_mandate")))
		assert.NoError(t, c.check())
		c.Names = map[string]string{ClaimDelegationRoleCode: "subject_mandate"}
		assert.ErrorContains(t, c.check(), `descriptor "sly" (organization): it is not proven who attests subject_mandate`)
	})
}

func TestCheckDefinitionDezi(t *testing.T) {
	for name, typed := range map[string]pe.Field{
		"without a type":          claimField("other"),
		"with the type of all":    typeField("VerifiableCredential"),
		"with an optional type":   {Path: []string{"$.type"}, Filter: typeField("x").Filter, Optional: ptr(true)},
		"with a pattern for type": {Path: []string{"$.type"}, Filter: &pe.Filter{Type: "string", Pattern: ptr("Credential$")}},
	} {
		t.Run("a named issuer proves nothing "+name+": a credential of Dezi's type names anyone", func(t *testing.T) {
			assert.ErrorContains(t, practitionerWith(typed, namedIssuer()).check(), "it takes any type of credential")
		})
	}
	t.Run("a named issuer proves nothing of a Dezi credential", func(t *testing.T) {
		assert.ErrorContains(t, practitionerWith(typeField("NutsEmployeeCredential", TypeDezi), namedIssuer()).check(), "only Dezi's attestation in it counts")
	})
	dezi := func(idPath, rolePath string) *checked {
		id, role := claimField(ClaimUserID), claimField(ClaimUserRole)
		id.Path, role.Path = []string{idPath}, []string{rolePath}
		return complete().without("user").adding(describe("id_user", typeField(TypeDezi), id, role)).trusting(t, trust.Practitioner, "dezi")
	}
	t.Run("trust in Dezi stands in", func(t *testing.T) {
		c := dezi("$.credentialSubject[0].employee.identifier", "$.credentialSubject.employee.role")
		require.NoError(t, c.check())
		assert.Equal(t, Sources{TypeDezi: trust.Practitioner}, c.sources)
	})
	t.Run("but not for what Dezi does not attest", func(t *testing.T) {
		err := dezi("$.credentialSubject[0].employee.identifier", "$.credentialSubject[0].roleName").check()
		assert.ErrorContains(t, err, "Dezi does not attest what user_role reads from $.credentialSubject[0].roleName")
		assert.NotContains(t, err.Error(), "user_id")
	})
}

func TestCheckDefinitionTrustStandsIn(t *testing.T) {
	free := func(id string, types []string, claims ...string) *pe.InputDescriptor {
		d := describe(id, typeField(types...))
		for _, claim := range claims {
			d.Constraints.Fields = append(d.Constraints.Fields, claimField(claim))
		}
		return d
	}
	t.Run("for every type that the descriptor takes", func(t *testing.T) {
		c := complete().without("user").adding(free("u", []string{"A", "B"}, ClaimUserID, ClaimUserRole)).trusting(t, trust.Practitioner, "holder")
		require.NoError(t, c.check())
		assert.Equal(t, Sources{"A": trust.Practitioner, "B": trust.Practitioner}, c.sources)
	})
	for _, tc := range []struct {
		name, hint string
		checked    *checked
	}{
		{"not for a descriptor of claims of two attributes", "give the claims of practitioner, enrollment in a descriptor each",
			complete().without("user", "patient").adding(free("u", []string{"A"}, ClaimUserID, ClaimUserRole, ClaimEnrollmentIdentifier))},
		{"not for one that takes any type", "let a field with the path $.type",
			complete().without("user").adding(free("u", nil, ClaimUserID, ClaimUserRole))},
		{"not for one that takes the type of all", "let a field with the path $.type",
			complete().without("user").adding(free("u", []string{"A", TypeAny}, ClaimUserID, ClaimUserRole))},
		{"not for a type that feeds another attribute too", `take another type of credential than descriptor "p"`,
			complete().without("user", "patient").adding(free("u", []string{"A"}, ClaimUserID, ClaimUserRole), free("p", []string{"B", "A"}, ClaimEnrollmentIdentifier))},
		{"not for a type that feeds another attribute with a named issuer", `take another type of credential than descriptor "patient"`,
			complete().without("user").adding(free("u", []string{"patientCredential"}, ClaimUserID, ClaimUserRole))},
		{"not where nobody is trusted", "name in trust.organization who may attest it",
			complete().without("org").adding(free("o", []string{"A"}, ClaimOrganizationURA))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := tc.checked.trusting(t, trust.Practitioner, "holder").trusting(t, trust.Enrollment, "holder")
			assert.ErrorContains(t, c.check(), tc.hint)
			c.allowUnconstrained = true
			assert.NoError(t, c.check(), "the operator may allow it")
		})
	}
	t.Run("where the operator allows what is not proven, the trust that is configured still counts", func(t *testing.T) {
		c := complete().without("user").adding(free("u", []string{"A"}, ClaimUserID, ClaimUserRole)).trusting(t, trust.Practitioner, testVektis)
		c.allowUnconstrained = true
		require.NoError(t, c.check())
		assert.Equal(t, Sources{"A": trust.Practitioner}, c.sources)
	})
}

func TestCheckDefinitionInStrictMode(t *testing.T) {
	const facility = "HealthcareProviderRoleTypeCredential"
	const owner = "::subject:O:Vektis"
	ca := testFingerprint + "::"
	str := func(f pe.Filter) pe.Field { f.Type = "string"; return issuerField(f) }
	for _, tc := range []struct {
		name    string
		fields  []pe.Field
		refused bool
	}{
		{"a pattern for a whole CA", []pe.Field{str(pe.Filter{Pattern: ptr("^" + ca + ".+$")})}, true},
		{"a pattern for any organisation", []pe.Field{str(pe.Filter{Pattern: ptr("^" + ca + "subject:O:.+$")})}, true},
		{"a pattern for a named one, or a whole CA", []pe.Field{str(pe.Filter{Pattern: ptr("^(?:did:web:vektis\\.example|" + ca + "san:.+)$")})}, true},
		{"a const of many", []pe.Field{str(pe.Filter{Const: ptr(ca + "subject:C:NL")})}, true},
		{"an enum with one of many", []pe.Field{str(pe.Filter{Enum: []string{someIssuer, ca + "subject:C:NL"}})}, true},
		{"a pattern for one organisation", []pe.Field{str(pe.Filter{Pattern: ptr("^" + testFingerprint + owner + ":.+$")})}, false},
		{"a const of one organisation", []pe.Field{str(pe.Filter{Const: ptr(testFingerprint + owner)})}, false},
		{"a whole CA, and a name beside it: both must match", []pe.Field{
			str(pe.Filter{Pattern: ptr("^" + ca + ".+$")}), str(pe.Filter{Pattern: ptr("^" + testFingerprint + owner + ":.+$")}),
		}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fields := append(tc.fields, typeField(facility), claimField(ClaimOrganizationFacilityType))
			c := complete().without("type").adding(describe("kind", fields...))
			require.NoError(t, c.check(), "outside strict mode")
			c.Strict = true
			if !tc.refused {
				assert.NoError(t, c.check())
				return
			}
			assert.ErrorContains(t, c.check(), `descriptor "kind" (organization): it is not proven who attests organization_facility_type: `+
				"the filter on the issuer lets every certificate of a CA pass, which is refused in strict mode")
			assert.NoError(t, c.trusting(t, trust.FacilityType, testFingerprint+owner+":*").check(), "the trust stands in")
		})
	}
	t.Run("a whole CA says who organisations are", func(t *testing.T) {
		c := complete().without("org").adding(describe("who", typeField(TypeX509), str(pe.Filter{Pattern: ptr("^" + ca + ".+$")}), claimField(ClaimOrganizationURA)))
		c.Strict = true
		assert.NoError(t, c.check())
	})
}
