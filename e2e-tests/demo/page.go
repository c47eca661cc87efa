// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// The layout: columns of a line, of the margin, and of the labels in front of facts.
const (
	width  = 80
	margin = 4
	labels = 20
)

// style is a colour or weight (ECMA-48, select graphic rendition).
type style string

const (
	bold  style = "1"
	green style = "32"
	red   style = "1;31"
	dim   style = "2"
)

// page lays out text in a terminal. Errors of the writer are not its business.
type page struct {
	out    io.Writer
	colour bool
}

// wantsColour reports whether the file is a terminal of someone who wants colours
// (https://no-color.org).
func wantsColour(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 &&
		os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func (p page) styled(s style, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// line prints a line as it is.
func (p page) line(text string) { _, _ = fmt.Fprintln(p.out, text) }

func (p page) space() { p.line("") }

// heading prints a title with a rule below.
func (p page) heading(text string) {
	p.space()
	p.line(p.styled(bold, text))
	p.line(p.styled(dim, strings.Repeat("-", width)))
}

// paragraph prints text in lines of the page's width.
func (p page) paragraph(text string) {
	p.space()
	p.hanging("", "", text)
	p.space()
}

// fact prints a label with what there is to say about it beside it.
func (p page) fact(label, text string) { p.hanging(pad(label, labels), bold, text) }

// hanging prints text beside a prefix, which gets the style.
func (p page) hanging(prefix string, s style, text string) {
	indent := margin + utf8.RuneCountInString(prefix)
	for i, line := range wrap(text, width-indent) {
		switch {
		case i > 0:
			line = strings.Repeat(" ", indent) + line
		case s != "":
			line = strings.Repeat(" ", margin) + p.styled(s, prefix) + line
		default:
			line = strings.Repeat(" ", margin) + prefix + line
		}
		p.line(line)
	}
}

// pad fills text up to a number of columns, of which the last stays a space.
func pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(1, columns-utf8.RuneCountInString(text)))
}

// wrap cuts text into lines at its spaces. A word that is longer than a line stays whole:
// it is an address, to be copied.
func wrap(text string, columns int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= columns:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
