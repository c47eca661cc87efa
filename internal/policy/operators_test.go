// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

func TestCheckUseCasePolicy(t *testing.T) {
	file, err := os.ReadFile("definition/testdata/usecase_policy.json")
	require.NoError(t, err)
	var policies map[string]pe.WalletOwnerMapping
	require.NoError(t, json.Unmarshal(file, &policies))
	raw, err := json.Marshal(policies["birth-care"][pe.WalletOwnerOrganization])
	require.NoError(t, err)
	_, err = pe.ParsePresentationDefinition(raw)
	require.NoError(t, err, "the node accepts it")
	check := func(trusted map[string][]string) (*Policy, error) {
		config := validConfig()
		config.Profiles = config.Profiles[:1]
		config.FacilityTypes = map[string]string{"12345678": "G3"}
		config.Trust = trusted
		return New(config, func(ProfileConfig) (pe.WalletOwnerMapping, error) { return policies["birth-care"], nil })
	}

	t.Run("without trust anyone could say who asks and about whom, so it is refused", func(t *testing.T) {
		_, err := check(nil)
		assert.EqualError(t, err, `profiles[0].presentationdefinition: descriptor "id_employee_credential" (organization): it is not proven who attests user_id, user_role: `+
			`nothing constrains the issuer; add a field with the path $.issuer and the filter {"type": "string", "const": "did:web:issuer.example"}, or name in trust.practitioner who may attest it
profiles[0].presentationdefinition: descriptor "id_patient_enrollment" (organization): it is not proven who attests patient_enrollment_identifier: `+
			`nothing constrains the issuer; add a field with the path $.issuer and the filter {"type": "string", "const": "did:web:issuer.example"}, or name in trust.enrollment who may attest it`)
	})
	t.Run("trust in the practitioner alone leaves the patient open", func(t *testing.T) {
		_, err := check(map[string][]string{"practitioner": {"holder"}})
		assert.ErrorContains(t, err, "id_patient_enrollment")
		assert.NotContains(t, err.Error(), "id_employee_credential")
	})
	t.Run("with the trust that it leaves out it is accepted", func(t *testing.T) {
		p, err := check(map[string][]string{"practitioner": {"holder"}, "enrollment": {"holder"}})
		require.NoError(t, err)
		assert.Equal(t, definition.Sources{
			"NutsEmployeeCredential": trust.Practitioner, "PatientEnrollmentCredential": trust.Enrollment,
		}, p.Profile("birth-care").sources)

		_, _, err = questionOf(p, p.Profile("birth-care"), useCaseEvidence())
		require.NoError(t, err)
		evidence := useCaseEvidence()
		evidence.Credentials[thePractitioner].Issuer = "did:web:somebody.example"
		_, _, err = questionOf(p, p.Profile("birth-care"), evidence)
		assert.EqualError(t, err, "claim untrusted: user_id, user_role")
		evidence = useCaseEvidence()
		evidence.Credentials = append(evidence.Credentials, evidence.Credentials[theEnrollment])
		_, _, err = questionOf(p, p.Profile("birth-care"), evidence)
		assert.EqualError(t, err, "claim contradiction: patient_enrollment_identifier")
	})
}

func useCaseEvidence() Evidence {
	evidence := validEvidence()
	evidence.Claims[definition.ClaimOrganizationFacilityType] = nil
	return evidence
}

func TestOfTwoTypesForOneAttributeThePresenterDoesNotChoose(t *testing.T) {
	holder, err := trust.Parse([]string{"holder"})
	require.NoError(t, err)
	p := &Profile{
		sources: definition.Sources{"A": trust.Practitioner, "B": trust.Practitioner},
		trust:   map[trust.Attribute]trust.Issuers{trust.Practitioner: holder},
	}
	f := &facts{profile: p}
	f.checkSources([]Credential{credentialOf("A", testPresenter, object{}), credentialOf("B", testPresenter, object{})})
	assertRefused(t, joined(f.refused), ReasonClaimContradiction, definition.ClaimUserID, definition.ClaimUserRole)
}
