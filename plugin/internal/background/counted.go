// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package background

import (
	"context"
	"sync"
	"time"
)

const (
	countsFor    = 5 * time.Second
	countTimeout = 2 * time.Second
)

// Counted is what was counted in a database, counted again only when it is some seconds old:
// metrics and health ask for it as often as somebody asks for those. Use [NewCounted]. Its methods
// may be called from any goroutine.
type Counted[T any] struct {
	count func(ctx context.Context) (T, error)

	mu      sync.Mutex
	counted time.Time
	last    T
	err     error
}

// NewCounted returns what a function counts. It gets two seconds for it.
func NewCounted[T any](count func(ctx context.Context) (T, error)) *Counted[T] {
	return &Counted[T]{count: count}
}

// Get returns what was counted. Those who ask at the same time wait for one count.
func (c *Counted[T]) Get() (T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.counted.IsZero() && time.Since(c.counted) < countsFor {
		return c.last, c.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), countTimeout)
	defer cancel()
	c.last, c.err = c.count(ctx)
	c.counted = time.Now()
	return c.last, c.err
}
