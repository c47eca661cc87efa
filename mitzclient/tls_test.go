// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"crypto/tls"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLoadTLS(t *testing.T) {
	a := newAuthority(t)
	config, err := LoadTLS(a.files(t))
	require.NoError(t, err)
	require.EqualValues(t, tls.VersionTLS12, config.MinVersion)
	require.True(t, config.RootCAs.Equal(a.pool()))
	require.Len(t, config.Certificates, 1)
	require.Equal(t, "test", config.Certificates[0].Leaf.Subject.CommonName)
	require.False(t, config.InsecureSkipVerify)
}

func TestLoadTLSRefuses(t *testing.T) {
	a := newAuthority(t)
	for _, tt := range []struct {
		name   string
		change func(*TLSFiles)
		texts  []string
	}{
		{"no files, each by its key", func(f *TLSFiles) { *f = TLSFiles{} },
			[]string{"tls.certfile: not set", "tls.certkeyfile: not set", "tls.truststorefile: not set"}},
		{"files that are not there", func(f *TLSFiles) { *f = TLSFiles{CertFile: "a.pem", CertKeyFile: "b.pem", TrustStoreFile: "c.pem"} },
			[]string{"tls.certfile: open a.pem", "tls.certkeyfile: open b.pem", "tls.truststorefile: open c.pem"}},
		{"a password for PEM files", func(f *TLSFiles) { f.PasswordFile = "x" }, []string{"tls.passwordfile: only for a PKCS#12 file"}},
		{"a key of another certificate", func(f *TLSFiles) { f.CertKeyFile = a.files(t).CertKeyFile }, []string{"tls.certfile, tls.certkeyfile: "}},
		{"PKCS#12", func(f *TLSFiles) { f.CertFile = "client.P12" }, []string{"tls.certfile: PKCS#12 is not supported"}},
		{"a trust store without certificates", func(f *TLSFiles) { f.TrustStoreFile = file(t, "ca.pem", []byte("x")) },
			[]string{"tls.truststorefile: no certificates"}},
		{"a trust store with a key", func(f *TLSFiles) { f.TrustStoreFile = f.CertKeyFile }, []string{"tls.truststorefile: block 1 is not a certificate"}},
		{"a trust store with one broken certificate", func(f *TLSFiles) {
			content, err := os.ReadFile(f.TrustStoreFile)
			require.NoError(t, err)
			f.TrustStoreFile = file(t, "ca.pem", append(content, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"...))
		}, []string{"tls.truststorefile: certificate 2: "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := a.files(t)
			tt.change(&files)
			config, err := LoadTLS(files)
			require.Nil(t, config)
			for _, text := range tt.texts {
				require.ErrorContains(t, err, text)
			}
		})
	}
}
