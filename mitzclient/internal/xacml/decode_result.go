// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
)

// response reads XACML 3.0 core, section 5.47. d.answer receives the results.
func (d *decoder) response() {
	for d.Child() {
		switch {
		case !d.Is(NamespaceXACML, "Result"):
			d.Unexpected()
		case len(d.answer.results) == maxResults:
			d.Fail(TooManyResults)
		default:
			d.answer.results = append(d.answer.results, d.result())
		}
	}
	if len(d.answer.results) == 0 {
		d.Fail(soap.MissingElement)
	}
}

// result reads XACML 3.0 core, section 5.48, in any order of its parts.
func (d *decoder) result() (res result) {
	d.bare()
	var decided, stated bool
	statusOK := true
	for d.Child() {
		switch {
		case d.Is(NamespaceXACML, "Decision") && d.First(&decided):
			res.decision = d.decision()
		case d.Is(NamespaceXACML, "Status") && d.First(&stated):
			statusOK = d.status()
		case d.Is(NamespaceXACML, "Attributes"):
			d.attributes(&res.values)
		case d.Is(NamespaceXACML, "Obligations"), d.Is(NamespaceXACML, "AssociatedAdvice"):
			// Not understood, and then a Permit is none (section 7.18).
			d.Fail(Obligation)
		default:
			d.Unexpected()
		}
	}
	switch {
	case !decided:
		d.Fail(soap.MissingElement)
	case res.decision == consent.Permit && !statusOK:
		d.Fail(StatusNotOK)
	}
	return res
}

// decision reads the word to the letter: the type is xs:string, white space counts.
func (d *decoder) decision() consent.Decision {
	d.bare()
	decision, known := consent.ParseDecision(d.Text())
	if !known {
		d.Fail(UnknownDecision)
	}
	return decision
}

// bare refuses XML attributes: a Result and a Decision have none, and one could
// change what another reader makes of them, such as xsi:nil.
func (d *decoder) bare() {
	if d.HasAttributes() {
		d.Fail(UnexpectedAttribute)
	}
}

// status reports whether all codes of a Status are ok, and there is one
// (XACML 3.0 core, section 5.54). Message and detail are skipped.
func (d *decoder) status() (ok bool) {
	var coded bool
	for d.Child() {
		switch {
		case d.Is(NamespaceXACML, "StatusCode") && d.First(&coded):
			ok = d.statusCode()
		case d.Is(NamespaceXACML, "StatusMessage"):
			d.SkipOver()
		case d.Is(NamespaceXACML, "StatusDetail"):
			d.SkipOver(NamespaceXACML, NamespaceHL7)
		default:
			d.Unexpected()
		}
	}
	return ok
}

// statusCode reads a code and the minor codes within it (section 5.55).
func (d *decoder) statusCode() (ok bool) {
	ok = d.Required("Value") == StatusOK
	for d.Child() {
		if !d.Is(NamespaceXACML, "StatusCode") {
			d.Unexpected()
			return false
		}
		ok = d.statusCode() && ok
	}
	return ok
}

// attributes reads the attributes of one category (section 5.44) into v.
func (d *decoder) attributes(v *values) {
	category := d.Required("Category")
	for d.Child() {
		if !d.Is(NamespaceXACML, "Attribute") {
			d.Unexpected()
			return
		}
		d.attributeOf(category, v)
	}
}

// attributeOf reads one Attribute (section 5.46). One that the question has no use for is
// skipped; one of the question in another category is refused, for readers that
// look at the identifier alone would take it for the real one.
func (d *decoder) attributeOf(category string, v *values) {
	n := nameOf(d.Required("AttributeId"))
	if n != unknown && forms[n].category != category {
		d.Fail(MisplacedValue)
		return
	}
	var valued bool
	for d.Child() {
		switch {
		case !d.Is(NamespaceXACML, "AttributeValue"):
			d.Unexpected()
		case n == unknown:
			d.SkipOver(NamespaceHL7)
		case valued || v[n] != (value{}):
			d.Fail(RepeatedValue)
		case d.Required("DataType") != forms[n].dataType():
			d.Fail(WrongDataType)
		default:
			valued = true
			v[n] = d.attributeValue(&forms[n])
		}
	}
	if n != unknown && !valued {
		d.Fail(soap.MissingElement)
	}
}

// attributeValue reads the one HL7 element of a value.
func (d *decoder) attributeValue(f *form) (v value) {
	local, system, code := "InstanceIdentifier", "root", "extension"
	if f.coded {
		local, system, code = "CodedValue", "codeSystem", "code"
	}
	var present bool
	for d.Child() {
		if !d.Is(NamespaceHL7, local) {
			d.Unexpected()
			return
		}
		d.First(&present)
		if _, null := d.Attribute("nullFlavor"); null { // a value that says it is none
			d.Fail(strictxml.UnreadableValue)
		}
		v = value{system: d.Required(system), code: d.Required(code)}
		d.Empty()
	}
	if !present {
		d.Fail(soap.MissingElement)
	}
	return v
}
