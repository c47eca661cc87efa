// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package subscriptions

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// together has what is written at the same time written in one transaction: where each waits
// for the disk, many rows wait no longer than one. Who comes while a transaction is written
// is in the next.
type together struct {
	// write writes rows, and reports of each whether it was there to be replaced. On an error
	// none was written.
	write func(ctx context.Context, rows []row) ([]bool, error)

	mu      sync.Mutex
	waiting []*replacing
	writing bool
}

// replacing is one row that waits to be written.
type replacing struct {
	row  row
	was  bool
	err  error
	done chan struct{}
}

// replace writes a row with those that others write now. When ctx ends before, it may be
// written all the same.
func (t *together) replace(ctx context.Context, changed row) (bool, error) {
	if ctx.Err() != nil {
		return false, ended(ctx)
	}
	mine := &replacing{row: changed, done: make(chan struct{})}
	t.mu.Lock()
	t.waiting = append(t.waiting, mine)
	if !t.writing {
		t.writing = true
		go t.run()
	}
	t.mu.Unlock()
	select {
	case <-mine.done:
		return mine.was, mine.err
	case <-ctx.Done():
		return false, ended(ctx)
	}
}

// ended says that a context did, as the table does.
func ended(ctx context.Context) error {
	return fmt.Errorf("table %s: %w", subscriptionsTable, ctx.Err())
}

// run writes until nobody waits.
func (t *together) run() {
	for {
		t.mu.Lock()
		all := t.waiting
		t.waiting = nil
		t.writing = len(all) > 0
		t.mu.Unlock()
		if len(all) == 0 {
			return
		}
		t.writeAll(all)
	}
}

// writeAll writes rows together and, when that fails, one by one: what is wrong with one is of
// no matter to the others.
func (t *together) writeAll(all []*replacing) {
	if !t.attempt(all) {
		for _, each := range all {
			t.attempt([]*replacing{each})
		}
	}
	for _, each := range all {
		close(each.done)
	}
}

// writeTime is how long one transaction may take.
const writeTime = 10 * time.Second

func (t *together) attempt(some []*replacing) bool {
	ctx, cancel := context.WithTimeout(context.Background(), writeTime)
	defer cancel()
	rows := make([]row, len(some))
	for i, each := range some {
		rows[i] = each.row
	}
	was, err := t.write(ctx, rows)
	for i, each := range some {
		each.err = err
		if err == nil {
			each.was = was[i]
		}
	}
	return err == nil
}
