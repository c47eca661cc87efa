// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"sync"
	"time"
)

const (
	countsFor    = 5 * time.Second
	countTimeout = 2 * time.Second
)

// counts are the counts of all, counted again only when they are some seconds old: metrics and
// health ask for them as often as somebody asks for those.
type counts struct {
	store store

	mu      sync.Mutex
	counted time.Time
	last    Counts
	err     error
}

// get returns the counts. Those who ask at the same time wait for one count.
func (c *counts) get() (Counts, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.counted.IsZero() && time.Since(c.counted) < countsFor {
		return c.last, c.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), countTimeout)
	defer cancel()
	c.last, c.err = c.store.count(ctx, "")
	c.counted = time.Now()
	return c.last, c.err
}
