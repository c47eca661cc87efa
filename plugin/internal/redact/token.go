// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package redact

const (
	// leastPart is the length of the shortest of the first two parts of a JWT.
	leastPart = 20
	// leastBase64 is the length of nine digits in base64.
	leastBase64 = 12
)

// findTokens adds JWTs, and base64 of text that holds a number, to what was found.
func findTokens(text string, found []span) []span {
	for i := 0; i < len(text); {
		end := endOf(text, i, isBase64)
		if end-i < leastBase64 {
			i = end + 1
			continue
		}
		if holdsEncoded(text[i:end]) {
			found = append(found, span{i, end, markBase64})
		}
		i = end + 1
	}
	if len(text) > 2*leastPart {
		found = findJWTs(text, found)
	}
	return found
}

// findJWTs adds what has the form of a JWT (RFC 7519 section 3), signed or encrypted, with
// or without its last parts: at least two long parts with a dot between.
func findJWTs(text string, found []span) []span {
	for i := 0; i < len(text); {
		end := endOf(text, i, isPart)
		if end-i < leastPart {
			i = end + 1
			continue
		}
		parts := 1
		for end < len(text) && text[end] == '.' {
			next := endOf(text, end+1, isPart)
			if next-end-1 < leastPart {
				break
			}
			end, parts = next, parts+1
		}
		if parts > 1 {
			for range 3 {
				if end < len(text) && text[end] == '.' {
					end = endOf(text, end+1, isPart)
				}
			}
			found = append(found, span{i, end, markJWT})
		}
		i = end
	}
	return found
}

func endOf(text string, i int, is func(byte) bool) int {
	for i < len(text) && is(text[i]) {
		i++
	}
	return i
}

func isPart(c byte) bool { return isWord(c) || c == '-' }

// isBase64 reports whether c is of one of the two alphabets (RFC 4648 sections 4 and 5).
func isBase64(c byte) bool { return isPart(c) || c == '+' || c == '/' }

// holdsEncoded reports whether a run of base64 holds a number, wherever in a text the run
// was cut from. Only what has the form of six digits is decoded: of three digits in base64,
// each character is one of few.
func holdsEncoded(run string) bool {
	var decoded [4]bool
	for i := 0; i+8 <= len(run); i++ {
		if !decoded[i%4] && encodesDigits(run[i:]) && encodesDigits(run[i+4:]) {
			decoded[i%4] = true
			if len(findNumbers(decodeBase64(run[i%4:]), nil)) > 0 {
				return true
			}
		}
	}
	return false
}

// encodesDigits reports whether text begins with three digits in base64.
func encodesDigits(text string) bool {
	return text[0] >= 'M' && text[0] <= 'O' &&
		(text[1] == 'D' || text[1] == 'T' || text[1] == 'j' || text[1] == 'z') &&
		sixBits(text[2])%4 == 0 && sixBits(text[2]) <= 36 &&
		sixBits(text[3]) >= 48 && sixBits(text[3]) <= 57
}

func decodeBase64(run string) string {
	decoded := make([]byte, 0, len(run))
	bits, have := 0, 0
	for i := range len(run) {
		bits, have = bits<<6|int(sixBits(run[i])), have+6
		if have >= 8 {
			have -= 8
			decoded = append(decoded, byte(bits>>have))
			bits &= 1<<have - 1
		}
	}
	return string(decoded)
}

func sixBits(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c - 'A'
	case c >= 'a' && c <= 'z':
		return c - 'a' + 26
	case isDigit(c):
		return c - '0' + 52
	case c == '+' || c == '-':
		return 62
	default: // / and _
		return 63
	}
}
