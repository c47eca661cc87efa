// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"time"
)

// Object identifiers in a UZI certificate's SubjectAltName, as the node's
// vdr/didx509 expects them.
var (
	oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidOtherName      = asn1.ObjectIdentifier{2, 5, 5, 5}
)

// UZICA is a test version of the CA that issues UZI certificates and passes.
type UZICA struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
}

// The types of UZI passes (CIBG, Certification Practice Statement of the UZI register).
const (
	PassProfessional = "Z" // a care professional, with a role
	PassNamed        = "N" // an employee, by name
	PassUnnamed      = "M" // an employee, not by name
	PassServer       = "S" // an organisation's server
)

// UZISubject is whom a UZI certificate names: an organisation, or a person at one.
type UZISubject struct {
	Organization string // O
	Locality     string // L
	URA          string // eight digits
	UZINumber    string // nine digits; empty: 900020000
	AGB          string // eight digits; empty: 00000000
	PassType     string // empty: PassServer
	Role         string // of a professional; empty: 00.000
	OtherName    string // replaces the whole otherName, for malformed certificates
	// RevocationLists are the addresses of the lists that tell whether it was revoked.
	RevocationLists []string
}

// UZIPass is an issued UZI certificate with its key: an organisation's server
// certificate, or a person's pass.
type UZIPass struct {
	subject     UZISubject
	ca          *UZICA
	certificate *x509.Certificate
	key         *rsa.PrivateKey
}

// NewUZICA makes a CA with an RSA key.
func NewUZICA(name string) (*UZICA, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	certificate, err := selfSign(name, key)
	if err != nil {
		return nil, err
	}
	return &UZICA{certificate: certificate, key: key}, nil
}

// Fingerprint is the SHA-256 of the CA's certificate, base64url, as in a did:x509.
func (c *UZICA) Fingerprint() string {
	sum := sha256.Sum256(c.certificate.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// DIDPrefix is what every did:x509 of this CA starts with; with a "*" behind it, it is
// the trust entry for an organisation's attributes.
func (c *UZICA) DIDPrefix() string { return "did:x509:0:sha256:" + c.Fingerprint() + "::" }

// Issue issues a UZI certificate or pass.
func (c *UZICA) Issue(subject UZISubject) (*UZIPass, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	names, err := subjectAltName(subject.otherName())
	if err != nil {
		return nil, err
	}
	template := certificateTemplate(pkix.Name{
		CommonName:   "uzi.example",
		Organization: []string{subject.Organization},
		Locality:     []string{subject.Locality},
	})
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtraExtensions = []pkix.Extension{names}
	template.CRLDistributionPoints = subject.RevocationLists
	certificate, err := sign(template, c.certificate, key.Public(), crypto.Signer(c.key))
	if err != nil {
		return nil, err
	}
	return &UZIPass{subject: subject, ca: c, certificate: certificate, key: key}, nil
}

// RevocationList is a list of the CA on which these are (RFC 5280 section 5), in DER.
func (c *UZICA) RevocationList(revoked ...*UZIPass) ([]byte, error) {
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour)}
	for _, pass := range revoked {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: pass.certificate.SerialNumber, RevocationTime: time.Now().Add(-time.Minute)})
	}
	return x509.CreateRevocationList(rand.Reader, template, c.certificate, c.key)
}

// DID is the did:x509 of this certificate, with O, L and otherName as policies. All
// subject fields are in one policy: the node keeps only the last subject policy.
func (s *UZIPass) DID() string {
	return s.ca.DIDPrefix() + s.subjectPolicy() + "::" + s.otherNamePolicy()
}

// ShortDID is the did:x509 with the otherName as its only policy.
func (s *UZIPass) ShortDID() string { return s.ca.DIDPrefix() + s.otherNamePolicy() }

// NamelessDID is the did:x509 without the otherName: it does not tell whose pass it is.
func (s *UZIPass) NamelessDID() string { return s.ca.DIDPrefix() + s.subjectPolicy() }

func (s *UZIPass) subjectPolicy() string {
	return strings.Join([]string{"subject:O", escapeDID(s.subject.Organization), "L", escapeDID(s.subject.Locality)}, ":")
}

func (s *UZIPass) otherNamePolicy() string {
	return "san:otherName:" + escapeDID(s.subject.otherName())
}

func (s UZISubject) otherName() string {
	if s.OtherName != "" {
		return s.OtherName
	}
	return fmt.Sprintf("2.16.528.1.1007.99.2110-1-%s-%s-%s-%s-%s", orElse(s.UZINumber, "900020000"),
		orElse(s.PassType, PassServer), s.URA, orElse(s.Role, "00.000"), orElse(s.AGB, "00000000"))
}

// escapeDID percent-encodes whatever a DID may not hold (DID Core, section 3.1).
func escapeDID(value string) string {
	return strings.ReplaceAll(url.PathEscape(value), ":", "%3A")
}

func subjectAltName(otherName string) (pkix.Extension, error) {
	value, err := asn1.MarshalWithParams(otherName, "utf8")
	if err != nil {
		return pkix.Extension{}, err
	}
	name, err := asn1.MarshalWithParams(struct {
		TypeID asn1.ObjectIdentifier
		Value  asn1.RawValue // tag 0, explicit
	}{oidOtherName, asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: value}}, "tag:0")
	if err != nil {
		return pkix.Extension{}, err
	}
	names, err := asn1.Marshal([]asn1.RawValue{{FullBytes: name}})
	return pkix.Extension{Id: oidSubjectAltName, Value: names}, err
}

func orElse(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
