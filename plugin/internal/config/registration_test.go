// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/nuts-mitz/nuts-mitz/internal/errlist"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// registeringSection is a section in which a consent that the requester recorded is a ground, in
// strict mode.
func registeringSection(t *testing.T) Section {
	t.Helper()
	section := validSection()
	section.Strict = true
	section.Profiles = []policy.ProfileConfig{{
		Scope: "birth-care", Categories: []string{"GGC002"}, Purpose: "TREAT", Grounds: []string{"mitz-closed-query", "consent-registration"},
	}}
	section.Withdrawal.KeyFile = secretFile(t, string(withdrawal.NewKeys().Lines()))
	section.Registration.Endpoint = "https://mitz.example/toestemmingen/fhir"
	return section
}

func TestValidateRegistration(t *testing.T) {
	for _, tc := range []struct {
		name     string
		spoil    func(*Section)
		problems []string // none: valid
	}{
		{"a whole configuration", func(*Section) {}, nil},
		{"nothing to be told to Mitz", func(s *Section) { s.Registration.Endpoint = "" }, nil},
		{"plain http outside strict mode", func(s *Section) { s.Strict, s.Registration.Endpoint = false, "http://mitz.example/fhir" }, nil},
		{"several methods and versions", func(s *Section) {
			s.Registration.Identifications, s.Registration.Agreements = []string{"wid", "digid"}, []string{"3.8", "3.9"}
		}, nil},
		{"the least age", func(s *Section) { s.Registration.MaxAge = time.Minute }, nil},
		{"a year", func(s *Section) { s.Registration.MaxAge = 366 * 24 * time.Hour }, nil},
		{"plain http in strict mode", func(s *Section) { s.Registration.Endpoint = "http://mitz.example/fhir" },
			[]string{"registration.endpoint: must be https in strict mode"}},
		{"an endpoint that is no URL", func(s *Section) { s.Registration.Endpoint = "geheim" },
			[]string{"registration.endpoint: not a URL of the form https://host/path"}},
		{"an endpoint with a query", func(s *Section) { s.Registration.Endpoint += "?a=geheim" },
			[]string{"registration.endpoint: only scheme, host and path"}},
		{"no method and no version", func(s *Section) { s.Registration.Identifications, s.Registration.Agreements = nil, []string{} },
			[]string{"registration.identifications: is empty, so no consent that a requester recorded is accepted: leave it out for the default",
				"registration.agreements: is empty, so no consent that a requester recorded is accepted: leave it out for the default"}},
		{"names that are none", func(s *Section) {
			s.Registration.Identifications, s.Registration.Agreements = []string{"wid", "", "wid"}, []string{" 3.8"}
		},
			[]string{"registration.identifications[1]: is empty, or begins or ends with a space",
				"registration.identifications[2]: is given twice", "registration.agreements[0]: is empty, or begins or ends with a space"}},
		{"no age", func(s *Section) { s.Registration.MaxAge = 0 },
			[]string{"registration.maxage: at least 1m and at most 8784h, which is 366 days"}},
		{"too great an age", func(s *Section) { s.Registration.MaxAge = 367 * 24 * time.Hour },
			[]string{"registration.maxage: at least 1m and at most 8784h, which is 366 days"}},
		{"no key to keep patients under", func(s *Section) { s.Withdrawal.KeyFile = "" },
			[]string{"withdrawal.keyfile: required with the ground consent-registration: the registration is kept as evidence, " +
				"and patients under these keys; make the file with 'nuts-mitz mitz key <file>'"}},
		{"no key, and no such ground", func(s *Section) { s.Withdrawal.KeyFile, s.Profiles[0].Grounds = "", nil }, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			section := registeringSection(t)
			tc.spoil(&section)
			var problems []string
			for _, problem := range append(section.validateRegistration(), section.validateEvidence()) {
				for _, each := range errlist.Each(problem) {
					problems = append(problems, each.Error())
				}
			}
			assert.Equal(t, tc.problems, problems)
		})
	}
}

func TestWarnsOfAnEndpointForNothing(t *testing.T) {
	section := registeringSection(t)
	assert.Empty(t, section.registrationWarnings())
	section.Profiles[0].Grounds = nil
	assert.Equal(t, []string{"registration.endpoint: of no use without a profile with the ground consent-registration: there is nothing to register"},
		section.registrationWarnings())
}

func TestWarnsThatARestartForgetsWhatWasWithdrawn(t *testing.T) {
	section := registeringSection(t)
	section.Profiles[0].Grounds = []string{"mitz-attestation"}
	section.Registration.Endpoint = ""
	assert.Empty(t, section.registrationWarnings())
	section.Withdrawal.KeyFile = ""
	assert.Equal(t, []string{"withdrawal.keyfile: without it a restart of the node forgets what was withdrawn, and what Mitz attested before gives tokens again " +
		"until Mitz revokes it: make the file with 'nuts-mitz mitz key <file>'"}, section.registrationWarnings())
	section.Profiles[0].Grounds = nil
	assert.Empty(t, section.registrationWarnings(), "nothing is attested")
}

func TestWhatIsAcceptedWithoutASection(t *testing.T) {
	section, _, err := readFile("mitz:\n  registration:\n    identifications: [digid]\n    maxage: 24h\n")
	assert.NoError(t, err)
	assert.Equal(t, Registration{Identifications: []string{"digid"}, Agreements: []string{"3.8"}, MaxAge: 24 * time.Hour}, section.Registration)
}
