// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// subscriptionDeviations change a fixture in one place.
var subscriptionDeviations = []struct {
	form, name, old, new string
	status               int
	reason               string
}{
	{"xml", "a DOCTYPE", "<Subscription", "<!DOCTYPE x><Subscription", 400, "XML: a DOCTYPE is forbidden"},
	{"xml", "no namespace", ` xmlns="http://hl7.org/fhir"`, "", 400, "the root must be Subscription (http://hl7.org/fhir)"},
	{"xml", "another resource", "Subscription", "Consent", 400, "the root must be Subscription"},
	{"xml", "an attribute on the root", "<Subscription", `<Subscription id="1"`, 400, "Subscription: must carry no attributes"},
	{"xml", "an id", "<extension", `<id value="1"/><extension`, 400, "Subscription: must hold exactly status"},
	{"xml", "an extension after the status", "<reason", `<extension url="x"><valueOid value="urn:oid:1.2"/></extension><reason`, 400, "Subscription: must hold exactly status"},
	{"xml", "a reason twice", "<criteria", `<reason value="OTV"/><criteria`, 400, "Subscription: must hold exactly status"},
	{"xml", "text between elements", "<reason", "x<reason", 400, "Subscription: must hold exactly status"},
	{"xml", "a value as text", `<reason value="OTV"/>`, `<reason>OTV</reason>`, 400, "Subscription/reason: must hold exactly nothing"},
	{"xml", "no value", `<reason value="OTV"/>`, `<reason/>`, 400, "Subscription/reason: attribute value is missing"},
	{"xml", "an attribute beside the value", `<reason value="OTV"`, `<reason id="1" value="OTV"`, 400, "Subscription/reason: must carry no attributes but value"},
	{"xml", "no payload", `<payload value="application/fhir+xml"/>`, "", 400, "Subscription/channel: must hold exactly type"},
	{"xml", "an attribute on the channel", "<channel", `<channel id="1"`, 400, "Subscription/channel: must carry no attributes"},
	{"xml", "an extension without url", ` url="http://fhir.nl/StructureDefinition/GatewaySystem"`, "", 400, "Subscription/extension: attribute url is missing"},
	{"xml", "an extension with two values", `<valueOid value="urn:oid:2.999.10"/>`, `<valueOid value="urn:oid:2.999.10"/><valueOid value="urn:oid:2.999.10"/>`, 400, "Subscription/extension: must hold one value"},
	{"xml", "a value in another namespace", `<valueOid value="urn:oid:2.999.10"/>`, `<valueOid xmlns="urn:x" value="urn:oid:2.999.10"/>`, 400, "its value: must be in the namespace http://hl7.org/fhir"},
	{"xml", "an empty text", "", "", 400, "XML: ends before the message does"},

	{"json", "no JSON", "{", "", 400, "JSON: not well-formed"},
	{"json", "a second document", `"application/fhir+xml"}}`, `"application/fhir+xml"}}{}`, 400, "JSON: not well-formed"},
	{"json", "no UTF-8", `"OTV"`, "\"\xff\"", 400, "JSON: not well-formed"},
	{"json", "a name twice", `"reason"`, `"status":"requested","reason"`, 400, "JSON: a name is there twice"},
	{"json", "a name twice in other writing", `"reason"`, `"st\u0061tus":"requested","reason"`, 400, "JSON: a name is there twice"},
	{"json", "a name twice inside", `"endpoint"`, `"type":"rest-hook","endpoint"`, 400, "JSON: a name is there twice"},
	{"json", "deep nesting", `"OTV"`, strings.Repeat("[", 70) + strings.Repeat("]", 70), 400, "JSON: nested deeper than 64"},
	{"json", "another key", `"reason"`, `"id":"1","reason"`, 400, "Subscription: must have nothing but resourceType"},
	{"json", "a key in capitals", `"reason"`, `"Reason"`, 400, "Subscription: reason is missing"},
	{"json", "a key of the channel missing", `"type":"rest-hook",`, "", 400, "Subscription.channel: type is missing"},
	{"json", "a number for a string", `"OTV"`, `1`, 400, "Subscription.reason: must be a string"},
	{"json", "no object for the channel", `{"type":"rest-hook"`, `[{"type":"rest-hook"`, 400, "JSON: not well-formed"},
	{"json", "null for the channel", `"channel":`, `"channel":null,"x":`, 400, "Subscription: must have nothing but"},
	{"json", "another resource", `"Subscription"`, `"Consent"`, 400, "resourceType: must be Subscription"},
	{"json", "an object for the extensions", `"extension":[`, `"extension":{"a":[`, 400, "JSON: not well-formed"},
	{"json", "an extension with two values", `"valueOid":"urn:oid:2.999.10"`, `"valueOid":"urn:oid:2.999.10","valueString":"x"`, 400, "Subscription.extension: each must hold a url and one value"},
	{"json", "an extension without url", `"url":"http://fhir.nl/StructureDefinition/GatewaySystem"`, `"uri":"x"`, 400, "Subscription.extension: each must hold a url and one value"},
	{"json", "a value that is no string", `"urn:oid:2.999.10"`, `1`, 400, "Subscription.extension: a value must be a string"},

	{"both", "another status", "requested", "active", 422, "Subscription.status: must be requested"},
	{"both", "another reason", `OTV"`, `otv"`, 422, "Subscription.reason: must be OTV"},
	{"both", "another channel", "rest-hook", "email", 422, "Subscription.channel.type: must be rest-hook"},
	{"both", "no BSN", patient, "900186022", 422, "Subscription.criteria: patientid: not a BSN"},
	{"both", "no URA", "providerid=00000659", "providerid=659", 422, "Subscription.criteria: providerid: not a URA"},
	{"both", "no type", "providertype=V6", "providertype=v6", 422, "Subscription.criteria: providertype: not an organisation type"},
	{"both", "another query", "_query=otv", "_query=x", 422, "Subscription.criteria: must be Consent?_query=otv"},
	{"both", "a criterion more", "Consent?_query", "Consent?x=1;_query", 422, "Subscription.criteria: must be Consent?_query=otv"},
	{"both", "no https", "https://holder", "http://holder", 422, "Subscription.channel.endpoint: must begin with https://"},
	{"both", "a relative endpoint", "https://holder.example", "", 422, "Subscription.channel.endpoint: must be an absolute URL"},
	{"both", "a user in the endpoint", "https://holder", "https://a:b@holder", 422, "Subscription.channel.endpoint: must be an absolute URL without user"},
	{"both", "a space in the endpoint", "made-up", "made up", 422, "Subscription.channel.endpoint: must be an absolute URL"},
	{"both", "another scheme", "https://holder", "ftp://localhost", 422, "Subscription.channel.endpoint: must begin with https://"},
	{"both", "another payload", "application/fhir+xml", "application/xml", 422, "Subscription.channel.payload: must be application/fhir+xml or application/fhir+json"},
	{"both", "an unknown extension", "StructureDefinition/GatewaySystem", "StructureDefinition/Gateway", 422, "Subscription.extension: must be one of http://fhir.nl/StructureDefinition/Patient.birthDate"},
	{"both", "an extension twice", "StructureDefinition/GatewaySystem", "StructureDefinition/SourceSystem", 422, "Subscription.extension SourceSystem: is there twice"},
	{"both", "no OID", `urn:oid:2.999.10"`, `2.999.10"`, 422, "Subscription.extension GatewaySystem: must be urn:oid: and an OID"},
	{"both", "an OID as something else", "valueOid", "valueString", 422, "Subscription.extension GatewaySystem: must have a valueOid"},
	{"both", "no date", "1980-01-31", "1980-02-31", 422, "Subscription.extension Patient.birthDate: must be a date"},
	{"both", "no month", "1980-01-31", "1980-13", 422, "Subscription.extension Patient.birthDate: must be a date"},
	{"both", "a date as something else", "valueDate", "valueString", 422, "Subscription.extension Patient.birthDate: must have a valueDate"},
}

func TestASubscriptionThatDeviatesIsRefusedWithAnOutcome(t *testing.T) {
	s := start(t)
	for _, d := range subscriptionDeviations {
		for _, form := range []string{"xml", "json"} {
			if d.form != form && d.form != "both" {
				continue
			}
			t.Run(form+", "+d.name, func(t *testing.T) {
				text := fixture(t, "subscription."+form)
				require.Contains(t, text, d.old)
				text = strings.ReplaceAll(text, d.old, d.new)
				if d.old == "" {
					text = ""
				}
				got := send(t, s, subscribeRequest(t, s, "application/fhir+"+form, text))
				assert.Equal(t, d.status, got.status)
				code, diagnostics := readOutcome(t, got)
				assert.Contains(t, diagnostics, d.reason)
				assert.Equal(t, issueTypes[d.status], code)
				assert.Contains(t, got.header.Get("Content-Type"), "application/fhir+"+form)
				assert.Contains(t, s.Refusals()[len(s.Refusals())-1].Reason, d.reason)
				for _, secret := range []string{patient, "900186022", "made-up"} {
					assert.NotContains(t, got.body, secret)
				}
			})
		}
	}
	assert.Empty(t, s.Subscriptions())
}
