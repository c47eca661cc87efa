// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Locating is to treat open queries so: with an [HTTPStatus], [TooManyRequests], [Slow], a
// [Variant], or one of the faults [SenderFault], [ReceiverFault], [Hanging], [Dropping],
// [Garbage], [EmptyBody], [Truncated], [Huge], [Doctype], [WrongAction], [WrongRelatesTo] and
// [WrongPatient]; another behaviour counts as status 500. Where they answer, it is what is on
// record, or of another patient.
type Locating struct{ Behaviour }

var _ Behaviour = Locating{}

// String returns for example "locating: status 503".
func (b Locating) String() string { return locatingName + b.Behaviour.String() }

// locatingEdits change the text of an answer.
var locatingEdits = map[Fault]func(asked *openQuery, text string) string{
	Garbage:   func(*openQuery, string) string { return "\x00\xff not XML <<<" },
	EmptyBody: func(*openQuery, string) string { return "" },
	Truncated: func(_ *openQuery, text string) string {
		return text[:strings.LastIndex(text, "</PatientLocationQueryResponse>")]
	},
	Huge: func(_ *openQuery, text string) string {
		return before("<s:Body>", strings.Repeat(" ", maxMessage))(text)
	},
	Doctype:     func(_ *openQuery, text string) string { return before("<s:Envelope", `<!DOCTYPE s:Envelope>`)(text) },
	WrongAction: func(_ *openQuery, text string) string { return replace(actionLocations, actionOpenQuery)(text) },
	WrongRelatesTo: func(asked *openQuery, text string) string {
		return replace(asked.messageID, "urn:uuid:7d1ff5a2-6b3f-4a52-9c26-0d5b0c1b6c11")(text)
	},
	WrongPatient: func(asked *openQuery, text string) string {
		number := asked.patientNumber()
		return replace(`"`+number+`"`, `"`+otherPatient(number)+`"`)(text)
	},
}

// locatingFaults are the faults that apply, in order.
func locatingFaults() []Behaviour {
	return []Behaviour{
		SenderFault, ReceiverFault, Hanging, Dropping, Garbage, EmptyBody, Truncated, Huge, Doctype, WrongAction, WrongRelatesTo, WrongPatient,
		ByteOrderMark, HeadersOfOthers, HeaderForOthers,
	}
}

// AllLocatingFaults returns every behaviour after which nothing is located.
func AllLocatingFaults() (all []Behaviour) {
	for _, each := range locatingFaults() {
		if _, harmless := each.(Variant); !harmless {
			all = append(all, Locating{each})
		}
	}
	for _, status := range []HTTPStatus{400, 401, 403, 404, 422, 429, 500, 502, 503, 504} {
		all = append(all, Locating{status})
	}
	return append(all, Locating{TooManyRequests(time.Minute)})
}

// applies reports whether the behaviour is one of those that the type names.
func (b Locating) applies() bool {
	switch inner := b.Behaviour.(type) {
	case HTTPStatus, TooManyRequests, Slow, Variant:
		return true
	case Fault:
		_, edits := locatingEdits[inner]
		return edits || inner == SenderFault || inner == ReceiverFault || inner == Hanging || inner == Dropping
	default:
		return false
	}
}

// sendLocations answers an open query, in the way that it was told.
func (s *Simulator) sendLocations(x *exchange, asked *openQuery, located []Located, told Behaviour) {
	text := locationsText(asked, located)
	locating, misbehaves := told.(Locating)
	if !misbehaves {
		x.send(http.StatusOK, text)
		return
	}
	if !locating.applies() {
		x.fail(http.StatusInternalServerError)
		return
	}
	switch b := locating.Behaviour.(type) {
	case HTTPStatus, TooManyRequests:
		b.respond(x)
	case Slow:
		timer := time.NewTimer(time.Duration(b))
		defer timer.Stop()
		x.await(timer.C)
		x.send(http.StatusOK, text)
	case Variant:
		x.send(http.StatusOK, variants[b].edit(text))
	case Fault:
		s.sendLocatingFault(x, asked, text, b)
	}
}

func (s *Simulator) sendLocatingFault(x *exchange, asked *openQuery, text string, fault Fault) {
	switch fault {
	case SenderFault:
		x.send(http.StatusBadRequest, faultText("Sender", "the simulator was told to refuse", asked.messageID))
	case ReceiverFault:
		x.send(http.StatusInternalServerError, faultText("Receiver", "the simulator was told to fail", asked.messageID))
	case Hanging:
		x.hang()
	case Dropping:
		x.drop()
	default:
		x.send(http.StatusOK, locatingEdits[fault](asked, text))
	}
}

// locationsText is the answer to an open query. No raw answer of Mitz is public: every second
// location has its parts in another order, and its categories in the other way in which they
// could be written.
func locationsText(asked *openQuery, located []Located) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` +
		`<s:Envelope xmlns:s="` + namespaceSOAP + `" xmlns:a="` + namespaceAddressing + `">` +
		`<s:Header><a:Action s:mustUnderstand="1">` + actionLocations + `</a:Action>` +
		`<a:RelatesTo>` + escape(asked.messageID) + `</a:RelatesTo></s:Header>` +
		`<s:Body><PatientLocationQueryResponse xmlns="` + namespaceXCPD + `">`)
	number := `root="` + rootBSN + `" extension="` + asked.patientNumber() + `"`
	for i, each := range located {
		home := `<HomeCommunityId>` + escape(each.Gateway) + `</HomeCommunityId>`
		patients := `<CorrespondingPatientId ` + number + `/><RequestedPatientId ` + number + `/>`
		source := `<SourceId>` + escape(each.Source) + `</SourceId>`
		holder := `<author-institution root="` + rootURA + `" extension=` + strconv.Quote(string(each.DataHolder)) + ` assigningAuthorityName="` + authorityUZI + `"/>`
		b.WriteString(`<PatientLocationResponse>`)
		if i%2 == 0 {
			b.WriteString(home + patients + source + categoriesText(each.Categories, true) + holder)
		} else {
			b.WriteString(holder + categoriesText(each.Categories, false) + source + patients + home)
		}
		b.WriteString(`</PatientLocationResponse>`)
	}
	b.WriteString(`</PatientLocationQueryResponse></s:Body></s:Envelope>`)
	return b.String()
}

func categoriesText(categories []consent.Category, coded bool) (text string) {
	for _, each := range categories {
		if coded {
			text += `<event-code code="` + string(each) + `" codeSystem="` + systemCategory + `"/>`
		} else {
			text += `<event-code>` + string(each) + `</event-code>`
		}
	}
	return text
}
