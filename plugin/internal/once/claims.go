// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package once

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Kept is how long a claim stands. It is longer than a node can take anything that may be
// used once: an authorization code and the nonce before it live for a minute each, and the
// clocks of a cluster's nodes may differ.
const Kept = 10 * time.Minute

// sweepInterval is how often claims that ended are forgotten.
const sweepInterval = time.Minute

// ErrUsed tells that something was used already.
var ErrUsed = errors.New("used already")

// Claims has one claimant for each id.
type Claims interface {
	// Claim claims the ids, which differ. It returns [ErrUsed] when one of them was claimed
	// before, and another error when that cannot be told. After an error some of them may be
	// claimed.
	Claim(ctx context.Context, ids ...ID) error
}

// Memory are claims in this process, for as long as it lives.
type Memory struct {
	now   func() time.Time
	mutex sync.Mutex
	ends  map[ID]time.Time
	swept time.Time
}

var _ Claims = (*Memory)(nil)

// NewMemory makes claims in memory; now is the clock.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{now: now, ends: map[ID]time.Time{}, swept: now()}
}

// Claim claims the ids. Its only error is [ErrUsed].
func (m *Memory) Claim(_ context.Context, ids ...ID) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	now := m.now()
	m.sweep(now)
	var err error
	for _, id := range ids {
		if _, claimed := m.ends[id]; claimed {
			err = ErrUsed
		}
		m.ends[id] = now.Add(Kept)
	}
	return err
}

func (m *Memory) sweep(now time.Time) {
	if now.Sub(m.swept) < sweepInterval {
		return
	}
	m.swept = now
	for id, end := range m.ends {
		if end.Before(now) {
			delete(m.ends, id)
		}
	}
}
