// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"
)

// table is a part of the document that is computed.
type table struct{ name, text string }

const endOfTable = "<!-- end of table -->"

// place puts tables into a document. Each has its place there, and each place its table.
func place(document string, tables []table) (string, error) {
	for _, each := range tables {
		begin := "<!-- table: " + each.name + " -->\n"
		before, rest, found := strings.Cut(document, begin)
		_, after, ends := strings.Cut(rest, endOfTable)
		if !found || !ends || strings.Contains(after, begin) {
			return "", fmt.Errorf("the document has no place, or two, for the table %q", each.name)
		}
		document = before + begin + each.text + endOfTable + after
	}
	if places := strings.Count(document, "<!-- table: "); places != len(tables) {
		return "", fmt.Errorf("the document has places for %d tables, and there are %d", places, len(tables))
	}
	return document, nil
}

// write puts tables into the document on disk.
func write(path string, tables []table) error {
	document, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := place(string(document), tables)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(changed), 0o644) //nolint:gosec // a document is for everybody
}

// row writes a row of a table.
func row(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

// head writes the first two rows. A heading that begins with > is of numbers.
func head(headings ...string) string {
	lines := make([]string, len(headings))
	for i, each := range headings {
		lines[i] = "---"
		if heading, isNumber := strings.CutPrefix(each, ">"); isNumber {
			headings[i], lines[i] = heading, "---:"
		}
	}
	return row(headings...) + "|" + strings.Join(lines, "|") + "|\n"
}

// number writes a number with as many digits as say something.
func number(n float64) string {
	switch size := math.Abs(n); {
	case n == 0:
		return "0"
	case size >= 1000:
		return thousands(n)
	case size >= 10 || n == math.Trunc(n):
		return commas(int(math.Round(n)))
	case size >= 1:
		return strconv.FormatFloat(math.Round(n*10)/10, 'f', -1, 64)
	default:
		digits := 1 - int(math.Floor(math.Log10(size)))
		return strings.TrimRight(strconv.FormatFloat(n, 'f', digits, 64), "0")
	}
}

// thousands writes a large number with commas, in three digits that count.
func thousands(n float64) string {
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(n)))-2)
	return commas(int(math.Round(n/unit) * unit))
}

// commas writes a whole number as it is.
func commas(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// percent writes a share.
func percent(share float64) string {
	if share >= 0.0005 && share < 0.01 {
		return strconv.FormatFloat(100*share, 'f', 1, 64) + "%"
	}
	return strconv.FormatFloat(100*share, 'f', 0, 64) + "%"
}

// span writes how long something takes; never is what is said of a negative one.
func span(d time.Duration, never string) string {
	switch {
	case d < 0:
		return never
	case d < time.Second:
		return number(float64(d.Milliseconds())) + " ms"
	case d < 2*time.Minute:
		return number(d.Seconds()) + " s"
	case d < 2*time.Hour:
		return number(d.Minutes()) + " min"
	case d < 48*time.Hour:
		return number(d.Hours()) + " h"
	default:
		return number(d.Hours()/24) + " days"
	}
}
