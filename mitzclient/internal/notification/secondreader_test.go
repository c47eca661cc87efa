// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package notification

import (
	"encoding/json"
	"encoding/xml"
	"slices"
)

// reading is what a notification says. Everything is a list: what stands there twice, in another
// reader's eyes, must show.
type reading struct {
	BSNs, URAs, Types, Dates []string
	Said                     []string // "GGC002 RPZAC005 permit", sorted
}

// The second reader shares nothing with the decoder. It is encoding/xml or encoding/json with
// structures, as lenient as readers commonly are: of members and elements that are there twice
// it takes the last, or all, in any case; what it does not know it passes over.
type (
	second struct {
		Entries []struct {
			Resource secondResource `xml:"resource" json:"resource"`
		} `xml:"entry" json:"entry"`
	}
	secondResource struct {
		Consents      []secondConsent `xml:"Consent"`
		Patients      []secondParty   `xml:"Patient"`
		Organizations []secondParty   `xml:"Organization"`
	}
	secondConsent struct {
		Extensions []struct {
			URL     string          `xml:"url,attr" json:"url"`
			Concept []secondConcept `xml:"valueCodeableConcept" json:"-"`
			One     secondConcept   `xml:"-" json:"valueCodeableConcept"`
		} `xml:"extension" json:"extension"`
		Status     primitive       `xml:"status" json:"status"`
		Categories []secondConcept `xml:"category" json:"category"`
		Date       primitive       `xml:"dateTime" json:"dateTime"`
		Provision  struct {
			Type primitive `xml:"type" json:"type"`
		} `xml:"provision" json:"provision"`
	}
	secondParty struct {
		Identifiers []struct {
			Value primitive `xml:"value" json:"value"`
		} `xml:"identifier" json:"identifier"`
		Types []secondConcept `xml:"type" json:"type"`
	}
	secondConcept struct {
		Codings []struct {
			Code primitive `xml:"code" json:"code"`
		} `xml:"coding" json:"coding"`
	}
	primitive struct {
		Value string `xml:"value,attr"`
	}
)

func (p *primitive) UnmarshalJSON(text []byte) error { return json.Unmarshal(text, &p.Value) }

func (r *secondResource) UnmarshalJSON(text []byte) error {
	var typed struct {
		Type string `json:"resourceType"`
	}
	if err := json.Unmarshal(text, &typed); err != nil {
		return err
	}
	switch typed.Type {
	case "Consent":
		r.Consents = make([]secondConsent, 1)
		return json.Unmarshal(text, &r.Consents[0])
	case "Patient":
		r.Patients = make([]secondParty, 1)
		return json.Unmarshal(text, &r.Patients[0])
	case "Organization":
		r.Organizations = make([]secondParty, 1)
		return json.Unmarshal(text, &r.Organizations[0])
	default:
		return nil
	}
}

func readAgain(media string, message []byte) (said reading, err error) {
	var bundle second
	if media == mediaXML {
		err = xml.Unmarshal(message, &bundle)
	} else {
		err = json.Unmarshal(message, &bundle)
	}
	for _, entry := range bundle.Entries {
		for _, patient := range entry.Resource.Patients {
			said.BSNs = append(said.BSNs, patient.numbers()...)
		}
		for _, organization := range entry.Resource.Organizations {
			said.URAs = append(said.URAs, organization.numbers()...)
			said.Types = append(said.Types, codes(organization.Types...)...)
		}
		for _, each := range entry.Resource.Consents {
			said.Dates = append(said.Dates, each.Date.Value)
			said.Said = append(said.Said, each.said()...)
		}
	}
	slices.Sort(said.Said)
	return said, err
}

func (p secondParty) numbers() (all []string) {
	for _, each := range p.Identifiers {
		all = append(all, each.Value.Value)
	}
	return all
}

func codes(concepts ...secondConcept) (all []string) {
	for _, concept := range concepts {
		for _, coding := range concept.Codings {
			all = append(all, coding.Code.Value)
		}
	}
	return all
}

func (c secondConsent) said() (all []string) {
	verdict := "refuse"
	if c.Status.Value == "active" && c.Provision.Type.Value == "permit" {
		verdict = "permit"
	}
	for _, category := range codes(c.Categories...) {
		for _, extension := range c.Extensions {
			if extension.URL != extensionProviderCategory {
				continue
			}
			for _, kind := range append(codes(extension.Concept...), codes(extension.One)...) {
				all = append(all, category+" "+kind+" "+verdict)
			}
		}
	}
	return all
}
