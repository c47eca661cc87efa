// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
)

// maxResults bounds the memory that an answer can claim. Mitz has a handful of
// data categories.
const maxResults = 64

// Response is a well-formed answer to the closed query. What it says is not
// accessible, because it may be about anyone: [Response.Match] returns what it
// says about a question. The zero value matches nothing.
type Response struct {
	// A pointer, because fmt prints an unexported field without asking its methods.
	content *content
}

type content struct {
	relatesTo string // empty when absent
	results   []result
}

// result is the answer about one data category.
type result struct {
	decision consent.Decision
	values   values // what the answer says it is about
}

// kind is what the answer to a closed query adds to SOAP.
var kind = soap.Kind{
	Action: ActionResponse, Space: NamespaceXACML, Local: "Response", Spaces: []string{NamespaceHL7},
	Parts: []string{"Response", "Result", "Decision"},
}

// decoder walks the one path through an answer.
type decoder struct {
	soap.Reader
	answer *content
}

// DecodeResponse reads the answer to a closed query (Mitz guide OpenGesloten
// 3.8.2): a SOAP 1.2 envelope with a bare XACML 3.0 Response. The error is a [*soap.Fault]
// for a SOAP fault, and an [*Error] for anything else. The answer may be changed afterwards.
func DecodeResponse(answer []byte) (Response, error) {
	d := &decoder{answer: &content{}}
	refusal, fault := d.Read(answer, &kind, d.response)
	switch {
	case refusal != "":
		return Response{}, &Error{Code: refusal}
	case fault != nil:
		return Response{}, fault
	default:
		d.answer.relatesTo = d.RelatesTo()
		return Response{d.answer}, nil
	}
}
