// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package strictxml

import (
	"maps"
	"slices"
)

// Code says why a document was refused. The codes are stable: they serve as metric labels. A
// package that reads a kind of message adds codes of its own.
type Code string

// Why a [Reader] refuses a document.
const (
	Oversized             Code = "oversized"
	TooDeep               Code = "too_deep"
	WrongEncoding         Code = "wrong_encoding"
	Malformed             Code = "malformed"
	Doctype               Code = "doctype"
	ProcessingInstruction Code = "processing_instruction"
	DuplicateAttribute    Code = "duplicate_attribute"
	UndeclaredPrefix      Code = "undeclared_prefix"
	MissingAttribute      Code = "missing_attribute"
	UnexpectedText        Code = "unexpected_text"
	UnreadableValue       Code = "unreadable_value"
	TrailingContent       Code = "trailing_content"
)

var texts = map[Code]string{
	Oversized:             "the document is larger than 1 MiB",
	TooDeep:               "the document is nested deeper than 64 elements",
	WrongEncoding:         "the document is not plain UTF-8",
	Malformed:             "the document is not well-formed XML",
	Doctype:               "the document has a document type",
	ProcessingInstruction: "the document has a processing instruction",
	DuplicateAttribute:    "an element has an XML attribute twice",
	UndeclaredPrefix:      "a namespace prefix is not declared",
	MissingAttribute:      "a required XML attribute is missing",
	UnexpectedText:        "there is text between elements",
	UnreadableValue:       "a value holds a comment, CDATA, a reference or an element",
	TrailingContent:       "there is content after the root element",
}

// Codes returns all of them, in no order.
func Codes() []Code { return slices.Collect(maps.Keys(texts)) }

// Text returns what the code means, in words; it is empty for a code of another package.
func (c Code) Text() string { return texts[c] }
