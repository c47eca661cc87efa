// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"cmp"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
)

// Code says why a message was refused: one of this package, or of those below it. The codes
// are stable: they serve as metric labels.
type Code = soap.Code

// Refusals of a question or header by [EncodeRequest].
const (
	InvalidQuestion Code = "invalid_question"
	InvalidHeader   Code = "invalid_header"
)

// Refusals of an answer by [DecodeResponse], beside those of packages soap and
// strictxml.
const (
	UnexpectedAttribute Code = "unexpected_attribute"
	UnknownDecision     Code = "unknown_decision"
	Obligation          Code = "obligation"
	StatusNotOK         Code = "status_not_ok"
	RepeatedValue       Code = "repeated_value"
	MisplacedValue      Code = "misplaced_value"
	WrongDataType       Code = "wrong_data_type"
	TooManyResults      Code = "too_many_results"
)

// Refusals of an answer by [Response.Match]: it is about something else than
// what was asked, or does not say what it is about.
const (
	MismatchRelatesTo      Code = "mismatch_relates_to"
	MismatchCount          Code = "mismatch_count"
	MismatchPatient        Code = "mismatch_patient"
	MismatchDataHolder     Code = "mismatch_data_holder"
	MismatchDataHolderType Code = "mismatch_data_holder_type"
	MismatchCategory       Code = "mismatch_category"
	MismatchRequester      Code = "mismatch_requester"
	MismatchPurposeOfUse   Code = "mismatch_purpose_of_use"
)

var texts = map[Code]string{
	InvalidQuestion:        "the question is invalid",
	InvalidHeader:          "the message id is not a uuid, or the address is empty",
	UnexpectedAttribute:    "a result or decision has an XML attribute",
	UnknownDecision:        "a decision is none of XACML's words",
	Obligation:             "a result has obligations or advice",
	StatusNotOK:            "the status beside a Permit is not ok",
	RepeatedValue:          "a result gives an attribute twice",
	MisplacedValue:         "a result gives an attribute in another category",
	WrongDataType:          "a result gives an attribute with another data type",
	TooManyResults:         "the answer has more than 64 results",
	MismatchRelatesTo:      "the answer relates to another message",
	MismatchCount:          "the answer has more or fewer results than data categories asked",
	MismatchPatient:        "a result is not, or not evidently, about the patient asked",
	MismatchDataHolder:     "a result is not, or not evidently, about the data holder asked",
	MismatchDataHolderType: "a result is not, or not evidently, about the data holder's type asked",
	MismatchCategory:       "a result is not, or not evidently, about a data category asked, or about one twice",
	MismatchRequester:      "a result is about another requester",
	MismatchPurposeOfUse:   "a result is about another purpose of use",
}

// Error is the refusal of a message. Its text is fixed by its code and holds
// nothing of an answer and no value of a question.
type Error struct {
	Code  Code
	cause error // only from package consent, whose errors name parts and not values
}

// Error returns the code's fixed text.
func (e *Error) Error() string {
	text := "xacml: " + cmp.Or(texts[e.Code], soap.Text(e.Code))
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}
