// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"syscall"
	"time"
)

// doze sleeps with the precision of the kernel's timers. Go's own are a millisecond late.
func doze(d time.Duration) {
	left := syscall.NsecToTimespec(d.Nanoseconds())
	_ = syscall.Nanosleep(&left, nil) // a signal ends it early, and the caller looks again
}
