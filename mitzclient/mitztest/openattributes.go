// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"encoding/xml"
	"slices"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// assertedForm is one attribute of an assertion.
type assertedForm struct {
	name     string
	element  string // of HL7, which holds the value
	kind     string // its xsi:type: II, CE or CV
	system   string // empty: of any register
	optional bool
	take     func(*consent.Question, value) error
}

// assertedForms are the attributes in their order: who asks, for whom, and what for. The names
// are those of the closed query's subject and environment.
var assertedForms = []assertedForm{
	{name: "urn:ihe:iti:xua:2017:subject:provider-identifier", element: "id", kind: "II", take: takeResponsible},
	{name: "urn:nl:otv:names:tc:1.0:subject:mandated", element: "id", kind: "II", optional: true, take: takeMandated},
	{name: "urn:oasis:names:tc:xacml:2.0:subject:role", element: "Role", kind: "CE", system: systemRole, take: takeRole},
	{name: "urn:nl:otv:names:tc:1.0:subject:provider-institution", element: "id", kind: "II", system: rootURA, take: takeRequester},
	{name: "urn:nl:otv:names:tc:1.0:subject:consulting-healthcare-facility-type-code", element: "consulting-facility-type-code", kind: "CV", system: systemFacilityType, take: takeRequesterType},
	{name: "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse", element: "PurposeOfUse", kind: "CE", system: systemPurpose, take: takePurpose},
}

// readAttributes reads who asks.
func (asked *openQuery) readAttributes(statement *element) error {
	if _, err := statement.carries(); err != nil {
		return err
	}
	if err := statement.onlyElements(); err != nil {
		return err
	}
	var question consent.Question
	rest := statement.children
	for _, form := range assertedForms {
		found := len(rest) > 0 && rest[0].name == samlName("Attribute") && rest[0].attributes[xml.Name{Local: "Name"}] == form.name
		if !found && form.optional {
			continue
		}
		if !found {
			return deviation("%s: Attribute %d must be %s", statement.place, 1+len(statement.children)-len(rest), form.name)
		}
		rest[0].place = statement.place + " " + form.name
		v, err := form.read(rest[0])
		if err != nil {
			return err
		}
		if err := form.take(&question, v); err != nil {
			return deviation("%s: %s", rest[0].place, err)
		}
		rest = rest[1:]
	}
	if len(rest) > 0 {
		return deviation("%s: must hold nothing after %s", statement.place, assertedForms[len(assertedForms)-1].name)
	}
	asked.query.Requester, asked.query.Purpose = question.Requester, question.Purpose
	return nil
}

// read reads <Attribute Name><AttributeValue><id xsi:type .../></AttributeValue></Attribute>.
func (f assertedForm) read(attribute *element) (value, error) {
	if _, err := attribute.carries(xml.Name{Local: "Name"}); err != nil {
		return value{}, err
	}
	values, err := attribute.holds(samlName("AttributeValue"))
	if err != nil {
		return value{}, err
	}
	if _, err := values[0].carries(); err != nil {
		return value{}, err
	}
	hl7, err := values[0].holds(xml.Name{Space: namespaceHL7, Local: f.element})
	if err != nil {
		return value{}, err
	}
	if _, err := hl7[0].holds(); err != nil {
		return value{}, err
	}
	return f.value(hl7[0])
}

// value reads the marks of an HL7 II, CE or CV. What a code or its list is called may be told.
func (f assertedForm) value(e *element) (value, error) {
	systemName, numberName := xml.Name{Local: "codeSystem"}, xml.Name{Local: "code"}
	may := []xml.Name{{Local: "codeSystemName"}, {Local: "displayName"}}
	if f.kind == "II" {
		systemName, numberName, may = xml.Name{Local: "root"}, xml.Name{Local: "extension"}, []xml.Name{authorityName}
	}
	typeName := xml.Name{Space: namespaceXSI, Local: "type"}
	for name := range e.attributes {
		if name != typeName && name != systemName && name != numberName && !slices.Contains(may, name) {
			return value{}, deviation("%s: carries an attribute that does not belong there", e.place)
		}
	}
	v := value{system: e.attributes[systemName], number: e.attributes[numberName], authority: e.attributes[authorityName]}
	switch {
	case e.attributes[typeName] != f.kind:
		return value{}, deviation("%s: xsi:type must be %s", e.place, f.kind)
	case f.system != "" && v.system != f.system:
		return value{}, deviation("%s: %s must be %s", e.place, systemName.Local, f.system)
	case f.kind == "II" && (v.authority == authorityUZI) != (v.system == rootUZI || v.system == rootURA), v.authority != "" && v.authority != authorityUZI:
		return value{}, deviation("%s: assigningAuthorityName must be %s, and there for that register alone", e.place, authorityUZI)
	}
	return v, nil
}
