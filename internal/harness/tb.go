// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"fmt"
	"io"
	"os"
)

// TB is the part of testing.TB that [StartWorld] uses.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Error(...any)
	Fatal(...any)
}

// StartWorld starts a world for a test, which fails when the world cannot be started or ended.
func StartWorld(t TB, config WorldConfig) *World {
	t.Helper()
	world, err := NewWorld(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.Close(); err != nil {
			t.Error(err)
		}
	})
	return world
}

// RunAndScan is for a TestMain: it runs the tests with a directory for the logs of every
// world, searches these for forbidden texts, and returns the exit status. The tests
// give the directory to [WorldConfig.LogRoot].
func RunAndScan(run func(logRoot string) int, forbidden []string, complaints io.Writer) int {
	logRoot, err := os.MkdirTemp("", "nuts-mitz-logs-*")
	if err != nil {
		_, _ = fmt.Fprintln(complaints, err)
		return 1
	}
	code := run(logRoot)
	if err := ScanLogs(logRoot, forbidden); err != nil {
		_, _ = fmt.Fprintf(complaints, "FAIL: forbidden texts in the logs, which are kept in %s\n%v\n", logRoot, err)
		return 1
	}
	_ = os.RemoveAll(logRoot)
	return code
}
