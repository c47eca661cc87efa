// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package once

import (
	"crypto/sha256"
	"encoding/binary"
)

// ID is the hash of something that may be used once.
type ID [sha256.Size]byte

// IDOf returns the id of what the parts name together.
func IDOf(parts ...string) ID {
	hash := sha256.New()
	var length [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		hash.Write(length[:])
		hash.Write([]byte(part))
	}
	return ID(hash.Sum(nil))
}
