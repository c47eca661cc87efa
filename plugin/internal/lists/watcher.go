// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package lists

import (
	"sync"
	"sync/atomic"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/internal/watch"
)

// Hooks are told what becomes of changed files.
type Hooks struct {
	Changed func(*policy.Lists) // they are good, and to be used from now on
	Refused func(error)         // they are not; told once for each change
}

// Watcher looks whether the files change.
type Watcher struct {
	source Source
	hooks  Hooks

	looking         sync.Mutex
	inUse, reported fingerprint
	refused         atomic.Bool // the files are not those in use

	watch watch.Watch
}

// Load reads the lists, and makes a watcher for them that is not started yet. The error
// joins every problem; the lists are then those without them, for checking the rest of a
// configuration.
func Load(source Source, hooks Hooks) (*policy.Lists, *Watcher, error) {
	read := source.read()
	lists, err := source.parse(read)
	watcher := &Watcher{source: source, hooks: hooks, inUse: read.fingerprint}
	watcher.watch.Look = watcher.look
	return lists, watcher, err
}

// look checks changed files whole, and only then gives them out.
func (w *Watcher) look() {
	w.looking.Lock()
	defer w.looking.Unlock()
	read := w.source.read()
	if read.fingerprint == w.inUse {
		w.reported = fingerprint{} // a change was undone
		w.refused.Store(false)
		return
	}
	if read.fingerprint == w.reported {
		return
	}
	lists, err := w.source.parse(read)
	if err != nil {
		w.reported = read.fingerprint
		w.refused.Store(true)
		w.hooks.Refused(err)
		return
	}
	w.inUse, w.reported = read.fingerprint, fingerprint{}
	w.refused.Store(false)
	w.hooks.Changed(lists)
}

// Refused reports whether the files are others than those in use, because they are not good.
func (w *Watcher) Refused() bool { return w.refused.Load() }

// Start begins to look at the files, if there are any.
func (w *Watcher) Start() {
	if w.source.HasFiles() {
		w.watch.Start()
	}
}

// Stop ends looking, and waits until it has ended, but not for a disk that hangs.
func (w *Watcher) Stop() { w.watch.Stop() }
