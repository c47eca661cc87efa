// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// ScanLogs searches every file below the directory for forbidden texts, such as the BSNs
// that a run used, also in base64 as the parts of a JWT are. The error names files and lines, never the text itself.
func ScanLogs(dir string, forbidden []string) error {
	var errs []error
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != dir {
			return nil
		}
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		errs = append(errs, scanFile(path, forbidden))
		return nil
	})
	if files == 0 {
		errs = append(errs, errors.New("no logs to scan in "+dir))
	}
	return errors.Join(append(errs, err)...)
}

// ScanLogs searches all logs of this workspace, also of processes that ended.
func (w *Workspace) ScanLogs(forbidden []string) error { return ScanLogs(w.LogDir(), forbidden) }

func scanFile(path string, forbidden []string) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // gone since it was listed, as the journal of a database that runs
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	var errs []error
	reader := bufio.NewReader(file)
	for number := 1; ; number++ {
		line, err := reader.ReadString('\n')
		line += decoded(line)
		for i, text := range forbidden {
			if text != "" && strings.Contains(line, text) {
				errs = append(errs, fmt.Errorf("%s:%d: forbidden text %d of %d", path, number, i+1, len(forbidden)))
			}
		}
		if err != nil { // the end of the file
			return errors.Join(errs...)
		}
	}
}

// encodedRun is what could be base64, or a part of a JWT (RFC 7515 section 2).
var encodedRun = regexp.MustCompile(`[A-Za-z0-9_-]{16,}|[A-Za-z0-9+/]{16,}`)

// decoded returns what the base64 in a line holds.
func decoded(line string) string {
	var texts strings.Builder
	for _, run := range encodedRun.FindAllString(line, -1) {
		for _, encoding := range []*base64.Encoding{base64.RawURLEncoding, base64.RawStdEncoding} {
			text, _ := encoding.DecodeString(run[:len(run)-len(run)%4])
			texts.WriteByte('\n')
			texts.Write(text)
		}
	}
	return texts.String()
}
