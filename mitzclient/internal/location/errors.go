// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package location

import (
	"cmp"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
)

// Code says why a message was refused: one of this package, or of those below it. The codes
// are stable: they serve as metric labels.
type Code = soap.Code

// InvalidRequest is the refusal of a question or header by [EncodeRequest].
const InvalidRequest Code = "invalid_request"

// Refusals of an answer by [DecodeResponse], beside those of packages soap and strictxml.
const (
	UnexpectedAttribute Code = "unexpected_attribute"
	TooManyLocations    Code = "too_many_locations"
	MalformedSystem     Code = "malformed_system"
	MalformedHolder     Code = "malformed_data_holder"
	MalformedCategory   Code = "malformed_category"
	NullValue           Code = "null_value"
)

// Refusals of an answer by [Response.Match]: it is about something else than what was asked, or
// does not say what it is about.
const (
	MismatchRelatesTo Code = "mismatch_relates_to"
	MismatchPatient   Code = "mismatch_patient"
)

var texts = map[Code]string{
	InvalidRequest:      "the message id is not a uuid, or the address, the assertion or the patient is missing",
	UnexpectedAttribute: "a location has an XML attribute",
	TooManyLocations:    "the answer has more than 1024 locations, or one of them more than 64 data categories",
	MalformedSystem:     "a gateway or source system is not an OID",
	MalformedHolder:     "a data holder's number is not a URA",
	MalformedCategory:   "a data category has not the form of one, or is of another code list",
	NullValue:           "a value says that it is none",
	MismatchRelatesTo:   "the answer does not relate to the message asked",
	MismatchPatient:     "a location is not about the patient asked",
}

// Error is the refusal of a message. Its text is fixed by its code and holds nothing of an
// answer and no value of a question.
type Error struct {
	Code Code
}

// Error returns the code's fixed text.
func (e *Error) Error() string { return "location: " + cmp.Or(texts[e.Code], soap.Text(e.Code)) }
