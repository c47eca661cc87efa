// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"cmp"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
)

// Code says why a message was refused: one of this package, or of the XML reader. The codes
// are stable: they serve as metric labels.
type Code = strictxml.Code

// Refusals of a question or header by [EncodeRequest].
const (
	InvalidQuestion Code = "invalid_question"
	InvalidHeader   Code = "invalid_header"
)

// Refusals of an answer by [DecodeResponse], beside those of package strictxml.
const (
	ForeignNamespace    Code = "foreign_namespace"
	UnexpectedElement   Code = "unexpected_element"
	DuplicateElement    Code = "duplicate_element"
	MissingElement      Code = "missing_element"
	UnexpectedAttribute Code = "unexpected_attribute"
	WrongAction         Code = "wrong_action"
	NotUnderstood       Code = "not_understood"
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
	ForeignNamespace:       "an element is in a namespace that does not belong there",
	UnexpectedElement:      "an element does not belong where it stands",
	DuplicateElement:       "an element that may occur once occurs again",
	MissingElement:         "a required element is missing",
	UnexpectedAttribute:    "a result or decision has an XML attribute",
	WrongAction:            "the WS-Addressing action is not that of an answer",
	NotUnderstood:          "a header block that must be understood is not known, or is for somebody else",
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
	text := "xacml: " + cmp.Or(texts[e.Code], e.Code.Text())
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// FaultCode is who is to blame for a SOAP fault (SOAP 1.2 part 1, section 5.4.6).
type FaultCode int

// The fault codes that are told apart.
const (
	FaultOther    FaultCode = iota // any other code of SOAP 1.2, or one that is not SOAP's
	FaultSender                    // the question is at fault
	FaultReceiver                  // Mitz is at fault
)

// String returns the name that SOAP 1.2 uses, or Other.
func (c FaultCode) String() string {
	switch c {
	case FaultSender:
		return "Sender"
	case FaultReceiver:
		return "Receiver"
	default:
		return "Other"
	}
}

// Fault is a well-formed SOAP 1.2 fault in place of an answer. Its reason and
// detail are not kept: Mitz wrote them, and they may hold anything.
type Fault struct {
	Code FaultCode
}

// Error names the code.
func (f *Fault) Error() string { return "xacml: SOAP fault (" + f.Code.String() + ")" }
