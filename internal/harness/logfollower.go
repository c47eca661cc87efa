// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// LogFollower reads a node's log while it grows.
type LogFollower struct {
	reader *bufio.Reader
	line   string // what there is of the next one
}

// FollowLog reads what a node logs from now on, until the workspace is closed.
func (w *Workspace) FollowLog(node *Node) (*LogFollower, error) {
	file, err := os.Open(node.LogFile())
	if err != nil {
		return nil, err
	}
	w.onClose(file.Close)
	_, err = file.Seek(0, io.SeekEnd)
	return &LogFollower{reader: bufio.NewReader(file)}, err
}

// WaitFor reads on until a line holds the text. When the context ends first, the error is
// its cause.
func (f *LogFollower) WaitFor(ctx context.Context, text string) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		line, err := f.next()
		if err == nil && strings.Contains(line, text) {
			return nil
		}
		if err == nil {
			continue
		}
		if !errors.Is(err, io.EOF) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not in the log: %s: %w", text, context.Cause(ctx))
		case <-ticker.C:
		}
	}
}

// next returns the next whole line, or io.EOF when it is not there yet.
func (f *LogFollower) next() (string, error) {
	part, err := f.reader.ReadString('\n')
	f.line += part
	if err != nil {
		return "", err
	}
	line := f.line
	f.line = ""
	return line, nil
}
