// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"
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

func TestLoadTLSFromPKCS12(t *testing.T) {
	a := newAuthority(t)
	config, err := LoadTLS(a.pkcs12(t, "geheim\n"))
	require.NoError(t, err)
	require.Equal(t, "test", config.Certificates[0].Leaf.Subject.CommonName)
	require.Len(t, config.Certificates[0].Certificate, 2, "the certificate and its issuer")
	require.NotNil(t, config.Certificates[0].PrivateKey)
}

func TestLoadTLSWithoutFiles(t *testing.T) {
	config, err := LoadTLS(TLSFiles{})
	require.NoError(t, err)
	require.Empty(t, config.Certificates)
	require.Nil(t, config.RootCAs)
	require.EqualValues(t, tls.VersionTLS12, config.MinVersion)
}

// pkcs12 writes the client's certificate as PKCS#12; the password file holds the password.
func (a *authority) pkcs12(t *testing.T, password string) TLSFiles {
	t.Helper()
	return a.pkcs12Of(t, rsaKey(), password)
}

// pkcs12Of may put another key beside the certificate than its own.
func (a *authority) pkcs12Of(t *testing.T, key crypto.Signer, password string) TLSFiles {
	t.Helper()
	config, err := LoadTLS(a.files(t))
	require.NoError(t, err)
	content, err := pkcs12.Modern.Encode(key, config.Certificates[0].Leaf, []*x509.Certificate{a.certificate}, strings.TrimSpace(password))
	require.NoError(t, err)
	return TLSFiles{CertFile: file(t, "client.p12", content), PasswordFile: file(t, "client.pass", []byte(password))}
}

func TestLoadTLSRefuses(t *testing.T) {
	a := newAuthority(t)
	for _, tt := range []struct {
		name   string
		change func(*TLSFiles)
		texts  []string
	}{
		{"a certificate without its key", func(f *TLSFiles) { f.CertKeyFile = "" }, []string{"tls.certkeyfile: not set"}},
		{"a key without its certificate", func(f *TLSFiles) { f.CertFile = "" }, []string{"tls.certfile: not set"}},
		{"a password alone", func(f *TLSFiles) { *f = TLSFiles{PasswordFile: "x"} }, []string{"tls.certfile: not set", "tls.certkeyfile: not set"}},
		{"files that are not there", func(f *TLSFiles) { *f = TLSFiles{CertFile: "a.pem", CertKeyFile: "b.pem", TrustStoreFile: "c.pem"} },
			[]string{"tls.certfile: open a.pem", "tls.certkeyfile: open b.pem", "tls.truststorefile: open c.pem"}},
		{"a password for a key that is not encrypted", func(f *TLSFiles) { f.PasswordFile = "x" }, []string{"tls.passwordfile: of no use"}},
		{"a key of another certificate", func(f *TLSFiles) {
			_, key := a.issueFor(t, newRSAKey())
			f.CertKeyFile = file(t, "other.key", key)
		}, []string{"tls.certfile, tls.certkeyfile: "}},
		{"a key that is not RSA", func(f *TLSFiles) {
			certificate, key := a.issue(t, "127.0.0.1")
			f.CertFile, f.CertKeyFile = file(t, "client.pem", certificate), file(t, "client.key", key)
		}, []string{"tls.certfile, tls.certkeyfile: the key is not RSA"}},
		{"a PKCS#12 file with a key of another certificate", func(f *TLSFiles) { *f = a.pkcs12Of(t, newRSAKey(), "geheim") },
			[]string{"tls.certfile: the key is not the certificate's"}},
		{"a PKCS#12 file with a key beside it", func(f *TLSFiles) {
			key := f.CertKeyFile
			*f = a.pkcs12(t, "geheim")
			f.CertKeyFile = key
		}, []string{"tls.certkeyfile: of no use with a PKCS#12 file"}},
		{"a PKCS#12 file without its password", func(f *TLSFiles) { *f = a.pkcs12(t, "geheim"); f.PasswordFile = "" }, []string{"tls.passwordfile: not set"}},
		{"a PKCS#12 file with another password", func(f *TLSFiles) {
			*f = a.pkcs12(t, "geheim")
			f.PasswordFile = file(t, "password", []byte("other"))
		}, []string{"tls.passwordfile: not the password of tls.certfile"}},
		{"a PKCS#12 file that is none", func(f *TLSFiles) {
			*f = TLSFiles{CertFile: file(t, "client.P12", []byte("x")), PasswordFile: file(t, "password", []byte("x"))}
		}, []string{"tls.certfile: "}},
		{"a trust store without certificates", func(f *TLSFiles) { f.TrustStoreFile = file(t, "ca.pem", []byte("x")) },
			[]string{"tls.truststorefile: no certificates"}},
		{"a trust store with a key", func(f *TLSFiles) { f.TrustStoreFile = f.CertKeyFile }, []string{"tls.truststorefile: block 1 (PRIVATE KEY) is not a certificate"}},
		{"a trust store with one broken certificate", func(f *TLSFiles) {
			content, err := os.ReadFile(f.TrustStoreFile)
			require.NoError(t, err)
			f.TrustStoreFile = file(t, "ca.pem", append(content, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"...))
		}, []string{"tls.truststorefile: block 2 (CERTIFICATE) cannot be read: "}},
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
