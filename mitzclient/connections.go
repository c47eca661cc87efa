// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

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

// connections are those made with one client certificate and one set of roots.
// Others take their place when the files change: a pool that changed its keys
// could hand out old connections for as long as it is busy.
type connections struct {
	*http.Transport
	notAfter time.Time // of the client certificate; zero when there is none
}

// newConnections has no proxy: a connection to Mitz goes to Mitz. It speaks
// HTTP/1.1, in which a slow answer holds up no other.
func newConnections(cfg Config, keys *tls.Config) *connections {
	dialer := &net.Dialer{Timeout: cfg.Timeout, KeepAlive: idleTimeout}
	made := &connections{Transport: &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    cfg.Timeout,
		DisableCompression:     true,
		MaxConnsPerHost:        cfg.MaxConnections,
		MaxIdleConns:           cfg.MaxConnections,
		MaxIdleConnsPerHost:    cfg.MaxConnections,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
	}}
	if keys == nil {
		return made
	}
	made.TLSClientConfig = keys.Clone()
	if len(keys.Certificates) > 0 && keys.Certificates[0].Leaf != nil {
		made.notAfter = keys.Certificates[0].Leaf.NotAfter
	}
	return made
}

// expired tells whether Mitz would refuse the client certificate for its age. It is
// then not presented: with TLS 1.3 the refusal comes late, and reads as a
// connection that was lost.
func (c *connections) expired(now time.Time) bool {
	return !c.notAfter.IsZero() && now.After(c.notAfter)
}
