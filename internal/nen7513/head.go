// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// headSuffix makes the name of the file that keeps the head of the chain, beside the log.
const headSuffix = ".chain"

// headLength is the length of the head's one line: chain, number and hash.
const headLength = chainLength + 1 + numberLength + 1 + hashLength + 1

// errLocked is wrapped by the error about a log that is in use.
var errLocked = errors.New("another process writes this log: each node needs a file of its own")

// head is the file that keeps the last entry's place in the chain, for a start that finds
// the log rotated away. It is locked as long as the log is open.
//
// It is written after every batch and never synced. A process that dies loses nothing of it.
// After a power loss the log itself, or the former file beside it, may know more.
type head struct{ file *os.File }

// openHead opens or makes the file, and locks it. It returns the place in it; a zero one if
// there is none, or none that can be read.
func openHead(path string) (*head, Place, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, fileMode)
	if err != nil {
		return nil, Place{}, err
	}
	content, n := make([]byte, headLength), 0
	if err = lock(file); err == nil {
		n, err = file.ReadAt(content, 0)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, Place{}, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return &head{file}, parseHead(content[:n]), nil
}

func parseHead(content []byte) Place {
	fields := strings.Fields(string(content))
	if len(fields) != 3 || len(fields[0]) != chainLength || !isHash(fields[2]) {
		return Place{}
	}
	number, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return Place{}
	}
	return Place{fields[0], number, fields[2]}
}

// keep writes the place. It is only a help, so that nothing waits for it or fails with it.
func (h *head) keep(place Place) {
	_, _ = h.file.WriteAt(fmt.Appendf(make([]byte, 0, headLength), "%s %0*d %s\n", place.Chain, numberLength, place.Number, place.Hash), 0)
}

func (h *head) Close() error { return h.file.Close() }

// ending is how a file ends.
type ending struct {
	place Place  // of its last whole entry; zero: there is none
	rest  []byte // the lines that follow that entry; nil: none
	torn  bool   // the last line has no line end
}

// maxEnding is how much of the end of a file is looked at, in bytes: one entry, and what a
// crash may leave after it.
const maxEnding = 3 * maxLine

// readEnding looks for the last whole entry in a file.
func readEnding(file *os.File) (ending, error) {
	info, err := file.Stat()
	if err != nil {
		return ending{}, err
	}
	content := make([]byte, min(info.Size(), maxEnding))
	if n, err := file.ReadAt(content, info.Size()-int64(len(content))); err != nil && (!errors.Is(err, io.EOF) || n < len(content)) {
		return ending{}, err
	}
	return endingOf(content), nil
}

func endingOf(content []byte) ending {
	if len(content) == 0 {
		return ending{}
	}
	found := ending{torn: content[len(content)-1] != '\n'}
	lines := bytes.TrimSuffix(content, []byte{'\n'})
	for end := len(lines); ; {
		start := bytes.LastIndexByte(lines[:end], '\n') + 1
		if sealed, err := parseSealed(lines[start:end]); err == nil {
			found.place = sealed.Place
			if end+1 < len(content) {
				found.rest = content[end+1:]
			}
			return found
		}
		if start == 0 {
			found.rest = content
			return found
		}
		end = start - 1
	}
}

// resume returns where the chain goes on: after the last whole entry of the log, or of the
// former file where that was rotated away. If neither is found, a new chain begins.
func resume(path string, known Place, end ending) (Place, error) {
	if end.place.Number > 0 {
		if known.Chain == end.place.Chain && known.Number > end.place.Number {
			return known, nil // entries are gone from the file, and the gap shows
		}
		return end.place, nil
	}
	if known.Chain != "" {
		return former(path, known)
	}
	chain, err := uuid.NewRandom()
	return Place{Chain: chain.String(), Hash: noHash}, err
}

// former looks for entries of the chain that come after the known place, at the ends of the
// files beside the log: what a power loss kept from the head may be in one of them.
func former(path string, known Place) (Place, error) {
	stem := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	siblings, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return Place{}, err
	}
	for _, sibling := range siblings {
		if !strings.HasPrefix(sibling.Name(), stem) || !sibling.Type().IsRegular() {
			continue
		}
		// One that cannot be read, such as another user's, is none that this node wrote.
		if end, err := endingOfFile(filepath.Join(filepath.Dir(path), sibling.Name())); err == nil &&
			end.place.Chain == known.Chain && end.place.Number > known.Number {
			known = end.place
		}
	}
	return known, nil
}

func endingOfFile(path string) (ending, error) {
	file, err := os.Open(path)
	if err != nil {
		return ending{}, err
	}
	defer func() { _ = file.Close() }()
	return readEnding(file)
}
