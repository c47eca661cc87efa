// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"
)

// clientCertificate judges the client certificate by itself; nil when there is none.
func (p *probe) clientCertificate(now time.Time) *ClientCertificate {
	config := p.via.TLSClientConfig
	if config == nil || len(config.Certificates) == 0 || config.Certificates[0].Leaf == nil {
		return nil
	}
	certificate := &ClientCertificate{Certificate: config.Certificates[0].Leaf}
	certificate.Problems = validityProblems(certificate.Certificate, now)
	if !forClients(certificate.Certificate) {
		certificate.Problems = append(certificate.Problems, ProblemPurpose)
	}
	return certificate
}

// forClients goes by the extended key usage (RFC 5280, section 4.2.1.12).
func forClients(certificate *x509.Certificate) bool {
	for _, usage := range certificate.ExtKeyUsage {
		if usage == x509.ExtKeyUsageClientAuth || usage == x509.ExtKeyUsageAny {
			return true
		}
	}
	return len(certificate.ExtKeyUsage) == 0 && len(certificate.UnknownExtKeyUsage) == 0
}

func validityProblems(certificate *x509.Certificate, now time.Time) []Problem {
	switch {
	case now.Before(certificate.NotBefore):
		return []Problem{ProblemNotYetValid}
	case now.After(certificate.NotAfter):
		return []Problem{ProblemExpired}
	default:
		return nil
	}
}

// distrusted says all that is wrong with a server's certificates, of which crypto/tls
// tells the first. It makes nothing trusted: the handshake has failed already.
func distrusted(sent []*x509.Certificate, config *tls.Config, now time.Time) *ServerCertificate {
	leaf := sent[0]
	result := &ServerCertificate{Certificate: leaf, Problems: validityProblems(leaf, now)}
	if leaf.VerifyHostname(config.ServerName) != nil {
		result.Problems = append(result.Problems, ProblemHostName)
	}
	options := x509.VerifyOptions{Roots: config.RootCAs, Intermediates: x509.NewCertPool(), CurrentTime: now}
	if now.Before(leaf.NotBefore) {
		options.CurrentTime = leaf.NotBefore
	} else if now.After(leaf.NotAfter) {
		options.CurrentTime = leaf.NotAfter
	}
	for _, each := range sent[1:] {
		options.Intermediates.AddCert(each)
	}
	if _, err := leaf.Verify(options); err != nil {
		result.Problems = append(result.Problems, chainProblem(err))
	}
	if len(result.Problems) == 0 {
		result.Problems = []Problem{ProblemInvalid}
	}
	last := endOf(sent)
	result.Missing, result.MissingKeyID = last.Issuer, last.AuthorityKeyId
	if selfIssued(last) {
		result.MissingKeyID = last.SubjectKeyId
	}
	return result
}

func chainProblem(err error) Problem {
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
		return ProblemUnknownIssuer
	}
	invalid, _ := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case invalid.Cert == nil:
		return ProblemInvalid
	case invalid.Reason == x509.Expired:
		return ProblemExpiredCA
	case invalid.Reason == x509.IncompatibleUsage:
		return ProblemPurpose
	default:
		return ProblemInvalid
	}
}

// endOf follows the issuers from the first certificate, as far as they were sent.
func endOf(sent []*x509.Certificate) *x509.Certificate {
	last := sent[0]
	for range sent {
		issuer := last
		for _, each := range sent {
			if each != last && bytes.Equal(each.RawSubject, last.RawIssuer) {
				issuer = each
			}
		}
		if issuer == last {
			break
		}
		last = issuer
	}
	return last
}

// selfIssued reports whether a certificate is where a chain ends.
func selfIssued(certificate *x509.Certificate) bool {
	return bytes.Equal(certificate.RawIssuer, certificate.RawSubject)
}
