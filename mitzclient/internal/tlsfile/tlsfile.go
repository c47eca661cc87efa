// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package tlsfile

import (
	"bytes"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/textfile"
)

// ClientFiles are the files of a client certificate.
type ClientFiles struct {
	Certificate string // with its chain: PKCS#12 (.p12, .pfx) or PEM
	Key         string // PEM, only beside PEM
	Password    string // of the PKCS#12 file or the encrypted key, on one line; empty: the empty password
}

// The configuration keys that the errors name.
const (
	certKey     = "tls.certfile"
	keyKey      = "tls.certkeyfile"
	passwordKey = "tls.passwordfile"
	rootsKey    = "tls.truststorefile"
)

// Client reads a certificate and its key, which must be RSA. The certificate is the one of
// the key, wherever it stands; those of its issuers follow in order, and then any others.
// The error lists every problem, each naming its configuration key.
func Client(files ClientFiles) (certificate tls.Certificate, err error) {
	switch strings.ToLower(filepath.Ext(files.Certificate)) {
	case ".p12", ".pfx":
		certificate, err = fromPKCS12(files)
	default:
		certificate, err = fromPEM(files)
	}
	if err != nil {
		return tls.Certificate{}, err
	}
	return certificate, nil
}

// Roots reads the certificates of a trust store in PEM.
func Roots(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, errors.New(rootsKey + ": not set")
	}
	certificates, err := Authorities(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", rootsKey, err)
	}
	roots := x509.NewCertPool()
	for _, each := range certificates {
		roots.AddCert(each)
	}
	return roots, nil
}

// Authorities reads a PEM file that holds certificates and nothing else.
func Authorities(path string) ([]*x509.Certificate, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return rootsIn(content, path)
}

func rootsIn(content []byte, path string) ([]*x509.Certificate, error) {
	blocks, err := readBlocks(content)
	if err != nil {
		return nil, err
	}
	if len(blocks) == 0 {
		return nil, fmt.Errorf("no certificates: %w", notPEM(content, path))
	}
	var certificates []*x509.Certificate
	for _, each := range blocks {
		switch {
		case each.isKey():
			return nil, fmt.Errorf("%s is not a certificate: a private key has no place in a trust store", each)
		case !each.isCertificate():
			return nil, each.misplaced(path, content)
		}
		certificate, err := each.certificate()
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, certificate)
	}
	return certificates, nil
}

func (b block) certificate() (*x509.Certificate, error) {
	certificate, err := x509.ParseCertificate(b.bytes)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", b, err)
	}
	return certificate, nil
}

// fromPEM reads a certificate and its key from two files, which may be one and the same.
func fromPEM(files ClientFiles) (tls.Certificate, error) {
	certificates, certificateErr := certificatesIn(files)
	key, keyErr := keyIn(files)
	if err := errors.Join(certificateErr, keyErr); err != nil {
		return tls.Certificate{}, err
	}
	return joinKey(certKey+", "+keyKey, certificates, key)
}

func certificatesIn(files ClientFiles) ([]*x509.Certificate, error) {
	content, err := read(certKey, files.Certificate)
	if err != nil {
		return nil, err
	}
	certificates, err := certificateBlocks(content, files.Certificate)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certKey, err)
	}
	return certificates, nil
}

// certificateBlocks returns the certificates of a PEM file, beside which a key may stand.
func certificateBlocks(content []byte, path string) (certificates []*x509.Certificate, err error) {
	blocks, err := readBlocks(content)
	if err == nil && len(blocks) == 0 {
		err = notPEM(content, path)
	}
	for _, each := range blocks {
		if err != nil {
			break
		}
		switch {
		case each.isCertificate():
			var certificate *x509.Certificate
			if certificate, err = each.certificate(); err == nil {
				certificates = append(certificates, certificate)
			}
		case !each.isKey():
			err = each.misplaced(path, content)
		}
	}
	if err == nil && len(certificates) == 0 {
		err = errors.New("no certificate in it")
	}
	return certificates, err
}

// joinKey puts a key and the certificates that stand beside it together. where names the
// configuration keys of their files.
func joinKey(where string, certificates []*x509.Certificate, key any) (tls.Certificate, error) {
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return tls.Certificate{}, fmt.Errorf("%s: the key is not RSA, and Mitz takes no other", where)
	}
	leaf := slices.IndexFunc(certificates, func(c *x509.Certificate) bool { return private.PublicKey.Equal(c.PublicKey) })
	if leaf < 0 {
		return tls.Certificate{}, fmt.Errorf("%s: the key is not the certificate's: none of the certificates is of this key", where)
	}
	joined := tls.Certificate{PrivateKey: private, Leaf: certificates[leaf]}
	for _, each := range ordered(certificates[leaf], slices.Delete(slices.Clone(certificates), leaf, leaf+1)) {
		joined.Certificate = append(joined.Certificate, each.Raw)
	}
	return joined, nil
}

// ordered puts after each certificate those of its issuer (RFC 5246 section 7.4.2), and at
// the end, in the order in which they stood, those that nothing leads to. None stands
// there twice.
func ordered(leaf *x509.Certificate, others []*x509.Certificate) []*x509.Certificate {
	chain := []*x509.Certificate{leaf}
	for i := 0; i < len(chain); i++ { // chain grows
		others = slices.DeleteFunc(others, func(candidate *x509.Certificate) bool {
			same := slices.ContainsFunc(chain, candidate.Equal)
			if !same && issued(candidate, chain[i]) {
				chain = append(chain, candidate)
				return true
			}
			return same
		})
	}
	for _, each := range others {
		if !slices.ContainsFunc(chain, each.Equal) {
			chain = append(chain, each)
		}
	}
	return chain
}

// issued goes by names, and by the ids of keys where both have them (RFC 5280 section
// 6.1.3 and 4.2.1.1).
func issued(issuer, certificate *x509.Certificate) bool {
	return bytes.Equal(issuer.RawSubject, certificate.RawIssuer) &&
		(len(issuer.SubjectKeyId) == 0 || len(certificate.AuthorityKeyId) == 0 || bytes.Equal(issuer.SubjectKeyId, certificate.AuthorityKeyId))
}

func read(key, path string) ([]byte, error) {
	if path == "" {
		return nil, errors.New(key + ": not set")
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return content, nil
}

// password reads the password; without a file it is empty.
func (f ClientFiles) password() (string, error) {
	if f.Password == "" {
		return "", nil
	}
	password, err := textfile.Line(f.Password)
	if err != nil {
		return "", fmt.Errorf("%s: %w", passwordKey, err)
	}
	return password, nil
}
