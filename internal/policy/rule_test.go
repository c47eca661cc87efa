// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestACredentialInTheDataHoldersLog(t *testing.T) {
	const ca = "did:x509:0:sha256:WE4P5dd8DnLHSkyHaIjhp4udlkF9LqoKwCvu9gl38jk"
	for _, tc := range []struct {
		name       string
		credential Credential
		expected   string
	}{
		{"by a DID", Credential{Types: []string{"VerifiableCredential", "NutsEmployeeCredential"}, Issuer: "did:web:midwife.example"},
			"NutsEmployeeCredential by did:web:midwife.example"},
		{"of a type that is the requester's choice", Credential{Types: []string{"900186021"}, Issuer: "did:web:midwife.example"},
			"a credential of another type by did:web:midwife.example"},
		{"issued with a pass: not the number of the person", Credential{
			Types:  []string{"PatientEnrollmentCredential"},
			Issuer: ca + "::subject:O:Midwives::san:otherName:2.16.528.1.1003.1.3.5.5.2-1-900000009-Z-12345678-01.015-00000000",
		}, "PatientEnrollmentCredential by " + ca + "::subject:O:Midwives (UZI pass of type Z, URA 12345678)"},
		{"with what would break the line", Credential{Types: []string{"X509Credential"}, Issuer: "did:web:a\nb\x00c\xff"}, "X509Credential by did:web:a?b?c?"},
		{"with a DID that would fill it", Credential{Types: []string{"X509Credential"}, Issuer: "did:web:" + strings.Repeat("a", 5000)},
			"X509Credential by did:web:" + strings.Repeat("a", maxShown-len("did:web:")) + "..."},
	} {
		t.Run(tc.name, func(t *testing.T) { assert.Equal(t, tc.expected, tc.credential.String()) })
	}
}

func TestWhatIsShownOfIdentifiers(t *testing.T) {
	assert.Equal(t, "12345678 and something unreadable", shownURAs([]string{"12345678", "urn:oid:2.16.528.1.1007.3.3|12345678", "900186021", unreadable}))
	assert.Equal(t, "something unreadable", shownURAs([]string{"urn:oid:2.16.528.1.1007.3.3|900186021"}))
	assert.Equal(t, "none", shownURAs([]string{"900186021"}), "a professional, or a patient")
	assert.Equal(t, "none", shownURAs(nil))
	assert.Equal(t, "G3 and something unreadable", shownFacilityTypes([]string{"G3", "900186021", "XX"}))
}
