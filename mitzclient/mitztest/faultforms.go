// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"net/http"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// faults says what each fault does.
var faults = map[Fault]faultForm{
	Denying:                {name: "denying", decision: consent.Deny},
	AnsweringIndeterminate: {name: "answering Indeterminate", decision: consent.Indeterminate},
	AnsweringNotApplicable: {name: "answering NotApplicable", decision: consent.NotApplicable},
	SenderFault:            {name: "Sender fault", serve: sendFault(http.StatusBadRequest, "Sender")},
	SenderFaultWith500:     {name: "Sender fault with status 500", serve: sendFault(http.StatusInternalServerError, "Sender")},
	SwitchingProtocols:     {name: "switching protocols", serve: (*exchange).switchProtocols},
	ReceiverFault:          {name: "Receiver fault", serve: sendFault(http.StatusInternalServerError, "Receiver")},
	FaultWithOK:            {name: "fault with status 200", serve: sendFault(http.StatusOK, "Receiver")},
	LeakingFault:           {name: "leaking fault", serve: leakFault},
	LeakingStatus:          {name: "leaking status", serve: leakStatus},
	PermitWithFailure: {name: "permit with status 500", serve: func(x *exchange) {
		x.send(http.StatusInternalServerError, x.permit().String())
	}},
	Redirect: {name: "redirect", serve: (*exchange).redirect},

	Hanging:         {name: "hanging", serve: (*exchange).hang},
	HangingHalfway:  {name: "hanging halfway", serve: (*exchange).hangHalfway},
	Dropping:        {name: "dropping the connection", serve: (*exchange).drop},
	DroppingHalfway: {name: "dropping the connection halfway", serve: (*exchange).dropHalfway},
	Endless:         {name: "endless", serve: (*exchange).endless},

	Garbage:   {name: "garbage", edit: func(string) string { return "\x00\xff not XML <<< Permit" }},
	EmptyBody: {name: "empty body", edit: func(string) string { return "" }},
	HTMLPage:  {name: "HTML page", serve: sendHTML},
	Truncated: {name: "truncated", edit: func(text string) string { return text[:strings.LastIndex(text, "</Response>")] }},
	Huge:      {name: "huge", edit: before("<s:Body>", strings.Repeat(" ", maxMessage))},

	WrongAction:         {name: "wrong action", change: func(a *answer) { a.action = actionQuery }},
	WrongRelatesTo:      {name: "wrong RelatesTo", change: func(a *answer) { a.relatesTo = "urn:uuid:7d1ff5a2-6b3f-4a52-9c26-0d5b0c1b6c11" }},
	WrongPatient:        {name: "wrong patient", change: exchangeValue(resourceGroup, 0, otherPatient)},
	WrongDataHolderType: {name: "wrong data holder type", change: exchangeValue(resourceGroup, 1, other("V4", "Z3"))},
	WrongDataHolder:     {name: "wrong data holder", change: exchangeValue(resourceGroup, 2, other("00000666", "00000777"))},
	AboutNoOne: {name: "about no one", change: eachResult(func(r *result) {
		r.groups[resourceGroup].attributes = nil
	})},
	MissingResult:     {name: "missing result", change: func(a *answer) { a.results = a.results[1:] }},
	DoubledResult:     {name: "doubled result", change: doubleResult},
	ForeignResult:     {name: "foreign result", change: func(a *answer) { a.results[0].setCategory(a.foreignCategory()) }},
	SurplusResult:     {name: "surplus result", change: addForeignResult},
	ErrorStatus:       {name: "error status", change: eachResult(func(r *result) { r.status = statusProcessingError })},
	UnknownObligation: {name: "unknown obligation", change: eachResult(func(r *result) { r.obligation = "urn:example:obligation" })},
	MissingDecision:   {name: "missing decision", change: eachResult(func(r *result) { r.decisions = nil })},
	UnknownDecision:   {name: "unknown decision", change: eachResult(func(r *result) { r.decisions = []string{"permit"} })},
	DenyThenPermit:    {name: "deny then permit", change: eachResult(func(r *result) { r.decisions = []string{"Deny", "Permit"} })},
	PermitThenDeny:    {name: "permit then deny", change: eachResult(func(r *result) { r.decisions = []string{"Permit", "Deny"} })},

	SecondEnvelope:     {name: "second envelope", edit: func(text string) string { return text + text[strings.Index(text, "<s:Envelope"):] }},
	SecondBody:         {name: "second body", edit: twice("<s:Body>", "</s:Body>")},
	SecondResponse:     {name: "second response", edit: twice("<Response", "</Response>")},
	StrangeInBody:      {name: "strange element in the body", edit: before("</s:Body>", `<x:Extra xmlns:x="urn:example"/>`)},
	ForeignNamespace:   {name: "foreign namespace", edit: replace(namespaceXACML, "urn:oasis:names:tc:xacml:2.0:context:schema:os")},
	UndeclaredPrefix:   {name: "undeclared prefix", edit: replace("Decision>", "u:Decision>")},
	DoubledAttribute:   {name: "doubled attribute", edit: replace(`root="`+rootBSN+`"`, `root="`+rootBSN+`" root="`+rootBSN+`"`)},
	Doctype:            {name: "DOCTYPE", edit: before("<s:Envelope", `<!DOCTYPE s:Envelope [<!ENTITY p "Permit">]>`)},
	Instruction:        {name: "processing instruction", edit: before("</Decision>", "<?x y?>")},
	CommentInDecision:  {name: "comment in a decision", edit: replace("<Decision>Permit", "<Decision>Permit<!-- not -->ted")},
	DeeplyNested:       {name: "deeply nested", edit: before("<Decision>", strings.Repeat("<Status>", 100)+strings.Repeat("</Status>", 100))},
	TextAfterRoot:      {name: "text after the root", edit: func(text string) string { return text + "more" }},
	ByteOrderMarks:     {name: "two byte order marks", edit: func(text string) string { return "\uFEFF\uFEFF" + text }},
	UTF16:              {name: "UTF-16", edit: utf16},
	OlderAddressing:    {name: "older addressing", edit: before("</s:Header>", `<w:Action xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing">urn:example</w:Action>`)},
	MustUnderstandMore: {name: "header that must be understood", edit: before("</s:Header>", `<x:Extra xmlns:x="urn:example" s:mustUnderstand="1"/>`)},
}

// before puts more text before each occurrence of a mark.
func before(mark, more string) func(string) string { return replace(mark, more+mark) }

func replace(oldnew ...string) func(string) string { return strings.NewReplacer(oldnew...).Replace }

// twice repeats the part from the first mark up to and including the second.
func twice(from, to string) func(string) string {
	return func(text string) string {
		part := text[strings.Index(text, from) : strings.Index(text, to)+len(to)]
		return strings.Replace(text, part, part+part, 1)
	}
}

func eachResult(change func(*result)) func(*answer) {
	return func(a *answer) {
		for i := range a.results {
			change(&a.results[i])
		}
	}
}

// exchangeValue changes the same attribute in each result.
func exchangeValue(groupIndex, attributeIndex int, change func(string) string) func(*answer) {
	return eachResult(func(r *result) {
		v := &r.groups[groupIndex].attributes[attributeIndex].value
		v.number = change(v.number)
	})
}
