// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package strictxml

import (
	"strconv"
	"strings"
)

// AppendEscaped writes s to b so that it reads the same in text and in an attribute.
// What XML 1.0 cannot hold (section 2.2) becomes U+FFFD.
func AppendEscaped(b []byte, s string) []byte {
	if !strings.ContainsFunc(s, needsEscape) {
		return append(b, s...)
	}
	for _, r := range s { // an invalid byte arrives here as U+FFFD
		switch {
		case r == '&' || r == '<' || r == '>' || r == '"' || r == '\'' || r == '\t' || r == '\n' || r == '\r':
			b = append(b, "&#"...)
			b = strconv.AppendInt(b, int64(r), 10)
			b = append(b, ';')
		case isCharacter(r):
			b = append(b, string(r)...)
		default:
			b = append(b, "\uFFFD"...)
		}
	}
	return b
}

// needsEscape is coarse: what is not plain ASCII takes the careful way.
func needsEscape(r rune) bool {
	return r < ' ' || r >= 0x7F || r == '&' || r == '<' || r == '>' || r == '"' || r == '\''
}

// isCharacter reports whether XML 1.0 can hold r (section 2.2, Char).
func isCharacter(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' ||
		r >= ' ' && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}
