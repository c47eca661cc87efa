// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package redact

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxText is how much of one text [Text] keeps, in bytes. The node's own configuration, the
// longest text that an honest node logs, has about half of that.
const MaxText = 16 << 10

// lookahead is how far after MaxText a number or JWT is looked for that begins before it,
// in bytes. It is more than any form of a number takes.
const lookahead = 512

// What stands in the place of what was taken out.
const (
	markNumber = "[BSN]"
	markJWT    = "[JWT]"
	markBase64 = "[base64]"
	markSecret = "[secret]"
)

// Text is text without patients' numbers, and of bounded length: what is longer ends in a
// mark that says so.
func Text(text string) string {
	if len(text) <= MaxText {
		return Numbers(text)
	}
	read := text[:min(len(text), MaxText+lookahead)]
	end := MaxText
	for end > MaxText-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	found := find(read)
	for i, each := range found {
		if each.to > end { // what stands across the cut is left out as a whole
			end, found = min(end, each.from), found[:i]
			break
		}
	}
	return Numbers(replace(text[:end], found)) + fmt.Sprintf(" [cut: %d KiB]", len(text)>>10)
}

// maxRounds bounds how often a text is read again, in which something was found: what was
// taken out may part digits that seemed to belong together.
const maxRounds = 4

// Numbers is text, of any length, without patients' numbers.
func Numbers(text string) string {
	for range maxRounds {
		found := find(text)
		if len(found) == 0 {
			break
		}
		text = replace(text, found)
	}
	return text
}

// Holds reports whether there is anything in text that [Numbers] takes out.
func Holds(text string) bool { return len(find(text)) > 0 }

// HoldsBesideUUIDs reports whether a text holds something to replace that is not in a UUID, of which
// one in some hundreds holds such a number by chance.
func HoldsBesideUUIDs(text string) bool { return Holds(uuidRun.ReplaceAllLiteralString(text, "")) }

// uuidRun finds UUIDs (RFC 9562 section 4), as DIDs and ids hold them.
var uuidRun = regexp.MustCompile(`\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b`)

// span is what to take out of a text, and what to put in its place.
type span struct {
	from, to int
	mark     string
}

// find returns what to take out, in order and without overlap.
func find(text string) []span {
	var found []span
	if len(text) >= leastBase64 {
		found = findTokens(text, found)
	}
	return merged(findNumbers(text, found))
}

// findNumbers adds the numbers in each reading of text to what was found.
func findNumbers(text string, found []span) []span {
	traits := traitsOf(text)
	if traits.digits >= 9 {
		found = view{text: text}.numbers(found)
	}
	found = view{text: text}.secrets(found)
	if traits.escaped() {
		found = view{text: text}.blanked().numbers(found)
	}
	if traits.percent {
		found = view{text: text}.withDigits().numbers(found)
	}
	if traits.escaped() || traits.wide {
		reading, changed := view{text: text}.decoded()
		for range maxEscaped {
			if !changed {
				break
			}
			found = reading.secrets(reading.numbers(found))
			reading, changed = reading.decoded()
		}
	}
	return found
}

// merged sorts, and makes one of those that overlap.
func merged(found []span) []span {
	if len(found) < 2 {
		return found
	}
	slices.SortStableFunc(found, func(a, b span) int { return a.from - b.from })
	result := found[:1]
	for _, each := range found[1:] {
		last := &result[len(result)-1]
		switch {
		case each.from >= last.to:
			result = append(result, each)
		case each.to > last.to:
			last.to = each.to
			fallthrough
		default:
			if last.mark == markNumber {
				last.mark = each.mark
			}
		}
	}
	return result
}

func replace(text string, found []span) string {
	if len(found) == 0 {
		return text
	}
	var result strings.Builder
	done := 0
	for _, each := range found {
		result.WriteString(text[done:each.from])
		result.WriteString(each.mark)
		done = each.to
	}
	result.WriteString(text[done:])
	return result.String()
}

// traits tell which readings of a text can find anything: nearly every text needs none.
type traits struct {
	digits                              int
	percent, backslash, ampersand, wide bool
}

func (t traits) escaped() bool { return t.percent || t.backslash || t.ampersand }

func traitsOf(text string) (t traits) {
	for i := range len(text) {
		switch c := text[i]; {
		case isDigit(c):
			t.digits++
		case c == '%':
			t.percent = true
		case c == '\\':
			t.backslash = true
		case c == '&':
			t.ampersand = true
		case c >= utf8.RuneSelf:
			t.wide = true
		}
	}
	return t
}
