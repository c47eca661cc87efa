// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notification

import (
	"cmp"
	"maps"
	"slices"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
)

// Code says why a notification was refused: one of this package, or of the XML reader. The
// codes are stable: they serve as metric labels.
type Code = strictxml.Code

// Why a notification is refused, beside the codes of package strictxml. Those serve for JSON
// too, where they fit.
const (
	UnknownMediaType    Code = "unknown_media_type"
	DuplicateMember     Code = "duplicate_member"
	TooManyElements     Code = "too_many_elements"
	ForeignNamespace    Code = "foreign_namespace"
	UnexpectedElement   Code = "unexpected_element"
	UnexpectedAttribute Code = "unexpected_attribute"
	DuplicateElement    Code = "duplicate_element"
	MissingElement      Code = "missing_element"
	WrongShape          Code = "wrong_shape"
	InvalidValue        Code = "invalid_value"
	UnknownProfile      Code = "unknown_profile"
	UnresolvedReference Code = "unresolved_reference"
	Contradiction       Code = "contradiction"
)

var texts = map[Code]string{
	UnknownMediaType:    "the media type is not FHIR in XML or JSON",
	DuplicateMember:     "a member is there twice, or with names that differ in case alone",
	TooManyElements:     "there are more elements or entries than a notification has",
	ForeignNamespace:    "an element is in a namespace that does not belong there",
	UnexpectedElement:   "an element does not belong where it stands",
	UnexpectedAttribute: "an element has an XML attribute that does not belong there",
	DuplicateElement:    "an element that may occur once occurs again",
	MissingElement:      "a required element is missing",
	WrongShape:          "there is a list, an object or a value where another belongs",
	InvalidValue:        "a value is not one that may stand there",
	UnknownProfile:      "a consent is not of the profile of a notification",
	UnresolvedReference: "a consent is about somebody who is not in the message",
	Contradiction:       "a kind of care provider is there twice for one data category",
}

// Codes returns every code with which a notification can be refused, in no order.
func Codes() []Code {
	return slices.AppendSeq(strictxml.Codes(), maps.Keys(texts))
}

// Error is a notification that was refused. Its text is fixed by its code.
type Error struct{ Code Code }

// Error returns the code's text.
func (e *Error) Error() string { return cmp.Or(texts[e.Code], e.Code.Text()) }
