// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notification

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
	"github.com/stretchr/testify/require"
)

// hostile is a notification that must be refused, made from the example by one change.
type hostile struct {
	file     string // in testdata/hostile, with its form
	old, new string
	code     Code
}

const (
	aPatientXML   = `<resource><Patient><id value="11111111-1111-4111-8111-111111111111"/><identifier><system value="http://fhir.nl/fhir/NamingSystem/bsn"/><value value="999996630"/></identifier></Patient></resource>`
	patientXML    = `<entry><fullUrl value="urn:uuid:55555555-5555-4555-8555-555555555555"/>` + aPatientXML + `<request><method value="POST"/><url value="Patient"/></request></entry>`
	identifierXML = `<identifier><system value="http://fhir.nl/fhir/NamingSystem/bsn"/><value value="999996630"/></identifier>`
	provisionXML  = `<provision><type value="permit"/>`
	kindXML       = `<extension url="http://fhir.nl/StructureDefinition/OTV-ProviderCategory">`
	statusXML     = `<status value="active"/>`
)

var hostiles = []hostile{
	// XML and JSON as such; packages strictxml and strictjson have the rest.
	{"doctype.xml", "<Bundle", `<!DOCTYPE Bundle [<!ENTITY e "permit">]><Bundle`, strictxml.Doctype},
	{"entity_in_a_value.xml", `value="permit"`, `value="per&#109;it"`, strictxml.UnreadableValue},
	{"value_doubled.xml", `<status value="active"`, `<status value="inactive" value="active"`, strictxml.DuplicateAttribute},
	{"text_beside_the_value.xml", statusXML, `<status value="active">inactive</status>`, strictxml.UnexpectedText},
	{"second_bundle.xml", "</Bundle>", "</Bundle><Bundle/>", strictxml.TrailingContent},
	{"not_ended.json", "\"resourceType\": \"Bundle\",", "\"resourceType\": \"Bundle\", \"x\":", strictxml.Malformed},
	{"no_object.json", "{", "[{", strictxml.Malformed},
	{"byte_order_mark.json", "{", "\uFEFF{", strictxml.Malformed},
	{"invalid_utf8.json", "Apotheken", "Apothe\xffken", strictxml.WrongEncoding},
	{"member_twice.json", `"status": "active"`, `"status": "inactive", "status": "active"`, DuplicateMember},
	{"member_twice_once_escaped.json", `"status": "active"`, `"stat\u0075s": "inactive", "status": "active"`, DuplicateMember},
	{"member_in_two_cases.json", `"status": "active"`, `"Status": "inactive", "status": "active"`, DuplicateMember},
	{"member_twice_in_what_is_passed_over.json", `"status": "generated"`, `"status": "generated", "status": "x"`, DuplicateMember},

	// Names and namespaces.
	{"no_namespace.xml", ` xmlns="http://hl7.org/fhir"`, "", ForeignNamespace},
	{"status_of_another_namespace.xml", statusXML, statusXML + `<x:status xmlns:x="urn:x" value="inactive"/>`, ForeignNamespace},
	{"foreign_namespace_in_the_narrative.xml", "voorbeeldtekst", `<x:p xmlns:x="urn:x"/>`, ForeignNamespace},
	{"member_in_another_case.json", `"status": "active"`, `"Status": "active"`, UnexpectedElement},
	{"element_in_another_case.xml", statusXML, `<Status value="active"/>`, UnexpectedElement},
	{"another_resource_as_the_root.xml", "Bundle", "Parameters", UnexpectedElement},
	{"another_resource_as_the_root.json", `"Bundle"`, `"Parameters"`, UnexpectedElement},
	{"resource_without_a_type.json", `"resourceType": "Consent",`, "", MissingElement},
	{"resource_type_of_a_number.json", `"resourceType": "Consent"`, `"resourceType": 1`, MissingElement},
	{"resource_type_of_something_else.json", `"scope": {`, `"scope": {"resourceType": "Consent",`, UnexpectedElement},
	{"unknown_attribute.xml", `<status value="active"`, `<status Value="inactive" value="active"`, UnexpectedAttribute},
	{"attribute_of_a_namespace.xml", `<status value="active"`, `<status xmlns:f="http://hl7.org/fhir" f:value="inactive" value="active"`, UnexpectedAttribute},
	{"url_as_an_element_and_an_attribute.xml", kindXML, kindXML + `<url value="http://vzvz.nl/note"/>`, DuplicateElement},
	{"value_of_an_extension.xml", `<extension url="http`, `<extension value="x" url="http`, UnexpectedAttribute},

	// Lists, objects and values.
	{"status_in_a_list.json", `"status": "active"`, `"status": ["active"]`, WrongShape},
	{"status_as_an_object.json", `"status": "active"`, `"status": {"value": "active"}`, WrongShape},
	{"status_as_a_number.json", `"status": "active"`, `"status": 1`, WrongShape},
	{"status_null.json", `"status": "active"`, `"status": null`, WrongShape},
	{"status_empty.json", `"status": "active"`, `"status": ""`, InvalidValue},
	{"status_empty.xml", statusXML, `<status value=""/>`, InvalidValue},
	{"status_without_a_value.xml", statusXML, `<status/>`, InvalidValue},
	{"extension_of_the_status.xml", statusXML, `<status value="active">` + kindXML + `</extension></status>`, WrongShape},
	{"extension_of_the_status.json", `"status": "active"`, `"status": "active", "_status": {"extension": []}`, UnexpectedElement},
	{"scope_as_text.json", `"scope": {`, `"scope": "{}", "policyRule": {`, UnexpectedElement},
	{"meta_as_text.json", `"meta": {`, `"meta": "x", "identifier": {`, WrongShape},
	{"category_outside_a_list.json", `"category": [`, `"category": {"coding": [{"system": "http://fhir.nl/otv/CodeSystem/gegevenscategorie", "code": "GGC002"}]}, "identifier": [`, WrongShape},
	{"list_in_a_list.json", `"profile": [`, `"profile": [[]], "tag": [`, WrongShape},
	{"empty_list.json", `"entry": [`, `"entry": [], "link": [`, WrongShape},
	{"empty_object.json", `"scope": {`, `"scope": {}, "policyRule": {`, WrongShape},
	{"resource_with_a_value.xml", "<resource>", `<resource value="x">`, WrongShape},
	{"resource_as_text.json", `"resource": {`, `"resource": "x", "x": {`, UnexpectedElement},
	{"two_resources_in_an_entry.xml", "</Consent>", "</Consent><Patient/>", WrongShape},
	{"entry_without_a_resource.xml", aPatientXML, "", MissingElement},

	// The bundle.
	{"another_type.xml", `value="transaction"`, `value="batch"`, InvalidValue},
	{"second_type.xml", `<type value="transaction"/>`, `<type value="transaction"/><type value="transaction"/>`, DuplicateElement},
	{"implicit_rules.xml", `<type value="transaction"/>`, `<implicitRules value="http://x"/><type value="transaction"/>`, UnexpectedElement},
	{"update_instead_of_create.xml", `value="POST"`, `value="PUT"`, InvalidValue},
	{"conditional_create.xml", `<method value="POST"/>`, `<method value="POST"/><ifNoneExist value="x=y"/>`, UnexpectedElement},
	{"request_of_another_resource.xml", `<url value="Consent"/>`, `<url value="Patient"/>`, InvalidValue},
	{"full_url_of_a_server.xml", "urn:uuid:33333333-3333-4333-8333-000000000001", "http://mitz.example/Consent/1", InvalidValue},
	{"full_url_twice.xml", "urn:uuid:33333333-3333-4333-8333-000000000002", "urn:uuid:33333333-3333-4333-8333-000000000001", DuplicateElement},
	{"second_patient.xml", "<entry>", patientXML + "<entry>", DuplicateElement},
	{"patient_under_two_cases_of_a_uuid.xml", "<entry>", strings.Replace(patientXML, "55555555-5555-4555-8555-555555555555", "AAAAAAAA-5555-4555-8555-555555555555", 1) +
		strings.Replace(patientXML, "55555555-5555-4555-8555-555555555555", "aaaaaaaa-5555-4555-8555-555555555555", 1) + "<entry>", DuplicateElement},
	{"another_resource.xml", `<resource><Patient>`, `<resource><Provenance/></resource><resource><Patient>`, DuplicateElement},
	{"no_patient.xml", aPatientXML + "\n  <request><method value=\"POST\"/><url value=\"Patient\"/>", strings.ReplaceAll(
		aPatientXML, "Patient", "Practitioner") + "\n  <request><method value=\"POST\"/><url value=\"Practitioner\"/>", UnexpectedElement},
	{"contained_patient.xml", statusXML, "<contained>" + strings.TrimSuffix(strings.TrimPrefix(aPatientXML, "<resource>"), "</resource>") + "</contained>" + statusXML, UnexpectedElement},
	{"patient_hidden_in_the_narrative.xml", "voorbeeldtekst", `<Patient xmlns="http://hl7.org/fhir"/>`, UnexpectedElement},
	{"resource_hidden_in_a_name.json", `"resourceType": "Patient",`, `"name": [{"resourceType": "Consent"}], "resourceType": "Patient",`, UnexpectedElement},

	// Whom it is about.
	{"no_number.xml", identifierXML, "", MissingElement},
	{"second_number.xml", identifierXML, identifierXML + identifierXML, DuplicateElement},
	{"number_that_fails_the_eleven_test.xml", "999996630", "999996631", InvalidValue},
	{"number_of_another_register.xml", "NamingSystem/bsn", "NamingSystem/bsn2", InvalidValue},
	{"number_no_longer_in_use.xml", `<identifier><system value="http://fhir.nl/fhir/NamingSystem/bsn"/>`, `<identifier><use value="old"/><system value="http://fhir.nl/fhir/NamingSystem/bsn"/>`, UnexpectedElement},
	{"patient_replaced_by_another.xml", identifierXML, identifierXML + `<link><other/></link>`, UnexpectedElement},
	{"holder_without_a_type.xml", `<type><coding><system value="http://nictiz.nl`, `<alias><coding><system value="http://nictiz.nl`, strictxml.Malformed},
	{"number_of_the_holder_too_short.xml", `value="00000042"`, `value="42"`, InvalidValue},
	{"type_of_the_holder_of_another_shape.xml", `<code value="Z3"/>`, `<code value="z3"/>`, InvalidValue},
	{"consent_about_somebody_else.xml", `<patient><reference value="urn:uuid:11111111`, `<patient><reference value="urn:uuid:99999999`, UnresolvedReference},
	{"consent_about_the_organization.xml", `<patient><reference value="urn:uuid:11111111-1111-4111-8111-111111111111`, `<patient><reference value="urn:uuid:22222222-2222-4222-8222-222222222222`, UnresolvedReference},
	{"consent_about_an_identifier.xml", `<patient><reference value="urn:uuid:11111111-1111-4111-8111-111111111111"/></patient>`, "<patient>" + identifierXML + "</patient>", UnexpectedElement},
	{"consent_at_somebody_else.xml", `<reference><reference value="urn:uuid:22222222`, `<reference><reference value="urn:uuid:99999999`, UnresolvedReference},
	{"second_reference.xml", `<patient><reference`, `<patient><reference value="x"/><reference`, DuplicateElement},

	// What it says.
	{"another_profile.xml", "Consent-Mitz-Notify", "Consent-Mitz-Register", UnknownProfile},
	{"version_4_of_the_profile.xml", "|3.8.0", "|4.0.0", UnknownProfile},
	{"second_profile.xml", `<meta>`, `<meta><profile value="http://vzvz.nl/x"/>`, DuplicateElement},
	{"no_profile.xml", `<meta><profile value="http://vzvz.nl/fhir/StructureDefinition/Consent-Mitz-Notify|3.8.0"/></meta>`, "", MissingElement},
	{"modifier_extension.xml", statusXML, `<modifierExtension url="http://vzvz.nl/not"><valueBoolean value="true"/></modifierExtension>` + statusXML, UnexpectedElement},
	{"another_status.xml", statusXML, `<status value="entered-in-error"/>`, InvalidValue},
	{"second_status.xml", statusXML, `<status value="inactive"/>` + statusXML, DuplicateElement},
	{"status_with_a_blank.xml", statusXML, `<status value="active "/>`, InvalidValue},
	{"another_scope.xml", "patient-privacy", "research", InvalidValue},
	{"scope_of_another_system.xml", "CodeSystem/consentscope", "CodeSystem/other", InvalidValue},
	{"permit_of_an_inactive_consent.xml", statusXML, `<status value="inactive"/>`, UnexpectedElement},
	{"active_consent_without_a_type.xml", provisionXML, "<provision>", MissingElement},
	{"active_consent_that_denies.xml", `value="permit"`, `value="deny"`, InvalidValue},
	{"provision_in_a_provision.xml", provisionXML, provisionXML + "<provision><type value=\"deny\"/></provision>", UnexpectedElement},
	{"provision_for_a_period.xml", provisionXML, provisionXML + `<period><end value="2020"/></period>`, UnexpectedElement},
	{"second_provision.xml", provisionXML, `<provision/>` + provisionXML, DuplicateElement},
	{"another_role.xml", `<code value="CST"/>`, `<code value="IRCP"/>`, InvalidValue},
	{"second_actor.xml", "<actor>", "<actor/><actor>", DuplicateElement},
	{"another_purpose.xml", `<code value="TREAT"/>`, `<code value="HRESCH"/>`, InvalidValue},
	{"second_purpose.xml", "<purpose>", "<purpose/><purpose>", DuplicateElement},
	{"no_purpose.xml", `<purpose><system value="http://hl7.org/fhir/v3/ActReason"/><code value="TREAT"/></purpose>`, "", MissingElement},
	{"no_data_category.xml", aCategoryXML, "", MissingElement},
	{"data_category_of_another_shape.xml", `<code value="GGC002"/>`, `<code value="GGC02"/>`, InvalidValue},
	{"data_category_twice.xml", aCategoryXML, aCategoryXML + aCategoryXML, Contradiction},
	{"two_codings_of_a_data_category.xml", `<category><coding>`, `<category><coding><system value="http://x"/><code value="GGC012"/></coding><coding>`, DuplicateElement},
	{"no_kind.xml", kindXML, `<extension url="http://vzvz.nl/other">`, MissingElement},
	{"kind_of_another_system.xml", "CodeSystem/raadplegende-zorgaanbiedercategorie", "CodeSystem/other", InvalidValue},
	{"kind_of_another_shape.xml", "RPZAC005", "RPZAC5", InvalidValue},
	{"kind_as_a_string.xml", kindXML, kindXML + `<valueString value="RPZAC001"/>`, UnexpectedElement},
	{"kind_both_permitted_and_refused.xml", "RPZAC005", "RPZAC001", Contradiction},
	{"kind_refused_twice.xml", "RPZAC003", "RPZAC001", Contradiction},
	{"extension_without_a_url.xml", kindXML, "<extension>", MissingElement},
	{"extension_with_an_empty_url.xml", kindXML, `<extension url=""><valueString value="x"/></extension>` + kindXML, InvalidValue},
	{"date_without_a_time.xml", "2026-03-01T10:51:16.8967927Z", "2026-03-01", InvalidValue},
	{"time_without_a_zone.xml", "2026-03-01T10:51:16.8967927Z", "2026-03-01T10:51:16", InvalidValue},
	{"day_that_does_not_exist.xml", "2026-03-01T10:51:16.8967927Z", "2026-02-30T10:51:16Z", InvalidValue},
	{"fraction_after_a_comma.xml", "2026-03-01T10:51:16.8967927Z", "2026-03-01T10:51:16,8Z", InvalidValue},
}

