// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

//go:build !linux

package harness

import "os/exec"

// dieWithParent does nothing: only Linux can stop a child when its parent dies.
func dieWithParent(*exec.Cmd) {}
