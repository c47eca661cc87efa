// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package wire

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

const (
	// maxHeader bounds the headers of an answer, in bytes.
	maxHeader = 16 << 10
	// idleTimeout is how long an unused connection is kept: shorter than what
	// gateways commonly do, for a query on a connection that they just closed
	// fails, and a repetition may be recorded twice.
	idleTimeout = 30 * time.Second
)

// Connections are those made with one client certificate and one set of roots.
// Others take their place when the files change: a pool that changed its keys
// could hand out old connections for as long as it is busy.
type Connections struct {
	*http.Transport
	notAfter time.Time // of the client certificate; zero when there is none
}

// newConnections has no proxy: a connection to Mitz goes to Mitz. It speaks
// HTTP/1.1, in which a slow answer holds up no other.
func newConnections(keys *tls.Config, timeout time.Duration, most int) *Connections {
	dialer := &net.Dialer{Timeout: timeout, KeepAlive: idleTimeout}
	made := &Connections{Transport: &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    timeout,
		DisableCompression:     true,
		MaxConnsPerHost:        most,
		MaxIdleConns:           most,
		MaxIdleConnsPerHost:    most,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
	}}
	if keys == nil {
		return made
	}
	made.TLSClientConfig = keys.Clone()
	// A server may ask for the certificate when it has seen the request, as IIS does. It can
	// with TLS 1.2 alone, once, and is authenticated again (RFC 5746).
	made.TLSClientConfig.Renegotiation = tls.RenegotiateOnceAsClient
	if len(keys.Certificates) == 0 {
		return made
	}
	if keys.GetClientCertificate == nil {
		made.TLSClientConfig.GetClientCertificate = Always(keys.Certificates[0])
	}
	made.notAfter = NotAfter(keys)
	return made
}

// NotAfter returns when the client certificate of keys expires; zero when there is none.
func NotAfter(keys *tls.Config) time.Time {
	if keys == nil || len(keys.Certificates) == 0 || keys.Certificates[0].Leaf == nil {
		return time.Time{}
	}
	return keys.Certificates[0].Leaf.NotAfter
}

// Always presents the certificate, whatever CAs the server says that it takes: crypto/tls
// withholds it when it is from none of them, but they are a hint (RFC 8446, section 4.2.4),
// and servers send a list that is out of date, or of another trust store. It is not
// presented where it cannot be: to a server that takes no signature of its key.
func Always(certificate tls.Certificate) func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if !Usable(&certificate, *info) {
			return new(tls.Certificate), nil
		}
		return &certificate, nil
	}
}

// Usable reports whether a certificate can be presented at all.
func Usable(certificate *tls.Certificate, info tls.CertificateRequestInfo) bool {
	info.AcceptableCAs = nil
	return info.SupportsCertificate(certificate) == nil
}

// Expired reports whether Mitz would refuse the client certificate for its age. It is
// then not presented: with TLS 1.3 the refusal comes late, and reads as a
// connection that was lost.
func (c *Connections) Expired(now time.Time) bool {
	return !c.notAfter.IsZero() && now.After(c.notAfter)
}
