// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notification

import (
	"regexp"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/systems"
)

// Notification is what Mitz tells about one patient at one data holder.
type Notification struct {
	Patient    consent.BSN
	DataHolder consent.DataHolder
	Changed    time.Time // of the youngest consent in it
	Categories map[consent.Category]*Providers
}

// Providers are the kinds of care providers for whom data of a category are permitted and
// refused: each is in one of the two, once, and both are sorted.
type Providers struct{ Permitted, Refused []consent.ProviderCategory }

// Decode reads a notification, of a media type without parameters. The error is an [*Error].
func Decode(media string, message []byte) (Notification, error) {
	root, lists, refusal := tree(media, message)
	if refusal != "" {
		return Notification{}, &Error{refusal}
	}
	r := &reader{lists: lists}
	told := r.bundle(root)
	if r.refusal != "" {
		return Notification{}, &Error{r.refusal}
	}
	return told, nil
}

var (
	bundleShape  = shape{"meta": ignored, "type": once, "timestamp": ignored, "entry": repeated}
	entryShape   = shape{"fullUrl": once, "resource": once, "request": once}
	requestShape = shape{"method": once, "url": once}
	patientShape = shape{
		"meta": ignored, "language": ignored, "text": ignored, "extension": ignored, "identifier": repeated,
		"active": ignored, "name": ignored, "telecom": ignored, "gender": ignored, "birthDate": ignored, "address": ignored,
	}
	organizationShape = shape{
		"meta": ignored, "language": ignored, "text": ignored, "extension": ignored, "identifier": repeated,
		"active": ignored, "type": repeated, "name": ignored, "alias": ignored, "telecom": ignored, "address": ignored,
	}
)

// parts are the resources of a Bundle.
type parts struct {
	consents                    []*element
	patient, organization       *element
	patientURL, organizationURL string // by which the consents refer to them
}

// bundle reads the whole.
func (r *reader) bundle(root *element) Notification {
	if root.name != "Bundle" {
		r.fail(UnexpectedElement)
	}
	r.check(root, bundleShape)
	r.fixed(root, "type", bundleType)
	if count(root, "entry") > maxEntries {
		r.fail(TooManyElements)
	}
	if r.refusal != "" {
		return Notification{}
	}
	all := r.entries(root)
	if len(all.consents) == 0 || all.patient == nil || all.organization == nil {
		r.fail(MissingElement)
	}
	if r.refusal != "" {
		return Notification{}
	}
	told := Notification{
		Patient: r.readPatient(all.patient), DataHolder: r.readOrganization(all.organization),
		Categories: map[consent.Category]*Providers{},
	}
	for _, each := range all.consents {
		r.consent(each, all, &told)
	}
	told.sort()
	return told
}

// entries sorts the entries by what they are: one patient, one organization, and consents.
func (r *reader) entries(root *element) (all parts) {
	known := map[string]bool{}
	for _, entry := range root.children {
		if entry.name != "entry" {
			continue
		}
		url, resource := r.entry(entry)
		// Two that differ in case alone are the same uuid, to most readers.
		if folded := strings.ToLower(url); known[folded] {
			r.fail(DuplicateElement)
		} else {
			known[folded] = true
		}
		switch resource.name {
		case resourceConsent:
			all.consents = append(all.consents, resource)
		case resourcePatient:
			r.first(&all.patient, resource)
			all.patientURL = url
		case resourceOrganization:
			r.first(&all.organization, resource)
			all.organizationURL = url
		default:
			r.fail(UnexpectedElement)
		}
	}
	return all
}

func (r *reader) first(place **element, resource *element) {
	if *place != nil {
		r.fail(DuplicateElement)
	}
	*place = resource
}

var fullURLShape = regexp.MustCompile("^" + referencePrefix + "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")

// entry reads an entry that creates a resource (FHIR R4 section 3.1.0.11).
func (r *reader) entry(entry *element) (url string, resource *element) {
	r.check(entry, entryShape)
	url = r.value(entry, "fullUrl")
	if !fullURLShape.MatchString(url) {
		r.fail(InvalidValue)
	}
	holds := r.one(entry, "resource").children
	if len(holds) != 1 {
		r.fail(WrongShape)
		return url, &element{}
	}
	request := r.one(entry, "request")
	r.check(request, requestShape)
	r.fixed(request, "method", "POST")
	r.fixed(request, "url", holds[0].name)
	return url, holds[0]
}

func (r *reader) readPatient(patient *element) consent.BSN {
	r.check(patient, patientShape)
	bsn, err := consent.ParseBSN(r.identifier(patient, systems.BSN))
	if err != nil {
		r.fail(InvalidValue)
	}
	return bsn
}

func (r *reader) readOrganization(organization *element) consent.DataHolder {
	r.check(organization, organizationShape)
	ura, err := consent.ParseURA(r.identifier(organization, systems.URA))
	if err != nil {
		r.fail(InvalidValue)
	}
	facility, err := consent.ParseFacilityType(r.code(r.only(organization, "type"), systems.OrganizationType))
	if err != nil {
		r.fail(InvalidValue)
	}
	return consent.DataHolder{URA: ura, FacilityType: facility}
}
