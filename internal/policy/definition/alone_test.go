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

// TestClaimsAloneRestOnTheirDefinition has one descriptor that gives an organisation's number.
func TestClaimsAloneRestOnTheirDefinition(t *testing.T) {
	const authority, certificates = "did:web:authority.example", "did:x509:0:sha256:szqMaTpnD6GN0aRrT98eV4bhAoOgyItEZVyskYyL_Qc::"
	text := func(value string) *pe.Filter { return &pe.Filter{Type: "string", Const: &value} }
	pattern := func(value string) *pe.Filter { return &pe.Filter{Type: "string", Pattern: &value} }
	for _, tc := range []struct {
		name         string
		issuer       *pe.Filter
		types        []string
		organization []string // the trust
		problem      string   // empty: there is none
	}{
		{"an authority's own DID", text(authority), []string{"NutsUraCredential"}, nil, ""},
		{"whoever presents it, where a requester may say itself who it is", nil, []string{"NutsUraCredential"}, []string{"holder"}, ""},
		{"whoever presents it", nil, []string{"NutsUraCredential"}, nil, "nothing constrains the issuer"},
		{"whoever presents it, though the token endpoint would look at the trust", nil, []string{"NutsUraCredential"}, []string{authority}, "nothing constrains the issuer"},
		{"every owner of a certificate", pattern("^" + certificates), []string{"HealthcareProviderCredential"}, []string{certificates + "*"}, "lets every certificate of a CA pass"},
		{"every owner of a certificate, of itself", pattern("^" + certificates), []string{TypeX509}, nil, ""},
		{"every owner of a certificate, of itself or not", pattern("^" + certificates), []string{TypeX509, "HealthcareProviderCredential"}, nil, "lets every certificate of a CA pass"},
		{"one owner of a certificate", pattern("^" + certificates + "subject:O:Authority$"), []string{"HealthcareProviderCredential"}, nil, ""},
		{"no type of credential", text(authority), nil, nil, "it takes any type of credential"},
		{"what Dezi attests", text(authority), []string{TypeDezi}, nil, "only Dezi's attestation in it counts"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			id := ClaimOrganizationURA
			fields := []pe.Field{{Id: &id, Path: []string{"$.credentialSubject.ura"}}}
			if tc.types != nil {
				fields = append(fields, pe.Field{Path: []string{"$.type"}, Filter: &pe.Filter{Type: "string", Enum: tc.types}})
			}
			if tc.issuer != nil {
				fields = append(fields, pe.Field{Path: []string{"$.issuer"}, Filter: tc.issuer})
			}
			issuers, err := trust.Parse(tc.organization)
			require.NoError(t, err)
			rules := Rules{Trust: map[trust.Attribute]trust.Issuers{trust.Organization: issuers}}
			descriptor := &pe.InputDescriptor{Id: "one", Constraints: &pe.Constraints{Fields: fields}}
			err = rules.CheckAlone(pe.WalletOwnerMapping{pe.WalletOwnerOrganization: {InputDescriptors: []*pe.InputDescriptor{descriptor}}})
			if tc.problem == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, `descriptor "one" (organization): it is not proven who attests organization_ura: `)
			assert.ErrorContains(t, err, tc.problem)
		})
	}
	t.Run("a descriptor that gives several attributes is the holder's only where all are", func(t *testing.T) {
		holder, err := trust.Parse([]string{"holder"})
		require.NoError(t, err)
		organization, user, credentialType := ClaimOrganizationURA, ClaimUserID, "TestCredential"
		descriptor := &pe.InputDescriptor{Id: "one", Constraints: &pe.Constraints{Fields: []pe.Field{
			{Id: &organization, Path: []string{"$.a"}}, {Id: &user, Path: []string{"$.b"}},
			{Path: []string{"$.type"}, Filter: &pe.Filter{Type: "string", Const: &credentialType}},
		}}}
		mapping := pe.WalletOwnerMapping{pe.WalletOwnerOrganization: {InputDescriptors: []*pe.InputDescriptor{descriptor}}}
		rules := Rules{Trust: map[trust.Attribute]trust.Issuers{trust.Practitioner: holder}}
		require.ErrorContains(t, rules.CheckAlone(mapping), "nothing constrains the issuer")
		rules.Trust[trust.Organization] = holder
		require.NoError(t, rules.CheckAlone(mapping))
	})
	t.Run("claims of a user's wallet do not get there", func(t *testing.T) {
		require.ErrorContains(t, Rules{}.CheckAlone(pe.WalletOwnerMapping{pe.WalletOwnerUser: {}}), `a definition for the wallet "user"`)
	})
}
