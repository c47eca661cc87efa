// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

const (
	// maxBatch is how many entries are written at once.
	maxBatch = 256
	// syncAfter is how long an entry is left to the system for whose sync nobody waits.
	syncAfter = time.Second
	// retryAfter is how long after a failure the file is tried again, also when there is
	// nothing else to write.
	retryAfter = time.Second
)

// writer is the state of the goroutine that writes. An entry that it took out of the queue
// is on disk, or among the unsynced, or back in the queue, or its sender gets an error.
type writer struct {
	file     *os.File
	head     *head
	place    Place      // of the last whole entry in the file
	rest     []byte     // what is in the file after that entry, as in [ending]
	torn     bool       // the last line has no line end
	buffer   []byte     // of the lines that are written
	unsynced []*pending // written, not on disk
	oldest   time.Time  // since when there are unsynced entries
	failing  time.Time  // since when entries cannot be written; zero: they can
	answers  []answer   // that are due
	summary  summary
}

// answer is what becomes of an entry, for its sender.
type answer struct {
	to  *pending
	err error
}

// run writes entries in batches: one sync serves all that came while the one before it took
// its time.
func (l *Log) run() {
	defer close(l.ended)
	for !l.isClosed() {
		select {
		case <-l.wake:
		case <-l.due():
		case result := <-l.writer.summary.result:
			l.signed(result)
		}
		for l.round() {
		}
	}
	l.closeErr = l.end()
}

// due returns when the writer looks without being woken.
func (l *Log) due() <-chan time.Time {
	w := &l.writer
	var waits []time.Duration
	if !w.failing.IsZero() {
		waits = append(waits, retryAfter)
	} else if len(w.unsynced) > 0 {
		waits = append(waits, time.Until(w.oldest.Add(syncAfter)))
	}
	if l.signer != nil && w.summary.waits() {
		waits = append(waits, time.Until(w.summary.due()))
	}
	if len(waits) == 0 {
		return nil
	}
	return time.After(slices.Min(waits))
}

// round writes a batch, and syncs it when somebody waits for that or when it is time. While
// entries cannot be written it tries with one about that. It reports whether there is more
// to write.
func (l *Log) round() bool {
	batch, more := l.take()
	w := &l.writer
	overdue := len(w.unsynced) > 0 && time.Since(w.oldest) >= syncAfter
	if len(batch) == 0 && !overdue && w.failing.IsZero() {
		l.signIfDue()
		return false
	}
	l.busy.Store(time.Now().UnixNano())
	defer l.busy.Store(0)
	err := l.write(batch)
	if err == nil && w.failing.IsZero() {
		l.answer() // who does not wait for the disk
	}
	if overdue || !w.failing.IsZero() || slices.ContainsFunc(w.unsynced, (*pending).waitsForSync) {
		err = errors.Join(err, l.save())
	}
	l.report(err)
	l.answer()
	l.signIfDue()
	return err == nil && more
}

// take takes a batch out of the queue, and reports whether that left any.
func (l *Log) take() (batch []*pending, more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.queue), maxBatch)
	batch = slices.Clone(l.queue[:n])
	l.queue = slices.Delete(l.queue, 0, n)
	if lost := l.lost; lost > 0 || !l.writer.failing.IsZero() {
		batch = slices.Insert(batch, 0, l.interruption(lost))
		l.lost = 0 // unless that entry is lost too
	}
	if signature := l.writer.summary.take(); signature != nil {
		batch = append(batch, signature)
		l.queued += len(signature.event)
	}
	return batch, len(l.queue) > 0
}

