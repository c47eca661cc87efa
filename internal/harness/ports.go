// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports are taken from below the range that operating systems give to outgoing
// connections, so that nothing but another harness competes for them.
const (
	firstPort      = 20000
	lastPort       = 32000
	portsPerBlock  = 4
	reserveAttempt = 200
)

// PortBlock is a claim on a few neighbouring ports. The first one stays bound as
// long as the claim lasts: another run, also in another process, then looks
// elsewhere, although the other ports are free until the node binds them.
type PortBlock struct {
	claim net.Listener
	base  int
}

// ReservePorts claims a block and makes sure that its ports can be bound now.
func ReservePorts() (*PortBlock, error) {
	blocks := (lastPort - firstPort) / portsPerBlock
	for range reserveAttempt {
		base := firstPort + portsPerBlock*rand.IntN(blocks)
		claim, err := listenOn(base)
		if err != nil {
			continue
		}
		block := &PortBlock{claim: claim, base: base}
		if block.free() {
			return block, nil
		}
		block.Release()
	}
	return nil, errors.New("no free ports on loopback")
}

// Port returns the nth port of the block, from 1 to 3; port 0 is the claim itself.
func (b *PortBlock) Port(n int) int { return b.base + n }

func (b *PortBlock) address(n int) string { return fmt.Sprintf("127.0.0.1:%d", b.Port(n)) }

// Release ends the claim.
func (b *PortBlock) Release() { _ = b.claim.Close() }

func (b *PortBlock) free() bool {
	for n := 1; n < portsPerBlock; n++ {
		listener, err := listenOn(b.Port(n))
		if err != nil {
			return false
		}
		_ = listener.Close()
	}
	return true
}

func listenOn(port int) (net.Listener, error) {
	return net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
}
