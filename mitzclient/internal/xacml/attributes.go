// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// name is one attribute of the question. Their order is that of the message.
type name int

const (
	patient name = iota
	dataHolderType
	dataHolder
	dataCategory
	role
	provider
	mandated
	requester
	requesterType
	purposeOfUse

	nameCount
	unknown name = -1
)

// form is how an attribute is written.
type form struct {
	category string // XACML attribute category
	id       string // AttributeId
	coded    bool   // an HL7 CV (CodedValue), otherwise an II (InstanceIdentifier)
	include  bool   // IncludeInResult: the answer must repeat it, else it cannot be matched
}

// forms follows the table of the closed query in the Mitz guide OpenGesloten 3.8.2.
var forms = [nameCount]form{
	patient:        {category: CategoryResource, id: AttributePatient, include: true},
	dataHolderType: {category: CategoryResource, id: AttributeDataHolderType, coded: true, include: true},
	dataHolder:     {category: CategoryResource, id: AttributeDataHolder, include: true},
	dataCategory:   {category: CategoryAction, id: AttributeDataCategory, coded: true, include: true},
	role:           {category: CategorySubject, id: AttributeRole, coded: true, include: true},
	provider:       {category: CategorySubject, id: AttributeProvider, include: true},
	mandated:       {category: CategorySubject, id: AttributeMandated},
	requester:      {category: CategorySubject, id: AttributeRequester},
	requesterType:  {category: CategorySubject, id: AttributeRequesterType, coded: true},
	purposeOfUse:   {category: CategoryEnvironment, id: AttributePurposeOfUse, coded: true},
}

// dataType returns the DataType of the form's value.
func (f form) dataType() string {
	if f.coded {
		return DataTypeCV
	}
	return DataTypeII
}

// nameOf finds an AttributeId; unknown when the question has none such.
//
// One that differs in the case of its letters or in white space around it counts as
// the same: another reader could take it for the one that counts.
func nameOf(attributeID string) name {
	attributeID = strings.TrimSpace(attributeID)
	for n := range forms {
		if strings.EqualFold(forms[n].id, attributeID) {
			return name(n)
		}
	}
	return unknown
}

// value is an HL7 II (root, extension) or CV (codeSystem, code). The zero value
// is an absent one.
type value struct {
	system string
	code   string
}

// values holds one value per attribute name.
type values [nameCount]value

// valuesOf returns what q says, except for the data category: each answer is about
// one of them.
func valuesOf(q consent.Question) values {
	var v values
	v[patient] = value{RootBSN, q.Patient.Expose()}
	v[dataHolderType] = value{SystemFacilityType, string(q.DataHolder.FacilityType)}
	v[dataHolder] = value{RootURA, string(q.DataHolder.URA)}
	v[role] = value{SystemRole, string(q.Requester.Responsible.Role)}
	v[provider] = value{q.Requester.Responsible.ID.Root, q.Requester.Responsible.ID.Extension}
	if q.Requester.Mandated != nil {
		v[mandated] = value{q.Requester.Mandated.Root, q.Requester.Mandated.Extension}
	}
	v[requester] = value{RootURA, string(q.Requester.URA)}
	v[requesterType] = value{SystemFacilityType, string(q.Requester.FacilityType)}
	v[purposeOfUse] = value{SystemPurpose, string(q.Purpose)}
	return v
}

func valueOfCategory(c consent.Category) value {
	return value{SystemCategory, string(c)}
}
