// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"encoding/json"
	"encoding/xml"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// state is what a patient permits and refuses of one data category at a data holder.
type state struct {
	category           consent.Category
	permitted, refused []kind
	at                 time.Time
}

// notificationTo makes the notification of a state: one Consent of what is permitted and one
// of what is refused, the patient, and the data holder.
func notificationTo(to Subscription, told state) *bundle {
	patient := patientPart{"Patient", fhirValue(newID()), []identifier{{namingBSN, fhirValue(to.PatientNumber())}}}
	holder := organizationPart{
		"Organization", fhirValue(newID()), []identifier{{namingURA, fhirValue(to.DataHolder)}},
		conceptsOf(coding{codingFacility, codesVersion, fhirValue(to.DataHolderType), ""}),
	}
	b := &bundle{ResourceType: "Bundle", ID: fhirValue(newID()), Type: "transaction"}
	for _, group := range []struct {
		kinds             []kind
		status, provision fhirValue
	}{{told.permitted, "active", "permit"}, {told.refused, "inactive", ""}} {
		if len(group.kinds) == 0 {
			continue
		}
		c := consentOf(told, group.kinds)
		c.Status, c.Provision.Type = group.status, group.provision
		c.Patient = referenceTo(patient.ID)
		c.Provision.Actors[0].Reference = referenceTo(holder.ID)
		b.add(c.ID, "Consent", resource{Consent: c})
	}
	b.add(patient.ID, "Patient", resource{Patient: &patient})
	b.add(holder.ID, "Organization", resource{Organization: &holder})
	return b
}

// consentOf returns a Consent about these kinds of care provider.
func consentOf(told state, about []kind) *consentPart {
	c := &consentPart{
		ResourceType: "Consent", ID: fhirValue(newID()),
		Meta:       metaPart{[]fhirValue{profileNotify}},
		Text:       textPart{"generated", "voorbeeldtekst"},
		Scope:      concept{[]coding{{codingScope, codesVersion, "patient-privacy", ""}}},
		Categories: conceptsOf(coding{codingCategory, codesVersion, fhirValue(told.category), categoryNames[told.category]}),
		DateTime:   fhirValue(told.at.UTC().Format(momentLayout)),
		Provision: provisionPart{
			Actors:   []actorPart{{Role: concept{[]coding{{codingRole, "", "CST", ""}}}}},
			Purposes: []coding{{codingPurpose, "", "TREAT", ""}},
		},
	}
	for _, each := range about {
		c.Extensions = append(c.Extensions, extensionOf(each))
	}
	return c
}

func extensionOf(of kind) extensionPart {
	return extensionPart{extensionKind, concept{[]coding{{codingKind, codesVersion, fhirValue(of.code), fhirValue(of.display)}}}}
}

func conceptsOf(one coding) []concept { return []concept{{[]coding{one}}} }

func referenceTo(id fhirValue) referencePart { return referencePart{"urn:uuid:" + id} }

func (b *bundle) add(id, kind fhirValue, what resource) {
	b.Entries = append(b.Entries, entry{"urn:uuid:" + id, what, requestPart{"POST", kind}})
}

// consents returns the Consents in a notification.
func (b *bundle) consents() (found []*consentPart) {
	for _, each := range b.Entries {
		if each.Resource.Consent != nil {
			found = append(found, each.Resource.Consent)
		}
	}
	return found
}

// text writes a notification in the form of a media type.
func (b *bundle) text(mediaType string) string {
	marshal := xml.Marshal
	if mediaType == mediaJSON {
		marshal = json.Marshal
	}
	text, err := marshal(b)
	if err != nil {
		panic(err) // a value of strings
	}
	return string(text)
}
