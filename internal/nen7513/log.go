// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxQueued is how much may wait to be on disk, in bytes: some thousands of entries.
	maxQueued = 8 << 20
	// stuckAfter is how long the disk may take before nothing more waits for it.
	stuckAfter = 5 * time.Second
	// closePatience is how long the end of the log waits for the disk.
	closePatience = 10 * time.Second
)

// ErrUncertain is wrapped by the error about an entry that may be in the file all the same.
var ErrUncertain = errors.New("the entry may have been written")

var (
	errClosed = errors.New("the audit log is closed")
	errFull   = errors.New("too many entries wait for the disk")
	errStuck  = errors.New("the disk does not answer")
	errLong   = errors.New("the entry is too long")
)

// Log appends entries to a file. Its methods may be called from any goroutine. One goroutine
// writes, in the order in which the entries came, so a disk that hangs holds nobody else.
type Log struct {
	path   string
	sync   syncFunc
	hooks  Hooks
	signer Signer // nil: summaries are not signed
	opened Place

	wake  chan struct{} // has a value when there may be something to write
	ended chan struct{}
	// busy is since when the writer waits for the disk, in nanoseconds since 1970; 0: it does not.
	busy    atomic.Int64
	failure atomic.Pointer[error]
	signing atomic.Pointer[error] // why the last summary was not signed

	mu     sync.Mutex
	queue  []*pending
	queued int // bytes of what is not known to be on disk
	lost   int // entries for which there was no room
	closed bool

	writer   writer // of its own goroutine alone
	closeErr error  // to be read when it has ended
}

// durability is what the sender of an entry waits for.
type durability int

const (
	told    durability = iota // nothing: it is written as soon as that can be done
	written                   // a process that dies does not lose it any more; a power loss may
	synced                    // it is on disk
)

// pending is an entry that is not known to be on disk.
type pending struct {
	event  []byte // an AuditEvent in JSON, not sealed; empty: only waits for those before it
	wanted durability
	done   chan error // takes one value

	signs      bool  // it holds a signature
	vouches    Place // for which the signature is
	interrupts bool  // it tells of an interruption
	counted    int   // how many lost entries it counts
}

func (p *pending) waitsForSync() bool { return p.wanted == synced }

// Hooks tell what happens to a log. Each may be nil. They are called by the goroutine that
// writes: return at once.
type Hooks struct {
	// Changed is called when entries cannot be written any more, and with nil when they can
	// be again.
	Changed func(failure error)
	// Signed is called when a signed summary is in the file, with the place that it vouches for.
	Signed func(place Place)
	// SigningChanged is called when summaries cannot be signed any more, and with nil when they
	// can be again.
	SigningChanged func(failure error)
}

// Option changes how a log is kept.
type Option func(*Log)

// SignedBy has a summary signed every so often; see [Signer].
func SignedBy(signer Signer) Option { return func(l *Log) { l.signer = signer } }

// Open opens the file for appending, or makes it, readable for its owner alone. A file
// that others can read is refused; the access of its group is taken away from one of our
// own. Entries continue the chain of those before, also when a crash left the last one
// unfinished or the file was rotated away; what must be known for that is in a file beside it,
// with ".chain" after its name. A log that another process has open is refused.
func Open(path string, hooks Hooks, options ...Option) (*Log, error) {
	return open(path, hooks, (*os.File).Sync, options...)
}

