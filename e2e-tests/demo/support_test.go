// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// binaries builds the nodes once for all tests.
var binaries = sync.OnceValues(func() (harness.Binaries, error) {
	return harness.Build(context.Background(), os.Stderr)
})

// temporaryDir has everything that is temporary in a directory of the test's own.
func temporaryDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	return dir
}

// newTestStage starts the demo's world for a test.
func newTestStage(t *testing.T) *stage {
	t.Helper()
	built, err := binaries()
	require.NoError(t, err)
	stage, err := openStage(t.Context(), built, t.TempDir(), io.Discard)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, stage.Close()) })
	return stage
}

// left lists what is left in a directory.
func left(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func assertNoNumbers(t *testing.T, text string, more ...string) {
	t.Helper()
	for _, number := range append(theCast().bsns(), more...) {
		assert.False(t, strings.Contains(text, number), "a patient's number is shown")
	}
}

// watchedWriter keeps what is written, and tells once when a text is in it.
type watchedWriter struct {
	mu    sync.Mutex
	all   bytes.Buffer
	text  string
	found func()
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.all.Write(p)
	if w.text != "" && bytes.Contains(w.all.Bytes(), []byte(w.text)) {
		w.text = ""
		w.found()
	}
	return n, err
}

func (w *watchedWriter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}
