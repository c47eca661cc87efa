// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package tlsfile

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
)

// Signing reads a certificate and its key, which must be RSA and not encrypted, from one PEM
// file. The error names no configuration key.
func Signing(path string) (tls.Certificate, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return tls.Certificate{}, err
	}
	found, err := keyBlock(content, path)
	if err != nil {
		return tls.Certificate{}, err
	}
	if found.label == "ENCRYPTED PRIVATE KEY" || found.headers["DEK-Info"] != "" {
		return tls.Certificate{}, errors.New("the private key is encrypted: keep it plain, in a file that the node alone can read")
	}
	parsed, err := parseKey(found)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%s cannot be read as a private key", found)
	}
	key, isRSA := parsed.(*rsa.PrivateKey)
	if !isRSA {
		return tls.Certificate{}, errors.New("the private key is not RSA")
	}
	certificates, err := certificateBlocks(content, path)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf := slices.IndexFunc(certificates, func(c *x509.Certificate) bool { return key.PublicKey.Equal(c.PublicKey) })
	if leaf < 0 {
		return tls.Certificate{}, errors.New("none of the certificates is of this key")
	}
	return tls.Certificate{PrivateKey: key, Leaf: certificates[leaf], Certificate: [][]byte{certificates[leaf].Raw}}, nil
}
