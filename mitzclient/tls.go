// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"software.sslmate.com/src/go-pkcs12"
)

// TLSFiles names the files of a mutual TLS connection.
type TLSFiles struct {
	CertFile       string // client certificate with its chain: PKCS#12 (.p12, .pfx) or PEM
	CertKeyFile    string // its private key, PEM, encrypted (PKCS#8, PBES2) or not; only beside PEM
	PasswordFile   string // password of the PKCS#12 file or of the encrypted key, on one line
	TrustStoreFile string // PEM; only these roots are trusted
}

// LoadTLS reads the files. The configuration asks for TLS 1.2 or newer, and has
// one client certificate, with its Leaf. Its key must be RSA: Mitz takes no other
// (PKIoverheid), and every consult would fail. A certificate that has expired is
// loaded. The error lists every problem, each naming the configuration key
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
		certificate, certificateErr = loadCertificate(files)
		config.Certificates = []tls.Certificate{certificate}
	}
	if files.TrustStoreFile != "" {
		config.RootCAs, rootsErr = loadRoots(files.TrustStoreFile)
	}
	if err := errors.Join(certificateErr, rootsErr); err != nil {
		return nil, err
	}
	return config, nil
}

func loadCertificate(files TLSFiles) (certificate tls.Certificate, err error) {
	switch strings.ToLower(filepath.Ext(files.CertFile)) {
	case ".p12", ".pfx":
		certificate, err = loadPKCS12(files)
	default:
		certificate, err = loadPEM(files)
	}
	if err != nil {
		return tls.Certificate{}, err
	}
	key, ok := certificate.PrivateKey.(*rsa.PrivateKey)
	if !ok {
		return tls.Certificate{}, errors.New("tls.certfile: the key is not RSA, and Mitz takes no other")
	}
	if !key.PublicKey.Equal(certificate.Leaf.PublicKey) {
		return tls.Certificate{}, errors.New("tls.certfile: the key is not the certificate's")
	}
	return certificate, nil
}

// loadPKCS12 reads a certificate, its chain and its key from one file (RFC 7292).
func loadPKCS12(files TLSFiles) (tls.Certificate, error) {
	content, contentErr := readFile("tls.certfile", files.CertFile)
	password, passwordErr := readFile("tls.passwordfile", files.PasswordFile)
	var keyErr error
	if files.CertKeyFile != "" {
		keyErr = errors.New("tls.certkeyfile: of no use with a PKCS#12 file, which holds the key")
	}
	if err := errors.Join(contentErr, passwordErr, keyErr); err != nil {
		return tls.Certificate{}, err
	}
	key, leaf, chain, err := pkcs12.DecodeChain(content, strings.TrimRight(string(password), "\r\n"))
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return tls.Certificate{}, errors.New("tls.passwordfile: not the password of tls.certfile")
	}
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("tls.certfile: %w", err)
	}
	certificate := tls.Certificate{PrivateKey: key, Leaf: leaf, Certificate: [][]byte{leaf.Raw}}
	for _, issuer := range chain {
		certificate.Certificate = append(certificate.Certificate, issuer.Raw)
	}
	return certificate, nil
}

func loadPEM(files TLSFiles) (tls.Certificate, error) {
	certificatePEM, certificateErr := readFile("tls.certfile", files.CertFile)
	keyPEM, keyErr := readFile("tls.certkeyfile", files.CertKeyFile)
	if keyErr == nil {
		keyPEM, keyErr = plainKey(keyPEM, files.PasswordFile)
	}
	if err := errors.Join(certificateErr, keyErr); err != nil {
		return tls.Certificate{}, err
	}
	certificate, err := tls.X509KeyPair(certificatePEM, keyPEM)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("tls.certfile, tls.certkeyfile: %w", err)
	}
	if certificate.Leaf == nil { // with GODEBUG=x509keypairleaf=0
		certificate.Leaf, err = x509.ParseCertificate(certificate.Certificate[0])
	}
	return certificate, err
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
