// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"errors"
	"testing"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

const (
	testFingerprint = "did:x509:0:sha256:WE4P5dd8DnLHSkyHaIjhp4udlkF9LqoKwCvu9gl38jk"
	testUZI         = testFingerprint + "::san:otherName:2.16.528.1.1007.99.2110-1-1-S-12345678-00.000-0"
	testVektis      = "did:web:vektis.example"
	testPresenter   = "did:web:clinic.example:iam:midwives"
	testBSN         = "900186021"
)

func validConfig() Config {
	return Config{
		DataHolders: []DataHolderConfig{
			{Subject: "hospital-east", URA: "00000659", FacilityType: "V6"},
			{Subject: "hospital-west", URA: "00000660", FacilityType: "V4"},
		},
		Profiles: []ProfileConfig{
			{Scope: "birth-care", Categories: []string{"GGC002"}, Purpose: "TREAT"},
			{Scope: "medication", Categories: []string{"GGC002", "GGC013"}, Purpose: "COC", Grounds: []string{"mitz-closed-query"}},
		},
		Trust: map[string][]string{
			"organization": {testFingerprint + "::*", testVektis},
			"facilitytype": {testVektis},
			"practitioner": {"holder"},
			"enrollment":   {"holder"},
		},
	}
}

func noDefinitions(ProfileConfig) (pe.WalletOwnerMapping, error) { return nil, nil }

func newPolicy(t *testing.T, config Config) *Policy {
	t.Helper()
	p, err := New(config, noDefinitions)
	require.NoError(t, err)
	return p
}

// definitionOf makes a presentation definition with one descriptor that has a field
// for each of the ids; an id that ends in "?" is optional.
func definitionOf(ids ...string) pe.WalletOwnerMapping {
	var fields []pe.Field
	for _, id := range ids {
		optional := id[len(id)-1] == '?'
		if optional {
			id = id[:len(id)-1]
		}
		fields = append(fields, pe.Field{Id: &id, Optional: &optional, Path: []string{"$.x"}})
	}
	return pe.WalletOwnerMapping{pe.WalletOwnerOrganization: {
		InputDescriptors: []*pe.InputDescriptor{{Id: "one", Constraints: &pe.Constraints{Fields: fields}}},
	}}
}

// trustedDefinition is a definition whose descriptor has a named issuer, as the check of
// an operator's definition wants it.
func trustedDefinition(ids ...string) pe.WalletOwnerMapping {
	mapping := definitionOf(ids...)
	constraints := mapping[pe.WalletOwnerOrganization].InputDescriptors[0].Constraints
	constraints.Fields = append(constraints.Fields,
		pe.Field{Path: []string{"$.type"}, Filter: &pe.Filter{Type: "string", Enum: []string{"TestCredential"}}},
		pe.Field{Path: []string{"$.issuer"}, Filter: &pe.Filter{Type: "string", Enum: []string{"did:web:issuer.example"}}})
	return mapping
}

