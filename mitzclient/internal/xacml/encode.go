// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package xacml

import (
	"strconv"

	"github.com/google/uuid"
	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
)

// Header is what a request's WS-Addressing header holds that varies.
type Header struct {
	MessageID string // a bare uuid in its canonical form; sent as urn:uuid:...
	To        string // URL that the message is sent to
}

const (
	requestStart = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<soap:Envelope xmlns:soap="` + soap.Namespace + `" xmlns:wsa="` + soap.NamespaceAddressing + `">` +
		`<soap:Header>` +
		`<wsa:Action soap:mustUnderstand="1">` + ActionRequest + `</wsa:Action>` +
		`<wsa:MessageID>` + soap.URNUUID
	requestTo   = `</wsa:MessageID><wsa:To>`
	requestBody = `</wsa:To>` +
		`<wsa:ReplyTo><wsa:Address>` + soap.AddressAnonymous + `</wsa:Address></wsa:ReplyTo>` +
		`</soap:Header>` +
		`<soap:Body>` +
		`<query:XACMLAuthzDecisionQuery xmlns:query="` + NamespaceQuery + `">` +
		`<Request xmlns="` + NamespaceXACML + `" ReturnPolicyIdList="false" CombinedDecision="false">`
	requestEnd = `</Request></query:XACMLAuthzDecisionQuery></soap:Body></soap:Envelope>`

	canonicalUUID = 36 // characters; uuid.Parse alone takes other forms too
)

// Room for a request without and per data category, so that the buffer need not grow.
const (
	requestSize  = 4 << 10
	categorySize = 512
)

// EncodeRequest writes the closed query: a SOAP 1.2 envelope with an
// XACMLAuthzDecisionQuery (Mitz guide OpenGesloten 3.8.2; the SAML 2.0 profile of
// XACML 2.0 wd-14, without ID, Version or IssueInstant). The bytes hold the
// patient's BSN. It refuses with an [*Error] of code [InvalidQuestion] or
// [InvalidHeader].
func EncodeRequest(h Header, q consent.Question) ([]byte, error) {
	if err := q.Validate(); err != nil {
		return nil, &Error{Code: InvalidQuestion, cause: err}
	}
	if _, err := uuid.Parse(h.MessageID); err != nil || len(h.MessageID) != canonicalUUID || h.To == "" {
		return nil, &Error{Code: InvalidHeader}
	}
	asked := valuesOf(q)
	b := make([]byte, 0, requestSize+categorySize*len(q.Categories)+len(h.To))
	b = append(b, requestStart...)
	b = strictxml.AppendEscaped(b, h.MessageID)
	b = append(b, requestTo...)
	b = strictxml.AppendEscaped(b, h.To)
	b = append(b, requestBody...)
	b = appendAttributes(b, "resource", &asked, patient, dataHolder)
	for i, category := range q.Categories {
		asked[dataCategory] = valueOfCategory(category)
		b = appendAttributes(b, "action"+strconv.Itoa(i), &asked, dataCategory, dataCategory)
	}
	b = appendAttributes(b, "subject", &asked, role, requesterType)
	b = appendAttributes(b, "environment", &asked, purposeOfUse, purposeOfUse)
	return append(b, requestEnd...), nil
}

// appendAttributes writes one Attributes element with the attributes first to
// last, as far as they are present.
func appendAttributes(b []byte, xmlID string, v *values, first, last name) []byte {
	b = append(b, `<Attributes Category="`...)
	b = append(b, forms[first].category...)
	b = append(b, `" xml:id="`...)
	b = append(b, xmlID...)
	b = append(b, `">`...)
	for n := first; n <= last; n++ {
		if v[n] != (value{}) {
			b = appendAttribute(b, &forms[n], v[n])
		}
	}
	return append(b, `</Attributes>`...)
}

func appendAttribute(b []byte, f *form, v value) []byte {
	b = append(b, `<Attribute AttributeId="`...)
	b = append(b, f.id...)
	b = append(b, `" IncludeInResult="`...)
	b = strconv.AppendBool(b, f.include)
	b = append(b, `"><AttributeValue DataType="`...)
	b = append(b, f.dataType()...)
	b = append(b, `">`...)
	if f.coded {
		b = appendCodedValue(b, v)
	} else {
		b = appendInstanceIdentifier(b, v)
	}
	return append(b, `</AttributeValue></Attribute>`...)
}

func appendCodedValue(b []byte, v value) []byte {
	b = append(b, `<CodedValue xmlns="`+NamespaceHL7+`" code="`...)
	b = strictxml.AppendEscaped(b, v.code)
	b = append(b, `" codeSystem="`...)
	b = strictxml.AppendEscaped(b, v.system)
	return append(b, `"/>`...)
}

func appendInstanceIdentifier(b []byte, v value) []byte {
	b = append(b, `<InstanceIdentifier xmlns="`+NamespaceHL7+`" root="`...)
	b = strictxml.AppendEscaped(b, v.system)
	b = append(b, `" extension="`...)
	b = strictxml.AppendEscaped(b, v.code)
	if v.system == consent.RootUZI {
		b = append(b, `" assigningAuthorityName="`+uziAuthority...)
	}
	return append(b, `"/>`...)
}
