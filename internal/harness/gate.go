// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
)

// Gate stands between one node and its Redis, and can hold a command or its answer: so a
// test knows at which moment it does something else.
type Gate struct {
	listener net.Listener
	target   string

	mu          sync.Mutex
	held        *Held // what is to be held; nil: nothing
	connections []net.Conn
}

// Held are commands that a gate holds, or their answers; or requests to a node, see [Node.Detain].
type Held struct {
	words   []string
	skip    int
	answer  bool
	refused bool
	once    sync.Once
	arrived chan struct{}
	pass    chan struct{}
}

// StartGate starts a gate to a Redis server until the workspace is closed.
func (w *Workspace) StartGate(server *Redis) (*Gate, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	g := &Gate{listener: listener, target: server.Address()}
	var running sync.WaitGroup
	running.Go(func() { g.serve(&running) })
	w.onClose(func() error {
		err := listener.Close()
		g.mu.Lock()
		for _, connection := range g.connections {
			_ = connection.Close()
		}
		g.mu.Unlock()
		running.Wait()
		return err
	})
	return g, nil
}

// Settings make a node go through the gate, see [NodeConfig].
func (g *Gate) Settings() map[string]any {
	return map[string]any{"storage.session.redis.address": g.listener.Addr().String()}
}

// HoldCommand holds the commands with all these texts in them from now on, but as many of
// them as are to be skipped.
func (g *Gate) HoldCommand(skip int, words ...string) *Held {
	held := newHeld()
	held.words, held.skip = words, skip
	return g.hold(held)
}

// HoldAnswer holds the answers to the commands with all these texts in them from now on.
func (g *Gate) HoldAnswer(words ...string) *Held {
	held := newHeld()
	held.words, held.answer = words, true
	return g.hold(held)
}

// Refuse breaks the connections of the commands with all these texts in them from now on.
func (g *Gate) Refuse(words ...string) {
	held := newHeld()
	held.words, held.refused = words, true
	g.hold(held)
}

// HoldNothing lets everything through from now on. What is held stays so.
func (g *Gate) HoldNothing() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = nil
}

func (g *Gate) hold(held *Held) *Held {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = held
	return held
}

func newHeld() *Held { return &Held{arrived: make(chan struct{}), pass: make(chan struct{})} }

// pauses waits until what is held may pass, and reports whether it may; not, when it ended before.
func (h *Held) pauses(ended <-chan struct{}) bool {
	h.once.Do(func() { close(h.arrived) })
	select {
	case <-h.pass:
		return true
	case <-ended:
		return false
	}
}

// Wait waits until one is held, for some time. Of an answer that is when Redis has given it.
func (h *Held) Wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	select {
	case <-h.arrived:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("nothing to hold came by: %w", ctx.Err())
	}
}

// Pass lets them go on.
func (h *Held) Pass() { close(h.pass) }

func (g *Gate) serve(running *sync.WaitGroup) {
	for {
		node, err := g.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", g.target)
		if err != nil {
			_ = node.Close()
			continue
		}
		g.mu.Lock()
		g.connections = append(g.connections, node, server)
		g.mu.Unlock()
		passage := &passage{gate: g, node: node, server: server, ended: make(chan struct{})}
		running.Go(passage.commands)
		running.Go(passage.answers)
	}
}

// passage is one connection of a node. There is one command at a time on it.
type passage struct {
	gate         *Gate
	node, server net.Conn

	mu     sync.Mutex
	answer *Held // holds the next answer; nil: nobody
	once   sync.Once
	ended  chan struct{}
}

func (p *passage) end() {
	p.once.Do(func() {
		close(p.ended)
		_ = p.node.Close()
		_ = p.server.Close()
	})
}

func (p *passage) commands() {
	defer p.end()
	buffer := make([]byte, 1<<20)
	for {
		n, err := p.node.Read(buffer)
		if err != nil {
			return
		}
		held := p.gate.matching(buffer[:n])
		switch {
		case held == nil:
		case held.answer:
			p.mu.Lock()
			p.answer = held
			p.mu.Unlock()
		case held.refused || !held.pauses(p.ended):
			return
		}
		if _, err := p.server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *passage) answers() {
	defer p.end()
	buffer := make([]byte, 1<<20)
	for {
		n, err := p.server.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		held := p.answer
		p.answer = nil
		p.mu.Unlock()
		if held != nil && !held.pauses(p.ended) {
			return
		}
		if _, err := p.node.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// matching returns who holds a command; nil: it passes. A client that tries again is held too.
func (g *Gate) matching(command []byte) *Held {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held == nil {
		return nil
	}
	for _, word := range g.held.words {
		if !bytes.Contains(command, []byte(word)) {
			return nil
		}
	}
	if g.held.skip > 0 {
		g.held.skip--
		return nil
	}
	return g.held
}
