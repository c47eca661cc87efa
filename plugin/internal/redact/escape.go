// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package redact

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxEscaped is how many times over a text may be escaped and still be read.
const maxEscaped = 4 // three times, and once for the digits of another script

// other stands in a reading for what is neither a digit nor between digits.
const other = 0

// blanked is the reading in which an escape is no digit, whatever it stands for, and parts
// those before and after it.
func (v view) blanked() view {
	reading := newReading(v)
	for i := 0; i < len(v.text); {
		if size := plainEscape(v.text[i:]); size > 0 {
			reading.add(other, i)
			i += size
			continue
		}
		reading.add(v.text[i], i)
		i++
	}
	return reading.done()
}

// plainEscape returns the length of an escape of the common kinds; 0: there is none.
func plainEscape(text string) int {
	switch {
	case len(text) >= 3 && text[0] == '%' && isHex(text[1:3]):
		return 3
	case len(text) >= 4 && text[0] == '\\' && text[1] == 'x' && isHex(text[2:4]):
		return 4
	case len(text) >= 6 && text[0] == '\\' && text[1] == 'u' && isHex(text[2:6]):
		return 6
	default:
		return 0
	}
}

// withDigits is the reading in which escaped digits are digits, and nothing else is escaped.
func (v view) withDigits() view {
	reading := newReading(v)
	for i := 0; i < len(v.text); i++ {
		begin := i
		if v.text[i] == '%' && len(v.text) >= i+3 && v.text[i+1] == '3' && isDigit(v.text[i+2]) {
			i += 2
		}
		reading.add(v.text[i], begin)
	}
	return reading.done()
}

// decoded is the reading in which every escape is what it stands for, once, and every
// digit, space and hyphen is ASCII's. It reports whether that is another reading at all.
func (v view) decoded() (view, bool) {
	reading, changed := newReading(v), false
	for i := 0; i < len(v.text); {
		c := v.text[i]
		if c != '%' && c != '\\' && c != '&' && c < utf8.RuneSelf {
			reading.add(c, i)
			i++
			continue
		}
		value, size, isByte := escape(v.text[i:])
		switch {
		case size == 0:
			reading.add(c, i)
			size = 1
		case isByte:
			reading.add(byte(value), i)
			changed = true
		default:
			reading.addRune(value, i)
			changed = true
		}
		i += size
	}
	return reading.done(), changed
}

// escape reads the escape or character that text begins with; a size of 0: there is none.
// A byte may be one of several of a character.
func escape(text string) (value rune, size int, isByte bool) {
	if text[0] >= utf8.RuneSelf {
		if value, size = utf8.DecodeRuneInString(text); size == 1 {
			return 0, 0, false // not UTF-8
		}
		return value, size, false
	}
	if len(text) < 2 {
		return 0, 0, false
	}
	switch start := text[:2]; {
	case start == "%u" || start == `\u`:
		value, size = hex(text, 2, 6)
	case start == `\U`:
		value, size = hex(text, 2, 10)
	case start == `\x`:
		value, size = hex(text, 2, 4)
		isByte = true
	case start[0] == '%':
		value, size = hex(text, 1, 3)
		isByte = true
	case start == `\\`:
		value, size = '\\', 2
	case strings.HasPrefix(text, "&amp;"):
		value, size = '&', len("&amp;")
	case start == "&#":
		value, size = entity(text)
	}
	return value, size, isByte
}

// hex reads hexadecimal digits at a place in text; a size of 0: there are none.
func hex(text string, from, to int) (value rune, size int) {
	if len(text) < to || !isHex(text[from:to]) {
		return 0, 0
	}
	parsed, _ := strconv.ParseUint(text[from:to], 16, 32)
	return rune(min(parsed, unicode.MaxRune+1)), to
}

// entity reads a numeric character reference (XML 1.0 section 4.1).
func entity(text string) (value rune, size int) {
	const longest = len("&#x0010ffff;")
	end := strings.IndexByte(text[:min(len(text), longest)], ';')
	if end < 3 {
		return 0, 0
	}
	digits, base := text[2:end], 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	parsed, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return 0, 0
	}
	return rune(min(parsed, unicode.MaxRune+1)), end + 1
}

// reading makes a view of a view.
type reading struct {
	from view
	text []byte
	at   []int
}

func newReading(from view) *reading {
	return &reading{from: from, text: make([]byte, 0, len(from.text)), at: make([]int, 0, len(from.text)+1)}
}

func (r *reading) add(c byte, i int) {
	r.text = append(r.text, c)
	r.at = append(r.at, r.from.original(i))
}

// addRune adds what a character is among digits: a digit, something between them, nothing at
// all (it does not print, or joins with the one before), or something else.
func (r *reading) addRune(value rune, i int) {
	switch {
	case value < utf8.RuneSelf:
		r.add(byte(value), i)
	case value >= 0x3400 && value <= 0xd7ff: // Chinese and Korean, of which there may be much
		r.add(other, i)
	case unicode.Is(unicode.Nd, value):
		r.add('0'+digitOf(value), i)
	case unicode.Is(unicode.Zs, value):
		r.add(' ', i)
	case unicode.Is(unicode.Pd, value):
		r.add('-', i)
	case unicode.In(value, unicode.Cf, unicode.M):
	default:
		r.add(other, i)
	}
}

func (r *reading) done() view {
	return view{text: string(r.text), at: append(r.at, r.from.original(len(r.from.text)))}
}

// digitOf returns the value of a decimal digit. The digits of a script come in order, and
// ten by ten (Unicode section 4.6).
func digitOf(value rune) byte {
	for _, each := range unicode.Nd.R16 {
		if value >= rune(each.Lo) && value <= rune(each.Hi) {
			return byte((value - rune(each.Lo)) % 10)
		}
	}
	for _, each := range unicode.Nd.R32 {
		if value >= rune(each.Lo) && value <= rune(each.Hi) {
			return byte((value - rune(each.Lo)) % 10)
		}
	}
	return 0
}

func isHex(text string) bool {
	for i := range len(text) {
		c := text[i]
		if !isDigit(c) && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}
