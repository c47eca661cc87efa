// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// descriptor is one input descriptor of an operator's definition.
type descriptor struct {
	id             string
	credentialType string
	issuer         string            // pattern; empty: unconstrained
	claims         map[string]string // paths below the subject by field id
}

// definition is an operator's definition, for one wallet.
func definition(id string, descriptors ...descriptor) map[string]any {
	inputs := []any{}
	for _, d := range descriptors {
		fields := []any{map[string]any{"path": []string{"$.type"}, "filter": map[string]any{"type": "string", "const": d.credentialType}}}
		if d.issuer != "" {
			fields = append(fields, map[string]any{"path": []string{"$.issuer"}, "filter": map[string]any{"type": "string", "pattern": d.issuer}})
		}
		for claim, path := range d.claims {
			filter := map[string]any{"type": "string"}
			if path == "san.otherName" {
				filter["pattern"] = `^[0-9.]+-\d+-\d+-S-(\d+)-00\.000-\d+$`
			}
			fields = append(fields, map[string]any{
				"id": claim, "path": []string{"$.credentialSubject." + path, "$.credentialSubject[0]." + path}, "filter": filter,
			})
		}
		inputs = append(inputs, map[string]any{"id": d.id, "constraints": map[string]any{"fields": fields}})
	}
	return map[string]any{
		"id": id,
		"format": map[string]any{
			"jwt_vp": map[string]any{"alg": []string{"ES256"}}, "jwt_vc": map[string]any{"alg": []string{"ES256", "PS256"}},
			"ldp_vc": map[string]any{"proof_type": []string{"JsonWebSignature2020"}},
		},
		"input_descriptors": inputs,
	}
}

func policyFile(scope string, wallets map[string]any) string {
	policy, _ := json.Marshal(map[string]any{scope: wallets}) // texts always marshal
	return string(policy)
}

// The descriptors of an operator who constrains every issuer.
func ownOrganization(w *harness.World) descriptor {
	return descriptor{"own-organization", harness.TypeOrganization, "^" + w.UZI.DIDPrefix() + ".+$", map[string]string{"organization_ura": "san.otherName"}}
}

func ownFacility(w *harness.World) descriptor {
	return descriptor{"own-facility", harness.TypeFacility, "^" + w.Authority.DID + "$", map[string]string{"organization_facility_type": "roleCodeNL"}}
}

func ownEmployee() descriptor {
	return descriptor{"own-employee", harness.TypeEmployee, "^did:web:", map[string]string{"user_id": "identifier", "user_role": "roleName"}}
}

func ownEnrollment() descriptor {
	return descriptor{"own-enrollment", harness.TypeEnrollment, "^did:(web|x509):", map[string]string{"patient_enrollment_identifier": "patientId"}}
}

func ownDelegation() descriptor {
	return descriptor{"own-delegation", harness.TypePilotDelegation, "^did:(web|x509):",
		map[string]string{"delegation_registered_by": "registeredBy", "delegation_role_code": "roleCode"}}
}

// The scopes with an operator's definition.
const (
	own          = "own"           // all in one wallet
	ownFile      = "own-file"      // the same, in the profile's file
	ownElsewhere = "own-elsewhere" // the mandate's giver is read elsewhere; in the profile's file
	ownUsers     = "own-users"     // the professional in the user's wallet
)

// givenFor is where ownElsewhere reads the mandate's giver. The forms of the credential do
// not know it.
const givenFor = "givenFor"

var ownField = &sharedField{trust: trustOpenly, configure: func(f *field, config *harness.WorldConfig) {
	for _, scope := range []string{own, ownFile, ownElsewhere, ownUsers} {
		config.Profiles = append(config.Profiles, harness.MitzProfile{Scope: scope, Categories: []string{"GGC002"}, Purpose: "TREAT"})
	}
	ofTheWorld := config.Prepare
	config.Prepare = func(w *harness.World) error { return errors.Join(ofTheWorld(w), writeDefinitions(w)) }
	openly := config.ConfigureMitz
	config.ConfigureMitz = func(section *harness.MitzConfig) {
		openly(section)
		for i, profile := range section.Profiles {
			if profile.Scope == ownFile || profile.Scope == ownElsewhere {
				section.Profiles[i].PresentationDefinition = f.Path(profile.Scope + ".json")
			}
		}
	}
	plainly := config.ConfigureDataHolder
	config.ConfigureDataHolder = func(ctx context.Context, w *harness.World, node *harness.NodeConfig) error {
		node.Policies = map[string]string{
			own: policyFile(own, map[string]any{"organization": definition(own,
				ownOrganization(w), ownFacility(w), ownEmployee(), ownEnrollment(), ownDelegation())}),
			ownUsers: policyFile(ownUsers, map[string]any{
				"organization": definition(ownUsers, ownOrganization(w), ownFacility(w), ownEnrollment()),
				"user":         definition(ownUsers+"-user", ownEmployee()),
			}),
		}
		return plainly(ctx, w, node)
	}
}}

