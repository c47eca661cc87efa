// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"encoding/xml"
	"strconv"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// closedQuery is a closed query that has the documented form.
type closedQuery struct {
	requestID string // of the HTTP header
	messageID string
	question  consent.Question
	resource  group
	actions   []group // one for each data category, in the order asked
	subject   group
}

// group is an Attributes element as received.
type group struct {
	category   string
	attributes []attribute
}

// attribute is an Attribute element as received.
type attribute struct {
	form  attributeForm
	value value
}

// Names of the elements, from the outside in.
var (
	envelopeName   = xml.Name{Space: namespaceSOAP, Local: "Envelope"}
	headerName     = xml.Name{Space: namespaceSOAP, Local: "Header"}
	bodyName       = xml.Name{Space: namespaceSOAP, Local: "Body"}
	queryName      = xml.Name{Space: namespaceQuery, Local: "XACMLAuthzDecisionQuery"}
	requestName    = xml.Name{Space: namespaceXACML, Local: "Request"}
	attributesName = xml.Name{Space: namespaceXACML, Local: "Attributes"}
	attributeName  = xml.Name{Space: namespaceXACML, Local: "Attribute"}
	valueName      = xml.Name{Space: namespaceXACML, Local: "AttributeValue"}

	authorityName = xml.Name{Local: "assigningAuthorityName"} // an attribute
)

// readClosedQuery reads a message that was sent to the given URL. Whatever
// differs from the documented form is an error.
func readClosedQuery(document []byte, to string) (*closedQuery, error) {
	header, body, err := openEnvelope(document)
	if err != nil {
		return nil, err
	}
	messageID, err := addressing{action: actionQuery, to: to}.readHeader(header)
	if err != nil {
		return nil, err
	}
	request, err := openBody(body)
	if err != nil {
		return nil, err
	}
	asked := &closedQuery{messageID: messageID}
	return asked, asked.readRequest(request)
}

func openEnvelope(document []byte) (header, body *element, err error) {
	envelope, err := parse(document)
	if err != nil {
		return nil, nil, err
	}
	if envelope.name != envelopeName {
		return nil, nil, deviation("the root must be %s", list([]xml.Name{envelopeName}))
	}
	envelope.place = "Envelope"
	if _, err := envelope.carries(); err != nil {
		return nil, nil, err
	}
	parts, err := envelope.holds(headerName, bodyName)
	if err != nil {
		return nil, nil, err
	}
	for _, part := range parts {
		if _, err := part.carries(); err != nil {
			return nil, nil, err
		}
	}
	return parts[0], parts[1], nil
}

// openBody returns the Request. The wrapper around it has none of the attributes
// ID, Version and IssueInstant that SAML demands.
func openBody(body *element) (*element, error) {
	queries, err := body.holds(queryName)
	if err != nil {
		return nil, err
	}
	if _, err := queries[0].carries(); err != nil {
		return nil, err
	}
	requests, err := queries[0].holds(requestName)
	if err != nil {
		return nil, err
	}
	flags, err := requests[0].carries(xml.Name{Local: "ReturnPolicyIdList"}, xml.Name{Local: "CombinedDecision"})
	if err != nil {
		return nil, err
	}
	if flags[0] != "false" || flags[1] != "false" {
		return nil, deviation("%s: ReturnPolicyIdList and CombinedDecision must be false", requests[0].place)
	}
	return requests[0], nil
}

// readRequest reads one resource, the actions, one subject and one environment.
func (asked *closedQuery) readRequest(request *element) error {
	actions := len(request.children) - 3
	if actions < 1 {
		return deviation("%s: must hold Attributes for resource, at least one action, subject and environment", request.place)
	}
	names := make([]xml.Name, len(request.children))
	for i := range names {
		names[i] = attributesName
	}
	parts, err := request.holds(names...)
	if err != nil {
		return deviation("%s: must hold Attributes (%s) only", request.place, namespaceXACML)
	}
	if asked.resource, err = asked.readGroup(parts[0], resourceForm, resourceForm.id); err != nil {
		return err
	}
	for i := range actions {
		action, err := asked.readGroup(parts[1+i], actionForm, actionForm.id+strconv.Itoa(i))
		if err != nil {
			return err
		}
		asked.actions = append(asked.actions, action)
	}
	if asked.subject, err = asked.readGroup(parts[1+actions], subjectForm, subjectForm.id); err != nil {
		return err
	}
	_, err = asked.readGroup(parts[2+actions], environmentForm, environmentForm.id)
	return err
}

