// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package location

import (
	"regexp"
	"strings"
)

const (
	urnOID = "urn:oid:"
	maxOID = 128 // characters
)

var oidShape = regexp.MustCompile(`^[0-2](\.(0|[1-9][0-9]*))+$`)

// plainOID returns an OID without urn:oid:, and reports whether it is one (RFC 3061).
func plainOID(s string) (oid string, isOID bool) {
	oid = strings.TrimPrefix(s, urnOID)
	return oid, len(oid) <= maxOID && oidShape.MatchString(oid)
}
