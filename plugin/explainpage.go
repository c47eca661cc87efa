// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// pageWidth is how wide a page is, in columns. Only what cannot be broken is wider.
const pageWidth = 100

// page is plain text for a terminal. It is put together as a whole before any of it is
// shown, so that an error shows nothing else.
type page struct {
	strings.Builder
	messages bool // messages to Mitz are shown too
}

// title begins a part of the page.
func (p *page) title(text string) {
	fmt.Fprintf(p, "\n%s\n%s\n\n", text, strings.Repeat("=", pageWidth))
}

// section begins a section of a part.
func (p *page) section(text string) {
	fmt.Fprintf(p, "\n%s\n%s\n", text, strings.Repeat("-", columns(text)))
}

// paragraph writes words, broken between them where the line is full.
func (p *page) paragraph(indent int, text string) { p.item(indent, "", text) }

// item writes a paragraph after a mark, such as "- ".
func (p *page) item(indent int, mark, text string) {
	p.hanging(strings.Repeat(" ", indent)+mark, indent+columns(mark), text)
}

// hanging writes words after a prefix; further lines begin at the margin.
func (p *page) hanging(prefix string, margin int, text string) {
	line, empty := prefix, true
	for word := range strings.FieldsFuncSeq(text, isBreak) {
		if !empty && columns(line)+1+columns(word) > pageWidth {
			p.line(line)
			line, empty = strings.Repeat(" ", margin), true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	p.line(line)
}

func (p *page) line(text string) { fmt.Fprintln(p, strings.ReplaceAll(text, keptBlank, " ")) }

// rows writes names and what they mean, each name as wide as the widest.
func (p *page) rows(indent int, rows [][2]string) {
	width := 0
	for _, row := range rows {
		width = max(width, columns(row[0]))
	}
	for _, row := range rows {
		p.item(indent, fmt.Sprintf("%-*s  ", width, row[0]), row[1])
	}
}

// columns is how wide a text is: what people write here has no wide characters.
func columns(text string) int { return utf8.RuneCountInString(text) }

// keptBlank stands for a blank at which no line is broken; no text holds it.
const keptBlank = "\x00"

// whole keeps a name in one piece, such as that of a file in a folder "My documents".
func whole(name string) string { return strings.ReplaceAll(name, " ", keptBlank) }

func isBreak(r rune) bool { return r == ' ' || r == '\t' || r == '\n' }
