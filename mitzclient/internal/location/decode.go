// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package location

import (
	"slices"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/soap"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/strictxml"
)

// What bounds the memory that an answer can claim.
const (
	maxLocations  = 1024
	maxCategories = 64 // of one location; Mitz has a handful
)

// Location is where data of the patient are that the requester may see.
type Location struct {
	Gateway    string // OID, dotted, of the system by which the data are reached
	Source     string // OID, dotted, of the system in which they are; empty: not told
	DataHolder consent.URA
	Categories []consent.Category // none twice; empty: not told
}

// Response is a well-formed answer to the open query. What it says is not accessible, because
// it may be about anyone: [Response.Match] returns what it says about a patient. The zero value
// matches nothing.
type Response struct {
	// A pointer, because fmt prints an unexported field without asking its methods.
	content *content
}

type content struct {
	relatesTo string // empty when absent
	located   []located
}

// located is a location, and the patients whom it says it is about.
type located struct {
	Location
	requested     identifier
	corresponding identifier
}

// identifier is an HL7 II.
type identifier struct{ root, extension string }

// kind is what the answer to an open query adds to SOAP.
var kind = soap.Kind{
	Action: ActionResponse, Space: namespaceXCPD, Local: "PatientLocationQueryResponse", Spaces: []string{namespaceHL7},
	Parts: []string{
		"PatientLocationQueryResponse", "PatientLocationResponse",
		elementHome, elementPatient, elementRequested, elementSource, elementCategory, elementHolder,
	},
}

// decoder walks the one path through an answer.
type decoder struct {
	soap.Reader
	answer *content
}

// DecodeResponse reads the answer to an open query: a SOAP 1.2 envelope with a
// PatientLocationQueryResponse. The error is a [*soap.Fault] for a SOAP fault, and an [*Error]
// for anything else. The answer may be changed afterwards.
func DecodeResponse(answer []byte) (Response, error) {
	d := &decoder{answer: &content{}}
	refusal, fault := d.Read(answer, &kind, d.response)
	switch {
	case refusal != "":
		return Response{}, &Error{Code: refusal}
	case fault != nil:
		return Response{}, fault
	default:
		d.answer.relatesTo = d.RelatesTo()
		return Response{d.answer}, nil
	}
}

// Match returns the locations in the order of the answer, after establishing that it is the
// answer to the question: it relates to messageID (the bare uuid of [Header]), and every location
// says that it is about this patient. None means that no data holder may share, or none has data.
func (r Response) Match(messageID string, patient consent.BSN) ([]Location, error) {
	if r.content == nil {
		return nil, &Error{Code: soap.MissingElement}
	}
	if r.content.relatesTo != soap.URNUUID+messageID {
		return nil, &Error{Code: MismatchRelatesTo}
	}
	asked := identifierOf(patient)
	locations := make([]Location, 0, len(r.content.located))
	for _, each := range r.content.located {
		// The gateway may number the patient in a way of its own, but not as somebody else.
		if each.requested != asked || each.corresponding.root == rootBSN && each.corresponding != asked {
			return nil, &Error{Code: MismatchPatient}
		}
		locations = append(locations, each.Location)
	}
	return locations, nil
}

// response reads the locations. d.answer receives them.
func (d *decoder) response() {
	d.bare()
	for d.Child() {
		switch {
		case !d.Is(namespaceXCPD, "PatientLocationResponse"):
			d.Unexpected()
		case len(d.answer.located) == maxLocations:
			d.Fail(TooManyLocations)
		default:
			d.answer.located = append(d.answer.located, d.location())
		}
	}
}

// location reads one, in any order of its parts. Of Mitz's own three it is not known in which
// namespace they are.
func (d *decoder) location() (l located) {
	d.bare()
	var home, requested, corresponding, source, holder bool
	for d.Child() {
		switch {
		case d.Is(namespaceXCPD, elementHome) && d.First(&home):
			l.Gateway = d.system()
		case d.Is(namespaceXCPD, elementRequested) && d.First(&requested):
			l.requested = d.identifier()
		case d.Is(namespaceXCPD, elementPatient) && d.First(&corresponding):
			l.corresponding = d.identifier()
		case d.isMitzs(elementSource) && d.First(&source):
			l.Source = d.system()
		case d.isMitzs(elementHolder) && d.First(&holder):
			l.DataHolder = d.holder()
		case d.isMitzs(elementCategory):
			d.addCategory(&l.Categories)
		default:
			d.Unexpected()
		}
	}
	if !home || !requested || !corresponding {
		d.Fail(soap.MissingElement)
	}
	return l
}

// isMitzs reports whether the element opened last is one that Mitz adds to XCPD.
func (d *decoder) isMitzs(local string) bool {
	return d.Is(namespaceXCPD, local) || d.Is(namespaceHL7, local)
}

// bare refuses XML attributes: one could change what another reader makes of the element, such
// as xsi:nil.
func (d *decoder) bare() {
	if d.HasAttributes() {
		d.Fail(UnexpectedAttribute)
	}
}

// system reads an OID, with or without urn:oid: (its type is xs:anyURI: white space collapses).
func (d *decoder) system() string {
	d.bare()
	oid, isOID := plainOID(strictxml.Trim(d.Text()))
	if !isOID {
		d.Fail(MalformedSystem)
	}
	return oid
}

// identifier reads an HL7 II.
func (d *decoder) identifier() identifier {
	d.notNull()
	id := identifier{root: d.Required("root"), extension: d.Required("extension")}
	d.Empty()
	return id
}

// holder reads who keeps the data; a number that is not a URA tells nothing that is of use here.
func (d *decoder) holder() consent.URA {
	id := d.identifier()
	if id.root != rootURA {
		return ""
	}
	ura, err := consent.ParseURA(id.extension)
	if err != nil {
		d.Fail(MalformedHolder)
	}
	return ura
}

// addCategory reads a data category, and adds it unless it is there.
func (d *decoder) addCategory(to *[]consent.Category) {
	category, err := consent.ParseCategory(d.category())
	switch {
	case err != nil:
		d.Fail(MalformedCategory)
	case slices.Contains(*to, category):
	case len(*to) == maxCategories:
		d.Fail(TooManyLocations)
	default:
		*to = append(*to, category)
	}
}

// category reads the code, in either way in which it can be written: as HL7 has a coded value,
// or as a text alone.
func (d *decoder) category() string {
	d.notNull()
	code, coded := d.Attribute("code")
	system, listed := d.Attribute("codeSystem")
	switch {
	case coded && system != systemCategory, !coded && listed && system != systemCategory:
		d.Fail(MalformedCategory)
	case coded:
		d.Empty()
		return code
	}
	return strictxml.Trim(d.Text())
}

// notNull refuses a value that says it is none.
func (d *decoder) notNull() {
	if _, null := d.Attribute("nullFlavor"); null {
		d.Fail(NullValue)
	}
}
