// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package saml

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/systems"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
)

// Lifetime is how long an assertion is valid, from when it was issued.
const Lifetime = 10 * time.Minute

// Assertion says who asks, on whose behalf and what for.
type Assertion struct {
	ID        string // see [NewID]
	Issuer    string // see [CheckIssuer]
	IssuedAt  time.Time
	Requester consent.Requester
	Purpose   consent.PurposeOfUse
}

// idSize is how many random bytes an id has (SAML 2.0 core, section 1.3.4: at least 128 bits).
const idSize = 16

// NewID returns an id that no other assertion has: an underscore and hexadecimal digits, since
// an XML id may not begin with a digit.
func NewID(random io.Reader) (string, error) {
	var id [idSize]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return "", errors.New("no random bytes for an id")
	}
	return "_" + hex.EncodeToString(id[:]), nil
}

const (
	maxIssuer = 1024 // characters (SAML 2.0 core, section 8.3.6)
	maxOID    = 128
	urnOID    = "urn:oid:"
)

var (
	oidShape = regexp.MustCompile(`^[0-2](\.(0|[1-9][0-9]*))+$`)
	urlShape = regexp.MustCompile(`^[!-~]+$`) // visible ASCII
)

// CheckIssuer says what is wrong with the name of an organisation: an https URL, or urn:oid: and
// an OID. The error does not repeat it.
func CheckIssuer(issuer string) error {
	if oid, found := strings.CutPrefix(issuer, urnOID); found && len(oid) <= maxOID && oidShape.MatchString(oid) {
		return nil
	}
	parsed, err := url.Parse(issuer)
	if err != nil || len(issuer) > maxIssuer || !urlShape.MatchString(issuer) || parsed.Scheme != "https" ||
		parsed.Hostname() == "" || parsed.User != nil {
		return errors.New("neither an https URL nor urn:oid: and an OID, such as urn:oid:2.999.1")
	}
	return nil
}

// Namespaces and values of an assertion (SAML 2.0 core and authentication context; XUA).
const (
	namespace    = "urn:oasis:names:tc:SAML:2.0:assertion"
	namespaceXSI = "http://www.w3.org/2001/XMLSchema-instance"
	namespaceHL7 = "urn:hl7-org:v3"
	methodBearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
	classX509    = "urn:oasis:names:tc:SAML:2.0:ac:classes:X509"
	audience     = "urn:oid:2.16.840.1.113883.2.4.3.111.2.1" // Mitz
)

// instantLayout is xs:dateTime in UTC (SAML 2.0 core, section 1.3.3).
const instantLayout = "2006-01-02T15:04:05.000Z"

// Encode writes an assertion without a signature. It refuses one that is not whole.
func Encode(a Assertion) ([]byte, error) {
	if err := CheckIssuer(a.Issuer); err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	if a.ID == "" || a.IssuedAt.IsZero() {
		return nil, errors.New("no id, or no time of issue")
	}
	issued, expires := a.IssuedAt.UTC().Format(instantLayout), a.IssuedAt.Add(Lifetime).UTC().Format(instantLayout)
	b := []byte(`<saml2:Assertion xmlns:saml2="` + namespace + `" xmlns:xsi="` + namespaceXSI + `" ID="`)
	b = strictxml.AppendEscaped(b, a.ID)
	b = append(b, `" Version="2.0" IssueInstant="`+issued+`"><saml2:Issuer>`...)
	b = strictxml.AppendEscaped(b, a.Issuer)
	b = append(b, `</saml2:Issuer>`+
		`<saml2:Subject><saml2:SubjectConfirmation Method="`+methodBearer+`"/></saml2:Subject>`+
		`<saml2:Conditions NotBefore="`+issued+`" NotOnOrAfter="`+expires+`">`+
		`<saml2:AudienceRestriction><saml2:Audience>`+audience+`</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>`+
		`<saml2:AuthnStatement AuthnInstant="`+issued+`"><saml2:AuthnContext>`+
		`<saml2:AuthnContextClassRef>`+classX509+`</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>`+
		`<saml2:AttributeStatement>`...)
	b = appendAttributes(b, a)
	return append(b, `</saml2:AttributeStatement></saml2:Assertion>`...), nil
}

// appendAttributes writes who asks, in the order that Mitz is known to take. Under mandate, the
// role and the first identifier are those of who gave the mandate.
func appendAttributes(b []byte, a Assertion) []byte {
	b = appendIdentifier(b, "urn:ihe:iti:xua:2017:subject:provider-identifier", a.Requester.Responsible.ID)
	if a.Requester.Mandated != nil {
		b = appendIdentifier(b, "urn:nl:otv:names:tc:1.0:subject:mandated", *a.Requester.Mandated)
	}
	b = appendCode(b, "urn:oasis:names:tc:xacml:2.0:subject:role", "Role", "CE", systems.OIDRole, string(a.Requester.Responsible.Role))
	b = appendIdentifier(b, "urn:nl:otv:names:tc:1.0:subject:provider-institution",
		consent.ProfessionalID{Root: systems.OIDURA, Extension: string(a.Requester.URA)})
	b = appendCode(b, "urn:nl:otv:names:tc:1.0:subject:consulting-healthcare-facility-type-code", "consulting-facility-type-code", "CV",
		systems.OIDFacilityType, string(a.Requester.FacilityType))
	return appendCode(b, "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse", "PurposeOfUse", "CE", systems.OIDPurpose, string(a.Purpose))
}

// appendIdentifier writes an HL7 II. The CIBG keeps the registers of professionals' passes and
// of organisations.
func appendIdentifier(b []byte, name string, id consent.ProfessionalID) []byte {
	b = append(b, `<saml2:Attribute Name="`+name+`"><saml2:AttributeValue><id xmlns="`+namespaceHL7+`" xsi:type="II" root="`...)
	b = strictxml.AppendEscaped(b, id.Root)
	b = append(b, `" extension="`...)
	b = strictxml.AppendEscaped(b, id.Extension)
	if id.Root == consent.RootUZI || id.Root == systems.OIDURA {
		b = append(b, `" assigningAuthorityName="CIBG`...)
	}
	return append(b, `"/></saml2:AttributeValue></saml2:Attribute>`...)
}

// appendCode writes an HL7 CE or CV.
func appendCode(b []byte, name, element, kind, system, code string) []byte {
	b = append(b, `<saml2:Attribute Name="`+name+`"><saml2:AttributeValue><`+element+` xmlns="`+namespaceHL7+`" xsi:type="`+kind+`" code="`...)
	b = strictxml.AppendEscaped(b, code)
	return append(b, `" codeSystem="`+system+`"/></saml2:AttributeValue></saml2:Attribute>`...)
}
