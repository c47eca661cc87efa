// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import "github.com/nuts-mitz/nuts-mitz/internal/systems"

// Namespaces of the messages, beside those of package soap.
const (
	NamespaceQuery = "urn:oasis:names:tc:xacml:3.0:profile:saml2.0:v2:schema:protocol:wd-14"
	NamespaceXACML = "urn:oasis:names:tc:xacml:3.0:core:schema:wd-17"
	NamespaceHL7   = "urn:hl7-org:v3"
)

// Actions of WS-Addressing (Mitz guide OpenGesloten 3.8.2).
const (
	ActionRequest  = "XACMLAuthorizationDecisionQueryRequest"
	ActionResponse = "http://schemas.otv.nl/toestemmingsregister/XACMLAuthzDecisionQuery/" +
		"IGeslotenAutorisatievraagService/XACMLAuthzDecisionQueryResponse"
)

// Roots (OIDs) of identifiers. Those of professionals are in package consent.
const (
	RootBSN = systems.OIDBSN
	RootURA = systems.OIDURA
)

// Code systems (OIDs).
const (
	SystemFacilityType = systems.OIDFacilityType
	SystemCategory     = systems.OIDCategory
	SystemRole         = systems.OIDRole
	SystemPurpose      = systems.OIDPurpose
)

// XACML attribute categories (XACML 3.0 core, appendix B.2).
const (
	CategoryResource    = "urn:oasis:names:tc:xacml:3.0:attribute-category:resource"
	CategoryAction      = "urn:oasis:names:tc:xacml:3.0:attribute-category:action"
	CategorySubject     = "urn:oasis:names:tc:xacml:1.0:subject-category:access-subject"
	CategoryEnvironment = "urn:oasis:names:tc:xacml:3.0:attribute-category:environment"
)

// Attribute identifiers (Mitz guide OpenGesloten 3.8.2).
const (
	AttributePatient        = "urn:oasis:names:tc:xacml:2.0:resource:resource-id"
	AttributeDataHolderType = "urn:ihe:iti:appc:2016:document-entry:healthcare-facility-type-code"
	AttributeDataHolder     = "urn:ihe:iti:appc:2016:author-institution:id"
	AttributeDataCategory   = "urn:ihe:iti:appc:2016:document-entry:event-code"
	AttributeRole           = "urn:oasis:names:tc:xacml:2.0:subject:role"
	AttributeProvider       = "urn:ihe:iti:xua:2017:subject:provider-identifier"
	AttributeMandated       = "urn:nl:otv:names:tc:1.0:subject:mandated"
	AttributeRequester      = "urn:nl:otv:names:tc:1.0:subject:provider-institution"
	AttributeRequesterType  = "urn:nl:otv:names:tc:1.0:subject:consulting-healthcare-facility-type-code"
	AttributePurposeOfUse   = "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"
)

// Data types of attribute values: HL7 v3's instance identifier and coded value.
const (
	DataTypeII = "urn:hl7-org:v3#II"
	DataTypeCV = "urn:hl7-org:v3#CV"
)

// StatusOK is the status that may stand beside a Permit (XACML 3.0 core, appendix B.8).
const StatusOK = "urn:oasis:names:tc:xacml:1.0:status:ok"

// uziAuthority is the assigningAuthorityName of a number in the UZI register.
const uziAuthority = "CIBG"
