// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ScanLogs searches every file below the directory for forbidden texts, such as the BSNs
// that a run used. The error names files and lines, never the text itself.
func ScanLogs(dir string, forbidden []string) error {
	var errs []error
	files := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
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
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	var errs []error
	reader := bufio.NewReader(file)
	for number := 1; ; number++ {
		line, err := reader.ReadString('\n')
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
