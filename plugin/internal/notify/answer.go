// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notify

import (
	"encoding/json"
	"encoding/xml"
	"mime"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// The forms of an answer.
const (
	fhirXML  = "application/fhir+xml"
	fhirJSON = "application/fhir+json"
)

// retryAfter is when to try again, in seconds.
const retryAfter = "10"

// codeSystem is that of the codes in an answer.
const codeSystem = "https://github.com/nuts-mitz/nuts-mitz/notification"

// outcome is an OperationOutcome (HL7 FHIR R4, section 2.36) with one issue. In XML the fields are
// in FHIR's order.
type outcome struct {
	XMLName      xml.Name `json:"-" xml:"http://hl7.org/fhir OperationOutcome"`
	ResourceType string   `json:"resourceType" xml:"-"`
	Issue        []issue  `json:"issue" xml:"issue"`
}

type issue struct {
	Severity primitive `json:"severity" xml:"severity"`
	Code     primitive `json:"code" xml:"code"`
	Details  details   `json:"details" xml:"details"`
}

type details struct {
	Coding []coding  `json:"coding" xml:"coding"`
	Text   primitive `json:"text" xml:"text"`
}

type coding struct {
	System primitive `json:"system" xml:"system"`
	Code   primitive `json:"code" xml:"code"`
}

// primitive is a text, which in XML is the attribute value of an element.
type primitive string

// MarshalXML writes the element.
func (p primitive) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	start.Attr = []xml.Attr{{Name: xml.Name{Local: "value"}, Value: string(p)}}
	return e.EncodeElement("", start)
}

// answer answers a request. It repeats nothing of the request.
func answer(c echo.Context, ended Outcome, refusal error) error {
	reply := ended.reply(refusal)
	if reply.later {
		c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter)
	}
	if reply.issue == "" {
		return c.NoContent(reply.status)
	}
	told := outcome{ResourceType: "OperationOutcome", Issue: []issue{{
		Severity: "error", Code: primitive(reply.issue),
		Details: details{Coding: []coding{{codeSystem, primitive(ended)}}, Text: primitive(reply.text)},
	}}}
	media, marshal := formOf(c.Request())
	content, err := marshal(told)
	if err != nil {
		return err
	}
	return c.Blob(reply.status, media+"; charset=utf-8", content)
}

// formOf returns the form that the sender uses: XML, or JSON where that is not known.
func formOf(request *http.Request) (media string, marshal func(any) ([]byte, error)) {
	sent, _, err := mime.ParseMediaType(request.Header.Get(echo.HeaderContentType))
	if err == nil && strings.HasSuffix(sent, "xml") {
		return fhirXML, xml.Marshal
	}
	return fhirJSON, json.Marshal
}