// write writes the batch as far as it can.
func (l *Log) write(batch []*pending) error {
	w := &l.writer
	if err := l.reopenIfMoved(); err != nil {
		l.giveBack(batch, err, err)
		return err
	}
	lines := w.seal(batch)
	n, err := w.file.Write(lines.content)
	whole := w.wrote(lines, n)
	if len(w.unsynced) == 0 {
		w.oldest = time.Now()
	}
	for _, p := range batch[:whole] {
		if len(p.event) > 0 || p.waitsForSync() {
			w.unsynced = append(w.unsynced, p)
		}
		if len(p.event) > 0 {
			w.summary.count(p)
		}
		if p.wanted == written {
			w.answers = append(w.answers, answer{to: p})
			p.wanted = told // from now on
		}
		if p.signs {
			l.hooks.Signed(p.vouches)
		}
	}
	l.giveBack(batch[whole:], err, err)
	return err
}

// save waits until what was written is on disk. On an error the file may have it or not.
func (l *Log) save() error {
	w := &l.writer
	saved := w.unsynced
	w.unsynced = nil
	if err := l.sync(w.file); err != nil {
		l.giveBack(saved, fmt.Errorf("%w: %w", ErrUncertain, err), err)
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range saved {
		if p.wanted == synced {
			w.answers = append(w.answers, answer{to: p})
		}
		l.queued -= len(p.event)
	}
	return nil
}

// giveBack puts entries that are not on disk back into the queue, before all others. Whoever
// waits for one of them gets err, and whoever waits for one in the queue gets the cause: what
// these are about does not happen.
func (l *Log) giveBack(entries []*pending, err, cause error) {
	if cause == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var kept []*pending
	for _, p := range entries {
		if l.keep(p, err) {
			kept = append(kept, p)
		}
	}
	for _, p := range l.queue {
		if l.keep(p, cause) {
			kept = append(kept, p)
		}
	}
	l.queue = kept
}

// keep reports whether an entry that is not on disk is to be tried again.
func (l *Log) keep(p *pending, err error) bool {
	if p.wanted == told && !p.interrupts {
		return true
	}
	l.queued -= len(p.event)
	l.lost += p.counted
	if !p.interrupts {
		l.writer.answers = append(l.writer.answers, answer{p, err})
	}
	return false
}

func (l *Log) answer() {
	for _, each := range l.writer.answers {
		each.to.done <- each.err
	}
	l.writer.answers = nil
}

// report keeps whether entries can be written. After a failure they can be when the entry
// about it is on disk.
func (l *Log) report(err error) {
	w := &l.writer
	switch {
	case err != nil:
		l.failure.Store(&err)
		if w.failing.IsZero() {
			w.failing = time.Now()
			l.hooks.Changed(err)
		}
	case !w.failing.IsZero():
		w.failing = time.Time{}
		l.failure.Store(nil)
		l.hooks.Changed(nil)
	}
}

// interruption tells of the time in which entries could not be written. It is remade until
// it is on disk.
func (l *Log) interruption(lost int) *pending {
	now := time.Now()
	since := l.writer.failing
	if since.IsZero() {
		since = now
	}
	event, _ := json.Marshal(interruption(since, now, lost).event()) // of texts and a number
	p := &pending{event: event, interrupts: true, counted: lost}
	l.queued += len(p.event)
	return p
}

// reopenIfMoved follows a rotation of logs: when the path leads to another file, or to
// none, a new one is begun there.
func (l *Log) reopenIfMoved() error {
	w := &l.writer
	moved, err := movedAway(w.file, l.path)
	if err != nil || !moved {
		return err
	}
	if len(w.unsynced) > 0 {
		if err := l.save(); err != nil {
			return err
		}
	}
	return w.follow(l.path, l.sync)
}

func (l *Log) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// end writes what is left and closes the file.
func (l *Log) end() error {
	var err error
	for l.round() {
	}
	l.signTheLast()
	if len(l.writer.unsynced) > 0 {
		err = l.save()
		l.answer()
	}
	err = errors.Join(err, l.writer.file.Close(), l.writer.head.Close())
	l.mu.Lock()
	defer l.mu.Unlock()
	if left := len(l.queue) + l.lost; left > 0 {
		err = errors.Join(err, fmt.Errorf("%d entries are lost: they could not be written", left))
	}
	return err
}
