// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func TestWhichOrganizationSomebodyIs(t *testing.T) {
	config := validConfig()
	config.Trust["organization"] = []string{testFingerprint + "::*", testVektis}
	p := newPolicy(t, config)
	server := validEvidence().Credentials[theOrganization]
	otherName := func(text string) object { return object{"san": object{"otherName": text}} }
	named := func(issuer, ura string) Credential {
		return credentialOf("NutsUraCredential", issuer, object{"organization": object{"ura": ura, "name": "Midwives"}})
	}
	provider := func(issuer string, identifier any) Credential {
		return issuedBy("HealthcareProviderCredential", issuer, object{"identifier": identifier})
	}
	ura := object{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "12345678"}
	for _, tc := range []struct {
		name        string
		credentials []Credential
		ura         consent.URA // empty: nobody knows
	}{
		{"a server certificate", []Credential{server}, "12345678"},
		{"a trusted issuer", []Credential{named(testVektis, "12345678")}, "12345678"},
		{"both, of the same", []Credential{server, named(testVektis, "12345678")}, "12345678"},
		{"the organisation's own certificate", []Credential{provider(testUZI, ura)}, "12345678"},
		{"one identifier among others", []Credential{provider(testUZI, []any{object{"system": "http://fhir.nl/fhir/NamingSystem/agb-z", "value": "08001234"}, ura})}, "12345678"},
		{"beside one of an issuer who is not trusted", []Credential{server, named("did:web:stranger.example", "87654321")}, "12345678"},

		{"nothing", nil, ""},
		{"another attribute", validEvidence().Credentials[theFacilityType:], ""},
		{"an issuer who is not trusted", []Credential{named("did:web:stranger.example", "12345678")}, ""},
		{"itself", []Credential{named(testPresenter, "12345678")}, ""},
		{"two that differ", []Credential{server, named(testVektis, "87654321")}, ""},
		{"two in one", []Credential{provider(testUZI, []any{ura, object{"system": "http://fhir.nl/fhir/NamingSystem/ura", "value": "87654321"}})}, ""},
		{"another's certificate", []Credential{provider(testUZI, "87654321")}, ""},
		{"a person's certificate", []Credential{credentialOf("X509Credential", testUZI, otherName("2.16.528.1.1007.99.2110-1-900000009-Z-12345678-01.015-0"))}, ""},
		{"a number that is none", []Credential{named(testVektis, "1234")}, ""},
		{"no number", []Credential{credentialOf("NutsUraCredential", testVektis, object{"organization": object{}})}, ""},
		{"two types", []Credential{{Types: []string{"NutsUraCredential", "X509Credential"}, Issuer: testVektis, Presenter: testPresenter, Subjects: []map[string]any{{"organization": object{"ura": "12345678"}}}}}, ""},
		{"two subjects", []Credential{{Types: []string{"NutsUraCredential"}, Issuer: testVektis, Presenter: testPresenter, Subjects: []map[string]any{{"organization": object{"ura": "12345678"}}, {}}}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found, known := p.OrganizationOf(tc.credentials)
			assert.Equal(t, tc.ura, found)
			assert.Equal(t, tc.ura != "", known)
		})
	}
}
