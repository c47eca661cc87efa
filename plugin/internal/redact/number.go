// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package redact

import "github.com/nuts-mitz/nuts-mitz/consent"

// view is one reading of a text. at says where in the original each byte of the reading
// begins, and one more where the last ends; nil: the reading is the original.
type view struct {
	text string
	at   []int
}

func (v view) original(i int) int {
	if v.at == nil {
		return i
	}
	return v.at[i]
}

// digits is a run of digits that is as long as it can be.
type digits struct{ from, to int }

func (d digits) length() int { return d.to - d.from }

// numbers adds the numbers in the reading to what was found.
func (v view) numbers(found []span) []span {
	var before, last digits // the two runs before this one, when single separators stand between
	for i := 0; i < len(v.text); {
		if !isDigit(v.text[i]) {
			i++
			continue
		}
		run := digits{i, i + 1}
		for run.to < len(v.text) && isDigit(v.text[run.to]) {
			run.to++
		}
		if last.length() == 0 || last.to != run.from-1 || !isSeparator(v.text[last.to]) {
			before, last = digits{}, digits{}
		}
		switch {
		case run.length() == 9 && consent.IsBSN(v.text[run.from:run.to]):
			found = v.add(found, run.from, run.to)
		case v.isGrouped(before, last, run):
			found = v.add(found, before.from, run.to)
		}
		before, last, i = last, run, run.to
	}
	return found
}

func (v view) add(found []span, from, to int) []span {
	return append(found, span{v.original(from), v.original(to), markNumber})
}

// isGrouped reports whether three runs with separators between are a number as people write it.
func (v view) isGrouped(a, b, c digits) bool {
	first, second := a.length(), b.length()
	if c.length() != 3 || !(first == 3 && second == 3 || first == 4 && second == 2) {
		return false
	}
	if a.from > 0 && isWord(v.text[a.from-1]) || c.to < len(v.text) && isWord(v.text[c.to]) {
		return false
	}
	return consent.IsBSN(v.text[a.from:a.to] + v.text[b.from:b.to] + v.text[c.from:c.to])
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isSeparator: a plus is a space in a form (HTML 4.01 section 17.13.4.1).
func isSeparator(c byte) bool { return c == ' ' || c == '.' || c == '-' || c == '+' }

func isWord(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}
