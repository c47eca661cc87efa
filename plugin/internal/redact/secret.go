// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package redact

import "strings"

const (
	// notifyPath is what a path begins with by which Mitz notifies. What follows is a secret:
	// who knows it can end the tokens about a patient.
	notifyPath = "/mitz/notify/"
	// secretLength is how long such a secret is. A part of a path that has this length, and the
	// letters of one, is taken for one wherever it stands: a proxy may have another prefix.
	secretLength = 91
)

// secrets adds the secret paths in the reading to what was found.
func (v view) secrets(found []span) []span {
	for i := 0; ; {
		slash := strings.IndexByte(v.text[i:], '/')
		if slash < 0 {
			return found
		}
		i += slash + 1
		end := endOf(v.text, i, isPart)
		if !strings.HasSuffix(v.text[:i], notifyPath) {
			if end-i == secretLength {
				found = append(found, span{v.original(i), v.original(end), markSecret})
			}
			continue
		}
		end = endOf(v.text, i, isInPath)
		if end > i && v.text[i:end] != markSecret {
			found = append(found, span{v.original(i), v.original(end), markSecret})
		}
		i = end
	}
}

// isInPath reports whether a path may go on with c where it stands in a line: not when it ends a
// quotation, or begins a query.
func isInPath(c byte) bool {
	return c > ' ' && c != 0x7f && !strings.ContainsRune("\"'`<>?#\\", rune(c))
}
