// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package nen7513

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Line is one line of the files that are read.
type Line struct {
	File    string
	Number  int    // 1 is the first of its file
	Content []byte // without the line end; valid until the next line is read
	ended   bool   // there is a line end
	long    bool   // the content is only its beginning
}

// eachLine reads the files in their order, those that end in ".gz" unpacked, and calls visit
// for each line. However long a file or a line is, it takes little memory. The first error
// of visit ends it.
func eachLine(files []string, visit func(Line) error) error {
	for _, path := range files {
		if err := eachLineOf(path, visit); err != nil {
			return err
		}
	}
	return nil
}

func eachLineOf(path string, visit func(Line) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	var content io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if content, err = gzip.NewReader(file); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return eachLineIn(path, content, visit)
}

func eachLineIn(path string, content io.Reader, visit func(Line) error) error {
	reader := bufio.NewReaderSize(content, 64<<10)
	for number := 1; ; number++ {
		line, err := readLine(reader)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err != nil && len(line.Content) == 0 {
			return nil
		}
		line.File, line.Number = path, number
		if err := visit(line); err != nil {
			return err
		}
	}
}

// readLine reads a line, of one that is too long only the beginning. The error is [io.EOF]
// for a last line without an end too.
func readLine(reader *bufio.Reader) (Line, error) {
	content, err := reader.ReadSlice('\n')
	long := false
	if errors.Is(err, bufio.ErrBufferFull) {
		content = slices.Clone(content)
	}
	for errors.Is(err, bufio.ErrBufferFull) {
		var part []byte
		part, err = reader.ReadSlice('\n')
		if long = long || len(content)+len(part) > maxLine+1; !long {
			content = append(content, part...)
		}
	}
	ended := err == nil
	if ended && !long {
		content = content[:len(content)-1]
	}
	return Line{Content: content, ended: ended, long: long}, err
}
