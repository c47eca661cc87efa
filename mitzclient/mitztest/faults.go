// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"net/http"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Fault is a way to misbehave. Except where its name says otherwise, what it sends
// permits everything, whatever is on record: a client that overlooks the fault gives
// a permission where there is none.
type Fault int

// The faults. Denying alone is no fault of Mitz, but a refusal in due form.
const (
	Denying Fault = iota + 1
	AnsweringIndeterminate
	AnsweringNotApplicable
	SenderFault // a SOAP fault with status 400
	SenderFaultWith500
	ReceiverFault      // a SOAP fault with status 500
	FaultWithOK        // a SOAP fault with status 200
	LeakingFault       // a SOAP fault that holds another patient's number
	LeakingStatus      // an Indeterminate whose status message and detail hold another patient's number
	PermitWithFailure  // a permission with status 500
	Redirect           // status 307, to where everything is permitted
	SwitchingProtocols // status 101, and a connection that is kept open until the client goes

	Hanging         // no answer until the client goes
	HangingHalfway  // half an answer
	Dropping        // the connection closes without an answer
	DroppingHalfway // the connection closes after half an answer
	Endless         // white space until the client goes

	Garbage   // bytes that are not XML
	EmptyBody // status 200 and nothing
	HTMLPage  // status 200 and a web page
	Truncated // XML that stops after the decisions
	Huge      // more than 1 MiB

	WrongAction
	WrongRelatesTo
	WrongPatient
	WrongDataHolder
	WrongDataHolderType
	AboutNoOne // the results say nothing of whom they are about
	MissingResult
	DoubledResult // one data category denied and permitted
	ForeignResult // a data category that was not asked, in place of one that was
	SurplusResult // a data category that was not asked, beside those that were
	ErrorStatus   // a permission with a status other than ok
	UnknownObligation
	MissingDecision
	UnknownDecision // a decision that XACML does not know
	DenyThenPermit  // two decisions in one result
	PermitThenDeny

	SecondEnvelope // after the first
	SecondBody
	SecondResponse
	StrangeInBody      // an element beside the response
	ForeignNamespace   // a response of XACML 2.0
	UndeclaredPrefix   // on the decisions
	DoubledAttribute   // twice the patient
	Doctype            // with an entity
	Instruction        // a processing instruction inside a decision
	CommentInDecision  // a decision cut in two by a comment
	DeeplyNested       // deeper than 64
	TextAfterRoot      // after the message
	ByteOrderMarks     // two, before the message
	UTF16              // in place of UTF-8
	OlderAddressing    // an Action of another version of WS-Addressing, beside the one
	MustUnderstandMore // a SOAP header that must be understood and is not known
)

// faultForm says what a fault does: one of decision, change, edit and serve.
type faultForm struct {
	name     string
	decision consent.Decision         // answer in due form with this decision
	change   func(*answer)            // change the permission
	edit     func(text string) string // change the text of the permission
	serve    func(*exchange)          // do something else
}

func (f Fault) form() faultForm {
	if form, found := faults[f]; found {
		return form
	}
	return faultForm{name: "unknown fault", serve: func(x *exchange) { x.fail(http.StatusInternalServerError) }}
}

// String names the fault, for example "wrong patient".
func (f Fault) String() string { return f.form().name }

func (f Fault) decide(onRecord consent.Decisions) consent.Decisions {
	decision := f.form().decision
	if decision == consent.NoDecision {
		return nil
	}
	decisions := make(consent.Decisions, len(onRecord))
	for category := range onRecord {
		decisions[category] = decision
	}
	return decisions
}

func (f Fault) respond(x *exchange) {
	switch form := f.form(); {
	case form.decision != consent.NoDecision:
		x.answer()
	case form.change != nil:
		a := x.permit()
		form.change(a)
		x.send(http.StatusOK, a.String())
	case form.edit != nil:
		x.send(http.StatusOK, form.edit(x.permit().String()))
	default:
		form.serve(x)
	}
}

// AllFaults returns every behaviour after which consent is not established: none may
// lead to a permission, and none is a refusal by the patient either. [Denying] is
// therefore not among them, nor is [Slow]. Some end only when the client gives up,
// so set a timeout.
func AllFaults() []Behaviour {
	var all []Behaviour
	for f := Denying + 1; f <= MustUnderstandMore; f++ {
		all = append(all, f)
	}
	for _, status := range []HTTPStatus{400, 401, 403, 404, 422, 429, 500, 502, 503, 504} {
		all = append(all, status)
	}
	return slices.Concat(all, []Behaviour{TooManyRequests(time.Minute)})
}
