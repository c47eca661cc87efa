// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Media types, and the parts of a Subscription (FHIR R4, section 2.41).
const (
	mediaXML  = "application/fhir+xml"
	mediaJSON = "application/fhir+json"

	namespaceFHIR = "http://hl7.org/fhir"

	extensionBirthDate = "http://fhir.nl/StructureDefinition/Patient.birthDate"
	extensionGateway   = "http://fhir.nl/StructureDefinition/GatewaySystem"
	extensionSource    = "http://fhir.nl/StructureDefinition/SourceSystem"
)

// subscriptionForm is a Subscription as written.
type subscriptionForm struct {
	extensions                 []extensionForm
	status, reason, criteria   string
	channel, endpoint, payload string
}

// extensionForm is an extension with the name of its one value, such as valueOid.
type extensionForm struct{ url, kind, value string }

// unprocessable is a deviation in what a Subscription says, not in how it is written.
type unprocessable struct{ error }

func unfit(format string, args ...any) error { return unprocessable{fmt.Errorf(format, args...)} }

var (
	criteriaShape = regexp.MustCompile(`^Consent\?_query=otv&patientid=([^&]*)&providerid=([^&]*)&providertype=([^&]*)$`)
	visible       = regexp.MustCompile(`^[!-~]+$`)
	oidShape      = regexp.MustCompile(`^urn:oid:[0-2](\.(0|[1-9][0-9]*))+$`)
)

// readSubscription reads a Subscription. Whatever differs from the documented form is an error.
func readSubscription(document []byte, mediaType string) (Subscription, error) {
	read := readSubscriptionXML
	if mediaType == mediaJSON {
		read = readSubscriptionJSON
	}
	form, err := read(document)
	if err != nil {
		return Subscription{}, err
	}
	return form.subscription()
}

func (f subscriptionForm) subscription() (s Subscription, err error) {
	for _, fixed := range []struct{ place, value, want string }{
		{"status", f.status, "requested"}, {"reason", f.reason, "OTV"}, {"channel.type", f.channel, "rest-hook"},
	} {
		if fixed.value != fixed.want {
			return s, unfit("Subscription.%s: must be %s", fixed.place, fixed.want)
		}
	}
	if err := f.readCriteria(&s); err != nil {
		return s, err
	}
	if err := f.readExtensions(&s); err != nil {
		return s, err
	}
	if err := checkEndpoint(f.endpoint); err != nil {
		return s, err
	}
	if f.payload != mediaXML && f.payload != mediaJSON {
		return s, unfit("Subscription.channel.payload: must be %s or %s", mediaXML, mediaJSON)
	}
	s.Endpoint, s.Payload = f.endpoint, f.payload
	return s, nil
}

func (f subscriptionForm) readCriteria(s *Subscription) (err error) {
	parts := criteriaShape.FindStringSubmatch(f.criteria)
	if parts == nil {
		return unfit("Subscription.criteria: must be Consent?_query=otv&patientid=<BSN>&providerid=<URA>&providertype=<type>")
	}
	if s.Patient, err = consent.ParseBSN(parts[1]); err != nil {
		return unfit("Subscription.criteria: patientid: %w", err)
	}
	if s.DataHolder, err = consent.ParseURA(parts[2]); err != nil {
		return unfit("Subscription.criteria: providerid: %w", err)
	}
	if s.DataHolderType, err = consent.ParseFacilityType(parts[3]); err != nil {
		return unfit("Subscription.criteria: providertype: %w", err)
	}
	return nil
}

// readExtensions wants both systems, and the date of birth at most once.
func (f subscriptionForm) readExtensions(s *Subscription) error {
	for _, each := range f.extensions {
		var place *string
		var name, kind string
		switch each.url {
		case extensionBirthDate:
			place, name, kind = &s.BirthDate, "Patient.birthDate", "valueDate"
		case extensionGateway:
			place, name, kind = &s.Gateway, "GatewaySystem", "valueOid"
		case extensionSource:
			place, name, kind = &s.Source, "SourceSystem", "valueOid"
		default:
			return unfit("Subscription.extension: must be one of %s, %s, %s", extensionBirthDate, extensionGateway, extensionSource)
		}
		if each.kind != kind {
			return unfit("Subscription.extension %s: must have a %s", name, kind)
		}
		if *place != "" {
			return unfit("Subscription.extension %s: is there twice", name)
		}
		if kind == "valueDate" && !isDate(each.value) {
			return unfit("Subscription.extension %s: must be a date: yyyy-mm-dd, or less where no more is known", name)
		}
		if kind == "valueOid" && !oidShape.MatchString(each.value) {
			return unfit("Subscription.extension %s: must be urn:oid: and an OID", name)
		}
		*place = strings.TrimPrefix(each.value, "urn:oid:")
	}
	if s.Gateway == "" || s.Source == "" {
		return unfit("Subscription.extension: GatewaySystem and SourceSystem must be there")
	}
	return nil
}

// isDate reports whether a text is a date of FHIR: of a day, a month or a year (FHIR R4 section
// 2.24.0.1).
func isDate(text string) bool {
	return slices.ContainsFunc([]string{time.DateOnly, "2006-01", "2006"}, func(layout string) bool {
		_, err := time.Parse(layout, text)
		return err == nil
	})
}

// checkEndpoint wants TLS, except on this machine.
func checkEndpoint(endpoint string) error {
	parsed, err := url.Parse(endpoint)
	if err != nil || parsed.Host == "" || parsed.User != nil || parsed.Fragment != "" || !visible.MatchString(endpoint) {
		return unfit("Subscription.channel.endpoint: must be an absolute URL without user and fragment")
	}
	address, err := netip.ParseAddr(parsed.Hostname())
	local := parsed.Hostname() == "localhost" || err == nil && address.IsLoopback()
	if parsed.Scheme != "https" && (parsed.Scheme != "http" || !local) {
		return unfit("Subscription.channel.endpoint: must begin with https:// (or, on loopback, http://)")
	}
	return nil
}
