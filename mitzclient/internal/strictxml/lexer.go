// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package strictxml

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// The part of the reader that knows characters and tags (XML 1.0, fifth edition).

const white = " \t\r\n"

// checkCharacters refuses a byte order mark within the document, what is not UTF-8, and characters
// that XML cannot hold (section 2.2).
func (r *Reader) checkCharacters() bool {
	if !utf8.ValidString(r.in) || strings.Contains(r.in, "\uFEFF") ||
		strings.Contains(r.in, "\uFFFE") || strings.Contains(r.in, "\uFFFF") {
		return r.Fail(WrongEncoding)
	}
	for i := range len(r.in) {
		if c := r.in[i]; c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return r.Fail(WrongEncoding)
		}
	}
	return true
}

// declaration takes an XML declaration (section 2.8), if there is one. Only at
// the very start is it a declaration; anywhere else it is an instruction.
func (r *Reader) declaration() bool {
	if !r.at("<?xml") || len(r.in) < 6 || !strings.Contains(white, r.in[5:6]) {
		return true
	}
	r.pos += len("<?xml")
	for order := 0; ; {
		spaced := r.skipSpace()
		if r.take("?>") {
			return order > 0 || r.Fail(Malformed)
		}
		a, ok := r.nameAndValue()
		if !ok || !spaced || a.prefix != "" {
			return r.Fail(Malformed)
		}
		switch {
		case order < 1 && a.local == "version" && a.value == "1.0":
			order = 1
		case order == 1 && a.local == "encoding":
			if !strings.EqualFold(a.value, "utf-8") {
				return r.Fail(WrongEncoding)
			}
			order = 2
		case order >= 1 && order < 3 && a.local == "standalone" && (a.value == "yes" || a.value == "no"):
			order = 3
		default:
			return r.Fail(Malformed)
		}
	}
}

// startTag takes a start tag and opens its element.
func (r *Reader) startTag() bool {
	switch {
	case r.at("<?"):
		return r.Fail(ProcessingInstruction)
	case r.at("<![CDATA["):
		return r.Fail(UnexpectedText)
	case r.at("<!"):
		return r.Fail(Doctype)
	case len(r.open) == maxDepth:
		return r.Fail(TooDeep)
	}
	r.pos++
	start := r.pos
	prefix, local, ok := r.name()
	if !ok {
		return r.Fail(Malformed)
	}
	r.open = append(r.open, opened{r.in[start:r.pos], len(r.bindings)})
	r.el.local = local
	r.el.attributes = r.el.attributes[:0]
	for {
		spaced := r.skipSpace()
		switch {
		case r.take(">"):
			return r.resolve(prefix)
		case r.take("/>"):
			r.selfClosing = true
			return r.resolve(prefix)
		case !spaced:
			return r.Fail(Malformed)
		case !r.takeAttribute():
			return false
		}
	}
}

// takeAttribute takes an XML attribute or a namespace declaration of a start tag.
func (r *Reader) takeAttribute() bool {
	a, ok := r.nameAndValue()
	switch {
	case !ok:
		return r.Fail(Malformed)
	case len(r.el.attributes) == maxAttributes:
		return r.Fail(Malformed)
	case a.prefix == "xmlns":
		return r.bind(a.local, a.value)
	case a.prefix == "" && a.local == "xmlns":
		return r.bind("", a.value)
	}
	r.el.attributes = append(r.el.attributes, a)
	return true
}

// nameAndValue takes name="value" (section 3.1, Attribute).
func (r *Reader) nameAndValue() (a attribute, ok bool) {
	a.prefix, a.local, ok = r.name()
	if !ok {
		return a, false
	}
	r.skipSpace()
	if !r.take("=") {
		return a, false
	}
	r.skipSpace()
	if !r.at(`"`) && !r.at(`'`) {
		return a, false
	}
	quote := r.in[r.pos]
	r.pos++
	end := strings.IndexByte(r.in[r.pos:], quote)
	if end < 0 {
		return a, false
	}
	a.value = r.in[r.pos : r.pos+end]
	r.pos += end + 1
	return a, !strings.Contains(a.value, "<") && validReferences(a.value)
}

// endTag takes the end tag of the current element and closes it.
func (r *Reader) endTag() {
	if len(r.open) == 0 {
		r.Fail(Malformed)
		return
	}
	if !r.take("</") || !r.take(r.open[len(r.open)-1].name) {
		r.Fail(Malformed)
		return
	}
	r.skipSpace()
	if !r.take(">") {
		r.Fail(Malformed)
		return
	}
	r.close()
}

// comment takes a comment (section 2.5): it may not hold two hyphens.
func (r *Reader) comment() bool {
	r.pos += len("<!--")
	i := strings.Index(r.in[r.pos:], "--")
	if i < 0 {
		return r.Fail(Malformed)
	}
	r.pos += i + len("--")
	return r.take(">") || r.Fail(Malformed)
}

func (r *Reader) cdata() bool {
	i := strings.Index(r.in[r.pos:], "]]>")
	if i < 0 {
		return r.Fail(Malformed)
	}
	r.pos += i + len("]]>")
	return true
}

// skipText takes characters and references up to the next markup.
func (r *Reader) skipText() bool {
	text := r.in[r.pos : r.pos+length(r.in[r.pos:], '<')]
	r.pos += len(text)
	if r.pos == len(r.in) || strings.Contains(text, "]]>") || !validReferences(text) {
		return r.Fail(Malformed)
	}
	return true
}

// name takes a name with at most one colon (Namespaces in XML 1.0, section 4).
// Only ASCII names are taken: the messages here have no others.
func (r *Reader) name() (prefix, local string, ok bool) {
	local, ok = r.ncName()
	if ok && r.take(":") {
		prefix = local
		local, ok = r.ncName()
	}
	return prefix, local, ok
}

func (r *Reader) ncName() (name string, ok bool) {
	start := r.pos
	for r.pos < len(r.in) && isNameByte(r.in[r.pos], r.pos == start) {
		r.pos++
	}
	return r.in[start:r.pos], r.pos > start
}

func isNameByte(c byte, first bool) bool {
	letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
	return letter || !first && (c >= '0' && c <= '9' || c == '-' || c == '.')
}

// validReferences reports whether every & in s begins a reference that is known
// without a document type (sections 4.1 and 4.6).
func validReferences(s string) bool {
	for {
		_, rest, found := strings.Cut(s, "&")
		if !found {
			return true
		}
		reference, rest, found := strings.Cut(rest, ";")
		if !found || !isReference(reference) {
			return false
		}
		s = rest
	}
}

func isReference(s string) bool {
	switch s {
	case "amp", "lt", "gt", "quot", "apos":
		return true
	}
	digits, base := strings.TrimPrefix(s, "#"), 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	code, err := strconv.ParseUint(digits, base, 21)
	return err == nil && s[0] == '#' && isCharacter(rune(code))
}

// at reports whether the rest begins with s.
func (r *Reader) at(s string) bool { return strings.HasPrefix(r.in[r.pos:], s) }

// take is at, and steps over s.
func (r *Reader) take(s string) bool {
	if !r.at(s) {
		return false
	}
	r.pos += len(s)
	return true
}

// skipSpace steps over white space and reports whether there was any.
func (r *Reader) skipSpace() bool {
	start := r.pos
	for r.pos < len(r.in) && strings.IndexByte(white, r.in[r.pos]) >= 0 {
		r.pos++
	}
	return r.pos > start
}

// length counts the bytes of s before the first end, or all.
func length(s string, end byte) int {
	if i := strings.IndexByte(s, end); i >= 0 {
		return i
	}
	return len(s)
}
