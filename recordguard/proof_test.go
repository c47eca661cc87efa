// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/recordattacks"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

func TestCheckProofComparesAddressesAsAllDo(t *testing.T) {
	for _, each := range recordattacks.ProvenAddresses() {
		payload, err := json.Marshal(map[string]any{"htu": each.Address, "iat": 1772000000})
		require.NoError(t, err)
		proof := "e30." + base64.RawURLEncoding.EncodeToString(payload) + ".c2lnbmF0dXJl"
		err = recordguard.CheckProof(proof, recordattacks.RequestedAddress, time.Unix(1772000000, 0))
		assert.Equal(t, each.Good, err == nil, each.Name)
	}
}

func TestCheckProofLooksAtAgeAndAddress(t *testing.T) {
	const address = "https://records.example/fhir/Patient/1"
	jwt := func(payload string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2lnbmF0dXJl"
	}
	tests := map[string]struct {
		proof string
		want  error
	}{
		"of now":                    {jwt(`{"htu": "` + address + `", "iat": 1772000000}`), nil},
		"of a fraction of a second": {jwt(`{"htu": "` + address + `", "iat": 1772000000.5}`), nil},
		"of a minute ago":           {jwt(`{"htu": "` + address + `", "iat": 1771999940}`), nil},
		"older":                     {jwt(`{"htu": "` + address + `", "iat": 1771999939}`), recordguard.ProofInvalid},
		"of a minute ahead":         {jwt(`{"htu": "` + address + `", "iat": 1772000060}`), nil},
		"further ahead":             {jwt(`{"htu": "` + address + `", "iat": 1772000061}`), recordguard.ProofInvalid},
		"of a time that overflows":  {jwt(`{"htu": "` + address + `", "iat": 1e300}`), recordguard.ProofInvalid},
		"of no time":                {jwt(`{"htu": "` + address + `"}`), recordguard.ProofInvalid},
		"of a time that is a text":  {jwt(`{"htu": "` + address + `", "iat": "1772000000"}`), recordguard.ProofInvalid},
		"of two times":              {jwt(`{"htu": "` + address + `", "iat": 1, "iat": 1772000000}`), recordguard.ProofInvalid},
		"for no address":            {jwt(`{"iat": 1772000000}`), recordguard.ProofInvalid},
		"in another form with three parts": {
			`{"a":".` + strings.Split(jwt(`{"htu": "`+address+`", "iat": 1772000000}`), ".")[1] + `."}`, recordguard.ProofInvalid,
		},
		"that is no JSON":      {jwt(`htu`), recordguard.ProofInvalid},
		"that is no JWT":       {"p", recordguard.ProofInvalid},
		"of no known encoding": {"a.*.c", recordguard.ProofInvalid},
		"that is empty":        {"", recordguard.ProofInvalid},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, recordguard.CheckProof(test.proof, address, now()))
		})
	}
}

// FuzzReadClaims: nothing panics, and what cannot be read opens nothing.
func FuzzReadClaims(f *testing.F) {
	f.Add([]byte(`{"active": true, "scope": "birth-care", "exp": 1772000001, "mitz_consent": true, "patient_bsn": "900186021"}`))
	f.Add([]byte(`{"active": true, "consent_categories": ["GGC002"], "data_holder_organization_id": "00000659", "cnf": {"jkt": "a"}}`))
	f.Fuzz(func(t *testing.T, introspection []byte) {
		claims, err := recordguard.ReadClaims(introspection)
		if err != nil {
			assert.Equal(t, recordguard.ClaimsMalformed, err)
		}
		if err != nil || !claims.Active {
			assert.Equal(t, recordguard.Claims{}, claims)
		}
		_ = recordguard.CheckProof("e30."+base64.RawURLEncoding.EncodeToString(introspection)+".e30", "https://records.example", now())
	})
}
