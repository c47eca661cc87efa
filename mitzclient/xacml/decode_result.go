// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import "github.com/nuts-mitz/nuts-mitz/consent"

// response reads XACML 3.0 core, section 5.47. d.answer receives the results.
func (d *decoder) response() {
	for d.child() {
		switch {
		case !d.is(NamespaceXACML, "Result"):
			d.unexpected()
		case len(d.answer.results) == maxResults:
			d.fail(TooManyResults)
		default:
			d.answer.results = append(d.answer.results, d.result())
		}
	}
	if len(d.answer.results) == 0 {
		d.fail(MissingElement)
	}
}

// result reads XACML 3.0 core, section 5.48, in any order of its parts.
func (d *decoder) result() (res result) {
	d.bare()
	var decided, stated bool
	statusOK := true
	for d.child() {
		switch {
		case d.is(NamespaceXACML, "Decision") && d.first(&decided):
			res.decision = d.decision()
		case d.is(NamespaceXACML, "Status") && d.first(&stated):
			statusOK = d.status()
		case d.is(NamespaceXACML, "Attributes"):
			d.attributes(&res.values)
		case d.is(NamespaceXACML, "Obligations"), d.is(NamespaceXACML, "AssociatedAdvice"):
			// Not understood, and then a Permit is none (section 7.18).
			d.fail(Obligation)
		default:
			d.unexpected()
		}
	}
	switch {
	case !decided:
		d.fail(MissingElement)
	case res.decision == consent.Permit && !statusOK:
		d.fail(StatusNotOK)
	}
	return res
}

// decision reads the word to the letter: the type is xs:string, white space counts.
func (d *decoder) decision() consent.Decision {
	d.bare()
	decision, known := consent.ParseDecision(d.text())
	if !known {
		d.fail(UnknownDecision)
	}
	return decision
}

// bare refuses XML attributes: a Result and a Decision have none, and one could
// change what another reader makes of them, such as xsi:nil.
func (d *decoder) bare() {
	if len(d.el.attributes) > 0 {
		d.fail(UnexpectedAttribute)
	}
}

// status tells whether all codes of a Status are ok, and there is one
// (XACML 3.0 core, section 5.54). Message and detail are skipped.
func (d *decoder) status() (ok bool) {
	var coded bool
	for d.child() {
		switch {
		case d.is(NamespaceXACML, "StatusCode") && d.first(&coded):
			ok = d.statusCode()
		case d.is(NamespaceXACML, "StatusMessage"):
			d.skip()
		case d.is(NamespaceXACML, "StatusDetail"):
			d.skip(NamespaceXACML, NamespaceHL7)
		default:
			d.unexpected()
		}
	}
	return ok
}

// statusCode reads a code and the minor codes within it (section 5.55).
func (d *decoder) statusCode() (ok bool) {
	ok = d.required("Value") == StatusOK
	for d.child() {
		if !d.is(NamespaceXACML, "StatusCode") {
			d.unexpected()
			return false
		}
		ok = d.statusCode() && ok
	}
	return ok
}

// attributes reads the attributes of one category (section 5.44) into v.
func (d *decoder) attributes(v *values) {
	category := d.required("Category")
	for d.child() {
		if !d.is(NamespaceXACML, "Attribute") {
			d.unexpected()
			return
		}
		d.attributeOf(category, v)
	}
}

// attributeOf reads one Attribute (section 5.46). One that the question has no use for is
// skipped; one of the question in another category is refused, for readers that
// look at the identifier alone would take it for the real one.
func (d *decoder) attributeOf(category string, v *values) {
	n := nameOf(d.required("AttributeId"))
	if n != unknown && forms[n].category != category {
		d.fail(MisplacedValue)
		return
	}
	var valued bool
	for d.child() {
		switch {
		case !d.is(NamespaceXACML, "AttributeValue"):
			d.unexpected()
		case n == unknown:
			d.skip(NamespaceHL7)
		case valued || v[n] != (value{}):
			d.fail(RepeatedValue)
		case d.required("DataType") != forms[n].dataType():
			d.fail(WrongDataType)
		default:
			valued = true
			v[n] = d.attributeValue(&forms[n])
		}
	}
	if n != unknown && !valued {
		d.fail(MissingElement)
	}
}

// attributeValue reads the one HL7 element of a value.
func (d *decoder) attributeValue(f *form) (v value) {
	local, system, code := "InstanceIdentifier", "root", "extension"
	if f.coded {
		local, system, code = "CodedValue", "codeSystem", "code"
	}
	var present bool
	for d.child() {
		if !d.is(NamespaceHL7, local) {
			d.unexpected()
			return
		}
		d.first(&present)
		if _, null := d.attribute("nullFlavor"); null { // a value that says it is none
			d.fail(UnreadableValue)
		}
		v = value{system: d.required(system), code: d.required(code)}
		d.empty()
	}
	if !present {
		d.fail(MissingElement)
	}
	return v
}
