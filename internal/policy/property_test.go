// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"strings"
	"testing"

	"github.com/nuts-foundation/nuts-node/vcr/pe"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

// way is one way to show an attribute.
type way struct {
	name  string
	right bool
	shown []Credential
}

// commonWays are what can be done to any one credential; another is one that is in order by
// itself and says something else. Without any, the attribute may be right.
func commonWays(c, another Credential, withoutIsRight bool) []way {
	with := func(change func(c *Credential)) []Credential {
		changed := c
		change(&changed)
		return []Credential{changed}
	}
	return []way{
		{"right", true, []Credential{c}},
		{"none", withoutIsRight, nil},
		{"of a type that nobody reads", withoutIsRight, with(func(c *Credential) { c.Types = []string{"VerifiableCredential"} })},
		{"twice the same", false, []Credential{c, c}},
		{"a second with another value", false, []Credential{c, another}},
		{"of somebody untrusted", false, with(func(c *Credential) { c.Issuer = "did:web:somebody.example" })},
		{"without claims", false, with(func(c *Credential) { c.Subjects = []map[string]any{{}} })},
		{"without a subject", false, with(func(c *Credential) { c.Subjects = nil })},
		{"of a DID that leads elsewhere", false, with(func(c *Credential) { c.Issuer = testVektis + ":..:evil" })},
	}
}

// waysToShow are all ways to show each of the five attributes, where the data holder has
// the requester's type configured or not.
func waysToShow(typesConfigured bool) [][]way {
	right := validEvidence().Credentials
	provider := func(ura string) Credential {
		return issuedBy("HealthcareProviderCredential", testUZI, object{"identifier": ura})
	}
	facility := func(code, at string) Credential {
		return credentialOf("HealthcareProviderRoleTypeCredential", testVektis, object{"roleCodeNL": code, "identifier": at})
	}
	employee := credentialOf("NutsEmployeeCredential", testPresenter, object{"identifier": "900000007", "roleName": "01.015"})
	enrolled := func(bsn, by string) Credential {
		return credentialOf("PatientEnrollmentCredential", testPresenter, object{"patientId": bsn, "registeredBy": by})
	}
	mandate := func(members ...string) Credential {
		subject := object{}
		for _, member := range members {
			name, value, _ := strings.Cut(member, "=")
			subject[name] = value
		}
		return credentialOf("HealthCareProfessionalDelegationCredential", testPresenter, subject)
	}
	number, role := "registeredBy=900000008", "roleCode=01.046"
	one := func(name string, right bool, c Credential) way { return way{name, right, []Credential{c}} }
	return [][]way{
		append(commonWays(right[theOrganization], credentialOf("NutsUraCredential", testVektis, object{"organization": object{"ura": "87654321"}}), false),
			one("another organisation than its certificate's", false, provider("87654321"))),
		append(commonWays(facility("G3", "12345678"), facility("V6", "12345678"), typesConfigured),
			one("at another organisation", false, facility("G3", "87654321")),
			one("another type", !typesConfigured, facility("V6", "12345678"))),
		append(commonWays(right[thePractitioner], employee, false),
			one("Dezi's", true, dezi("12345678", "900000009", "03.000")),
			one("Dezi's, at another organisation", false, dezi("87654321", "900000009", "03.000")),
			way{"Dezi's beside the employer's", false, []Credential{right[thePractitioner], dezi("12345678", "900000009", "03.000")}}),
		append(commonWays(right[theEnrollment], enrolled("999996630", "900000009"), false),
			one("at another organisation", false, enrolled(testBSN, "87654321"))),
		append(commonWays(mandate(number, role), mandate("registeredBy=900000007", "roleCode=01.015"), true),
			one("half, the number", false, mandate(number)), one("half, the role", false, mandate(role)),
			one("at another organisation", false, mandate(number, role, "organization=87654321"))),
	}
}

// combinations goes through every choice of one of each.
func combinations(sizes []int, do func(choice []int)) {
	choice := make([]int, len(sizes))
	for {
		do(choice)
		at := 0
		for ; at < len(sizes); at++ {
			if choice[at]++; choice[at] < sizes[at] {
				break
			}
			choice[at] = 0
		}
		if at == len(sizes) {
			return
		}
	}
}

