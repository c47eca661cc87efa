// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// The systems of a registration: those of a notification, but for the identifiers.
const (
	systemURI          = "urn:ietf:rfc:3986"
	systemBSN          = "http://fhir.nl/fhir/NamingSystem/bsn"
	systemURA          = "http://fhir.nl/fhir/NamingSystem/ura"
	systemRoleCode     = "http://fhir.nl/fhir/NamingSystem/uzi-rolcode"
	systemType         = "http://nictiz.nl/fhir/NamingSystem/organization-type"
	extensionForWhom   = "http://fhir.nl/StructureDefinition/OTV-ProviderCategory"
	systemOfCategories = "http://fhir.nl/otv/CodeSystem/gegevenscategorie"
)

var (
	urnUUIDShape = regexp.MustCompile(`^urn:uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)
	codeShape    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

// bundleForm is a transaction while it is read. The first thing that is wrong is kept.
type bundleForm struct {
	sent     Registration
	err      error
	byURL    map[string]string // the resource type of each entry
	consents []string          // their URLs
	patient  string
	holder   string            // the data holder's Organization
	other    map[string]string // the URA of other Organizations
	sections []func()          // what refers to other entries: the Consents, and after them the Provenance
	last     []func()
}

// readRegistration reads a transaction: Consents, of which each is about another data category, and
// one Patient, two Organizations and one Provenance. Whatever differs from the documented form
// is an error.
func readRegistration(document []byte) (sent Registration, entries int, err error) {
	root, err := parseJSON(document)
	if err != nil {
		return sent, 0, err
	}
	b := bundleForm{byURL: map[string]string{}, other: map[string]string{}}
	top := b.members(root, "Bundle", "resourceType", "identifier", "type", "entry")
	b.is(top["resourceType"], "Bundle.resourceType", "Bundle")
	b.is(top["type"], "Bundle.type", "transaction")
	b.sent.ID = b.uuid(b.identifier(top["identifier"], "Bundle.identifier", systemURI), "Bundle.identifier")
	list := b.list(top["entry"], "Bundle.entry")
	for _, each := range list {
		b.entry(each)
	}
	for _, section := range append(b.sections, b.last...) {
		section()
	}
	if len(b.consents) == 0 || b.patient == "" || b.holder == "" || len(b.other) != 1 || len(b.last) != 1 || len(list) != len(b.consents)+4 {
		b.fail("Bundle.entry: must be Consents, one Patient, two Organizations and one Provenance")
	}
	return b.sent, len(list), b.err
}

func (b *bundleForm) fail(format string, args ...any) {
	if b.err == nil {
		b.err = unfit(format, args...)
	}
}

func (b *bundleForm) members(value any, place string, names ...string) map[string]any {
	object, err := members(value, place, names...)
	if err != nil && b.err == nil {
		b.err = err
	}
	return object
}

func (b *bundleForm) list(value any, place string) []any {
	list, isList := value.([]any)
	if !isList || len(list) == 0 {
		b.fail("%s: must be a list that is not empty", place)
	}
	return list
}

// one returns the one element of a list.
func (b *bundleForm) one(value any, place string) any {
	list := b.list(value, place)
	if len(list) != 1 {
		b.fail("%s: must be there once", place)
		return nil
	}
	return list[0]
}

func (b *bundleForm) text(value any, place string) string {
	text, isText := value.(string)
	if !isText {
		b.fail("%s: must be a string", place)
	}
	return text
}

func (b *bundleForm) is(value any, place, want string) {
	if text := b.text(value, place); text != want {
		b.fail("%s: must be %s", place, want)
	}
}

func (b *bundleForm) identifier(value any, place, system string) string {
	object := b.members(value, place, "system", "value")
	b.is(object["system"], place+".system", system)
	return b.text(object["value"], place+".value")
}

func (b *bundleForm) uuid(text, place string) string {
	parts := urnUUIDShape.FindStringSubmatch(text)
	if parts == nil {
		b.fail("%s: must be urn:uuid: and a uuid", place)
		return ""
	}
	return parts[1]
}

// code returns the code of a concept with one coding.
func (b *bundleForm) code(value any, place, system string) string {
	coding := b.members(b.one(b.members(value, place, "coding")["coding"], place+".coding"), place+".coding", "system", "code")
	b.is(coding["system"], place+".coding.system", system)
	return b.text(coding["code"], place+".coding.code")
}

func (b *bundleForm) word(value any, place string) string {
	text := b.text(b.members(value, place, "text")["text"], place+".text")
	if !codeShape.MatchString(text) {
		b.fail("%s.text: must be a code", place)
	}
	return text
}

func (b *bundleForm) time(value any, place string) time.Time {
	at, err := time.Parse(time.RFC3339, b.text(value, place))
	if err != nil {
		b.fail("%s: must be a time with its zone", place)
	}
	return at
}

func (b *bundleForm) refers(value any, place, to string) {
	b.is(b.members(value, place, "reference")["reference"], place+".reference", to)
}

// entry reads one entry as far as it refers to no other.
func (b *bundleForm) entry(value any) {
	entry := b.members(value, "Bundle.entry", "fullUrl", "resource", "request")
	url := b.text(entry["fullUrl"], "Bundle.entry.fullUrl")
	b.uuid(url, "Bundle.entry.fullUrl")
	resource, _ := entry["resource"].(map[string]any)
	kind, _ := resource["resourceType"].(string)
	if _, doubled := b.byURL[url]; doubled {
		b.fail("Bundle.entry.fullUrl: is there twice")
	}
	b.byURL[url] = kind
	if kind == "Consent" {
		request := b.members(entry["request"], "Bundle.entry.request", "method", "url", "ifNoneExist")
		b.is(request["ifNoneExist"], "Bundle.entry.request.ifNoneExist", "identifier="+systemURI+"|"+url)
		b.request(request, kind)
	} else {
		b.request(b.members(entry["request"], "Bundle.entry.request", "method", "url"), kind)
	}
	switch kind {
	case "Consent":
		b.consents = append(b.consents, url)
		b.sections = append(b.sections, func() { b.consent(resource, url) })
	case "Patient":
		b.readPatient(resource, url)
	case "Organization":
		b.organization(resource, url)
	case "Provenance":
		b.last = append(b.last, func() { b.provenance(resource) })
	default:
		b.fail("Bundle.entry.resource: must be a Consent, Patient, Organization or Provenance")
	}
}

func (b *bundleForm) request(request map[string]any, kind string) {
	b.is(request["method"], "Bundle.entry.request.method", http.MethodPost)
	b.is(request["url"], "Bundle.entry.request.url", kind)
}

func (b *bundleForm) readPatient(resource map[string]any, url string) {
	b.members(resource, "Patient", "resourceType", "identifier")
	if b.patient != "" {
		b.fail("Patient: is there twice")
	}
	b.patient = url
	var err error
	number := b.identifier(b.one(resource["identifier"], "Patient.identifier"), "Patient.identifier", systemBSN)
	if b.sent.Patient, err = consent.ParseBSN(number); err != nil {
		b.fail("Patient.identifier: %w", err)
	}
}

// organization reads the data holder, which has a type, or who recorded the consent.
func (b *bundleForm) organization(resource map[string]any, url string) {
	ura, err := consent.ParseURA(b.identifier(b.one(resource["identifier"], "Organization.identifier"), "Organization.identifier", systemURA))
	if err != nil {
		b.fail("Organization.identifier: %w", err)
	}
	if _, typed := resource["type"]; !typed {
		b.members(resource, "Organization", "resourceType", "identifier")
		b.other[url], b.sent.Requester = string(ura), ura
		return
	}
	b.members(resource, "Organization", "resourceType", "identifier", "type")
	if b.holder != "" {
		b.fail("Organization: with a type there is one, the data holder")
	}
	b.holder, b.sent.DataHolder = url, ura
	b.sent.DataHolderType = b.facility(b.one(resource["type"], "Organization.type"), "Organization.type")
}

func (b *bundleForm) facility(value any, place string) consent.FacilityType {
	facility, err := consent.ParseFacilityType(b.code(value, place, systemType))
	if err != nil {
		b.fail("%s: %w", place, err)
	}
	return facility
}

// consent reads one Consent. All are alike but for the data category.
func (b *bundleForm) consent(resource map[string]any, url string) {
	b.members(resource, "Consent", "resourceType", "extension", "identifier", "status", "scope", "category", "patient", "dateTime", "policyRule", "provision")
	b.is(b.identifier(b.one(resource["identifier"], "Consent.identifier"), "Consent.identifier", systemURI), "Consent.identifier", url)
	b.is(resource["status"], "Consent.status", "active")
	b.is(b.code(resource["scope"], "Consent.scope", "http://terminology.hl7.org/CodeSystem/consentscope"), "Consent.scope", "patient-privacy")
	b.refers(resource["patient"], "Consent.patient", b.patient)
	category, err := consent.ParseCategory(b.code(b.one(resource["category"], "Consent.category"), "Consent.category", systemOfCategories))
	if err != nil {
		b.fail("Consent.category: %w", err)
	}
	var types []consent.FacilityType
	for _, each := range b.list(resource["extension"], "Consent.extension") {
		extension := b.members(each, "Consent.extension", "url", "valueCodeableConcept")
		b.is(extension["url"], "Consent.extension.url", extensionForWhom)
		types = append(types, b.facility(extension["valueCodeableConcept"], "Consent.extension"))
	}
	at, agreement := b.time(resource["dateTime"], "Consent.dateTime"), b.word(resource["policyRule"], "Consent.policyRule")
	b.provision(resource["provision"])
	if slices.Contains(b.sent.Categories, category) {
		b.fail("Consent.category: two are about the same")
	}
	if len(b.sent.Categories) > 0 && (!at.Equal(b.sent.RecordedAt) || agreement != b.sent.Agreement || !slices.Equal(types, b.sent.RequesterTypes)) {
		b.fail("Consent: all must be alike but for the category")
	}
	b.sent.Categories = append(b.sent.Categories, category)
	b.sent.RequesterTypes, b.sent.RecordedAt, b.sent.Agreement = types, at, agreement
}

func (b *bundleForm) provision(value any) {
	const place = "Consent.provision"
	provision := b.members(value, place, "type", "actor", "purpose")
	b.is(provision["type"], place+".type", "permit")
	actor := b.members(b.one(provision["actor"], place+".actor"), place+".actor", "role", "reference")
	b.is(b.code(actor["role"], place+".actor.role", "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"), place+".actor.role", "CST")
	b.refers(actor["reference"], place+".actor.reference", b.holder)
	purpose := b.members(b.one(provision["purpose"], place+".purpose"), place+".purpose", "system", "code")
	b.is(purpose["system"], place+".purpose.system", "http://hl7.org/fhir/v3/ActReason")
	b.is(purpose["code"], place+".purpose.code", string(consent.PurposeTreatment))
}

// provenance reads who recorded the Consents, for which organisation, and how the patient was
// identified.
func (b *bundleForm) provenance(resource map[string]any) {
	b.members(resource, "Provenance", "resourceType", "target", "recorded", "activity", "agent")
	var targets []string
	for _, each := range b.list(resource["target"], "Provenance.target") {
		targets = append(targets, b.text(b.members(each, "Provenance.target", "reference")["reference"], "Provenance.target.reference"))
	}
	if !slices.Equal(targets, b.consents) {
		b.fail("Provenance.target: must be the Consents")
	}
	b.sent.Identification = b.word(resource["activity"], "Provenance.activity")
	if at := b.time(resource["recorded"], "Provenance.recorded"); !at.Equal(b.sent.RecordedAt) {
		b.fail("Provenance.recorded: must be the time of the Consents")
	}
	agent := b.members(b.one(resource["agent"], "Provenance.agent"), "Provenance.agent", "role", "who", "onBehalfOf")
	role, err := consent.ParseRole(b.code(b.one(agent["role"], "Provenance.agent.role"), "Provenance.agent.role", systemRoleCode))
	if err != nil {
		b.fail("Provenance.agent.role: %w", err)
	}
	who := b.members(b.members(agent["who"], "Provenance.agent.who", "identifier")["identifier"], "Provenance.agent.who.identifier", "system", "value")
	root, isOID := strings.CutPrefix(b.text(who["system"], "Provenance.agent.who.identifier.system"), "urn:oid:")
	id, err := consent.NewProfessionalID(root, b.text(who["value"], "Provenance.agent.who.identifier.value"))
	if !isOID || err != nil {
		b.fail("Provenance.agent.who.identifier: must be a number in a register of professionals, named by its OID")
	}
	b.sent.Professional = consent.Professional{ID: id, Role: role}
	onBehalfOf := b.text(b.members(agent["onBehalfOf"], "Provenance.agent.onBehalfOf", "reference")["reference"], "Provenance.agent.onBehalfOf.reference")
	if _, found := b.other[onBehalfOf]; !found {
		b.fail("Provenance.agent.onBehalfOf: must be the other Organization")
	}
}
