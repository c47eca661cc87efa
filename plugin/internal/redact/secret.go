// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package redact

import (
	"strings"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// secrets adds the secret paths in the reading to what was found: who knows one can end the
// tokens about a patient. A part of a path that has the length and the letters of a secret is
// taken for one wherever it stands: a proxy may have another prefix.
func (v view) secrets(found []span) []span {
	for i := 0; ; {
		slash := strings.IndexByte(v.text[i:], '/')
		if slash < 0 {
			return found
		}
		i += slash + 1
		end := endOf(v.text, i, isPart)
		if !strings.HasSuffix(v.text[:i], withdrawal.PathPrefix) {
			if end-i == withdrawal.PathLength {
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