func TestHostileNotifications(t *testing.T) {
	made := map[string]bool{}
	for _, each := range hostiles {
		name, form, _ := strings.Cut(each.file, ".")
		require.False(t, made[each.file], "two are named %s", each.file)
		made[each.file] = true
		t.Run(name+" in "+form, func(t *testing.T) {
			message := change(t, example(t, form), each.old, each.new)
			golden(t, "hostile", each.file, message)
			told, err := Decode(mediaOf(each.file), []byte(message))
			require.Equal(t, &Error{each.code}, err)
			require.NotEmpty(t, err.Error())
			require.Zero(t, told)
		})
	}
	for _, file := range files(t, "hostile") {
		require.True(t, made[filepath.Base(file)], "nothing makes %s", file)
	}
}

// TestEachPartMustBeThere takes all entries of one kind out of the example.
func TestEachPartMustBeThere(t *testing.T) {
	for _, kind := range []string{resourceConsent, resourcePatient, resourceOrganization} {
		t.Run(kind, func(t *testing.T) {
			parts := strings.SplitAfter(example(t, "xml"), "</entry>")
			kept := slices.DeleteFunc(parts, func(part string) bool { return strings.Contains(part, "<"+kind+">") })
			message := strings.Join(kept, "")
			if !strings.HasPrefix(message, "<Bundle") {
				message = `<Bundle xmlns="http://hl7.org/fhir"><type value="transaction"/>` + message
			}
			_, err := Decode(mediaXML, []byte(message))
			require.Equal(t, &Error{MissingElement}, err)
		})
	}
}

// TestACutNotification: what was cut off anywhere is refused.
func TestACutNotification(t *testing.T) {
	for _, file := range []string{"partial.xml", "partial.json"} {
		message, err := os.ReadFile(filepath.Join("testdata", "good", file))
		require.NoError(t, err)
		for at := range len(strings.TrimSpace(string(message))) {
			_, err := Decode(mediaOf(file), message[:at])
			require.Error(t, err, "%s cut after %d bytes", file, at)
		}
	}
}
