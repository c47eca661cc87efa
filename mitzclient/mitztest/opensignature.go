// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"crypto/x509"
	"encoding/base64"
	"strings"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
)

// The algorithms that a signature must name.
const (
	algorithmC14N      = "http://www.w3.org/2001/10/xml-exc-c14n#"
	algorithmSignature = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
)

// checkSignature checks the signature of the assertion in a message that was read: of the whole
// assertion, by a certificate of one of the authorities that stands beside it.
func checkSignature(document []byte, authorities *x509.CertPool) error {
	tree := etree.NewDocument()
	if err := tree.ReadFromBytes(document); err != nil {
		return deviation("Signature: the message cannot be read")
	}
	var assertion *etree.Element
	_ = etreeutils.NSFindIterate(tree.Root(), namespaceSAML, "Assertion", func(ctx etreeutils.NSContext, e *etree.Element) error {
		found, err := etreeutils.NSDetatch(ctx, e)
		assertion = found
		return err
	})
	if assertion == nil {
		return deviation("Signature: there is no assertion")
	}
	for path, want := range map[string]string{
		"./Signature/SignedInfo/CanonicalizationMethod": algorithmC14N, "./Signature/SignedInfo/SignatureMethod": algorithmSignature,
	} {
		if method := assertion.FindElement(path); method == nil || method.SelectAttrValue("Algorithm", "") != want {
			return deviation("Signature: must name the algorithm %s", want)
		}
	}
	certificate, err := signing(assertion, authorities)
	if err != nil {
		return err
	}
	validation := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{certificate}})
	if _, err := validation.Validate(assertion); err != nil {
		return deviation("Signature: is not of this assertion by its certificate")
	}
	return nil
}

// signing returns the certificate beside a signature.
func signing(assertion *etree.Element, authorities *x509.CertPool) (*x509.Certificate, error) {
	text := assertion.FindElement("./Signature/KeyInfo/X509Data/X509Certificate")
	if text == nil {
		return nil, deviation("Signature: must name its certificate in X509Data")
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text.Text()), ""))
	if err != nil {
		return nil, deviation("Signature: the certificate is not in base64")
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, deviation("Signature: the certificate cannot be read")
	}
	if _, err := certificate.Verify(x509.VerifyOptions{Roots: authorities, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		return nil, deviation("Signature: the certificate is not of an issuer that is trusted")
	}
	return certificate, nil
}
