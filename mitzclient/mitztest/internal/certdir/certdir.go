// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package certdir keeps a directory with the certificates of a simulator of Mitz: a
// certificate authority, and with it one for the server and one for a client, in the forms
// that OpenSSL, Java and .NET read.
//
// It must never write over a file that it did not make, leave a private key readable for
// others, or keep the authority's key: nobody can make more certificates later.
package certdir

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

const (
	// validity is how long the certificates last.
	validity = 90 * 24 * time.Hour
	// margin is how long those of an earlier run must last still.
	margin = 24 * time.Hour
)

// Dir names the files of a directory.
type Dir struct {
	Path string

	CA         string // PEM: trust this, and nothing else
	ClientCert string // PEM
	ClientKey  string // PEM, PKCS#8
	ClientP12  string // PKCS#12 of the client's key, certificate and CA
	TrustP12   string // PKCS#12 of the CA, as Java's trust store
	Password   string // of both PKCS#12 files, without a line's end
	ServerCert string // PEM
	ServerKey  string // PEM, PKCS#8
}

func in(path string) Dir {
	file := func(name string) string { return filepath.Join(path, name) }
	return Dir{
		Path: path, CA: file("ca.pem"),
		ClientCert: file("client.pem"), ClientKey: file("client.key"),
		ClientP12: file("client.p12"), TrustP12: file("truststore.p12"), Password: file("password.txt"),
		ServerCert: file("server.pem"), ServerKey: file("server.key"),
	}
}

func (d Dir) files() []string {
	return []string{d.CA, d.ClientCert, d.ClientKey, d.ClientP12, d.TrustP12, d.Password, d.ServerCert, d.ServerKey}
}

// Open returns the directory with certificates for a server of this name. It makes them
// where there are none, and anew where those of an earlier run do not serve; made tells so.
func Open(path, host string, now time.Time) (d Dir, made bool, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return Dir{}, false, err
	}
	d = in(path)
	there, err := d.there()
	if err != nil {
		return d, false, err
	}
	if len(there) > 0 {
		if !d.ours() {
			return d, false, fmt.Errorf("%s holds %s, but no ca.pem of a simulator: give another directory, or remove it", path, filepath.Base(there[0]))
		}
		if d.serves(host, now.Add(margin)) == nil {
			return d, false, nil
		}
	}
	return d, true, d.make(host)
}

// there lists the files that exist.
func (d Dir) there() (there []string, err error) {
	for _, file := range d.files() {
		switch _, err := os.Lstat(file); {
		case err == nil:
			there = append(there, file)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return there, nil
}

// ours reports whether the CA is one that this package made.
func (d Dir) ours() bool {
	authority, err := d.authority()
	return err == nil && authority.Subject.CommonName == mitztest.AuthorityName
}

func (d Dir) authority() (*x509.Certificate, error) {
	content, err := os.ReadFile(d.CA)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, errors.New("ca.pem is not PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

// serves returns what the certificates lack, at a time.
func (d Dir) serves(host string, at time.Time) error {
	if there, err := d.there(); err != nil || len(there) < len(d.files()) {
		return errors.Join(err, errors.New("files are missing"))
	}
	authority, err := d.authority()
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	server, err := tls.LoadX509KeyPair(d.ServerCert, d.ServerKey)
	if err != nil {
		return err
	}
	client, err := tls.LoadX509KeyPair(d.ClientCert, d.ClientKey)
	if err != nil {
		return err
	}
	options := x509.VerifyOptions{Roots: roots, CurrentTime: at, DNSName: host}
	if _, err := server.Leaf.Verify(options); err != nil {
		return err
	}
	options.DNSName, options.KeyUsages = "", []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	_, err = client.Leaf.Verify(options)
	return err
}

func (d Dir) make(host string) error {
	identity, err := mitztest.IdentityConfig{Host: host, Validity: validity}.New()
	if err != nil {
		return err
	}
	private, public, err := d.contents(identity)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(d.Path, 0o700); err != nil {
		return err
	}
	for mode, contents := range map[fs.FileMode]map[string][]byte{0o600: private, 0o644: public} {
		for file, content := range contents {
			if err := write(file, content, mode); err != nil {
				return err
			}
		}
	}
	return nil
}

// contents returns what is to be in the files.
func (d Dir) contents(identity *mitztest.Identity) (private, public map[string][]byte, err error) {
	password := newPassword()
	clientCert, clientKey, err := mitztest.PEM(identity.Client())
	if err != nil {
		return nil, nil, err
	}
	serverCert, serverKey, err := mitztest.PEM(identity.Server())
	if err != nil {
		return nil, nil, err
	}
	authorities := []*x509.Certificate{identity.CA()}
	client := identity.Client()
	clientP12, err := pkcs12.Modern.Encode(client.PrivateKey, client.Leaf, authorities, password)
	if err != nil {
		return nil, nil, err
	}
	trustP12, err := pkcs12.Modern.EncodeTrustStore(authorities, password)
	private = map[string][]byte{
		d.ClientKey: clientKey, d.ServerKey: serverKey,
		d.ClientP12: clientP12, d.TrustP12: trustP12, d.Password: []byte(password),
	}
	return private, map[string][]byte{d.CA: identity.CAPEM(), d.ClientCert: clientCert, d.ServerCert: serverCert}, err
}

func newPassword() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // does not fail
	return hex.EncodeToString(random)
}

// write makes a file anew, so that neither a link nor the mode of an earlier one counts.
func write(path string, content []byte, mode fs.FileMode) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}
