// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import (
	"net/netip"
	"sync"
)

// source is where requests come from, among which the door is fair: an address, or for
// IPv6 the network that one subscriber has (RFC 6177). What has no address is one source.
type source netip.Prefix

const subscriberBits = 64

func sourceOf(address string) source {
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return source{}
	}
	parsed = parsed.Unmap().WithZone("")
	bits := parsed.BitLen()
	if parsed.Is6() {
		bits = subscriberBits
	}
	prefix, err := parsed.Prefix(bits)
	if err != nil {
		return source{}
	}
	return source(prefix)
}

// room is the memory that requests may take until they are verified, all of them and those
// of one source.
type room struct {
	whole, share int

	mu   sync.Mutex
	used int
	by   map[source]int
}

func newRoom(whole, share int) *room { return &room{whole: whole, share: share, by: map[source]int{}} }

// take reports whether there is room for so many bytes, and then takes it.
func (r *room) take(from source, bytes int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.used+bytes > r.whole || r.by[from]+bytes > r.share {
		return false
	}
	r.used += bytes
	r.by[from] += bytes
	return true
}

func (r *room) giveBack(from source, bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used -= bytes
	if r.by[from] -= bytes; r.by[from] == 0 {
		delete(r.by, from)
	}
}
