// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"encoding/xml"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Names of the open query (IHE ITI TF-2, section 3.56; WS-Security 1.0; SAML 2.0; XUA).
const (
	namespaceXCPD = "urn:ihe:iti:xcpd:2009"
	namespaceWSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	namespaceDSig = "http://www.w3.org/2000/09/xmldsig#"
	namespaceXSI  = "http://www.w3.org/2001/XMLSchema-instance"

	actionOpenQuery = "urn:ihe:iti:2009:PatientLocationQuery"
	actionLocations = "urn:ihe:iti:2009:PatientLocationQueryResponse"

	authorityBSN = "NLMINBIZA"
)

// openQuery is an open query ("open autorisatievraag") as received.
type openQuery struct {
	requestID   string
	messageID   string
	query       consent.LocationQuery
	issuer      string
	assertionID string
	signed      bool // that is, it holds a signature: see checkSignature
}

// readOpenQuery reads a message that was sent to the given URL at this time. Whatever differs
// from the documented form is an error.
func readOpenQuery(document []byte, to string, now time.Time) (*openQuery, error) {
	header, body, err := openEnvelope(document)
	if err != nil {
		return nil, err
	}
	var security []*element
	messageID, err := addressing{
		action: actionOpenQuery, to: to, marked: []string{"To"},
		known: func(block *element) bool {
			if block.name != (xml.Name{Space: namespaceWSSE, Local: "Security"}) {
				return false
			}
			security = append(security, block)
			return true
		},
	}.readHeader(header)
	if err != nil {
		return nil, err
	}
	if len(security) != 1 {
		return nil, deviation("Envelope/Header: must hold Security (%s) once", namespaceWSSE)
	}
	asked := &openQuery{messageID: messageID}
	if err := asked.readSecurity(security[0], now); err != nil {
		return nil, err
	}
	return asked, asked.readRequest(body)
}

func (asked *openQuery) readSecurity(security *element, now time.Time) error {
	if _, err := security.carries(mustUnderstandName); err != nil {
		return err
	}
	if err := mustBeUnderstood(security); err != nil {
		return err
	}
	assertions, err := security.holds(samlName("Assertion"))
	if err != nil {
		return err
	}
	return asked.readAssertion(assertions[0], now)
}

// readRequest reads whom it is about.
func (asked *openQuery) readRequest(body *element) error {
	requests, err := body.holds(xml.Name{Space: namespaceXCPD, Local: "PatientLocationQueryRequest"})
	if err != nil {
		return err
	}
	if _, err := requests[0].carries(); err != nil {
		return err
	}
	patients, err := requests[0].holds(xml.Name{Space: namespaceXCPD, Local: "RequestedPatientId"})
	if err != nil {
		return err
	}
	if _, err := patients[0].holds(); err != nil {
		return err
	}
	marks, err := patients[0].carries(xml.Name{Local: "root"}, xml.Name{Local: "extension"}, authorityName)
	if err != nil {
		return err
	}
	if marks[0] != rootBSN || marks[2] != authorityBSN {
		return deviation("%s: root must be %s, and assigningAuthorityName %s", patients[0].place, rootBSN, authorityBSN)
	}
	if asked.query.Patient, err = consent.ParseBSN(marks[1]); err != nil {
		return deviation("%s: %s", patients[0].place, err)
	}
	return nil
}

// assertionLifetime is for how long an assertion must be valid.
const assertionLifetime = 10 * time.Minute

