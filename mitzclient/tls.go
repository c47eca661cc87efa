// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// TLSFiles names the files of a mutual TLS connection.
type TLSFiles struct {
	CertFile       string // client certificate with its chain, PEM
	CertKeyFile    string // its private key, PEM, not encrypted
	PasswordFile   string // password of a PKCS#12 CertFile
	TrustStoreFile string // PEM; only these roots are trusted
}

// LoadTLS reads the files. The configuration asks for TLS 1.2 or newer, and has
// one client certificate, with its Leaf. The error lists every problem, each
// naming the configuration key (tls.certfile, ...).
func LoadTLS(files TLSFiles) (*tls.Config, error) {
	certificate, certificateErr := loadCertificate(files)
	roots, rootsErr := loadRoots(files.TrustStoreFile)
	if err := errors.Join(certificateErr, rootsErr); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{certificate},
		RootCAs:      roots,
	}, nil
}

func loadCertificate(files TLSFiles) (tls.Certificate, error) {
	switch strings.ToLower(filepath.Ext(files.CertFile)) {
	case ".p12", ".pfx":
		return loadPKCS12(files)
	default:
		return loadPEM(files)
	}
}

// loadPKCS12 is not there yet: the standard library cannot read PKCS#12.
func loadPKCS12(TLSFiles) (tls.Certificate, error) {
	return tls.Certificate{}, errors.New("tls.certfile: PKCS#12 is not supported by this build; give PEM files in tls.certfile and tls.certkeyfile")
}

func loadPEM(files TLSFiles) (tls.Certificate, error) {
	certificatePEM, certificateErr := readFile("tls.certfile", files.CertFile)
	keyPEM, keyErr := readFile("tls.certkeyfile", files.CertKeyFile)
	var passwordErr error
	if files.PasswordFile != "" {
		passwordErr = errors.New("tls.passwordfile: only for a PKCS#12 file")
	}
	if err := errors.Join(certificateErr, keyErr, passwordErr); err != nil {
		return tls.Certificate{}, err
	}
	certificate, err := tls.X509KeyPair(certificatePEM, keyPEM)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("tls.certfile, tls.certkeyfile: %w", err)
	}
	return certificate, nil
}

// loadRoots refuses what x509.CertPool.AppendCertsFromPEM skips in silence.
func loadRoots(path string) (*x509.CertPool, error) {
	rest, err := readFile("tls.truststorefile", path)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	for count := 0; ; count++ {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			if count == 0 {
				return nil, errors.New("tls.truststorefile: no certificates")
			}
			return roots, nil
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("tls.truststorefile: block %d is not a certificate", count+1)
		}
		root, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("tls.truststorefile: certificate %d: %w", count+1, err)
		}
		roots.AddCert(root)
	}
}

func readFile(key, path string) ([]byte, error) {
	if path == "" {
		return nil, errors.New(key + ": not set")
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return content, nil
}
