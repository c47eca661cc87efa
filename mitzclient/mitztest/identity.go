// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// AuthorityName is the common name of the certificate authority of an [Identity].
const AuthorityName = "Mitz simulator CA"

// validity is how long a throw-away certificate lasts.
const validity = 24 * time.Hour

// Identity is a throw-away certificate authority with one server and one client.
// Nothing else knows it, so that a test trusts nothing but itself.
type Identity struct {
	authority *x509.Certificate
	key       crypto.Signer
	server    tls.Certificate
	client    tls.Certificate
}

// IdentityConfig says what differs from a plain identity.
type IdentityConfig struct {
	// Host is a name or address that the server certificate is valid for, besides
	// localhost and the loopback addresses.
	Host string
	// Validity is how long the certificates last. Zero means a day.
	Validity time.Duration
}

// NewIdentity makes a certificate authority, a server certificate for localhost
// and the loopback addresses, and a client certificate with an RSA key.
func NewIdentity() (*Identity, error) { return IdentityConfig{}.New() }

// New makes an identity as [NewIdentity] does, with these differences.
func (c IdentityConfig) New() (*Identity, error) {
	if c.Validity == 0 {
		c.Validity = validity
	}
	notAfter := time.Now().Add(c.Validity)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := certificate(AuthorityName, notAfter)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	authority, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	id := &Identity{authority: authority, key: key}
	if id.server, err = id.issueServer(c.Host, notAfter); err != nil {
		return nil, err
	}
	clientKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	id.client, err = id.IssueClient("Mitz simulator client", clientKey, notAfter)
	return id, err
}

func certificate(name string, notAfter time.Time) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	notBefore := time.Now()
	if notAfter.Before(notBefore) {
		notBefore = notAfter
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name, Organization: []string{"nuts-mitz test"}},
		NotBefore:    notBefore.Add(-time.Hour),
		NotAfter:     notAfter,
	}
}

func (id *Identity) issueServer(host string, notAfter time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := certificate("localhost", notAfter)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.DNSNames = []string{"localhost"}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	if address := net.ParseIP(host); address != nil {
		template.IPAddresses = append(template.IPAddresses, address)
	} else if host != "" && host != "localhost" {
		template.DNSNames = append(template.DNSNames, host)
	}
	return id.sign(template, key)
}

// IssueClient makes another client certificate, for example one that has expired,
// or one whose key is not RSA and which is therefore refused.
func (id *Identity) IssueClient(commonName string, key crypto.Signer, notAfter time.Time) (tls.Certificate, error) {
	template := certificate(commonName, notAfter)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return id.sign(template, key)
}

func (id *Identity) sign(template *x509.Certificate, key crypto.Signer) (tls.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, id.authority, key.Public(), id.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// Config returns the configuration of a [Simulator] that this identity's client can reach. It
// notifies with the client's certificate and trusts this certificate authority only.
func (id *Identity) Config() Config {
	return Config{Certificate: id.server, ClientCAs: id.CAs(), Notify: &http.Transport{TLSClientConfig: id.ClientTLS()}}
}

// CAs returns the certificate authority as a pool.
func (id *Identity) CAs() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(id.authority)
	return pool
}

// Server returns the server's certificate and key.
func (id *Identity) Server() tls.Certificate { return id.server }

// Client returns the client's certificate and key.
func (id *Identity) Client() tls.Certificate { return id.client }

// ClientTLS returns the TLS configuration of a client: this certificate, and trust
// in this certificate authority only.
func (id *Identity) ClientTLS() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: id.CAs(), Certificates: []tls.Certificate{id.client}}
}

// CA returns the certificate authority's certificate.
func (id *Identity) CA() *x509.Certificate { return id.authority }

// CAPEM returns the certificate authority's certificate in PEM.
func (id *Identity) CAPEM() []byte { return encode("CERTIFICATE", id.authority.Raw) }

// PEM returns a certificate and its key (PKCS#8) in PEM.
func PEM(c tls.Certificate) (certificate, key []byte, err error) {
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		return nil, nil, err
	}
	chain := make([][]byte, len(c.Certificate))
	for i, raw := range c.Certificate {
		chain[i] = encode("CERTIFICATE", raw)
	}
	return bytes.Join(chain, nil), encode("PRIVATE KEY", der), nil
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// Files are paths of PEM files, as an operator configures them under mitz.tls.
type Files struct {
	Certificate string // certfile
	Key         string // certkeyfile
	TrustStore  string // truststorefile
}

// WriteFiles writes the client's certificate and key and the certificate authority
// to a directory.
func (id *Identity) WriteFiles(dir string) (Files, error) {
	files := Files{
		Certificate: filepath.Join(dir, "mitz-client.pem"),
		Key:         filepath.Join(dir, "mitz-client.key"),
		TrustStore:  filepath.Join(dir, "mitz-ca.pem"),
	}
	certificate, key, err := PEM(id.client)
	if err != nil {
		return Files{}, err
	}
	for path, content := range map[string][]byte{files.Certificate: certificate, files.Key: key, files.TrustStore: id.CAPEM()} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return Files{}, fmt.Errorf("mitz simulator: %w", err)
		}
	}
	return files, nil
}
