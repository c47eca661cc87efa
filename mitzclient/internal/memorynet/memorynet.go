// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package memorynet is a network in memory, for tests in a bubble of testing/synctest. There
// the clock stands still for as long as anything can go on, which a connection of the system
// does not let it know: so what ends with a time ends at that time, however busy the machine.
//
// Only tests may import it.
package memorynet

import (
	"context"
	"net"
	"sync"
	"syscall"
)

// Listener accepts the connections that its Dial makes. What one end writes waits until the
// other reads it.
type Listener struct {
	dialled chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

var _ net.Listener = (*Listener)(nil)

// Listen listens until [Listener.Close].
func Listen() *Listener {
	return &Listener{dialled: make(chan net.Conn), closed: make(chan struct{})}
}

// Dial connects with the listener, whatever the address. It waits until the connection is
// accepted, and fails with ECONNREFUSED once the listener is closed.
func (l *Listener) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.dialled <- server:
		return client, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept returns the next connection, or [net.ErrClosed].
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.dialled:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and Dial. Connections that were made stay.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns a loopback address at which nobody listens: who dials it without Dial is
// refused.
func (*Listener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
