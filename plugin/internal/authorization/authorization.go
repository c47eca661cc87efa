// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package authorization reads the header Authorization of messages to Mitz from a file, which
// another process keeps up to date: an assertion that is signed elsewhere, and soon expires.
//
// It is read for each message, so that none is sent with what was there before. It is a secret:
// nothing of it may be in an error or a log.
package authorization

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"

	"github.com/nuts-mitz/nuts-mitz/internal/textfile"
)

// maxSize is the largest file that is read, in bytes. A signed assertion has some thousands.
const maxSize = 64 << 10

// headerShape is a scheme, and what goes with it (RFC 9110 section 11.4), of which only base64
// and its like is expected.
var headerShape = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]* [ -~]*[!-~]$`)

var errForm = errors.New("not what follows 'Authorization: ' in a message: a scheme, a blank, and what goes with it, such as SAML and an assertion in base64, on one line")

// File holds one line: the header without its name.
type File struct {
	read func() (string, error)
	// turn is of who reads. A disk that hangs holds one of them, and not one for each message.
	turn chan struct{}
}

// Open looks whether a file is fit, as a start must tell. It is not kept open: whoever writes it
// may put another in its place.
func Open(path string) (*File, error) {
	f := &File{read: func() (string, error) { return readHeader(path) }, turn: make(chan struct{}, 1)}
	if _, err := f.read(); err != nil {
		return nil, err
	}
	return f, nil
}

// Header returns what is in the file now. It ends when ctx does, also when the disk hangs.
func (f *File) Header(ctx context.Context) (string, error) {
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	type result struct {
		header string
		err    error
	}
	ended := make(chan result, 1)
	go func() {
		defer func() { <-f.turn }()
		header, err := f.read()
		ended <- result{header, err}
	}()
	select {
	case read := <-ended:
		return read.header, read.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func readHeader(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSize {
		return "", fmt.Errorf("not a file of at most %d KB", maxSize>>10)
	}
	if err := textfile.CheckSecret(info); err != nil {
		return "", err
	}
	header, err := textfile.Line(path)
	switch {
	case err != nil:
		return "", err
	case !headerShape.MatchString(header):
		return "", errForm
	default:
		return header, nil
	}
}
