// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pdpserver

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/textfile"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
)

// Files name what a decision point proves itself with, and what it knows its clients by. Those
// that are empty are not used.
type Files struct {
	Certificate string // with its chain, in PEM; empty: there is no TLS
	Key         string // of the certificate, in PEM, not encrypted
	ClientCAs   string // roots of the clients' certificates, in PEM; empty: they need none
	Tokens      string // bearer tokens, one a line; empty: they need none
}

// fingerprint differs when what the files hold differs, or whether they can be read.
type fingerprint [sha256.Size]byte

func (f Files) fingerprint() fingerprint {
	sum := sha256.New()
	for _, path := range []string{f.Certificate, f.Key, f.ClientCAs, f.Tokens} {
		if path == "" {
			continue
		}
		content, err := os.ReadFile(path)
		_, _ = fmt.Fprintf(sum, "%t %x\n", err == nil, sha256.Sum256(content))
	}
	return fingerprint(sum.Sum(nil))
}

// credentials are what is in the files. They never change.
type credentials struct {
	tls    *tls.Config    // nil: there is no TLS
	roots  *x509.CertPool // of clients' certificates; nil: they need none
	tokens *tokens        // nil: they need none
}

// load reads all of the files. The error lists every problem, each with its key of the
// configuration.
func (f Files) load() (*credentials, error) {
	loaded := &credentials{}
	var certificate tls.Certificate
	var certificateErr, rootsErr, tokensErr error
	if f.Certificate != "" || f.Key != "" {
		certificate, certificateErr = readCertificate(f.Certificate, f.Key)
	}
	if f.ClientCAs != "" {
		if loaded.roots, rootsErr = mitzclient.LoadRoots(f.ClientCAs); rootsErr != nil {
			rootsErr = fmt.Errorf("pdp.tls.clientcafile: %w", rootsErr)
		}
	}
	if f.Tokens != "" {
		if loaded.tokens, tokensErr = readTokens(f.Tokens); tokensErr != nil {
			tokensErr = fmt.Errorf("pdp.tokenfile: %w", tokensErr)
		}
	}
	if err := errors.Join(certificateErr, rootsErr, tokensErr); err != nil {
		return nil, err
	}
	if f.Certificate != "" {
		loaded.tls = loaded.server(certificate)
	}
	return loaded, nil
}

// server is how a connection is made. A client's certificate is asked for and verified, and
// missed only by what needs it: whether the process lives, anybody may know. Sessions are not
// resumed: a change of the roots counts for every connection from then on.
func (c *credentials) server(certificate tls.Certificate) *tls.Config {
	config := &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate},
		NextProtos: []string{"h2", "http/1.1"}, SessionTicketsDisabled: true,
	}
	if c.roots != nil {
		config.ClientAuth, config.ClientCAs = tls.VerifyClientCertIfGiven, c.roots
	}
	return config
}

// readCertificate reads the certificate of the server and its key. The key is a secret.
func readCertificate(certificateFile, keyFile string) (tls.Certificate, error) {
	certificate, certificateErr := readPEM("pdp.tls.certfile", certificateFile)
	key, keyErr := readPEM("pdp.tls.certkeyfile", keyFile)
	if keyErr == nil {
		info, err := os.Stat(keyFile)
		if err == nil {
			err = textfile.CheckSecret(info)
		}
		if err != nil {
			keyErr = fmt.Errorf("pdp.tls.certkeyfile: %w", err)
		}
	}
	if err := errors.Join(certificateErr, keyErr); err != nil {
		return tls.Certificate{}, err
	}
	joined, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("pdp.tls.certfile, pdp.tls.certkeyfile: no certificate and its key, both in PEM and not encrypted: %w", err)
	}
	return joined, nil
}

func readPEM(key, path string) ([]byte, error) {
	if path == "" {
		return nil, errors.New(key + ": required: a certificate needs its key, and a key its certificate")
	}
	content, err := textfile.Read(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return content, nil
}

// checkValidity refuses to replace a certificate by one that no client would take.
func (c *credentials) checkValidity(now time.Time) error {
	if c.tls == nil {
		return nil
	}
	leaf := c.tls.Certificates[0].Leaf
	switch {
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("pdp.tls.certfile: not valid before %s", leaf.NotBefore.UTC().Format(time.RFC3339))
	case now.After(leaf.NotAfter):
		return fmt.Errorf("pdp.tls.certfile: expired at %s", leaf.NotAfter.UTC().Format(time.RFC3339))
	default:
		return nil
	}
}
