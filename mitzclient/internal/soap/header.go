// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package soap

import (
	"slices"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
)

// addressingBlocks are the header blocks that an answer may have, each once
// (Web Services Addressing 1.0, SOAP binding, section 2.4).
var addressingBlocks = [...]string{"Action", "RelatesTo", "MessageID", "To", "From", "ReplyTo", "FaultTo"}

// header reads the WS-Addressing 1.0 header blocks (Core, section 3.2). Others are passed
// over unless they are for this node and must be understood (SOAP 1.2 part 1, section 2.4),
// or could be taken for a part of the answer.
func (r *Reader) header() {
	var seen [len(addressingBlocks)]bool
	for r.Child() {
		if r.Space() != NamespaceAddressing {
			r.otherBlock()
			continue
		}
		if i := slices.Index(addressingBlocks[:], r.Local()); i >= 0 {
			r.First(&seen[i])
			if !r.forThisNode() {
				r.Fail(NotUnderstood) // whom such a block is about is not known
			}
		} else {
			r.notMandatory()
		}
		switch r.Local() {
		case "Action":
			r.action = strictxml.Trim(r.Text()) // xs:anyURI: white space collapses
		case "RelatesTo":
			r.readRelatesTo()
		default:
			r.SkipOver(NamespaceAddressing)
		}
	}
}

// otherBlock passes over a header block that is not of WS-Addressing 1.0. Its name may not
// be that of one that is: earlier versions have the same names, in other namespaces.
func (r *Reader) otherBlock() {
	switch {
	case r.Is(Namespace, "NotUnderstood"), r.Is(Namespace, "Upgrade"): // sections 5.4.7 and 5.4.8
	case r.Space() == "", r.ours(r.Space()), slices.Contains(addressingBlocks[:], r.Local()):
		r.Unexpected()
		return
	}
	if r.hidden(r.Local()) {
		r.Fail(UnexpectedElement)
	}
	r.notMandatory()
	r.SkipOver(AnyNamespace)
}

// readRelatesTo refuses a relationship that is not a reply: then it is not known
// what this message answers.
func (r *Reader) readRelatesTo() {
	if kind, present := r.Attribute("RelationshipType"); present && kind != RelationshipReply {
		r.Fail(NotUnderstood)
	}
	r.relatesTo = strictxml.Trim(r.Text())
	if r.relatesTo == "" {
		r.Fail(MissingElement)
	}
}

// notMandatory refuses a header block that this node must understand (SOAP 1.2 part 1,
// section 5.2.3). What is neither true nor false is taken for true.
func (r *Reader) notMandatory() {
	mandatory, present := r.AttributeOf(Namespace, "mustUnderstand")
	mandatory = strictxml.Trim(mandatory) // xs:boolean: white space collapses
	if present && mandatory != "0" && mandatory != "false" && r.forThisNode() {
		r.Fail(NotUnderstood)
	}
}

// forThisNode reports whether a header block is for a role in which the one who gets the
// answer acts (SOAP 1.2 part 1, sections 2.2 and 5.2.2). A block for another role is for
// somebody on the way.
func (r *Reader) forThisNode() bool {
	role, _ := r.AttributeOf(Namespace, "role")
	switch strictxml.Trim(role) {
	case "", Namespace + "/role/ultimateReceiver", Namespace + "/role/next":
		return true
	default:
		return false
	}
}
