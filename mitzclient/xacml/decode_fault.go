// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import "strings"

// readFault reads a SOAP fault (SOAP 1.2 part 1, section 5.4). Only the code is
// read; nothing that Mitz wrote in words is kept.
func (d *decoder) readFault() {
	var code bool
	for d.child() {
		switch {
		case d.is(NamespaceSOAP, "Code") && d.first(&code):
			d.faultCode()
		case d.is(NamespaceSOAP, "Reason"), d.is(NamespaceSOAP, "Node"),
			d.is(NamespaceSOAP, "Role"), d.is(NamespaceSOAP, "Detail"):
			d.skip(anyNamespace)
		default:
			d.unexpected()
		}
	}
	if !code {
		d.fail(MissingElement)
	}
}

// faultCode reads Value; a Subcode refines it and is left.
func (d *decoder) faultCode() {
	var value bool
	for d.child() {
		switch {
		case d.is(NamespaceSOAP, "Value") && d.first(&value):
			d.faultValue()
		case d.is(NamespaceSOAP, "Subcode"):
			d.skip(NamespaceSOAP)
		default:
			d.unexpected()
		}
	}
	if !value {
		d.fail(MissingElement)
	}
}

// faultValue reads a qualified name; its prefix is that of a namespace in scope.
func (d *decoder) faultValue() {
	inScope := d.bindings // text closes the element, and with it what that declares
	prefix, local, found := strings.Cut(strings.Trim(d.text(), white), ":")
	if !found {
		prefix, local = "", prefix
	}
	if space, _ := namespaceIn(inScope, prefix); space != NamespaceSOAP {
		return
	}
	switch local {
	case "Sender":
		d.fault.Code = FaultSender
	case "Receiver":
		d.fault.Code = FaultReceiver
	}
}