// readAssertion reads the parts of an assertion, in the order of its schema (SAML 2.0 core,
// section 2.3.3). There is no NameID: the attributes say who asks.
func (asked *openQuery) readAssertion(assertion *element, now time.Time) error {
	marks, err := assertion.carries(xml.Name{Local: "ID"}, xml.Name{Local: "Version"}, xml.Name{Local: "IssueInstant"})
	if err != nil {
		return err
	}
	asked.assertionID = marks[0]
	if !strings.HasPrefix(marks[0], "_") || len(marks[0]) < 17 {
		return deviation("%s: ID must be an underscore and at least 16 random characters", assertion.place)
	}
	if marks[1] != "2.0" {
		return deviation("%s: Version must be 2.0", assertion.place)
	}
	names := []xml.Name{samlName("Issuer"), samlName("Subject"), samlName("Conditions"), samlName("AuthnStatement"), samlName("AttributeStatement")}
	asked.signed = len(assertion.children) == len(names)+1
	if asked.signed {
		names = append(names[:1], append([]xml.Name{{Space: namespaceDSig, Local: "Signature"}}, names[1:]...)...)
	}
	parts, err := assertion.holds(names...)
	if err != nil {
		return err
	}
	if asked.issuer, err = readIssuer(parts[0]); err != nil {
		return err
	}
	parts = parts[len(parts)-4:]
	if err := checkSubject(parts[0]); err != nil {
		return err
	}
	if err := checkConditions(parts[1], marks[2], now); err != nil {
		return err
	}
	if err := checkAuthentication(parts[2], marks[2]); err != nil {
		return err
	}
	return asked.readAttributes(parts[3])
}

func readIssuer(e *element) (string, error) {
	if _, err := e.carries(); err != nil {
		return "", err
	}
	issuer, err := e.content()
	if err == nil && !strings.HasPrefix(issuer, "https://") && !oidShape.MatchString(issuer) {
		err = deviation("%s: must be an https URL, or urn:oid: and an OID", e.place)
	}
	return issuer, err
}

func checkSubject(e *element) error {
	if _, err := e.carries(); err != nil {
		return err
	}
	confirmations, err := e.holds(samlName("SubjectConfirmation"))
	if err != nil {
		return err
	}
	if _, err := confirmations[0].holds(); err != nil {
		return err
	}
	marks, err := confirmations[0].carries(xml.Name{Local: "Method"})
	if err == nil && marks[0] != "urn:oasis:names:tc:SAML:2.0:cm:bearer" {
		err = deviation("%s: Method must be urn:oasis:names:tc:SAML:2.0:cm:bearer", confirmations[0].place)
	}
	return err
}

func checkConditions(e *element, issueInstant string, now time.Time) error {
	marks, err := e.carries(xml.Name{Local: "NotBefore"}, xml.Name{Local: "NotOnOrAfter"})
	if err != nil {
		return err
	}
	issued, issuedErr := time.Parse(time.RFC3339Nano, issueInstant)
	from, fromErr := time.Parse(time.RFC3339Nano, marks[0])
	until, untilErr := time.Parse(time.RFC3339Nano, marks[1])
	switch {
	case issuedErr != nil || fromErr != nil || untilErr != nil || !strings.HasSuffix(issueInstant+marks[0]+marks[1], "Z"):
		return deviation("%s: IssueInstant, NotBefore and NotOnOrAfter must be times in UTC", e.place)
	case !from.Equal(issued) || until.Sub(from) != assertionLifetime:
		return deviation("%s: must be valid for 10 minutes from the IssueInstant", e.place)
	case now.Before(from) || !now.Before(until):
		return deviation("%s: the assertion is not valid now", e.place)
	}
	restrictions, err := e.holds(samlName("AudienceRestriction"))
	if err != nil {
		return err
	}
	audiences, err := restrictions[0].holds(samlName("Audience"))
	if err != nil {
		return err
	}
	return audiences[0].says("urn:oid:2.16.840.1.113883.2.4.3.111.2.1")
}

func checkAuthentication(e *element, issueInstant string) error {
	marks, err := e.carries(xml.Name{Local: "AuthnInstant"})
	if err != nil {
		return err
	}
	if marks[0] != issueInstant {
		return deviation("%s: AuthnInstant must be the IssueInstant", e.place)
	}
	contexts, err := e.holds(samlName("AuthnContext"))
	if err != nil {
		return err
	}
	classes, err := contexts[0].holds(samlName("AuthnContextClassRef"))
	if err != nil {
		return err
	}
	return classes[0].says("urn:oasis:names:tc:SAML:2.0:ac:classes:X509")
}
