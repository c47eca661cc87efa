// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pdpserver

import (
	"context"
	"crypto/x509"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Stranger is why a client may not ask, a stable code in snake case.
type Stranger string

// The reasons.
const (
	NoCertificate      Stranger = "no_client_certificate"      // it came without one
	UnknownCertificate Stranger = "unknown_client_certificate" // it is nobody's who may ask, or has expired
	NoToken            Stranger = "no_token"                   // it came without one
	UnknownToken       Stranger = "unknown_token"              // it is nobody's who may ask
)

// Strangers returns every reason.
func Strangers() []Stranger {
	return []Stranger{NoCertificate, UnknownCertificate, NoToken, UnknownToken}
}

// status is what a stranger is answered with. A certificate cannot be sent again on the same
// connection, so nothing is asked for.
func (s Stranger) status() int {
	if s == NoCertificate || s == UnknownCertificate {
		return http.StatusForbidden
	}
	return http.StatusUnauthorized
}

// challenge is the header WWW-Authenticate (RFC 6750 section 3); empty: there is none.
func (s Stranger) challenge() string {
	switch s {
	case NoToken:
		return `Bearer realm="decision point"`
	case UnknownToken:
		return `Bearer realm="decision point", error="invalid_token"`
	default:
		return ""
	}
}

// message tells the client what to do.
func (s Stranger) message() string {
	switch s {
	case NoCertificate:
		return "a client certificate is required"
	case UnknownCertificate:
		return "this client certificate is not one of those that may ask"
	case NoToken:
		return "a bearer token is required"
	default:
		return "the bearer token is not one of those that may ask"
	}
}

// connection keeps what is known about a client's certificate, for the requests that come over
// one connection.
type connection struct {
	verified atomic.Pointer[verified]
}

// verified says that a certificate is right.
type verified struct {
	by    *credentials // by whose roots; others may be in use meanwhile
	until time.Time    // when the first of its chain expires
}

type connectionKey struct{}

// withConnection returns a context of a connection, of which those of its requests come.
func withConnection(ctx context.Context) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connection{})
}

// admit says why the client of a request may not ask; empty: it may. Where both are demanded, a
// client has a certificate and a token.
func (a *Access) admit(r *http.Request) Stranger {
	current := a.current.Load()
	if current.roots != nil {
		if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
			return NoCertificate
		}
		if !a.knows(current, r) {
			return UnknownCertificate
		}
	}
	if current.tokens != nil {
		if known, sent := current.tokens.has(r); !sent {
			return NoToken
		} else if !known {
			return UnknownToken
		}
	}
	return ""
}

// knows reports whether a client's certificate is right by the roots in use now, and of somebody
// who may ask. It was verified when the connection was made, perhaps by roots from before.
func (a *Access) knows(current *credentials, r *http.Request) bool {
	now := a.now()
	kept, _ := r.Context().Value(connectionKey{}).(*connection)
	if kept != nil {
		if before := kept.verified.Load(); before != nil && before.by == current {
			return !now.After(before.until)
		}
	}
	chain := r.TLS.PeerCertificates
	until, valid := verify(chain, current.roots, now)
	if !valid || !a.mayAsk(chain[0]) {
		return false
	}
	if kept != nil {
		kept.verified.Store(&verified{by: current, until: until})
	}
	return true
}

// verify reports whether somebody vouches for a certificate, and until when.
func verify(chain []*x509.Certificate, roots *x509.CertPool, now time.Time) (until time.Time, valid bool) {
	intermediates := x509.NewCertPool()
	for _, each := range chain[1:] {
		intermediates.AddCert(each)
	}
	chains, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return time.Time{}, false
	}
	until = chains[0][0].NotAfter
	for _, each := range chains[0] {
		if each.NotAfter.Before(until) {
			until = each.NotAfter
		}
	}
	return until, true
}

// mayAsk reports whether a certificate is of somebody who may ask.
func (a *Access) mayAsk(leaf *x509.Certificate) bool {
	return slices.ContainsFunc(a.names, func(name string) bool {
		is := func(other string) bool { return other != "" && strings.EqualFold(name, other) }
		return name == AnyName || is(leaf.Subject.CommonName) || slices.ContainsFunc(leaf.DNSNames, is)
	})
}
