// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net/netip"
	"strings"
	"time"
)

// Report is what [Client.Probe] found. Names in certificates, and those of CAs, were
// written by others: they may hold anything, and must be made harmless before they are shown.
type Report struct {
	Host      string // of the endpoint: a name or an address
	Port      string
	Encrypted bool // the endpoint is https; else the steps of TLS are not tried

	Resolve   Step         // not tried when Host is an address
	Addresses []netip.Addr // of Host, in the order in which they are tried

	Connect  Step      // Took is one round trip: a TCP connection takes no more (RFC 9293, section 3.5)
	Attempts []Attempt // one for each address that was tried; only the last can have succeeded

	Handshake   Step   // Took is one round trip with TLS 1.3, two with TLS 1.2, and what both sides compute
	Version     uint16 // as crypto/tls has it; 0 when it was not agreed on
	CipherSuite uint16 // as crypto/tls has it; 0 when it was not agreed on

	Server  *ServerCertificate  // nil when none was received
	Client  *ClientCertificate  // nil when none is configured
	Request *CertificateRequest // nil when the server did not ask for a client certificate, or did not come to it

	// Acceptance says whether the server took the client certificate, or went on without
	// one. It is OK when no refusal came in the time that it took: with TLS 1.3 a refusal
	// comes after the handshake (RFC 8446, section 4.4.2.4), and nothing tells acceptance.
	Acceptance Step
}

// Step is one step of a probe.
type Step struct {
	Tried   bool
	Problem Problem       // empty: it succeeded
	Alert   Alert         // with ProblemAlert
	Took    time.Duration // also of one that failed
}

// OK reports whether the step was tried and succeeded.
func (s Step) OK() bool { return s.Tried && s.Problem == "" }

// Attempt is one TCP connection.
type Attempt struct {
	Address netip.AddrPort
	Problem Problem // empty: it succeeded
	Took    time.Duration
}

// ServerCertificate is how the server showed who it is.
type ServerCertificate struct {
	*x509.Certificate
	Problems []Problem // why it is not trusted, all of them; empty: it is
	// Missing is with ProblemUnknownIssuer: the name of the CA that the trust store lacks, at
	// which the chain that was sent ends, and the id of its key (nil when no certificate tells it).
	Missing      pkix.Name
	MissingKeyID []byte
}

// ClientCertificate is how this side shows who it is.
type ClientCertificate struct {
	*x509.Certificate
	Problems []Problem
}

// CertificateRequest is what the server asked of the client.
type CertificateRequest struct {
	// CAs are the distinguished names of the CAs whose certificates the server says that it
	// takes; none: it does not say.
	CAs []string
	// FromCA tells that a certificate of the client's chain was issued by one of them.
	FromCA bool
	// Presented tells that the client certificate was sent. It is whatever CAs the server
	// names, but not to a server that takes no signature of its key, nor when there is none.
	Presented bool
}

// Problem says what is wrong with a step or a certificate: a stable snake_case code.
type Problem string

// What can be wrong with a step.
const (
	ProblemCanceled    Problem = "canceled"           // the caller gave up
	ProblemTimeout     Problem = "timeout"            // nothing came in time
	ProblemUnknownHost Problem = "unknown_host"       // there is no such name
	ProblemDNS         Problem = "dns"                // the name could not be looked up
	ProblemRefused     Problem = "refused"            // nothing listens at the address
	ProblemNetwork     Problem = "network"            // no way to the address
	ProblemLost        Problem = "connection_lost"    // the other side closed the connection
	ProblemPlainHTTP   Problem = "plain_http"         // HTTP without TLS
	ProblemNotTLS      Problem = "not_tls"            // something else without TLS
	ProblemVersion     Problem = "protocol_version"   // only versions of TLS that are too old
	ProblemAlert       Problem = "alert"              // the other side refused, and said why: see Alert
	ProblemHandshake   Problem = "handshake"          // the other side does not keep to TLS, or none of its choices will do
	ProblemServer      Problem = "server_certificate" // the server is not trusted: see ServerCertificate
	ProblemUnasked     Problem = "unasked"            // the other side spoke first, as HTTP never does
)

// What can be wrong with a certificate.
const (
	ProblemExpired       Problem = "expired"
	ProblemNotYetValid   Problem = "not_yet_valid"
	ProblemHostName      Problem = "host_name"      // it is about another host
	ProblemUnknownIssuer Problem = "unknown_issuer" // no CA in the trust store vouches for it
	ProblemExpiredCA     Problem = "expired_ca"     // a CA that vouches for it has expired, or is not valid yet
	ProblemPurpose       Problem = "purpose"        // it is not for this use (extended key usage)
	ProblemInvalid       Problem = "invalid"        // otherwise invalid
)

// Alert is the number of a TLS alert (RFC 8446, section 6).
type Alert uint8

// The alerts that say something of a certificate or of what both sides support.
const (
	AlertHandshakeFailure       Alert = 40
	AlertBadCertificate         Alert = 42
	AlertUnsupportedCertificate Alert = 43
	AlertCertificateRevoked     Alert = 44
	AlertCertificateExpired     Alert = 45
	AlertUnknownCA              Alert = 48
	AlertProtocolVersion        Alert = 70
	AlertUnrecognizedName       Alert = 112
	AlertCertificateRequired    Alert = 116
)

// String returns the alert's meaning in words, such as "bad certificate".
func (a Alert) String() string { return strings.TrimPrefix(a.text(), "tls: ") }