func sizesOf[T any](lists [][]T) []int {
	sizes := make([]int, len(lists))
	for i, list := range lists {
		sizes[i] = len(list)
	}
	return sizes
}

// mostWrong is how many things go wrong at once in the tests below. With more wrong a
// question would need what is wrong to be mended by what is wrong too, twice.
const mostWrong = 2

// TestNoQuestionFromAnythingLess goes through the combinations of how each attribute can be
// shown. Those in which every one is right yield a question, and no other does.
func TestNoQuestionFromAnythingLess(t *testing.T) {
	for name, types := range map[string]map[string]string{"no types configured": nil, "the type configured": {"12345678": "G3"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := scheme()
			config.FacilityTypes = types
			p := newPolicy(t, config)
			profile, evidence, ways := p.Profile("birth-care"), validEvidence(), waysToShow(types != nil)
			questions := 0
			combinations(sizesOf(ways), func(choice []int) {
				wrong := 0
				evidence.Credentials = evidence.Credentials[:0]
				for i, at := range choice {
					if !ways[i][at].right {
						wrong++
					}
					evidence.Credentials = append(evidence.Credentials, ways[i][at].shown...)
				}
				if wrong > mostWrong {
					return
				}
				_, _, err := questionOf(p, profile, evidence)
				if err == nil {
					questions++
				}
				if (wrong == 0) != (err == nil) {
					t.Errorf("a question: %t, of %s: %v", err == nil, namesOf(ways, choice), err)
				}
			})
			professionals, mandates, types := 2, 3, 2 // two of the types are credentials
			if config.FacilityTypes != nil {
				types = 3 // one credential, and two ways without
			}
			assert.Equal(t, professionals*mandates*types, questions)
		})
	}
}

func namesOf(ways [][]way, choice []int) string {
	names := make([]string, len(choice))
	for i, at := range choice {
		names[i] = ways[i][at].name
	}
	return strings.Join(names, "; ")
}

// valuesOf are what a field of an operator's definition can give for a claim: the first
// two are right.
func valuesOf(right, another any) []any {
	return []any{right, []any{right, right}, nil, []any{right, another}, "…"}
}

// TestNoQuestionFromFewerClaims does the same with the claims of an operator's definition.
func TestNoQuestionFromFewerClaims(t *testing.T) {
	t.Parallel()
	valid := validEvidence().Claims
	operators := trustedDefinition(append([]string{definition.ClaimDelegationRegisteredBy + "?", definition.ClaimDelegationRoleCode + "?"}, definition.NeededClaims()...)...)
	p, err := New(scheme(), func(ProfileConfig) (pe.WalletOwnerMapping, error) { return operators, nil })
	require.NoError(t, err)
	claims := [][]any{
		valuesOf(valid[definition.ClaimOrganizationURA], "87654321"), valuesOf("G3", "V6"), valuesOf("900000009", "900000007"),
		valuesOf("03.000", "01.015"), valuesOf(testBSN, "999996630"),
		valuesOf("900000008", "900000007"), valuesOf("01.046", "01.015"),
	}
	isRight := func(at int) bool { return at < 2 }
	isAbsent := func(at int) bool { return at == 2 }
	evidence, questions := validEvidence(), 0
	combinations(sizesOf(claims), func(choice []int) {
		wrong := 0
		for _, at := range choice {
			if !isRight(at) && !isAbsent(at) {
				wrong++
			}
		}
		if wrong > mostWrong {
			return
		}
		expected := true
		for i, at := range choice {
			evidence.Claims[definition.ReadClaims()[i]] = claims[i][at]
			expected = expected && (isRight(at) || isAbsent(at) && i >= len(definition.NeededClaims()))
		}
		expected = expected && isAbsent(choice[5]) == isAbsent(choice[6])
		_, _, err := questionOf(p, p.Profile("birth-care"), evidence)
		if err == nil {
			questions++
		}
		if expected != (err == nil) {
			t.Errorf("a question: %t, of %v: %v", err == nil, evidence.Claims, err)
		}
	})
	assert.Equal(t, 1<<5*(1+1<<2), questions, "every needed claim in two ways, with a mandate in four or none")
}
