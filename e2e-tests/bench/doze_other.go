// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

//go:build !linux

package main

import "time"

// doze sleeps.
func doze(d time.Duration) { time.Sleep(d) }
