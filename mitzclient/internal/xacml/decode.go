// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"slices"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
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

// decoder walks the one path through an answer.
type decoder struct {
	strictxml.Reader
	action string
	answer *content // nil until there is a Response
	fault  *Fault   // nil unless there is a Fault in its place
}

// DecodeResponse reads the answer to a closed query (Mitz guide OpenGesloten
// 3.8.2): a SOAP 1.2 envelope with a bare XACML 3.0 Response. The error is a [*Fault]
// for a SOAP fault, and an [*Error] for anything else. The answer may be changed afterwards.
func DecodeResponse(answer []byte) (Response, error) {
	d := &decoder{}
	if d.Open(answer) {
		d.envelope()
		d.Finish()
	}
	switch refusal := d.Refusal(); {
	case refusal != "":
		return Response{}, &Error{Code: refusal}
	case d.fault != nil:
		return Response{}, d.fault
	case d.action != ActionResponse:
		return Response{}, &Error{Code: WrongAction}
	default:
		return Response{d.answer}, nil
	}
}

// envelope reads SOAP 1.2 part 1, section 5.1.
func (d *decoder) envelope() {
	if !d.Is(NamespaceSOAP, "Envelope") {
		d.unexpected()
		return
	}
	var header, body bool
	var relatesTo string
	for d.Child() {
		switch {
		case d.Is(NamespaceSOAP, "Header") && d.first(&header):
			if body {
				d.unexpected()
			}
			relatesTo = d.header()
		case d.Is(NamespaceSOAP, "Body") && d.first(&body):
			d.body()
		default:
			d.unexpected()
		}
	}
	if d.answer == nil && d.fault == nil {
		d.Fail(MissingElement)
		return
	}
	if d.answer != nil {
		d.answer.relatesTo = relatesTo
	}
}

// addressingBlocks are the header blocks that an answer may have, each once
// (Web Services Addressing 1.0, SOAP binding, section 2.4).
var addressingBlocks = [...]string{"Action", "RelatesTo", "MessageID", "To", "From", "ReplyTo", "FaultTo"}

// header reads the WS-Addressing 1.0 header blocks (Core, section 3.2). Others are passed
// over unless they are for this node and must be understood (SOAP 1.2 part 1, section 2.4),
// or could be taken for a part of the answer.
func (d *decoder) header() (relatesTo string) {
	var seen [len(addressingBlocks)]bool
	for d.Child() {
		if d.Space() != NamespaceAddressing {
			d.otherBlock()
			continue
		}
		if i := slices.Index(addressingBlocks[:], d.Local()); i >= 0 {
			d.first(&seen[i])
			if !d.forThisNode() {
				d.Fail(NotUnderstood) // whom such a block is about is not known
			}
		} else {
			d.notMandatory()
		}
		switch d.Local() {
		case "Action":
			d.action = strictxml.Trim(d.Text()) // xs:anyURI: white space collapses
		case "RelatesTo":
			relatesTo = d.relatesTo()
		default:
			d.skip(NamespaceAddressing)
		}
	}
	return relatesTo
}

// otherBlock passes over a header block that is not of WS-Addressing 1.0. Its name may not
// be that of one that is: earlier versions have the same names, in other namespaces.
func (d *decoder) otherBlock() {
	switch {
	case d.Is(NamespaceSOAP, "NotUnderstood"), d.Is(NamespaceSOAP, "Upgrade"): // sections 5.4.7 and 5.4.8
	case d.Space() == "", d.Space() == NamespaceSOAP, d.Space() == NamespaceXACML, d.Space() == NamespaceHL7,
		slices.Contains(addressingBlocks[:], d.Local()):
		d.unexpected()
		return
	}
	if hidden(d.Local()) {
		d.Fail(UnexpectedElement)
	}
	d.notMandatory()
	d.skip(anyNamespace)
}

// relatesTo refuses a relationship that is not a reply: then it is not known
// what this message answers.
func (d *decoder) relatesTo() string {
	if kind, present := d.Attribute("RelationshipType"); present && kind != RelationshipReply {
		d.Fail(NotUnderstood)
	}
	text := strictxml.Trim(d.Text())
	if text == "" {
		d.Fail(MissingElement)
	}
	return text
}

// notMandatory refuses a header block that this node must understand (SOAP 1.2 part 1,
// section 5.2.3). What is neither true nor false is taken for true.
func (d *decoder) notMandatory() {
	mandatory, present := d.AttributeOf(NamespaceSOAP, "mustUnderstand")
	mandatory = strictxml.Trim(mandatory) // xs:boolean: white space collapses
	if present && mandatory != "0" && mandatory != "false" && d.forThisNode() {
		d.Fail(NotUnderstood)
	}
}

// forThisNode reports whether a header block is for a role in which the one who gets the
// answer acts (SOAP 1.2 part 1, sections 2.2 and 5.2.2). A block for another role is for
// somebody on the way.
func (d *decoder) forThisNode() bool {
	role, _ := d.AttributeOf(NamespaceSOAP, "role")
	switch strictxml.Trim(role) {
	case "", NamespaceSOAP + "/role/ultimateReceiver", NamespaceSOAP + "/role/next":
		return true
	default:
		return false
	}
}

// body holds a Response or a Fault, and nothing beside it.
func (d *decoder) body() {
	for d.Child() {
		switch {
		case d.Is(NamespaceXACML, "Response"):
			if d.answer != nil {
				d.Fail(DuplicateElement)
				return
			}
			d.answer = &content{}
			d.response()
		case d.Is(NamespaceSOAP, "Fault"):
			if d.fault != nil {
				d.Fail(DuplicateElement)
				return
			}
			d.fault = &Fault{}
			d.readFault()
		default:
			d.unexpected()
		}
	}
	if d.answer != nil && d.fault != nil {
		d.Fail(UnexpectedElement)
	}
}

// first marks a part as seen, and refuses it when it was before.
func (d *decoder) first(seen *bool) bool {
	if *seen {
		return d.Fail(DuplicateElement)
	}
	*seen = true
	return true
}

// unexpected refuses the element opened last.
func (d *decoder) unexpected() {
	switch d.Space() {
	case NamespaceSOAP, NamespaceAddressing, NamespaceXACML, NamespaceHL7:
		d.Fail(UnexpectedElement)
	default:
		d.Fail(ForeignNamespace)
	}
}

// anyNamespace lets skip accept elements of every namespace.
const anyNamespace = "*"

// skip passes over what the current element holds, if it is of these namespaces and hides no
// part of an answer.
func (d *decoder) skip(namespaces ...string) {
	d.Skip(func(space, local string) Code {
		switch {
		case hidden(local):
			return UnexpectedElement
		case slices.Contains(namespaces, space), slices.Contains(namespaces, anyNamespace):
			return ""
		default:
			return ForeignNamespace
		}
	})
}

// hidden reports whether an element that is passed over could be taken for a part of the
// answer: a reader that searches for the first Decision must not find one there.
func hidden(local string) bool {
	switch local {
	case "Envelope", "Header", "Body", "Response", "Result", "Decision":
		return true
	default:
		return false
	}
}