// writeDefinitions writes the files that profiles name.
func writeDefinitions(w *harness.World) error {
	elsewhere := ownDelegation()
	elsewhere.claims["delegation_registered_by"] = givenFor
	var errs []error
	for scope, delegation := range map[string]descriptor{ownFile: ownDelegation(), ownElsewhere: elsewhere} {
		content, err := json.Marshal(definition(scope, ownOrganization(w), ownFacility(w), ownEmployee(), ownEnrollment(), delegation))
		errs = append(errs, err, os.WriteFile(w.Path(scope+".json"), content, 0o600))
	}
	return errors.Join(errs...)
}

// TestRulesUnderAnOperatorsDefinition shows that the rules between credentials do not
// depend on the definition, wherever it comes from.
func TestRulesUnderAnOperatorsDefinition(t *testing.T) {
	for place, scope := range map[string]string{"from the node's policy files": own, "from the profile's file": ownFile} {
		t.Run(place, func(t *testing.T) {
			begin := func(t *testing.T, f *field, grant harness.Grant) *fieldAttempt {
				t.Helper()
				a := newFieldAttempt(t, f, grant)
				a.request.Scope = scope
				a.set.Delegation = a.issue(passDoctor, harness.TypePilotDelegation, harness.DelegationClaims(doctor, "01.046"))
				return a
			}
			t.Run("what is right passes", func(t *testing.T) {
				bothGrants(t, func(t *testing.T, grant harness.Grant) {
					f := ownField.fresh(t)
					assertPermitted(t, f.World, begin(t, f, grant).send())
					assertAsked(t, f.World, mandatedQuestion())
				})
			})
			assertRules(t, ownField, begin, []brokenRule{
				{"a delegation with another role than the pass's", func(a *fieldAttempt) {
					a.set.Delegation = a.issue(passDoctor, harness.TypePilotDelegation, harness.DelegationClaims(doctor, "01.015"))
				}, untrusted + delegateClaims},
				{"an enrolment at another organisation", func(a *fieldAttempt) {
					a.set.Enrollment = a.attest(harness.TypeEnrollment, harness.EnrollmentClaims(patient, harness.URAIdentifier("00009999")))
				}, contradiction + enrollClaim},
				{"an enrolment by a third party, whom the definition lets pass and the trust does not", func(a *fieldAttempt) {
					a.set.Enrollment = must[harness.Credential](a.t)(a.otherWallet().Issue(a.wallet.DID, harness.TypeEnrollment, harness.EnrollmentClaims(patient, midwife)))
				}, untrusted + enrollClaim},
				{"a second enrolment", func(a *fieldAttempt) {
					a.set.More = []harness.Credential{a.attest(harness.TypeEnrollment, harness.EnrollmentClaims(otherPatient, midwife))}
				}, contradiction + enrollClaim},
				{"a delegation under the wrong kind of pass, in a credential with two subjects", func(a *fieldAttempt) {
					claims := harness.DelegationClaims(doctor, "01.046")
					a.set.Delegation = a.issueWith(harness.IssueOptions{TwoSubjects: true}, passSecretary, harness.TypePilotDelegation, claims)
				}, malformed + delegateClaims},
				{"a delegation for another kind of organisation", func(a *fieldAttempt) {
					claims := harness.DelegationClaims(doctor, "01.046")
					claims["facilityType"] = "V6"
					a.set.Delegation = a.issue(passDoctor, harness.TypePilotDelegation, claims)
				}, contradiction + delegateClaims},
				{"an issuer whom the definition does not name", func(a *fieldAttempt) {
					a.set.Facility = a.attest(harness.TypeFacility, harness.FacilityClaims("G3"))
				}, refusedByNode},
				{"a missing credential", func(a *fieldAttempt) { a.set.Employee = nil }, refusedByNode},
			})
		})
	}
}

