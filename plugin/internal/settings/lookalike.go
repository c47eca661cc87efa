// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package settings

import (
	"strings"
	"unicode"
)

// looksLike reports whether somebody who wrote this name meant the other: it holds it, or
// is one slip of the pen away from it, whatever its case and the signs in it.
func looksLike(name, meant string) bool {
	letters := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
	return strings.Contains(letters, meant) || len(letters) >= 3 && distance(letters, meant) <= 1
}

// nearest returns the one of the known keys that was probably meant; empty: none.
func nearest(name string, known []string) string {
	best, least := "", 3
	for _, each := range known {
		switch steps := distance(strings.ToLower(name), each); {
		case steps < least && steps*2 < len(each)+1:
			best, least = each, steps
		case steps == least:
			best = "" // one of two would be a guess
		}
	}
	return best
}

// distance counts the slips between two words: a letter too many, too few, another one,
// or two in each other's place (Damerau and Levenshtein, without edits of edits).
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	if len(from) > 64 {
		return len(from)
	}
	rows := make([][]int, len(from)+1)
	for i := range rows {
		rows[i] = make([]int, len(to)+1)
		rows[i][0] = i
	}
	for j := range to {
		rows[0][j+1] = j + 1
	}
	for i := range from {
		for j := range to {
			other := 1
			if from[i] == to[j] {
				other = 0
			}
			steps := min(rows[i][j+1]+1, rows[i+1][j]+1, rows[i][j]+other)
			if i > 0 && j > 0 && from[i] == to[j-1] && from[i-1] == to[j] {
				steps = min(steps, rows[i-1][j-1]+1)
			}
			rows[i+1][j+1] = steps
		}
	}
	return rows[len(from)][len(to)]
}
