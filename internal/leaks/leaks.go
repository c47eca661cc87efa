// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package leaks looks, for tests, whether goroutines are left over. Unlike goleak, which does it
// for it, it gives them half a minute to end: a busy machine needs more than half a second. It
// must never be part of a node.
package leaks

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long goroutines have to end.
const patience = 30 * time.Second

// find returns what is left over in the end. Each look of goleak takes half a second where there
// is something.
func find(options []goleak.Option) error {
	for began := time.Now(); ; {
		err := goleak.Find(options...)
		if err == nil || time.Since(began) > patience {
			return err
		}
	}
}

// VerifyTestMain runs the tests of a package, and fails when goroutines are left over. Cleanup
// may be nil; it is called at the end.
func VerifyTestMain(m *testing.M, cleanup func()) {
	code := m.Run()
	if code == 0 {
		if err := find(nil); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	if cleanup != nil {
		cleanup()
	}
	os.Exit(code)
}

// VerifyNone fails a test when goroutines are left over.
func VerifyNone(t testing.TB, options ...goleak.Option) {
	t.Helper()
	if err := find(options); err != nil {
		t.Error(err)
	}
}
