// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package definition

import (
	"slices"
	"testing"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

const (
	testFingerprint = "did:x509:0:sha256:WE4P5dd8DnLHSkyHaIjhp4udlkF9LqoKwCvu9gl38jk"
	testUZI         = testFingerprint + "::san:otherName:2.16.528.1.1007.99.2110-1-1-S-12345678-00.000-0"
	testVektis      = "did:web:vektis.example"
)

var someIssuer = "did:web:issuer.example"

func ptr[T any](value T) *T { return &value }

func typeField(types ...string) pe.Field {
	return pe.Field{Path: []string{"$.type"}, Filter: &pe.Filter{Type: "string", Enum: types}}
}

func issuerField(filter pe.Filter) pe.Field {
	return pe.Field{Path: []string{"$.issuer"}, Filter: &filter}
}

func namedIssuer() pe.Field { return issuerField(pe.Filter{Type: "string", Const: &someIssuer}) }

func claimField(id string) pe.Field {
	return pe.Field{Id: &id, Path: []string{"$.credentialSubject." + id}}
}

func describe(id string, fields ...pe.Field) *pe.InputDescriptor {
	return &pe.InputDescriptor{Id: id, Constraints: &pe.Constraints{Fields: fields}}
}

// attested is a descriptor with a named issuer and a type of its own.
func attested(id string, claims ...string) *pe.InputDescriptor {
	d := describe(id, typeField(id+"Credential"), namedIssuer())
	for _, claim := range claims {
		d.Constraints.Fields = append(d.Constraints.Fields, claimField(claim))
	}
	return d
}

func inGroup(group string, d *pe.InputDescriptor) *pe.InputDescriptor {
	d.Group = append(d.Group, group)
	return d
}

func pick(group string, count int) *pe.SubmissionRequirement {
	return &pe.SubmissionRequirement{Rule: "pick", From: group, Count: &count}
}

func all(group string) *pe.SubmissionRequirement {
	return &pe.SubmissionRequirement{Rule: "all", From: group}
}

// checked is an operator's definition with the rules by which it is checked.
type checked struct {
	Rules
	definition         pe.WalletOwnerMapping
	allowUnconstrained bool
	sources            Sources // of the last check
}

func (c *checked) check() (err error) {
	c.sources, err = c.Check(c.definition, c.allowUnconstrained)
	return err
}

// complete is a definition without faults: everyone is in a descriptor of one named issuer.
func complete() *checked {
	return with(attested("org", ClaimOrganizationURA), attested("type", ClaimOrganizationFacilityType),
		attested("user", ClaimUserID, ClaimUserRole), attested("patient", ClaimEnrollmentIdentifier))
}

func with(descriptors ...*pe.InputDescriptor) *checked {
	return &checked{
		Rules:      Rules{Trust: map[trust.Attribute]trust.Issuers{}, Reserved: []string{"mitz_consent", "patient_bsn", "cnf"}},
		definition: pe.WalletOwnerMapping{pe.WalletOwnerOrganization: {Id: "pd", InputDescriptors: descriptors}},
	}
}

// change changes the organisation's definition.
func (c *checked) change(change func(definition *pe.PresentationDefinition)) *checked {
	definition := c.definition[pe.WalletOwnerOrganization]
	change(&definition)
	c.definition[pe.WalletOwnerOrganization] = definition
	return c
}

// requiring puts every descriptor without a group in one of which all are needed.
func (c *checked) requiring(requirements ...*pe.SubmissionRequirement) *checked {
	return c.change(func(definition *pe.PresentationDefinition) {
		for _, d := range definition.InputDescriptors {
			if d.Group == nil {
				inGroup("all", d)
			}
		}
		definition.SubmissionRequirements = append(requirements, all("all"))
	})
}

func (c *checked) adding(descriptors ...*pe.InputDescriptor) *checked {
	return c.change(func(definition *pe.PresentationDefinition) {
		definition.InputDescriptors = append(definition.InputDescriptors, descriptors...)
	})
}

func (c *checked) trusting(t *testing.T, attribute trust.Attribute, entries ...string) *checked {
	issuers, err := trust.Parse(entries)
	require.NoError(t, err)
	c.Trust[attribute] = issuers
	return c
}

func (c *checked) inUserWallet(descriptors ...*pe.InputDescriptor) *checked {
	c.definition[pe.WalletOwnerUser] = pe.PresentationDefinition{Id: "pd_user", InputDescriptors: descriptors}
	return c
}

func (c *checked) without(ids ...string) *checked {
	return c.change(func(definition *pe.PresentationDefinition) {
		definition.InputDescriptors = filter(definition.InputDescriptors, func(d *pe.InputDescriptor) bool { return !slices.Contains(ids, d.Id) })
	})
}

func TestCheckDefinitionClaims(t *testing.T) {
	either := func(group string, claims ...string) []*pe.InputDescriptor {
		return []*pe.InputDescriptor{inGroup(group, attested("one", claims...)), inGroup(group, attested("other", claims...))}
	}
	users := func() []*pe.InputDescriptor { return either("user", ClaimUserID, ClaimUserRole) }
	const yieldsEither = `the field id "user_id" is in descriptor "one" (organization) and descriptor "other" (organization), and the node takes the value of either`
	renamed := complete()
	renamed.Names = map[string]string{ClaimUserID: "subject_id"}
	typesConfigured := complete().without("type")
	typesConfigured.TypesConfigured = true

	for _, tc := range []struct {
		name    string
		checked *checked
		problem string // empty: accepted
	}{
		{"a definition that gives every claim is accepted", complete(), ""},
		{"a needed claim without a field is refused", complete().without("type"), `no field has the id "organization_facility_type"`},
		{"a facility type is not needed where types are configured", typesConfigured, ""},
		{"a claim is looked for by the profile's name for it", renamed, `no field has the id "subject_id"`},
		{"a claim in the user's wallet counts", complete().without("user").inUserWallet(attested("user", ClaimUserID, ClaimUserRole)), ""},
		{"an optional field is accepted", complete().change(func(d *pe.PresentationDefinition) {
			d.InputDescriptors[0].Constraints.Fields[2].Optional = ptr(true)
		}), ""},
		{"a reserved claim is refused", complete().adding(attested("sly", "mitz_consent")), `the field id "mitz_consent" is reserved`},
		{"a reserved claim in the user's wallet is refused", complete().inUserWallet(attested("sly", "patient_bsn")), `the field id "patient_bsn" is reserved`},
		{"a claim of the introspection answer's own is refused", complete().adding(attested("sly", "cnf")), `the field id "cnf" is reserved`},
		{"a claim in a group that nothing requires is refused", complete().without("user").
			adding(inGroup("nowhere", attested("user", ClaimUserID, ClaimUserRole))).requiring(), `the field id "user_id" is only in descriptors whose group`},
		{"a claim in a group that a nested requirement names is accepted", complete().without("user").
			adding(inGroup("user", attested("user", ClaimUserID, ClaimUserRole))).
			requiring(&pe.SubmissionRequirement{Rule: "all", FromNested: []*pe.SubmissionRequirement{all("user")}}), ""},

		{"a claim in two descriptors that are both needed is refused", complete().without("user").adding(users()...).change(ungrouped), yieldsEither},
		{"a claim in a mandate's two descriptors is refused too", complete().adding(
			attested("one", ClaimDelegationRoleCode), attested("other", ClaimDelegationRoleCode)), `the field id "delegation_role_code" is in`},
		{"a claim that is only shown is refused too", complete().adding(
			attested("one", ClaimOrganizationName), attested("other", ClaimOrganizationName)), `the field id "organization_name" is in`},
		{"a claim in alternatives of which one is picked is accepted", complete().without("user").adding(users()...).requiring(pick("user", 1)), ""},
		{"a claim in alternatives of which at most one is picked is accepted", complete().without("user").adding(users()...).
			requiring(&pe.SubmissionRequirement{Rule: "pick", From: "user", Min: ptr(0), Max: ptr(1)}), ""},
		{"a claim in alternatives of which two are picked is refused", complete().without("user").adding(users()...).requiring(pick("user", 2)), yieldsEither},
		{"a count of zero, which the node takes as all, is refused", complete().without("user").adding(users()...).requiring(pick("user", 0)), yieldsEither},
		{"a maximum of zero, which the node takes as all, is refused", complete().without("user").adding(users()...).
			requiring(&pe.SubmissionRequirement{Rule: "pick", From: "user", Max: ptr(0)}), yieldsEither},
		{"a count goes before a maximum", complete().without("user").adding(users()...).
			requiring(&pe.SubmissionRequirement{Rule: "pick", From: "user", Count: ptr(2), Max: ptr(1)}), yieldsEither},
		{"a pick with a minimum alone is refused", complete().without("user").adding(users()...).
			requiring(&pe.SubmissionRequirement{Rule: "pick", From: "user", Min: ptr(1)}), yieldsEither},
		{"alternatives that are all needed are refused", complete().without("user").adding(users()...).requiring(all("user")), yieldsEither},
		{"an all with a count of one is still all", complete().without("user").adding(users()...).
			requiring(&pe.SubmissionRequirement{Rule: "all", From: "user", Count: ptr(1)}), yieldsEither},
		{"a group that is picked from twice is refused", complete().without("user").adding(users()...).requiring(pick("user", 1), pick("user", 1)), yieldsEither},
		{"a group that a nested requirement picks from again is refused", complete().without("user").adding(users()...).
			requiring(pick("user", 1), &pe.SubmissionRequirement{Rule: "all", FromNested: []*pe.SubmissionRequirement{pick("user", 1)}}), yieldsEither},
		{"alternatives of which one is in another group too are refused", complete().without("user").
			adding(users()[0], inGroup("all", users()[1])).requiring(pick("user", 1)), yieldsEither},
		{"alternatives in two groups are refused", complete().without("user").
			adding(users()[0], inGroup("more", attested("other", ClaimUserID, ClaimUserRole))).requiring(pick("user", 1), pick("more", 1)), yieldsEither},
		{"alternatives that give different claims are refused", complete().without("user").
			adding(inGroup("user", attested("one", ClaimUserID, ClaimUserRole)), inGroup("user", attested("other", ClaimUserID))).
			requiring(pick("user", 1)), "the claims of two credentials could be mixed"},
		{"a claim in both wallets is refused", complete().inUserWallet(attested("again", ClaimUserID)),
			`the field id "user_id" is in descriptor "user" (organization) and descriptor "again" (user)`},
		{"alternatives of one wallet are none of another's", complete().without("user").adding(users()[0]).requiring(pick("user", 1)).
			inUserWallet(users()[1]), `the field id "user_id" is in descriptor "one" (organization) and descriptor "other" (user)`},
		{"a claim twice in one descriptor is refused", complete().without("patient").
			adding(attested("patient", ClaimEnrollmentIdentifier, ClaimEnrollmentIdentifier)), `descriptor "patient" (organization): the field id "patient_enrollment_identifier" is given twice`},
		{"two descriptors of one name are refused", complete().adding(attested("user", "other")), `the descriptor id "user" is given twice`},
		{"two descriptors of one name in two wallets are refused", complete().inUserWallet(attested("user", "other")), `the descriptor id "user" is given twice`},
		{"two descriptors of one name that feed nothing are left alone", complete().adding(attested("x", "a"), attested("x", "b")), ""},
		{"a descriptor without constraints feeds nothing", complete().adding(&pe.InputDescriptor{Id: "empty"}), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.checked.check()
			if tc.problem == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, tc.problem)
			tc.checked.allowUnconstrained = true
			assert.ErrorContains(t, tc.checked.check(), tc.problem, "it is not about issuers")
		})
	}
}

func ungrouped(definition *pe.PresentationDefinition) {
	for _, d := range definition.InputDescriptors {
		d.Group = nil
	}
}
