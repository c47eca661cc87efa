// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/wire"
)

const (
	// acceptanceWait is how long a server gets to refuse the client certificate after
	// the handshake: many round trips, and time to ask others about it.
	acceptanceWait = time.Second
	// maxAddresses bounds how many addresses of a host are tried.
	maxAddresses = 8
)

// Probe tries the link: it connects as a consult does, with the same keys and roots,
// and tells how far it came. It asks nothing: no HTTP request is sent, so that Mitz has
// nothing to record. It ends with ctx, and at the latest after the configured time.
func (c *Client) Probe(ctx context.Context) Report { return c.probe(ctx, acceptanceWait) }

// Probe tries the link, see [Client.Probe]. It tries also while the link leaves Mitz alone.
func (l *Link) Probe(ctx context.Context) Report { return l.client.Probe(ctx) }

func (c *Client) probe(ctx context.Context, patience time.Duration) Report {
	ctx, cancel := bound(ctx, c.config.Timeout)
	defer cancel()
	probe := &probe{via: c.query.line.Connections(), patience: patience}
	probe.run(ctx, c.config.Endpoint)
	return probe.Report
}

// probe is a probe on its way.
type probe struct {
	Report
	via      *wire.Connections
	patience time.Duration // see acceptanceWait
}

func (p *probe) run(ctx context.Context, endpoint string) {
	p.readEndpoint(endpoint)
	p.Client = p.clientCertificate(time.Now())
	if !p.resolve(ctx) {
		return
	}
	connection := p.connect(ctx)
	if connection == nil {
		return
	}
	defer func() { _ = connection.Close() }()
	if p.Encrypted {
		p.handshake(ctx, connection)
	}
}

// readEndpoint takes the URL apart, which was validated.
func (p *probe) readEndpoint(endpoint string) {
	parsed, err := url.Parse(endpoint)
	if err != nil {
		return
	}
	p.Host, p.Port, p.Encrypted = parsed.Hostname(), parsed.Port(), parsed.Scheme == "https"
	switch {
	case p.Port != "":
	case p.Encrypted:
		p.Port = "443"
	default:
		p.Port = "80"
	}
}

// resolve reports whether there is an address to try.
func (p *probe) resolve(ctx context.Context) bool {
	if address, err := netip.ParseAddr(p.Host); err == nil {
		p.Addresses = []netip.Addr{address}
		return true
	}
	began := time.Now()
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", p.Host)
	p.Resolve = Step{Tried: true, Took: time.Since(began)}
	if err != nil {
		p.Resolve.Problem = problemOf(ctx, err)
		return false
	}
	for _, address := range addresses {
		if address = address.Unmap(); !slices.Contains(p.Addresses, address) {
			p.Addresses = append(p.Addresses, address)
		}
	}
	return true
}

// connect returns a connection to the first address that takes one. The addresses are
// tried one after the other, each with its share of the time that is left: what is wrong
// with one would not be seen if another overtook it.
func (p *probe) connect(ctx context.Context) net.Conn {
	p.Connect.Tried = true
	addresses := p.Addresses[:min(len(p.Addresses), maxAddresses)]
	port, err := strconv.ParseUint(p.Port, 10, 16)
	if err != nil {
		p.Connect.Problem = ProblemNetwork
		return nil
	}
	for i, address := range addresses {
		target := netip.AddrPortFrom(address, uint16(port))
		share, cancel := context.WithTimeout(ctx, link.Left(ctx)/time.Duration(len(addresses)-i))
		began := time.Now()
		connection, err := p.via.DialContext(share, "tcp", target.String())
		cancel()
		attempt := Attempt{Address: target, Took: time.Since(began)}
		if err != nil {
			attempt.Problem = problemOf(ctx, err)
		}
		p.Attempts = append(p.Attempts, attempt)
		p.Connect.Problem, p.Connect.Took = attempt.Problem, attempt.Took
		if err == nil {
			return connection
		}
	}
	return nil
}

// problemOf says what went wrong on the network.
func problemOf(ctx context.Context, err error) Problem {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ProblemCanceled
	}
	if timeout, ok := errors.AsType[net.Error](err); ctx.Err() != nil || ok && timeout.Timeout() {
		return ProblemTimeout
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok && lookup.IsNotFound {
		return ProblemUnknownHost
	}
	switch detail := wire.NetworkDetail(err); detail {
	case "dns", link.DetailRefused, link.DetailLost:
		return Problem(detail)
	default:
		return ProblemNetwork
	}
}
