// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package location

import (
	"github.com/google/uuid"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
)

// Header is what a request's header holds that varies.
type Header struct {
	MessageID string // a bare uuid in its canonical form; sent as urn:uuid:...
	To        string // URL that the message is sent to
	// Assertion is the element that says who asks, as package saml writes it. It stands in the
	// message byte for byte, so that its signature stays good.
	Assertion []byte
}

const (
	requestStart = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<soap:Envelope xmlns:soap="` + soap.Namespace + `" xmlns:wsa="` + soap.NamespaceAddressing + `">` +
		`<soap:Header>` +
		`<wsa:Action soap:mustUnderstand="1">` + ActionRequest + `</wsa:Action>` +
		`<wsa:MessageID>` + soap.URNUUID
	requestTo       = `</wsa:MessageID><wsa:To soap:mustUnderstand="1">`
	requestSecurity = `</wsa:To>` +
		`<wsa:ReplyTo><wsa:Address>` + soap.AddressAnonymous + `</wsa:Address></wsa:ReplyTo>` +
		`<wsse:Security xmlns:wsse="` + namespaceWSSE + `" soap:mustUnderstand="1">`
	requestBody = `</wsse:Security>` +
		`</soap:Header>` +
		`<soap:Body>` +
		`<PatientLocationQueryRequest xmlns="` + namespaceXCPD + `">` +
		`<RequestedPatientId root="` + rootBSN + `" extension="`
	requestEnd = `" assigningAuthorityName="` + bsnAuthority + `"/></PatientLocationQueryRequest></soap:Body></soap:Envelope>`

	canonicalUUID = 36   // characters; uuid.Parse alone takes other forms too
	requestSize   = 2048 // room beside the assertion
)

// EncodeRequest writes the open query about a patient: the bytes hold the patient's BSN. It
// refuses with an [*Error] of code [InvalidRequest].
func EncodeRequest(h Header, patient consent.BSN) ([]byte, error) {
	_, err := uuid.Parse(h.MessageID)
	if err != nil || len(h.MessageID) != canonicalUUID || h.To == "" || len(h.Assertion) == 0 || patient.IsZero() {
		return nil, &Error{Code: InvalidRequest}
	}
	b := make([]byte, 0, requestSize+len(h.To)+len(h.Assertion))
	b = append(b, requestStart...)
	b = strictxml.AppendEscaped(b, h.MessageID)
	b = append(b, requestTo...)
	b = strictxml.AppendEscaped(b, h.To)
	b = append(b, requestSecurity...)
	b = append(b, h.Assertion...)
	b = append(b, requestBody...)
	b = strictxml.AppendEscaped(b, identifierOf(patient).extension)
	return append(b, requestEnd...), nil
}

// identifierOf returns how a patient is identified: the patient's number leaves here alone.
func identifierOf(patient consent.BSN) identifier { return identifier{rootBSN, patient.Expose()} }
