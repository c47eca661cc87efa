// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

const namespaceSAML = "urn:oasis:names:tc:SAML:2.0:assertion"

// unauthorized is a deviation in who says to be asking.
type unauthorized struct{ error }

func unknown(format string, args ...any) error { return unauthorized{fmt.Errorf(format, args...)} }

// checkAuthorization checks an assertion in the header Authorization: SAML, and a SAML 2.0
// assertion in base64, of an issuer and valid now. Who signed it is not checked: the simulator
// knows nobody whom it could believe.
func checkAuthorization(values []string, now time.Time) error {
	encoded, found := strings.CutPrefix(values[0], "SAML ")
	if len(values) != 1 || !found {
		return unknown("Authorization: must be SAML and an assertion in base64, once")
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return unknown("Authorization: not in base64")
	}
	assertion, err := parse(text)
	if err != nil || assertion.name != samlName("Assertion") {
		return unknown("Authorization: must be an Assertion (%s)", namespaceSAML)
	}
	issued := false
	var conditions *element
	for _, child := range assertion.children {
		switch child.name {
		case samlName("Issuer"):
			issued = strings.TrimSpace(child.text.String()) != ""
		case samlName("Conditions"):
			conditions = child
		}
	}
	if !issued || conditions == nil {
		return unknown("Authorization: the assertion must have an Issuer and Conditions")
	}
	from, fromErr := time.Parse(time.RFC3339Nano, conditions.attributes[xml.Name{Local: "NotBefore"}])
	until, untilErr := time.Parse(time.RFC3339Nano, conditions.attributes[xml.Name{Local: "NotOnOrAfter"}])
	if fromErr != nil || untilErr != nil {
		return unknown("Authorization: the assertion's Conditions must have NotBefore and NotOnOrAfter")
	}
	if now.Before(from) || !now.Before(until) {
		return unknown("Authorization: the assertion is not valid now")
	}
	return nil
}

func samlName(local string) xml.Name { return xml.Name{Space: namespaceSAML, Local: local} }