func TestNew(t *testing.T) {
	t.Run("a wrong configuration is refused with every problem at once", func(t *testing.T) {
		config := validConfig()
		config.DataHolders = append(config.DataHolders, DataHolderConfig{Subject: "hospital-east", URA: "659", FacilityType: "hospital"})
		config.Profiles = append(config.Profiles,
			ProfileConfig{Scope: "birth-care", Categories: []string{"GGC002", "GGC002"}, Purpose: "BTG"},
			ProfileConfig{Scope: "two scopes", Grounds: []string{"a-hunch", "mitz-attestation"}, Categories: []string{"X"}, Purpose: "TREAT"})
		config.Trust["facilitytype"] = []string{"vektis.example", "did:web:*"}
		config.Trust["patience"] = []string{"holder"}
		delete(config.Trust, "enrollment")

		_, err := New(config, noDefinitions)

		require.Error(t, err)
		for _, problem := range []string{
			`dataholders[2].subject: "hospital-east" is given twice`,
			"dataholders[2].ura: not a URA",
			"dataholders[2].facilitytype: not an organisation type",
			`profiles[2].scope: "birth-care" is given twice`,
			`profiles[2].categories: "GGC002" is given twice`,
			"profiles[2].purpose: not a purpose of use",
			"profiles[3].scope: not one scope",
			`profiles[3].categories: "X" is not a data category`,
			`profiles[3].grounds: "a-hunch" is no ground`,
			`profiles[3].grounds: "mitz-attestation" needs trust.attestation`,
			`trust.facilitytype: "vektis.example": neither a DID`,
			`trust.facilitytype: "did:web:*": neither a DID`,
			"trust.patience: no such attribute",
			"trust.enrollment: nobody is trusted",
		} {
			assert.ErrorContains(t, err, problem)
		}
	})
	t.Run("without a data holder or a profile it is refused", func(t *testing.T) {
		_, err := New(Config{Trust: validConfig().Trust}, noDefinitions)
		assert.ErrorContains(t, err, "dataholders: none")
		assert.ErrorContains(t, err, "profiles: none")
	})
	t.Run("a profile without categories is refused", func(t *testing.T) {
		config := validConfig()
		config.Profiles[0].Categories = nil
		_, err := New(config, noDefinitions)
		assert.ErrorContains(t, err, "profiles[0].categories: none")
	})
	t.Run("strict mode refuses organisations that say themselves who or what they are", func(t *testing.T) {
		config := validConfig()
		config.Trust["organization"] = []string{"holder"}
		config.Trust["facilitytype"] = []string{"holder"}
		newPolicy(t, config)

		config.Strict = true
		_, err := New(config, noDefinitions)
		assert.ErrorContains(t, err, "trust.organization: 'holder' is refused in strict mode")
		assert.ErrorContains(t, err, "trust.facilitytype: 'holder' is refused in strict mode")
		assert.NotContains(t, err.Error(), "trust.practitioner")
	})
	t.Run("strict mode refuses a whole CA for facility types", func(t *testing.T) {
		for policies, whole := range map[string]bool{
			"*": true, "subject:*": true, "san:*": true, "subject:O:*": true, "san:otherName:*": true,
			"subject:C:NL:*": true, "subject:C:NL": true, "subject:L:Utrecht:ST:Utrecht:*": true, "subject:OU:Care::san:*": true, "subject:O:%20:*": true,
			"subject:O:Vektis:*": false, "subject:O:Vektis": false, "subject:C:NL:O:Vektis:*": false, "subject:C:NL::san:dns:vektis.example:*": false,
			"san:otherName:2.16.528.1.1007.99.2110-1-1-S-12345678-00.000-0": false, "subject:CN:vektis.example:*": false, "subject:serialNumber:1:*": false,
		} {
			for _, attribute := range []string{"facilitytype", "attestation", "membership"} {
				config := validConfig()
				config.Trust[attribute] = []string{testFingerprint + "::" + policies}
				newPolicy(t, config)
				config.Strict = true
				_, err := New(config, noDefinitions)
				if whole {
					assert.ErrorContains(t, err, "trust."+attribute+": a whole CA is refused in strict mode", policies)
				} else {
					assert.NoError(t, err, policies)
				}
			}
		}
	})
	t.Run("strict mode refuses whoever attests its own consent", func(t *testing.T) {
		for _, attribute := range []string{"attestation", "membership"} {
			config := validConfig()
			config.Strict = true
			config.Trust[attribute] = []string{"holder"}
			_, err := New(config, noDefinitions)
			assert.ErrorContains(t, err, "trust."+attribute+": 'holder' is refused in strict mode")
		}
	})
	t.Run("dezi is trusted for professionals and for nothing else", func(t *testing.T) {
		for _, attribute := range trust.Attributes() {
			config := validConfig()
			config.Trust[string(attribute)] = append(config.Trust[string(attribute)], "dezi")
			_, err := New(config, noDefinitions)
			if attribute == trust.Practitioner {
				assert.NoError(t, err)
			} else {
				assert.EqualError(t, err, "trust."+string(attribute)+": 'dezi' attests professionals only")
			}
		}
	})
	t.Run("an operator's definition must give what the question needs", func(t *testing.T) {
		_, err := New(validConfig(), func(ProfileConfig) (pe.WalletOwnerMapping, error) {
			return definitionOf(definition.ClaimOrganizationURA, definition.ClaimUserID, definition.ClaimUserRole, definition.ClaimEnrollmentIdentifier, ClaimConsent, "cnf"), nil
		})
		assert.ErrorContains(t, err, `profiles[0].presentationdefinition: no field has the id "organization_facility_type"`)
		assert.ErrorContains(t, err, `profiles[1].presentationdefinition: the field id "mitz_consent" is reserved`)
		assert.ErrorContains(t, err, `profiles[1].presentationdefinition: the field id "cnf" is reserved`)
	})
	t.Run("an operator's definition that cannot be read is refused", func(t *testing.T) {
		_, err := New(validConfig(), func(ProfileConfig) (pe.WalletOwnerMapping, error) { return nil, errors.New("unreadable") })
		assert.ErrorContains(t, err, "profiles[0].presentationdefinition: unreadable")
	})
	t.Run("an operator's definition replaces the built-in one", func(t *testing.T) {
		operators := trustedDefinition(definition.NeededClaims()...)
		p, err := New(validConfig(), func(ProfileConfig) (pe.WalletOwnerMapping, error) { return operators, nil })
		require.NoError(t, err)
		assert.Equal(t, operators, p.Profile("birth-care").Definition)
	})
}

func TestTheBuiltinDefinitionDeclaresEveryNeededClaim(t *testing.T) {
	declared := definition.Declared(newPolicy(t, validConfig()).Profile("birth-care").Definition)
	assert.Subset(t, declared, definition.NeededClaims())
	for _, reserved := range ReservedClaims() {
		assert.NotContains(t, declared, reserved)
	}
}
