// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
)

// Width is how wide a page is, in columns. Only what cannot be broken is wider.
const Width = 100

// Page is plain text for a terminal. It is put together as a whole before any of it is
// shown, so that an error shows nothing else.
type Page struct{ strings.Builder }

// Title begins a part of the page.
func (p *Page) Title(text string) {
	fmt.Fprintf(p, "\n%s\n%s\n\n", text, strings.Repeat("=", Width))
}

// Section begins a section of a part.
func (p *Page) Section(text string) {
	fmt.Fprintf(p, "\n%s\n%s\n", text, strings.Repeat("-", columns(text)))
}

// Paragraph writes words, broken between them where the line is full.
func (p *Page) Paragraph(indent int, text string) { p.Item(indent, "", text) }

// Item writes a paragraph after a bullet, such as "- ".
func (p *Page) Item(indent int, bullet, text string) {
	p.Hanging(strings.Repeat(" ", indent)+bullet, indent+columns(bullet), text)
}

// Hanging writes words after a prefix; further lines begin at the margin.
func (p *Page) Hanging(prefix string, margin int, text string) {
	line, empty := prefix, true
	for word := range strings.FieldsFuncSeq(text, isBreak) {
		if !empty && columns(line)+1+columns(word) > Width {
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

func (p *Page) line(text string) { fmt.Fprintln(p, strings.ReplaceAll(text, keptBlank, " ")) }

// Rows writes names and what they mean, each name as wide as the widest.
func (p *Page) Rows(indent int, rows [][2]string) {
	width := 0
	for _, row := range rows {
		width = max(width, columns(row[0]))
	}
	for _, row := range rows {
		p.Item(indent, fmt.Sprintf("%-*s  ", width, row[0]), row[1])
	}
}

// Warnings writes the warnings of a configuration, see [config.Config.Warnings].
func (p *Page) Warnings(warnings []string) {
	for _, warning := range warnings {
		fmt.Fprintln(p)
		p.Item(0, "WARNING: ", config.Name+"."+warning)
	}
}

// columns is how wide a text is: what people write here has no wide characters.
func columns(text string) int { return utf8.RuneCountInString(text) }

// keptBlank stands for a blank at which no line is broken; no text holds it.
const keptBlank = "\x00"

// Whole keeps a name in one piece, such as that of a file in a folder "My documents".
func Whole(name string) string { return strings.ReplaceAll(name, " ", keptBlank) }

func isBreak(r rune) bool { return r == ' ' || r == '\t' || r == '\n' }
