// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// maxResults bounds the memory that an answer can claim. Mitz has a handful of
// data categories.
const maxResults = 64

// Response is a well-formed answer to the closed query. What it says is not
// accessible, because it may be about anyone: [Response.Match] gives what it
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
	reader
	action  string
	answer  *content // nil until there is a Response
	fault   *Fault   // nil unless there is a Fault in its place
	openBuf [16]opened
	bindBuf [16]binding
	attrBuf [16]attribute
}

// DecodeResponse reads the answer to a closed query (Mitz guide OpenGesloten
// 3.8.2): a SOAP 1.2 envelope with a bare XACML 3.0 Response. A SOAP fault gives a
// [*Fault], anything else an [*Error]. The answer may be changed afterwards.
func DecodeResponse(answer []byte) (Response, error) {
	if len(answer) > maxAnswer {
		return Response{}, &Error{Code: Oversized}
	}
	d := &decoder{}
	// One byte order mark may stand before everything (XML 1.0, section 4.3.3): .NET writes it.
	d.in = strings.TrimPrefix(string(answer), "\uFEFF")
	d.open, d.bindings, d.el.attributes = d.openBuf[:0], d.bindBuf[:0], d.attrBuf[:0]
	if d.root() {
		d.envelope()
		d.finish()
	}
	switch {
	case d.err != nil:
		return Response{}, d.err
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
	if !d.is(NamespaceSOAP, "Envelope") {
		d.unexpected()
		return
	}
	var header, body bool
	var relatesTo string
	for d.child() {
		switch {
		case d.is(NamespaceSOAP, "Header") && d.first(&header):
			if body {
				d.unexpected()
			}
			relatesTo = d.header()
		case d.is(NamespaceSOAP, "Body") && d.first(&body):
			d.body()
		default:
			d.unexpected()
		}
	}
	if d.answer == nil && d.fault == nil {
		d.fail(MissingElement)
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
	for d.child() {
		if d.el.space != NamespaceAddressing {
			d.otherBlock()
			continue
		}
		if i := slices.Index(addressingBlocks[:], d.el.local); i >= 0 {
			d.first(&seen[i])
			if !d.forThisNode() {
				d.fail(NotUnderstood) // whom such a block is about is not known
			}
		} else {
			d.notMandatory()
		}
		switch d.el.local {
		case "Action":
			d.action = strings.Trim(d.text(), white) // xs:anyURI: white space collapses
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
	case d.is(NamespaceSOAP, "NotUnderstood"), d.is(NamespaceSOAP, "Upgrade"): // sections 5.4.7 and 5.4.8
	case d.el.space == "", d.el.space == NamespaceSOAP, d.el.space == NamespaceXACML, d.el.space == NamespaceHL7,
		slices.Contains(addressingBlocks[:], d.el.local):
		d.unexpected()
		return
	}
	d.checkSkipped([]string{anyNamespace})
	d.notMandatory()
	d.skip(anyNamespace)
}

// relatesTo refuses a relationship that is not a reply: then it is not known
// what this message answers.
func (d *decoder) relatesTo() string {
	if kind, present := d.attribute("RelationshipType"); present && kind != RelationshipReply {
		d.fail(NotUnderstood)
	}
	text := strings.Trim(d.text(), white)
	if text == "" {
		d.fail(MissingElement)
	}
	return text
}

// notMandatory refuses a header block that this node must understand (SOAP 1.2 part 1,
// section 5.2.3). What is neither true nor false is taken for true.
func (d *decoder) notMandatory() {
	mandatory, present := d.qualified(NamespaceSOAP, "mustUnderstand")
	mandatory = strings.Trim(mandatory, white) // xs:boolean: white space collapses
	if present && mandatory != "0" && mandatory != "false" && d.forThisNode() {
		d.fail(NotUnderstood)
	}
}

// forThisNode tells whether a header block is for a role in which the one who gets the
// answer acts (SOAP 1.2 part 1, sections 2.2 and 5.2.2). A block for another role is for
// somebody on the way.
func (d *decoder) forThisNode() bool {
	role, _ := d.qualified(NamespaceSOAP, "role")
	switch strings.Trim(role, white) {
	case "", NamespaceSOAP + "/role/ultimateReceiver", NamespaceSOAP + "/role/next":
		return true
	default:
		return false
	}
}

// body holds a Response or a Fault, and nothing beside it.
func (d *decoder) body() {
	for d.child() {
		switch {
		case d.is(NamespaceXACML, "Response"):
			if d.answer != nil {
				d.fail(DuplicateElement)
				return
			}
			d.answer = &content{}
			d.response()
		case d.is(NamespaceSOAP, "Fault"):
			if d.fault != nil {
				d.fail(DuplicateElement)
				return
			}
			d.fault = &Fault{}
			d.readFault()
		default:
			d.unexpected()
		}
	}
	if d.answer != nil && d.fault != nil {
		d.fail(UnexpectedElement)
	}
}

// first marks a part as seen, and refuses it when it was before.
func (d *decoder) first(seen *bool) bool {
	if *seen {
		return d.fail(DuplicateElement)
	}
	*seen = true
	return true
}

// unexpected refuses the element opened last.
func (d *decoder) unexpected() {
	switch d.el.space {
	case NamespaceSOAP, NamespaceAddressing, NamespaceXACML, NamespaceHL7:
		d.fail(UnexpectedElement)
	default:
		d.fail(ForeignNamespace)
	}
}
