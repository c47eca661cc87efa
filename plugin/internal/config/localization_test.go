// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// signingFile writes a certificate and its key in one file.
func signingFile(t *testing.T) string {
	t.Helper()
	identity, err := mitztest.NewIdentity()
	require.NoError(t, err)
	files, err := identity.WriteFiles(t.TempDir())
	require.NoError(t, err)
	certificate, err := os.ReadFile(files.Certificate)
	require.NoError(t, err)
	key, err := os.ReadFile(files.Key)
	require.NoError(t, err)
	return secretFile(t, string(certificate)+string(key))
}

func TestMitzIsToldWhoAsksWhereDataAre(t *testing.T) {
	for _, issuer := range []string{"urn:oid:2.999.1", "https://care.example"} {
		section := validSection()
		section.Localization = Localization{Issuer: issuer, SigningKeyFile: signingFile(t)}
		config, err := construct(section, nil, Node{Policies: nodesPolicies{}}, Hooks{})
		require.NoError(t, err)
		config.Link.Close()
		now := time.Now()
		assert.NotContains(t, config.Warnings(now), "localization")
		expired := config.Warnings(now.AddDate(100, 0, 0))
		assert.Contains(t, expired[len(expired)-1], "localization.signingkeyfile: the certificate expired at ")
	}
}

func TestHowMitzIsToldWhoAsksMustBeRight(t *testing.T) {
	for name, tc := range map[string]struct {
		localization Localization
		problem      string
	}{
		"a name for an issuer": {Localization{Issuer: "GP West 900186021"}, "mitz.localization.issuer: neither an https URL nor urn:oid: and an OID, such as urn:oid:2.999.1"},
		"no such file":         {Localization{Issuer: "urn:oid:2.999.1", SigningKeyFile: "missing.pem"}, "mitz.localization.signingkeyfile: open missing.pem"},
		"a file without a key": {Localization{Issuer: "urn:oid:2.999.1", SigningKeyFile: rootsFile(t)}, "mitz.localization.signingkeyfile: no private key in it"},
	} {
		t.Run(name, func(t *testing.T) {
			section := validSection()
			section.Localization = tc.localization
			_, err := construct(section, nil, Node{Policies: nodesPolicies{}}, Hooks{})
			require.ErrorContains(t, err, tc.problem)
			assert.NotContains(t, err.Error(), "900186021")
		})
	}
	section := validSection()
	section.Localization.SigningKeyFile = signingFile(t)
	config, err := construct(section, nil, Node{Policies: nodesPolicies{}}, Hooks{})
	require.NoError(t, err)
	config.Link.Close()
	assert.Contains(t, config.SectionWarnings(), "localization.signingkeyfile: of no use without localization.issuer: Mitz is not asked where data are")
}
