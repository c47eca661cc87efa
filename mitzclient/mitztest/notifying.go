// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Notifying is a way to misbehave with notifications. [Simulator.Misbehave] and
// [Simulator.MisbehaveOnce] take it.
type Notifying int

// The ways. Except where another is said, what is told is the state as it is.
const (
	NotifyingLate      Notifying = iota + 1 // after [Simulator.Behave]
	NotifyingNever                          // not at all
	NotifyingTwice                          // the same, twice
	NotifyingReordered                      // after the next about the same subscription, or after [Simulator.Behave]
	NotifyingElsewhere                      // to a path beside that of the subscription

	NotifyingOtherPatient
	NotifyingOtherDataHolder
	NotifyingRefusals      // only what is refused, when something is
	NotifyingUnknownKind   // with a kind of care provider that nobody knows
	NotifyingContradiction // every kind permitted, and refused
	NotifyingTwoPatients   // another patient besides
	NotifyingNoPatient
	NotifyingNoConsent

	NotifyingMediaType // in a form that was not asked, by its Content-Type
	NotifyingTruncated // half of it
	NotifyingEmpty
	NotifyingGarbage // neither XML nor JSON
	NotifyingHuge    // more than 1 MiB
	NotifyingDoubled // with the status of the first Consent twice, permitting first
	NotifyingDoctype // with a DOCTYPE; in JSON with a second document
)

var _ Behaviour = Notifying(0)

// notifyings says what each way does to what is told or to its text, and its name.
var notifyings = map[Notifying]struct {
	name string
	tell func(*bundle)
	edit func(text string) string
}{
	NotifyingLate:      {name: "late"},
	NotifyingNever:     {name: "never"},
	NotifyingTwice:     {name: "twice"},
	NotifyingReordered: {name: "reordered"},
	NotifyingElsewhere: {name: "elsewhere"},

	NotifyingOtherPatient:    {name: "about another patient", tell: func(b *bundle) { b.patient().Identifiers[0].Value = otherNumber(b) }},
	NotifyingOtherDataHolder: {name: "about another data holder", tell: tellOtherDataHolder},
	NotifyingRefusals:        {name: "refusals only", tell: tellRefusals},
	NotifyingUnknownKind: {name: "an unknown kind", tell: func(b *bundle) {
		c := b.consents()[0]
		c.Extensions = append(c.Extensions, extensionOf(kind{"RPZAC999", "Onbekend"}))
	}},
	NotifyingContradiction: {name: "a contradiction", tell: tellContradiction},
	NotifyingTwoPatients: {name: "two patients", tell: func(b *bundle) {
		other := patientPart{"Patient", fhirValue(newID()), []identifier{{namingBSN, otherNumber(b)}}}
		b.add(other.ID, "Patient", resource{Patient: &other})
	}},
	NotifyingNoPatient: {name: "no patient", tell: func(b *bundle) { b.without(func(r resource) bool { return r.Patient != nil }) }},
	NotifyingNoConsent: {name: "no consent", tell: func(b *bundle) { b.without(func(r resource) bool { return r.Consent != nil }) }},

	NotifyingMediaType: {name: "another media type"},
	NotifyingTruncated: {name: "truncated", edit: func(text string) string { return text[:len(text)/2] }},
	NotifyingEmpty:     {name: "empty", edit: func(string) string { return "" }},
	NotifyingGarbage:   {name: "garbage", edit: func(string) string { return "\x00\xff no bundle" }},
	NotifyingHuge:      {name: "huge", edit: func(text string) string { return text + strings.Repeat(" ", maxMessage) }},
	NotifyingDoubled:   {name: "doubled", edit: editDoubled},
	NotifyingDoctype: {name: "DOCTYPE", edit: func(text string) string {
		if isJSON(text) {
			return text + text
		}
		return "<!DOCTYPE Bundle>" + text
	}},
}

// String returns for example "notifying: twice".
func (n Notifying) String() string {
	if way, found := notifyings[n]; found {
		return notifyingName + way.name
	}
	return "unknown way of notifying"
}

func (Notifying) decide(onRecord consent.Decisions) consent.Decisions { return onRecord }
func (Notifying) respond(x *exchange)                                 { x.answer() }

// message is a notification in an HTTP request.
type message struct{ url, mediaType, body string }

func (p parcel) message() message {
	way, _ := p.behaviour.(Notifying)
	does := notifyings[way]
	told := notificationTo(p.to, p.state)
	if does.tell != nil {
		does.tell(told)
	}
	m := message{p.to.Endpoint, p.to.Payload, told.text(p.to.Payload)}
	if does.edit != nil {
		m.body = does.edit(m.body)
	}
	if way == NotifyingElsewhere {
		m.url = beside(m.url)
	}
	if way == NotifyingMediaType {
		m.mediaType = "text/plain"
	}
	return m
}

// beside returns a URL whose path differs in its last part.
func beside(endpoint string) string {
	parsed, err := url.Parse(endpoint)
	if err != nil {
		return endpoint
	}
	parsed.Path, parsed.RawPath = path.Join("/", path.Dir(parsed.Path), newID()), ""
	return parsed.String()
}

func isJSON(text string) bool { return strings.HasPrefix(text, "{") }

// editDoubled has the first status twice: whoever takes the last sees a refusal where whoever
// takes the first sees a permission, or the other way round.
func editDoubled(text string) string {
	for _, status := range []string{"active", "inactive"} {
		once := `<status value="` + status + `"></status>`
		first := `<status value="active"></status>`
		second := `<status value="inactive"></status>`
		if isJSON(text) {
			once, first, second = `"status":"`+status+`",`, `"status":"active",`, `"status":"inactive",`
		}
		if strings.Contains(text, once) {
			return strings.Replace(text, once, first+second, 1)
		}
	}
	return text
}

func tellOtherDataHolder(b *bundle) {
	for _, each := range b.Entries {
		if holder := each.Resource.Organization; holder != nil {
			number := &holder.Identifiers[0].Value
			*number = fhirValue(other("90000001", "90000002")(string(*number)))
		}
	}
}

func tellRefusals(b *bundle) {
	refused := func(c *consentPart) bool { return c != nil && c.Status == "inactive" }
	if slices.ContainsFunc(b.consents(), refused) {
		b.without(func(r resource) bool { return r.Consent != nil && !refused(r.Consent) })
	}
}

// tellContradiction has each Consent about every kind.
func tellContradiction(b *bundle) {
	for _, c := range b.consents() {
		c.Extensions = nil
		for _, each := range kinds {
			c.Extensions = append(c.Extensions, extensionOf(each))
		}
	}
	if len(b.consents()) == 1 {
		opposite := *b.consents()[0]
		opposite.ID = fhirValue(newID())
		if opposite.Status == "active" {
			opposite.Status, opposite.Provision.Type = "inactive", ""
		} else {
			opposite.Status, opposite.Provision.Type = "active", "permit"
		}
		b.add(opposite.ID, "Consent", resource{Consent: &opposite})
	}
}

func (b *bundle) patient() *patientPart {
	for _, each := range b.Entries {
		if each.Resource.Patient != nil {
			return each.Resource.Patient
		}
	}
	return nil
}

func (b *bundle) without(match func(resource) bool) {
	b.Entries = slices.DeleteFunc(b.Entries, func(each entry) bool { return match(each.Resource) })
}

// otherNumber returns the number of another patient than the notification is about.
func otherNumber(b *bundle) fhirValue {
	return fhirValue(otherPatient(string(b.patient().Identifiers[0].Value)))
}
