// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package watch looks at something every second, such as whether files changed, from a start
// to a stop. It must never keep the process from stopping.
package watch

import (
	"context"
	"sync"
	"time"
)

// Interval is how often is looked. Files are read for it, not only listed: what they hold also
// changes where neither size nor time of a path do, such as behind the symbolic links of
// Kubernetes.
const Interval = time.Second

// patience is how long a stop waits for a look in progress: a disk may hang.
const patience = time.Second

// Watch calls Look, one call after the other, while it is started. The zero value with a
// Look is ready.
type Watch struct {
	Look func()

	running sync.Mutex
	end     context.CancelFunc // nil: not started
	ended   chan struct{}
}

// Start begins to look, after the first [Interval]. It does nothing when it was started.
func (w *Watch) Start() {
	w.running.Lock()
	defer w.running.Unlock()
	if w.end != nil {
		return
	}
	var ctx context.Context
	ctx, w.end = context.WithCancel(context.Background())
	w.ended = make(chan struct{})
	go w.run(ctx, w.ended)
}

func (w *Watch) run(ctx context.Context, ended chan<- struct{}) {
	defer close(ended)
	ticker := time.NewTicker(Interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if ctx.Err() == nil { // both may have come during a look
				w.Look()
			}
		}
	}
}

// Stop ends looking, and waits until that has ended, but not for a disk that hangs. It does
// nothing when it was not started.
func (w *Watch) Stop() {
	w.running.Lock()
	defer w.running.Unlock()
	if w.end == nil {
		return
	}
	w.end()
	w.end = nil
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-w.ended:
	case <-timer.C:
	}
}
