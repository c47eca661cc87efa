// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package soap

// readFault reads a SOAP fault (SOAP 1.2 part 1, section 5.4). Only the code is
// read; nothing that Mitz wrote in words is kept.
func (r *Reader) readFault() {
	var code bool
	for r.Child() {
		switch {
		case r.Is(Namespace, "Code") && r.First(&code):
			r.faultCode()
		case r.Is(Namespace, "Reason"), r.Is(Namespace, "Node"),
			r.Is(Namespace, "Role"), r.Is(Namespace, "Detail"):
			r.SkipOver(AnyNamespace)
		default:
			r.Unexpected()
		}
	}
	if !code {
		r.Fail(MissingElement)
	}
}

// faultCode reads Value; a Subcode refines it and is left.
func (r *Reader) faultCode() {
	var value bool
	for r.Child() {
		switch {
		case r.Is(Namespace, "Value") && r.First(&value):
			r.faultValue()
		case r.Is(Namespace, "Subcode"):
			r.SkipOver(Namespace)
		default:
			r.Unexpected()
		}
	}
	if !value {
		r.Fail(MissingElement)
	}
}

// faultValue reads the name of a code.
func (r *Reader) faultValue() {
	switch space, local := r.QName(); {
	case space != Namespace:
	case local == "Sender":
		r.fault.Code = FaultSender
	case local == "Receiver":
		r.fault.Code = FaultReceiver
	}
}
