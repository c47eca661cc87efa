// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/tlsfile"
)

// TLSFiles names the files of a mutual TLS connection.
type TLSFiles struct {
	CertFile       string // client certificate with its chain, in any order: PKCS#12 (.p12, .pfx) or PEM
	CertKeyFile    string // its private key, PEM, encrypted (PKCS#8, PBES2) or not; only beside PEM
	PasswordFile   string // password of the PKCS#12 file or of the encrypted key, on one line; without it a PKCS#12 file has the empty one
	TrustStoreFile string // PEM; only these roots are trusted
}

// LoadTLS reads the files. The configuration asks for TLS 1.2 or newer, and has
// one client certificate, with its Leaf. Its key must be RSA: Mitz takes no other
// (PKIoverheid), and every consult would fail. A certificate that has expired is
// loaded. Nothing in a file is passed over: what cannot be read is refused, with the number
// of the PEM block. The error lists every problem, each naming the configuration key
// (tls.certfile, ...).
//
// Without any file for the client there is no client certificate, and without a
// trust store the system's roots are trusted: both are for development, and Mitz
// itself accepts neither. The caller must refuse them where patients are real.
func LoadTLS(files TLSFiles) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	var certificateErr, rootsErr error
	if files.CertFile != "" || files.CertKeyFile != "" || files.PasswordFile != "" {
		var certificate tls.Certificate
		certificate, certificateErr = tlsfile.Client(tlsfile.ClientFiles{Certificate: files.CertFile, Key: files.CertKeyFile, Password: files.PasswordFile})
		config.Certificates = []tls.Certificate{certificate}
	}
	if files.TrustStoreFile != "" {
		config.RootCAs, rootsErr = tlsfile.Roots(files.TrustStoreFile)
	}
	if err := errors.Join(certificateErr, rootsErr); err != nil {
		return nil, err
	}
	return config, nil
}

// LoadRoots reads a PEM file that holds root certificates and nothing else, with the care of
// [LoadTLS]. The error names no configuration key.
func LoadRoots(file string) (*x509.CertPool, error) {
	certificates, err := tlsfile.Authorities(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	for _, each := range certificates {
		roots.AddCert(each)
	}
	return roots, nil
}
