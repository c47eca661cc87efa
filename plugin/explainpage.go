// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"fmt"
	"strings"
)

// pageWidth is how wide a page is, in columns. Only what cannot be broken is wider.
const pageWidth = 100

// page is plain text for a terminal. It is put together as a whole before any of it is
// shown, so that an error shows nothing else.
type page struct{ strings.Builder }

// title begins a part of the page.
func (p *page) title(text string) {
	fmt.Fprintf(p, "\n%s\n%s\n\n", text, strings.Repeat("=", pageWidth))
}

// section begins a section of a part.
func (p *page) section(text string) {
	fmt.Fprintf(p, "\n%s\n%s\n", text, strings.Repeat("-", len(text)))
}

// paragraph writes words, broken between them where the line is full.
func (p *page) paragraph(indent int, text string) { p.item(indent, "", text) }

// item writes a paragraph after a mark, such as "- ".
func (p *page) item(indent int, mark, text string) {
	p.hanging(strings.Repeat(" ", indent)+mark, indent+len(mark), text)
}

// hanging writes words after a prefix; further lines begin at the margin.
func (p *page) hanging(prefix string, margin int, text string) {
	line, empty := prefix, true
	for word := range strings.FieldsSeq(text) {
		if !empty && len(line)+1+len(word) > pageWidth {
			fmt.Fprintln(p, line)
			line, empty = strings.Repeat(" ", margin), true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	fmt.Fprintln(p, line)
}

// rows writes names and what they mean, each name as wide as the widest.
func (p *page) rows(indent int, rows [][2]string) {
	width := 0
	for _, row := range rows {
		width = max(width, len(row[0]))
	}
	for _, row := range rows {
		p.item(indent, fmt.Sprintf("%-*s  ", width, row[0]), row[1])
	}
}
