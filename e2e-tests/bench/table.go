// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// table is printed with the first column to the left and the others to the right.
type table struct {
	lines [][]string
}

func newTable(header ...string) *table { return &table{lines: [][]string{header}} }

func (t *table) row(cells ...string) { t.lines = append(t.lines, cells) }

func (t *table) print(out io.Writer) {
	widths := make([]int, len(t.lines[0]))
	for _, line := range t.lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, line := range t.lines {
		var text strings.Builder
		for i, cell := range line {
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				text.WriteString(cell + padding)
			} else {
				text.WriteString("  " + padding + cell)
			}
		}
		_, _ = fmt.Fprintln(out, strings.TrimRight(text.String(), " "))
	}
	_, _ = fmt.Fprintln(out)
}

// number has as many decimals as it is worth.
func number(value float64) string {
	switch size := math.Abs(value); {
	case math.IsNaN(value) || math.IsInf(value, 0):
		return "-"
	case size < 10:
		return fmt.Sprintf("%.2f", value)
	case size < 100:
		return fmt.Sprintf("%.1f", value)
	default:
		return fmt.Sprintf("%.0f", value)
	}
}

// String returns the median and, in brackets, the quartiles.
func (s spread) String() string {
	return fmt.Sprintf("%s [%s, %s]", number(s.median), number(s.low), number(s.high))
}

func megabytes(bytes ...int64) string {
	texts := make([]string, len(bytes))
	for i, each := range bytes {
		texts[i] = fmt.Sprintf("%.0f", mebibytes(each))
	}
	return strings.Join(texts, " / ")
}

// verdict compares what was measured with what was to be reached.
func verdict(measured, most float64) string {
	if measured <= most {
		return "reached"
	}
	return "not reached"
}
