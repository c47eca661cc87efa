// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package wire

import (
	"crypto/tls"
	"sync"
	"sync/atomic"
	"time"
)

// Peer is the other side, Mitz, and the certificate and roots with which it is reached.
type Peer struct {
	timeout time.Duration

	mu    sync.Mutex
	keys  *tls.Config
	lines []*Line
}

// NewPeer makes a peer that is reached with keys (nil: without TLS). It does not connect. To
// connect takes at most the timeout.
func NewPeer(keys *tls.Config, timeout time.Duration) *Peer {
	return &Peer{timeout: timeout, keys: keys}
}

// Line is what one operation reaches a peer by. It is safe for concurrent use.
type Line struct {
	connections atomic.Pointer[Connections]
	most        int
	overdue     overdue
}

// Line makes a line of so many connections at the most. The function is called when an
// exchange was left behind; it may be nil.
func (p *Peer) Line(most int, overdue func()) *Line {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := &Line{most: most}
	line.overdue.told = overdue
	line.connections.Store(newConnections(p.keys, p.timeout, most))
	p.lines = append(p.lines, line)
	return line
}

// Use makes the exchanges from now on use other keys and roots, on every line. Those in
// progress go on as they are.
func (p *Peer) Use(keys *tls.Config) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = keys
	for _, line := range p.lines {
		line.connections.Swap(newConnections(keys, p.timeout, line.most)).CloseIdleConnections()
	}
}

// NotAfter returns when the client certificate in use expires; zero when there is none.
func (p *Peer) NotAfter() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return NotAfter(p.keys)
}

// Close closes the connections that are idle. Exchanges in progress go on.
func (p *Peer) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range p.lines {
		line.connections.Load().CloseIdleConnections()
	}
}

// Connections returns those that an exchange which begins now uses.
func (l *Line) Connections() *Connections { return l.connections.Load() }

// Overdue returns how many exchanges were left behind and have not ended.
func (l *Line) Overdue() int { return int(l.overdue.left.Load()) }
