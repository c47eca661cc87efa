// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Certificate is which client certificate a notification must come with.
type Certificate struct {
	// Roots returns the CAs that may vouch for it, alone: those in use now.
	Roots func() *x509.CertPool
	// Names are whose it may be: the certificate has one of them as a DNS name, or as the
	// common name of its subject. There must be one: any organisation has a certificate of a
	// public CA.
	Names []string
	// Header is the one in which a proxy that ended TLS hands it over, as to the node's own
	// tls.certheader: in PEM with percent escapes, or DER in base64. The proxy must take away
	// what its clients send in it. Empty: none does.
	Header string
}

// Bounds of what is sent as a certificate, before anything in it is verified.
const (
	maxHeader       = 32 << 10 // in bytes
	maxCertificates = 8        // in a chain
	maxRSAKey       = 8192     // in bits: verifying with a larger one takes long
)

const beginCertificate = "-----BEGIN CERTIFICATE-----"

// The errors repeat nothing of what was sent.
var (
	errNoCertificate   = errors.New("there is no client certificate")
	errManyHeaders     = errors.New("the header of the client certificate is there more than once")
	errNotACertificate = errors.New("the client certificate cannot be read")
	errTooMuch         = errors.New("the client certificate, its chain or its key is too large")
	errNotTrusted      = errors.New("the client certificate is not valid, or of none of the CAs that are trusted")
	errOtherName       = errors.New("the client certificate is somebody else's")
)

// isUsable reports whether anybody could have such a certificate.
func (c *Certificate) isUsable() bool {
	return c.Roots != nil && len(c.Names) > 0 && !slices.Contains(c.Names, "")
}

// check returns why a request does not come with such a certificate. It gets nothing from
// elsewhere: whether it was revoked is for the proxy to know.
func (c *Certificate) check(request *http.Request, now time.Time) error {
	chain, err := c.sent(request)
	if err != nil {
		return err
	}
	if len(chain) > maxCertificates {
		return errTooMuch
	}
	intermediates := x509.NewCertPool()
	for i, each := range chain {
		if key, isRSA := each.PublicKey.(*rsa.PublicKey); isRSA && key.N.BitLen() > maxRSAKey {
			return errTooMuch
		}
		if i > 0 {
			intermediates.AddCert(each)
		}
	}
	_, err = chain[0].Verify(x509.VerifyOptions{
		Roots: c.Roots(), Intermediates: intermediates, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return errNotTrusted // its text quotes the certificate
	}
	if !c.names(chain[0]) {
		return errOtherName
	}
	return nil
}

func (c *Certificate) names(leaf *x509.Certificate) bool {
	return slices.ContainsFunc(c.Names, func(name string) bool {
		is := func(other string) bool { return strings.EqualFold(name, other) }
		return is(leaf.Subject.CommonName) || slices.ContainsFunc(leaf.DNSNames, is)
	})
}

// sent returns the chain that a request came with, the client's own certificate first: that of
// its connection, or else what the header says.
func (c *Certificate) sent(request *http.Request) ([]*x509.Certificate, error) {
	if request.TLS != nil && len(request.TLS.PeerCertificates) > 0 {
		return request.TLS.PeerCertificates, nil
	}
	if c.Header == "" {
		return nil, errNoCertificate
	}
	values := request.Header.Values(c.Header)
	switch {
	case len(values) > 1:
		return nil, errManyHeaders
	case len(values) == 0 || values[0] == "":
		return nil, errNoCertificate
	case len(values[0]) > maxHeader:
		return nil, errTooMuch
	}
	return readCertificates(values[0])
}

// readCertificates reads the value of the header, as the node does. Unlike the node it takes a
// chain too, and a plus that stands for itself, which some proxies do not escape.
func readCertificates(value string) ([]*x509.Certificate, error) {
	text, err := url.PathUnescape(value)
	if err != nil || !strings.Contains(text, beginCertificate) {
		text, err = url.QueryUnescape(value) // in which a plus is a blank
	}
	if err == nil && strings.Contains(text, beginCertificate) {
		return readPEM(text)
	}
	der, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, errNotACertificate
	}
	return parse(der)
}

func readPEM(text string) ([]*x509.Certificate, error) {
	var ders []byte
	for rest := []byte(strings.TrimSpace(text)); len(rest) > 0; {
		block, after := pem.Decode(rest)
		if block == nil || block.Type != "CERTIFICATE" {
			return nil, errNotACertificate
		}
		ders, rest = append(ders, block.Bytes...), after
	}
	return parse(ders)
}

// parse reads certificates that follow each other.
func parse(ders []byte) ([]*x509.Certificate, error) {
	chain, err := x509.ParseCertificates(ders)
	if err != nil || len(chain) == 0 {
		return nil, errNotACertificate
	}
	return chain, nil
}
