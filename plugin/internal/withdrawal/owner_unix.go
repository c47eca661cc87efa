// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

//go:build unix

package withdrawal

import (
	"io/fs"
	"os"
	"syscall"
)

// giveTo gives a file to the owner and the group of another.
func giveTo(path string, other fs.FileInfo) error {
	status, ok := other.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return os.Chown(path, int(status.Uid), int(status.Gid))
}