// TestProfessionalReadElsewhere has a definition that reads who gave the mandate where the
// giver's pass is not compared with the credential.
func TestProfessionalReadElsewhere(t *testing.T) {
	beginFor := func(giver string) func(t *testing.T, f *field, grant harness.Grant) *fieldAttempt {
		return func(t *testing.T, f *field, grant harness.Grant) *fieldAttempt {
			t.Helper()
			a := newFieldAttempt(t, f, grant)
			a.request.Scope = ownElsewhere
			claims := harness.DelegationClaims(doctor, "01.046")
			claims[givenFor] = giver
			a.set.Delegation = a.issue(passDoctor, harness.TypePilotDelegation, claims)
			return a
		}
	}
	t.Run("the pass's holder passes", func(t *testing.T) {
		bothGrants(t, func(t *testing.T, grant harness.Grant) {
			f := ownField.fresh(t)
			assertPermitted(t, f.World, beginFor(doctor)(t, f, grant).send())
			assertAsked(t, f.World, mandatedQuestion())
		})
	})
	assertRules(t, ownField, beginFor(midwife), []brokenRule{
		{"another than the pass's holder", func(*fieldAttempt) {}, untrusted + delegateClaims},
	})
}

// TestClaimsOfTheUsersWallet asks with the grant that never looks at the definition for
// the user's wallet.
func TestClaimsOfTheUsersWallet(t *testing.T) {
	f := ownField.fresh(t)
	a := newFieldAttempt(t, f, harness.JWTBearer)
	a.request.Scope = ownUsers
	assertRefused(t, f.World, a.send(), "invalid_request", "wallet missing", 0)
}

// ownSection is a mitz section for the scope "own", with the profile's further lines.
func ownSection(profile string) string {
	return `mitz:
  endpoint: http://mitz.example
  dataholders: [{subject: hospital-east, ura: "00000659", facilitytype: V6}]
  profiles:
    - {scope: own, categories: [GGC002], purpose: TREAT` + profile + `}
`
}

// useCasePolicy has the shape of the policy files that public use cases of Nuts ship: the
// organisation's issuer is constrained, everybody else's is not.
func useCasePolicy(t *testing.T) (directory string) {
	t.Helper()
	directory = t.TempDir()
	employee, facility, enrolment := ownEmployee(), ownFacility(world), ownEnrollment()
	employee.issuer, facility.issuer, enrolment.issuer = "", "", ""
	employee.id, facility.id, enrolment.id = "id_employee_credential", "id_facility_credential", "id_enrolment_credential"
	policy := policyFile(own, map[string]any{"organization": definition("pd_any_care_organization", ownOrganization(world), facility, employee, enrolment)})
	writeFile(t, filepath.Join(directory, "policy.json"), policy)
	return directory
}

// TestOperatorsDefinitionMustConstrainItsIssuers starts nodes with definitions that leave open who
// may attest what.
func TestOperatorsDefinitionMustConstrainItsIssuers(t *testing.T) {
	t.Run("the shape of a public use case is refused, with each descriptor's name", func(t *testing.T) {
		message, _ := fails(t, ownSection(""), map[string]any{"policy.directory": useCasePolicy(t)})
		assert.Contains(t, message, "mitz.profiles[0].presentationdefinition: ")
		for _, id := range []string{"id_facility_credential", "id_employee_credential", "id_enrolment_credential"} {
			assert.Contains(t, message, id)
		}
		assert.NotContains(t, message, "own-organization", "its issuer is constrained")
	})
	t.Run("an operator who means it can start it", func(t *testing.T) {
		starts(t, ownSection(", allowunconstrained: true"), map[string]any{"policy.directory": useCasePolicy(t)})
	})
	t.Run("but not in strict mode", func(t *testing.T) {
		settings := strictSettings(t)
		settings["policy.directory"] = useCasePolicy(t)
		message, _ := fails(t, ownSection(", allowunconstrained: true"), settings)
		assert.Contains(t, message, "mitz.profiles[0].allowunconstrained: refused in strict mode")
	})
	t.Run("a claim that cannot come out of it is named", func(t *testing.T) {
		directory := t.TempDir()
		policy := policyFile(own, map[string]any{"organization": definition(own, ownOrganization(world), ownFacility(world), ownEmployee())})
		writeFile(t, filepath.Join(directory, "policy.json"), policy)
		message, _ := fails(t, ownSection(""), map[string]any{"policy.directory": directory})
		assert.Contains(t, message, "mitz.profiles[0].presentationdefinition: ")
		assert.Contains(t, message, "patient_enrollment_identifier")
	})
	t.Run("in strict mode no organisation says itself who or what it is", func(t *testing.T) {
		section := ownSection("") + "  trust: {organization: [holder], facilitytype: [holder], practitioner: [holder], enrollment: [holder]}\n"
		message, _ := fails(t, section, strictSettings(t))
		assert.Contains(t, message, "mitz.trust.organization: 'holder' is refused in strict mode")
		assert.Contains(t, message, "mitz.trust.facilitytype: 'holder' is refused in strict mode")
		assert.False(t, strings.Contains(message, "mitz.trust.enrollment: 'holder'"))
	})
}
