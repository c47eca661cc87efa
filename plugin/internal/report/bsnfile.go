// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package report

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/textfile"
)

// maxBSNFile bounds a file that holds one BSN, in bytes: it may have space around it.
const maxBSNFile = 64

// ReadBSN reads a patient's number from a file. The number is not given on the command
// line, which others can see. The error repeats neither the file's name nor what is in it.
func ReadBSN(path string) (consent.BSN, []string, error) {
	content, mode, err := readSmall(path)
	if err != nil {
		// The path may be a number, by mistake.
		if failure, ok := errors.AsType[*fs.PathError](err); ok {
			err = failure.Err
		}
		return consent.BSN{}, nil, err
	}
	var warnings []string
	if mode.IsRegular() && mode.Perm()&0o077 != 0 {
		warnings = append(warnings, fmt.Sprintf("Others than its owner have access to the file with the patient's number (mode %04o).", mode.Perm()))
	}
	bsn, err := consent.ParseBSN(strings.TrimSpace(string(content)))
	return bsn, warnings, err
}

func readSmall(path string) ([]byte, fs.FileMode, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	content, err := io.ReadAll(io.LimitReader(file, maxBSNFile+1))
	if err != nil {
		return nil, 0, err
	}
	if len(content) > maxBSNFile {
		return nil, 0, errors.New("more than a BSN")
	}
	content, err = textfile.Plain(content)
	return content, info.Mode(), err
}
