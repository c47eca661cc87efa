// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package soap

import (
	"cmp"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
)

// Code says why an envelope was refused: one of this package, or of the XML reader. The codes
// are stable: they serve as metric labels.
type Code = strictxml.Code

// Why a [Reader] refuses an envelope, beside the codes of package strictxml. Those who read
// what is in the body use the first four too.
const (
	ForeignNamespace  Code = "foreign_namespace"
	UnexpectedElement Code = "unexpected_element"
	DuplicateElement  Code = "duplicate_element"
	MissingElement    Code = "missing_element"
	WrongAction       Code = "wrong_action"
	NotUnderstood     Code = "not_understood"
)

var texts = map[Code]string{
	ForeignNamespace:  "an element is in a namespace that does not belong there",
	UnexpectedElement: "an element does not belong where it stands",
	DuplicateElement:  "an element that may occur once occurs again",
	MissingElement:    "a required element is missing",
	WrongAction:       "the WS-Addressing action is not that of an answer",
	NotUnderstood:     "a header block that must be understood is not known, or is for somebody else",
}

// Text returns what a code of this package or of the XML reader means, in words; it is empty
// for a code of another package.
func Text(c Code) string { return cmp.Or(texts[c], c.Text()) }

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

// Fault is a well-formed SOAP 1.2 fault in place of an answer. Its reason and detail are not
// kept: Mitz wrote them, and they may hold anything.
type Fault struct {
	Code FaultCode
}

// Error names the code.
func (f *Fault) Error() string { return "soap: fault (" + f.Code.String() + ")" }