func open(path string, hooks Hooks, sync syncFunc, options ...Option) (*Log, error) {
	log := &Log{path: path, sync: sync, hooks: hooks, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	if log.hooks.Changed == nil {
		log.hooks.Changed = func(error) {}
	}
	if log.hooks.Signed == nil {
		log.hooks.Signed = func(Place) {}
	}
	if log.hooks.SigningChanged == nil {
		log.hooks.SigningChanged = func(error) {}
	}
	for _, option := range options {
		option(log)
	}
	if err := log.writer.open(path, sync); err != nil {
		return nil, err
	}
	log.opened = log.writer.place
	go log.run()
	return log, nil
}

// Opened returns the place in the chain after which this log goes on. Its number is 0 when a
// new chain began.
func (l *Log) Opened() Place { return l.opened }

// Append writes an entry and waits until it is on disk, and all that came before it. When
// ctx ends first, and the writer has not begun with the entry, it is taken back. Unless the
// error wraps [ErrUncertain], the entry is not in the file.
func (l *Log) Append(ctx context.Context, entry Entry) error { return l.add(ctx, entry, synced) }

// Write is as Append, except that it does not wait for the disk: the entry outlives this
// process, and is on disk within a second or so. It shows that the file can be written.
func (l *Log) Write(ctx context.Context, entry Entry) error { return l.add(ctx, entry, written) }

// Tell hands over an entry of something that happened, and does not wait. It is written
// before every entry that comes later, and kept while the file cannot be written. The error
// tells that it is lost.
func (l *Log) Tell(entry Entry) error {
	_, err := l.enqueue(entry, told)
	return err
}

// Keep does as Tell, but where the file is behind it waits for it until ctx ends: however many
// come at once, none is lost to that.
func (l *Log) Keep(ctx context.Context, entry Entry) error {
	for l.isBehind() {
		if l.mark(ctx, synced) != nil {
			break
		}
	}
	return l.Tell(entry)
}

// isBehind reports whether little room is left: who waits for it shares it with others.
func (l *Log) isBehind() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.queued > maxQueued/2
}

// Flush waits until everything that was handed over is written, as [Log.Write] does.
func (l *Log) Flush(ctx context.Context) error { return l.mark(ctx, written) }

// mark waits for everything that was handed over.
func (l *Log) mark(ctx context.Context, wanted durability) error {
	marker := &pending{wanted: wanted, done: make(chan error, 1)}
	if err := l.push(marker); err != nil {
		return err
	}
	return l.await(ctx, marker)
}

func (l *Log) add(ctx context.Context, entry Entry, wanted durability) error {
	p, err := l.enqueue(entry, wanted)
	if err != nil {
		return err
	}
	return l.await(ctx, p)
}

func (l *Log) enqueue(entry Entry, wanted durability) (*pending, error) {
	event, err := json.Marshal(entry.event())
	if err != nil {
		return nil, err
	}
	if len(event)+maxSeal > maxLine {
		return nil, errLong
	}
	p := &pending{event: event, wanted: wanted, done: make(chan error, 1)}
	return p, l.push(p)
}

func (l *Log) push(p *pending) error {
	stuck := l.Stuck() > stuckAfter
	l.mu.Lock()
	defer l.mu.Unlock()
	switch full := l.queued+len(p.event) > maxQueued; {
	case l.closed:
		return errClosed
	case full:
		if p.wanted == told {
			l.lost++
		}
		return errFull
	case stuck && p.wanted != told:
		return errStuck
	}
	l.queue = append(l.queue, p)
	l.queued += len(p.event)
	l.poke()
	return nil
}

// poke wakes the writer, unless it will look anyhow.
func (l *Log) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *Log) await(ctx context.Context, p *pending) error {
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
	}
	if l.withdraw(p) {
		return ctx.Err()
	}
	select {
	case err := <-p.done:
		return err
	default:
		return fmt.Errorf("%w: %w", ErrUncertain, ctx.Err())
	}
}

// withdraw takes an entry out of the queue, if it is still there.
func (l *Log) withdraw(p *pending) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.Index(l.queue, p)
	if at < 0 {
		return false
	}
	l.queue = slices.Delete(l.queue, at, at+1)
	l.queued -= len(p.event)
	return true
}

// Failure returns why the last entries could not be written, or nil. It becomes nil by itself,
// within seconds, when the file can be written again.
func (l *Log) Failure() error {
	if l.Stuck() > stuckAfter {
		return errStuck
	}
	if failure := l.failure.Load(); failure != nil {
		return *failure
	}
	return nil
}

// Stuck returns how long the writer has been waiting for the disk: for one that hangs, much
// longer than the fraction of a second that a disk takes.
func (l *Log) Stuck() time.Duration {
	since := l.busy.Load()
	if since == 0 {
		return 0
	}
	return time.Since(time.Unix(0, since))
}

// Close writes what waits and closes the file. The error tells what is lost. It waits no
// longer than ten seconds for a disk that hangs.
func (l *Log) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.poke()
	select {
	case <-l.ended:
		return l.closeErr
	case <-time.After(closePatience):
		return errStuck
	}
}
