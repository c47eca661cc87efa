// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

// readFault reads a SOAP fault (SOAP 1.2 part 1, section 5.4). Only the code is
// read; nothing that Mitz wrote in words is kept.
func (d *decoder) readFault() {
	var code bool
	for d.Child() {
		switch {
		case d.Is(NamespaceSOAP, "Code") && d.first(&code):
			d.faultCode()
		case d.Is(NamespaceSOAP, "Reason"), d.Is(NamespaceSOAP, "Node"),
			d.Is(NamespaceSOAP, "Role"), d.Is(NamespaceSOAP, "Detail"):
			d.skip(anyNamespace)
		default:
			d.unexpected()
		}
	}
	if !code {
		d.Fail(MissingElement)
	}
}

// faultCode reads Value; a Subcode refines it and is left.
func (d *decoder) faultCode() {
	var value bool
	for d.Child() {
		switch {
		case d.Is(NamespaceSOAP, "Value") && d.first(&value):
			d.faultValue()
		case d.Is(NamespaceSOAP, "Subcode"):
			d.skip(NamespaceSOAP)
		default:
			d.unexpected()
		}
	}
	if !value {
		d.Fail(MissingElement)
	}
}

// faultValue reads the name of a code.
func (d *decoder) faultValue() {
	switch space, local := d.QName(); {
	case space != NamespaceSOAP:
	case local == "Sender":
		d.fault.Code = FaultSender
	case local == "Receiver":
		d.fault.Code = FaultReceiver
	}
}
