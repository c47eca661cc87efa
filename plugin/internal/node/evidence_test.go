// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"testing"
	"time"

	"github.com/nuts-foundation/go-did/vc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
)

// TestValidityOfTheCertificateUnderACredential reads it where the policy compares it.
func TestValidityOfTheCertificateUnderACredential(t *testing.T) {
	validity := policy.Validity{NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
	const pass = "did:x509:0:sha256:WE4P5dd8DnLHSkyHaIjhp4udlkF9LqoKwCvu9gl38jk::san:dns:midwives.example"
	for _, tc := range []struct {
		name, issuer, credentialType string
		expected                     *policy.Validity
	}{
		{"an enrolment under a pass", pass, "PatientEnrollmentCredential", &validity},
		{"an enrolment under another DID", "did:web:midwives.example", "PatientEnrollmentCredential", nil},
		{"an X509Credential, which the node compares", pass, "X509Credential", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			presented := underCertificate(t, validity, tc.issuer, tc.credentialType)
			assert.Equal(t, tc.expected, CredentialEvidence(presented, "did:web:midwives.example").Certificate)
		})
	}
}

// underCertificate returns a credential whose header holds a certificate with this validity;
// its signature is none.
func underCertificate(t *testing.T, validity policy.Validity, issuer, credentialType string) vc.VerifiableCredential {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: validity.NotBefore, NotAfter: validity.NotAfter}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	part := func(value map[string]any) string {
		content, err := json.Marshal(value)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(content)
	}
	credential, err := vc.ParseVerifiableCredential(part(map[string]any{"alg": "ES256", "x5c": []string{base64.StdEncoding.EncodeToString(certificate)}}) + "." +
		part(map[string]any{"iss": issuer, "sub": "did:web:midwives.example", "nbf": 1767225600, "vc": map[string]any{
			"@context": []string{"https://www.w3.org/2018/credentials/v1"}, "type": []string{"VerifiableCredential", credentialType},
			"credentialSubject": map[string]any{"id": "did:web:midwives.example"},
		}}) + "." + base64.RawURLEncoding.EncodeToString([]byte("signature")))
	require.NoError(t, err)
	return *credential
}
