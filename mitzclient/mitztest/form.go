// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Namespaces, actions and addresses of the closed query (Mitz guide OpenGesloten
// 3.8.2; WS-Addressing 1.0 core, section 2.1).
const (
	namespaceSOAP       = "http://www.w3.org/2003/05/soap-envelope"
	namespaceAddressing = "http://www.w3.org/2005/08/addressing"
	namespaceQuery      = "urn:oasis:names:tc:xacml:3.0:profile:saml2.0:v2:schema:protocol:wd-14"
	namespaceXACML      = "urn:oasis:names:tc:xacml:3.0:core:schema:wd-17"
	namespaceHL7        = "urn:hl7-org:v3"

	actionQuery    = "XACMLAuthorizationDecisionQueryRequest"
	actionResponse = "http://schemas.otv.nl/toestemmingsregister/XACMLAuthzDecisionQuery/IGeslotenAutorisatievraagService/XACMLAuthzDecisionQueryResponse"
	actionFault    = "http://www.w3.org/2005/08/addressing/soap/fault"
	anonymous      = "http://www.w3.org/2005/08/addressing/anonymous"
)

// Roots and code systems (OIDs).
const (
	rootBSN            = "2.16.840.1.113883.2.4.6.3"
	rootURA            = "2.16.528.1.1007.3.3"
	rootUZI            = "2.16.528.1.1007.3.1"
	systemFacilityType = "2.16.840.1.113883.2.4.15.1060"
	systemCategory     = "2.16.840.1.113883.2.4.3.111.5.10.1"
	systemRole         = "2.16.840.1.113883.2.4.15.111"
	systemPurpose      = "2.16.840.1.113883.1.11.20448"

	authorityUZI = "CIBG" // who assigns UZI numbers
)

// dataType is the form of an attribute's value.
type dataType struct {
	uri            string // the DataType
	element        string // the HL7 element that holds the value
	system, number string // the attributes of that element
}

var (
	instanceIdentifier = &dataType{"urn:hl7-org:v3#II", "InstanceIdentifier", "root", "extension"}
	codedValue         = &dataType{"urn:hl7-org:v3#CV", "CodedValue", "codeSystem", "code"}
)

// value is an identifier or a code.
type value struct {
	system    string // root or code system
	number    string // extension or code
	authority string // assigningAuthorityName, mostly absent
}

// authority says when assigningAuthorityName is there.
type authority int

const (
	authorityAbsent  authority = iota
	authorityWithUZI           // CIBG, exactly when the root is that of the UZI register
	authorityMayUZI            // the same, but it may be left out
)

// applies reports whether assigningAuthorityName belongs to a number of this register,
// given whether it is there.
func (a authority) applies(root string, there bool) bool {
	return root == rootUZI && (a == authorityWithUZI || a == authorityMayUZI && there)
}

// attributeForm is one row of the table of attributes.
type attributeForm struct {
	id       string
	dataType *dataType
	system   string // empty: of any register
	// included is IncludeInResult; what is included comes back in each Result.
	included  bool
	optional  bool
	authority authority
	take      func(*consent.Question, value) error
}

// groupForm is one Attributes element.
type groupForm struct {
	id         string // xml:id, without the number of an action
	category   string
	attributes []attributeForm
}

// The closed query's Attributes, in their order. There is one action for each
// data category, numbered from zero.
//
// Source: the table of attributes in the Mitz guide OpenGesloten 3.8.2.
var (
	resourceForm = groupForm{
		id:       "resource",
		category: "urn:oasis:names:tc:xacml:3.0:attribute-category:resource",
		attributes: []attributeForm{
			{id: "urn:oasis:names:tc:xacml:2.0:resource:resource-id", dataType: instanceIdentifier, system: rootBSN, included: true, take: takePatient},
			{id: "urn:ihe:iti:appc:2016:document-entry:healthcare-facility-type-code", dataType: codedValue, system: systemFacilityType, included: true, take: takeHolderType},
			{id: "urn:ihe:iti:appc:2016:author-institution:id", dataType: instanceIdentifier, system: rootURA, included: true, take: takeHolder},
		},
	}
	actionForm = groupForm{
		id:       "action",
		category: "urn:oasis:names:tc:xacml:3.0:attribute-category:action",
		attributes: []attributeForm{
			{id: "urn:ihe:iti:appc:2016:document-entry:event-code", dataType: codedValue, system: systemCategory, included: true, take: takeCategory},
		},
	}
	subjectForm = groupForm{
		id:       "subject",
		category: "urn:oasis:names:tc:xacml:1.0:subject-category:access-subject",
		attributes: []attributeForm{
			{id: "urn:oasis:names:tc:xacml:2.0:subject:role", dataType: codedValue, system: systemRole, included: true, take: takeRole},
			{id: "urn:ihe:iti:xua:2017:subject:provider-identifier", dataType: instanceIdentifier, included: true, authority: authorityWithUZI, take: takeResponsible},
			{id: "urn:nl:otv:names:tc:1.0:subject:mandated", dataType: instanceIdentifier, optional: true, authority: authorityMayUZI, take: takeMandated},
			{id: "urn:nl:otv:names:tc:1.0:subject:provider-institution", dataType: instanceIdentifier, system: rootURA, take: takeRequester},
			{id: "urn:nl:otv:names:tc:1.0:subject:consulting-healthcare-facility-type-code", dataType: codedValue, system: systemFacilityType, take: takeRequesterType},
		},
	}
	environmentForm = groupForm{
		id:       "environment",
		category: "urn:oasis:names:tc:xacml:3.0:attribute-category:environment",
		attributes: []attributeForm{
			{id: "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse", dataType: codedValue, system: systemPurpose, take: takePurpose},
		},
	}
)

func takePatient(q *consent.Question, v value) (err error) {
	q.Patient, err = consent.ParseBSN(v.number)
	return err
}

func takeHolderType(q *consent.Question, v value) (err error) {
	q.DataHolder.FacilityType, err = consent.ParseFacilityType(v.number)
	return err
}

func takeHolder(q *consent.Question, v value) (err error) {
	q.DataHolder.URA, err = consent.ParseURA(v.number)
	return err
}

func takeCategory(q *consent.Question, v value) error {
	category, err := consent.ParseCategory(v.number)
	if err != nil {
		return err
	}
	for _, earlier := range q.Categories {
		if earlier == category {
			return deviation("this data category was asked before")
		}
	}
	q.Categories = append(q.Categories, category)
	return nil
}

func takeRole(q *consent.Question, v value) (err error) {
	q.Requester.Responsible.Role, err = consent.ParseRole(v.number)
	return err
}

func takeResponsible(q *consent.Question, v value) (err error) {
	q.Requester.Responsible.ID, err = consent.NewProfessionalID(v.system, v.number)
	return err
}

func takeMandated(q *consent.Question, v value) error {
	mandated, err := consent.NewProfessionalID(v.system, v.number)
	q.Requester.Mandated = &mandated
	return err
}

func takeRequester(q *consent.Question, v value) (err error) {
	q.Requester.URA, err = consent.ParseURA(v.number)
	return err
}

func takeRequesterType(q *consent.Question, v value) (err error) {
	q.Requester.FacilityType, err = consent.ParseFacilityType(v.number)
	return err
}

func takePurpose(q *consent.Question, v value) (err error) {
	q.Purpose, err = consent.ParsePurposeOfUse(v.number)
	return err
}
