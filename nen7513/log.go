// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// fileMode lets nobody but the node's own user read patients' numbers.
const fileMode = 0o600

// maxBatch is how many entries are written and synced at once.
const maxBatch = 256

var errClosed = errors.New("the audit log is closed")

// Log appends entries to a file. Its methods may be called from any goroutine.
type Log struct {
	path    string
	file    *os.File
	sync    syncFunc
	torn    bool // a line may have been left unfinished
	entries chan pending
	ended   chan struct{}
	failure atomic.Pointer[error]

	state  sync.RWMutex // held for reading while something is sent on entries
	closed bool
}

// pending is a line that waits to be on disk.
type pending struct {
	line []byte
	done chan<- error
}

// syncFunc waits until what was written to a file, or changed in a directory, is on disk.
type syncFunc func(*os.File) error

// Open opens the file for appending, or makes it, readable for its owner alone. A file
// that others can read is refused. A line that a crash left unfinished is ended.
func Open(path string) (*Log, error) { return open(path, (*os.File).Sync) }

func open(path string, sync syncFunc) (*Log, error) {
	file, err := openFile(path, sync)
	if err != nil {
		return nil, err
	}
	log := &Log{path: path, file: file, sync: sync, entries: make(chan pending, maxBatch), ended: make(chan struct{})}
	go log.write()
	return log, nil
}

func openFile(path string, sync syncFunc) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, fileMode)
	if err != nil {
		return nil, err
	}
	if err := prepare(file, sync); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return file, nil
}

// Check tells whether a file that is there already can be such a log, and whether there
// is a directory for one that is not. It makes and changes nothing.
func Check(path string) error {
	info, err := os.Stat(path)
	if err == nil {
		err = checkMode(info)
	} else if errors.Is(err, fs.ErrNotExist) {
		_, err = os.Stat(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func checkMode(info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return errors.New("not a regular file")
	case info.Mode().Perm()&^fs.FileMode(fileMode) != 0:
		return fmt.Errorf("others than its owner have access (mode %04o): it holds patients' numbers", info.Mode().Perm())
	default:
		return nil
	}
}

func prepare(file *os.File, sync syncFunc) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := checkMode(info); err != nil {
		return err
	}
	if info.Size() == 0 {
		return syncDirectory(file.Name(), sync) // it may be new
	}
	last := make([]byte, 1)
	if _, err := file.ReadAt(last, info.Size()-1); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if last[0] != '\n' {
		_, err = file.Write([]byte{'\n'})
	}
	return err
}

// syncDirectory waits until the name of a new file is on disk: a power loss would
// otherwise lose the whole file, however often the file itself was synced.
func syncDirectory(path string, sync syncFunc) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	directory, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(sync(directory), directory.Close())
}

// Append writes an entry and waits until it is on disk. After an error it may or may
// not be there.
func (l *Log) Append(entry Entry) error {
	line, err := json.Marshal(entry.event())
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	if err := l.enqueue(pending{append(line, '\n'), done}); err != nil {
		return err
	}
	return <-done
}

func (l *Log) enqueue(p pending) error {
	l.state.RLock()
	defer l.state.RUnlock()
	if l.closed {
		return errClosed
	}
	l.entries <- p
	return nil
}

// Failure gives why the last entries could not be written, or nil.
func (l *Log) Failure() error {
	if failure := l.failure.Load(); failure != nil {
		return *failure
	}
	return nil
}

// Close writes what waits and closes the file.
func (l *Log) Close() error {
	l.state.Lock()
	if l.closed {
		l.state.Unlock()
		return nil
	}
	l.closed = true
	close(l.entries)
	l.state.Unlock()
	<-l.ended
	return l.file.Close()
}

// write writes entries in batches: one sync serves all that came while the one before
// it took its time.
func (l *Log) write() {
	defer close(l.ended)
	for first := range l.entries {
		batch := []pending{first}
		for len(batch) < maxBatch && len(l.entries) > 0 {
			batch = append(batch, <-l.entries)
		}
		err := l.writeBatch(batch)
		l.failure.Store(&err)
		for _, each := range batch {
			each.done <- err
		}
	}
}

func (l *Log) writeBatch(batch []pending) error {
	if err := l.reopenIfMoved(); err != nil {
		return err
	}
	var lines []byte
	if l.torn {
		lines = append(lines, '\n')
	}
	for _, each := range batch {
		lines = append(lines, each.line...)
	}
	l.torn = true
	if _, err := l.file.Write(lines); err != nil {
		return err
	}
	l.torn = false
	return l.sync(l.file)
}

// reopenIfMoved follows a rotation of logs: when the path leads to another file, or to
// none, a new one is begun there.
func (l *Log) reopenIfMoved() error {
	current, err := l.file.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(l.path)
	if err == nil && os.SameFile(current, named) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := openFile(l.path, l.sync)
	if err != nil {
		return err
	}
	err = l.file.Close()
	l.file = file
	return err
}
