// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package textfile reads small files of text as people and their tools write them: with a
// byte order mark, which editors on Windows put at the start, and with any line end. It
// must never guess: what is not UTF-8 is refused, and no error repeats what a file holds.
package textfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"
)

const byteOrderMark = "\uFEFF"

// The errors say what to do. They name no file: the caller knows which it is.
var (
	errUTF16 = errors.New("it is written in UTF-16: save it as UTF-8")
	errUTF8  = errors.New("it is not UTF-8: save it as UTF-8")
	errLines = errors.New("it has more than one line")
)

// Read reads a file, without a byte order mark at its start.
func Read(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Plain(content)
}

// Plain leaves one byte order mark at the start out. It refuses UTF-16, and not yet what
// else is no UTF-8: in a PEM file that may be a comment.
func Plain(content []byte) ([]byte, error) {
	if bytes.HasPrefix(content, []byte("\xff\xfe")) || bytes.HasPrefix(content, []byte("\xfe\xff")) {
		return nil, errUTF16
	}
	return bytes.TrimPrefix(content, []byte(byteOrderMark)), nil
}

// Line reads a file that holds one line, such as a password, without its end. An empty
// file holds the empty line.
func Line(path string) (string, error) {
	content, err := Read(path)
	if err != nil {
		return "", err
	}
	line := strings.TrimRight(string(content), "\r\n")
	switch {
	case !utf8.ValidString(line):
		return "", errUTF8
	case strings.ContainsRune(line, 0):
		return "", errUTF16
	case strings.ContainsAny(line, "\r\n"):
		return "", errLines
	default:
		return line, nil
	}
}

// openToOthers are the modes of a file that is no secret. Its group may read it: volumes of a
// container platform are given to a group.
const openToOthers fs.FileMode = 0o007

// CheckSecret refuses a file that every user of the machine can read or write, and says what
// to do about it.
func CheckSecret(info fs.FileInfo) error {
	if mode := info.Mode().Perm(); mode&openToOthers != 0 {
		return fmt.Errorf("every user of this machine can read it (mode %04o): chmod 600 it, or set the defaultMode of its volume to 0440, and see who has read it", mode)
	}
	return nil
}
