// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/wire"
)

// handshake does what a consult's connection does before its request.
func (p *probe) handshake(ctx context.Context, connection net.Conn) {
	config := p.via.TLSClientConfig.Clone()
	if config.ServerName == "" {
		config.ServerName = p.Host
	}
	config.GetClientCertificate = p.chooser(config.Certificates)
	secured := tls.Client(connection, config)
	began := time.Now()
	err := secured.HandshakeContext(ctx)
	p.Handshake = Step{Tried: true, Took: time.Since(began)}
	state := secured.ConnectionState()
	p.Version, p.CipherSuite = state.Version, state.CipherSuite
	if len(state.PeerCertificates) > 0 {
		p.Server = &ServerCertificate{Certificate: state.PeerCertificates[0]}
	}
	if err == nil {
		p.Acceptance = p.awaitRefusal(ctx, secured)
		return
	}
	problem, alert := handshakeProblem(ctx, err)
	if unverified, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && len(unverified.UnverifiedCertificates) > 0 {
		problem, p.Server = ProblemServer, distrusted(unverified.UnverifiedCertificates, config, time.Now())
	}
	if p.Request != nil {
		// TLS 1.2: the server has said all it had to say, so this is about what it was sent.
		p.Acceptance = Step{Tried: true, Problem: problem, Alert: alert, Took: p.Handshake.Took}
		return
	}
	p.Handshake.Problem, p.Handshake.Alert = problem, alert
}

// chooser presents a client certificate as a consult does, and notes what was asked.
func (p *probe) chooser(certificates []tls.Certificate) func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		p.Request = &CertificateRequest{CAs: namesOf(info.AcceptableCAs)}
		if len(certificates) == 0 {
			return new(tls.Certificate), nil
		}
		p.Request.FromCA = issuedByOne(certificates[0], info.AcceptableCAs)
		p.Request.Presented = wire.Usable(&certificates[0], *info)
		return wire.Always(certificates[0])(info)
	}
}

// namesOf reads distinguished names. What is none is told as such: it is the server's.
func namesOf(raw [][]byte) []string {
	names := make([]string, 0, len(raw))
	for _, each := range raw {
		var name pkix.RDNSequence
		if rest, err := asn1.Unmarshal(each, &name); err != nil || len(rest) > 0 {
			names = append(names, "(not a name)")
			continue
		}
		names = append(names, name.String())
	}
	return names
}

func issuedByOne(certificate tls.Certificate, authorities [][]byte) bool {
	for _, der := range certificate.Certificate {
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			continue
		}
		for _, authority := range authorities {
			if bytes.Equal(parsed.RawIssuer, authority) {
				return true
			}
		}
	}
	return false
}

// awaitRefusal reads from a connection on which nothing was asked: all that can come is
// a refusal.
func (p *probe) awaitRefusal(ctx context.Context, connection net.Conn) Step {
	began := time.Now()
	_ = connection.SetReadDeadline(began.Add(p.patience))
	stop := context.AfterFunc(ctx, func() { _ = connection.SetReadDeadline(began) })
	defer stop()
	n, err := connection.Read(make([]byte, 1))
	step := Step{Tried: true, Took: time.Since(began)}
	if n > 0 {
		step.Problem = ProblemUnasked
		return step
	}
	if step.Problem, step.Alert = handshakeProblem(ctx, err); step.Problem == ProblemTimeout {
		step.Problem = ""
	}
	return step
}

// handshakeProblem says why TLS failed, and with which alert of the other side.
func handshakeProblem(ctx context.Context, err error) (Problem, Alert) {
	if alert, ok := alertOf(err); ok {
		if alert == AlertProtocolVersion {
			return ProblemVersion, alert
		}
		return ProblemAlert, alert
	}
	if record, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		if bytes.HasPrefix(record.RecordHeader[:], []byte("HTTP/")) {
			return ProblemPlainHTTP, 0
		}
		return ProblemNotTLS, 0
	}
	problem := problemOf(ctx, err)
	switch {
	case problem != ProblemNetwork:
		return problem, 0
	case strings.Contains(err.Error(), "unsupported protocol version"):
		return ProblemVersion, 0
	default:
		return ProblemHandshake, 0
	}
}

// alertOf finds the alert that the other side sent. crypto/tls hides its number, and
// tells its text.
func alertOf(err error) (Alert, bool) {
	operation, ok := errors.AsType[*net.OpError](err)
	if !ok || operation.Op != "remote error" {
		return 0, false
	}
	for number := range 1 << 8 {
		if alert := Alert(number); alert.text() == operation.Err.Error() {
			return alert, true
		}
	}
	return 0, false
}

func (a Alert) text() string { return tls.AlertError(a).Error() }