// readGroup reads one Attributes element and takes what it says into the question.
func (asked *closedQuery) readGroup(e *element, form groupForm, id string) (group, error) {
	e.place = "Attributes " + id
	if err := checkGroup(e, form, id); err != nil {
		return group{}, err
	}
	read := group{category: form.category}
	rest := e.children
	for _, row := range form.attributes {
		found := len(rest) > 0 && rest[0].name == attributeName && rest[0].attributes[xml.Name{Local: "AttributeId"}] == row.id
		if !found && row.optional {
			continue
		}
		if !found {
			return group{}, deviation("%s: Attribute %d must be %s", e.place, 1+len(e.children)-len(rest), row.id)
		}
		rest[0].place = e.place + " " + row.id
		v, err := readAttribute(rest[0], row)
		if err != nil {
			return group{}, err
		}
		if err := row.take(&asked.question, v); err != nil {
			return group{}, deviation("%s: %s", rest[0].place, err)
		}
		read.attributes = append(read.attributes, attribute{form: row, value: v})
		rest = rest[1:]
	}
	if len(rest) > 0 {
		return group{}, deviation("%s: must hold nothing after %s", e.place, form.attributes[len(form.attributes)-1].id)
	}
	return read, nil
}

// checkGroup checks what an Attributes element says of itself.
func checkGroup(e *element, form groupForm, id string) error {
	marks, err := e.carries(xml.Name{Local: "Category"}, xml.Name{Space: namespaceXML, Local: "id"})
	if err != nil {
		return err
	}
	if marks[0] != form.category {
		return deviation("%s: Category must be %s", e.place, form.category)
	}
	if marks[1] != id {
		return deviation("%s: xml:id must be %s", e.place, id)
	}
	return e.onlyElements()
}

// readAttribute reads
// <Attribute AttributeId IncludeInResult><AttributeValue DataType>...</AttributeValue></Attribute>.
func readAttribute(e *element, form attributeForm) (value, error) {
	marks, err := e.carries(xml.Name{Local: "AttributeId"}, xml.Name{Local: "IncludeInResult"})
	if err != nil {
		return value{}, err
	}
	if included := strconv.FormatBool(form.included); marks[1] != included {
		return value{}, deviation("%s: IncludeInResult must be %s", e.place, included)
	}
	values, err := e.holds(valueName)
	if err != nil {
		return value{}, err
	}
	marks, err = values[0].carries(xml.Name{Local: "DataType"})
	if err != nil {
		return value{}, err
	}
	if marks[0] != form.dataType.uri {
		return value{}, deviation("%s: DataType must be %s", values[0].place, form.dataType.uri)
	}
	hl7, err := values[0].holds(xml.Name{Space: namespaceHL7, Local: form.dataType.element})
	if err != nil {
		return value{}, err
	}
	return readValue(hl7[0], form)
}

// readValue reads <InstanceIdentifier root extension [assigningAuthorityName]/>
// or <CodedValue code codeSystem/>.
func readValue(e *element, form attributeForm) (value, error) {
	if _, err := e.holds(); err != nil {
		return value{}, err
	}
	systemName := xml.Name{Local: form.dataType.system}
	names := []xml.Name{systemName, {Local: form.dataType.number}}
	authority, named := e.attributes[authorityName]
	if form.authority.applies(e.attributes[systemName], named) {
		names = append(names, authorityName)
	}
	marks, err := e.carries(names...)
	if err != nil {
		return value{}, err
	}
	if form.system != "" && marks[0] != form.system {
		return value{}, deviation("%s: %s must be %s", e.place, systemName.Local, form.system)
	}
	if named && authority != authorityUZI {
		return value{}, deviation("%s: assigningAuthorityName must be %s", e.place, authorityUZI)
	}
	return value{system: marks[0], number: marks[1], authority: authority}, nil
}
