// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// withoutMitz is a section in which all rests on what requesters bring along.
func withoutMitz(t *testing.T, grounds ...string) Section {
	t.Helper()
	section := validSection()
	section.Endpoint, section.Strict = "", true
	section.Profiles[0].Grounds = grounds
	section.Withdrawal.KeyFile = secretFile(t, string(withdrawal.NewKeys().Lines()))
	section.Trust["attestation"], section.Trust["membership"] = []string{"did:web:mitz.example"}, []string{"did:web:mitz.example"}
	return section
}

// TestADataHolderWithoutMitz: in strict mode too, the start demands only what the grounds need.
func TestADataHolderWithoutMitz(t *testing.T) {
	for _, grounds := range [][]string{{"mitz-attestation"}, {"consent-registration"}, {"mitz-attestation", "consent-registration"}} {
		config, err := construct(withoutMitz(t, grounds...), nil, Node{Policies: nodesPolicies{}}, Hooks{})
		require.NoError(t, err)
		assert.Nil(t, config.Link)
		config.Close()
	}
	for _, tc := range []struct {
		name     string
		change   func(*Section)
		problems []string
	}{
		{"a ground that asks Mitz", func(s *Section) { s.Profiles[0].Grounds = []string{"mitz-attestation", "mitz-closed-query"} },
			[]string{"endpoint: missing", "tls.certfile: required in strict mode", "tls.truststorefile: required in strict mode"}},
		{"the default ground", func(s *Section) { s.Profiles[0].Grounds = nil }, []string{"endpoint: missing"}},
		{"an endpoint that is not needed is one all the same", func(s *Section) { s.Endpoint = "http://mitz.example" },
			[]string{"endpoint: must be https in strict mode", "tls.certfile: required in strict mode"}},
		{"TLS files for no endpoint", func(s *Section) { s.TLS.CertFile = "client.pem" }, []string{"endpoint: missing"}},
		{"consents to be registered at no Mitz", func(s *Section) {
			s.Profiles[0].Grounds = []string{"consent-registration"}
			s.Registration.Endpoint = "https://mitz.example/fhir"
		}, []string{"endpoint: missing"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			section := withoutMitz(t, "mitz-attestation")
			tc.change(&section)
			_, err := construct(section, nil, Node{Policies: nodesPolicies{}}, Hooks{})
			for _, problem := range tc.problems {
				assert.ErrorContains(t, err, "mitz."+problem)
			}
		})
	}
}
