// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package history

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// Memory is the history of one process, for a node whose key for patients is another one at each
// start: a restart forgets it. Use [NewMemory]. Its methods may be called from any goroutine.
type Memory struct {
	life time.Duration

	mutex sync.Mutex
	at    map[string]time.Time // by place
	swept time.Time
}

var _ withdrawal.History = (*Memory)(nil)

// NewMemory returns a history in which a withdrawal is kept for a life.
func NewMemory(life time.Duration) *Memory {
	return &Memory{life: life, at: map[string]time.Time{}, swept: time.Now()}
}

// Keep keeps what was withdrawn. It never fails.
func (m *Memory) Keep(_ context.Context, at time.Time, withdrawn []withdrawal.Withdrawn) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for _, each := range withdrawn {
		if at.After(m.at[each.Place]) {
			m.at[each.Place] = at
		}
	}
	if now := time.Now(); now.Sub(m.swept) >= sweepEvery {
		m.swept = now
		maps.DeleteFunc(m.at, func(_ string, at time.Time) bool { return now.Sub(at) > m.life+spare })
	}
	return nil
}

// Last looks when something was withdrawn last. It never fails.
func (m *Memory) Last(_ context.Context, places []string) (last time.Time, err error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for _, place := range places {
		if at := m.at[place]; at.After(last) {
			last = at
		}
	}
	return last, nil
}
