// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package control

import (
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// queriesView is what came in, oldest first.
type queriesView struct {
	Received  int         `json:"received"`  // HTTP requests in all
	Cancelled int         `json:"cancelled"` // whose client went away before the answer
	Queries   []queryView `json:"queries"`
	// LocationQueries are open queries.
	LocationQueries []locationQueryView `json:"locationQueries"`
	Refusals        []refusalView       `json:"refusals"`
}

type queryView struct {
	Time       time.Time            `json:"time"`
	RequestID  string               `json:"requestId"`
	Client     string               `json:"client"` // its certificate's subject
	Patient    string               `json:"patient"`
	DataHolder organizationView     `json:"dataHolder"`
	Requester  requesterView        `json:"requester"`
	Categories []consent.Category   `json:"categories"`
	Purpose    consent.PurposeOfUse `json:"purpose"`
	Behaviour  string               `json:"behaviour"`
	Decisions  map[string]string    `json:"decisions"` // by category; none when the answer was a fault
}

type locationQueryView struct {
	Time      time.Time            `json:"time"`
	RequestID string               `json:"requestId"`
	Client    string               `json:"client"`
	Patient   string               `json:"patient"`
	Requester requesterView        `json:"requester"`
	Purpose   consent.PurposeOfUse `json:"purpose"`
	Issuer    string               `json:"issuer"` // of the assertion
	Signed    bool                 `json:"signed"`
	Behaviour string               `json:"behaviour"`
	Located   []locatedView        `json:"located"` // none when it misbehaved
}

type locatedView struct {
	DataHolder consent.URA        `json:"dataHolder"`
	Gateway    string             `json:"gateway"`
	Source     string             `json:"source"`
	Categories []consent.Category `json:"categories"`
}

type organizationView struct {
	URA          consent.URA          `json:"ura"`
	FacilityType consent.FacilityType `json:"facilityType"`
}

type requesterView struct {
	organizationView
	Responsible professionalView  `json:"responsible"`
	Mandated    *professionalView `json:"mandated,omitempty"`
}

type professionalView struct {
	Register string       `json:"register"`
	Number   string       `json:"number"`
	Role     consent.Role `json:"role,omitempty"`
}

type refusalView struct {
	Time   time.Time `json:"time"`
	Status int       `json:"status"`
	Reason string    `json:"reason"`
	Client string    `json:"client"`
}

func (c Control) listQueries([]byte) (any, error) {
	view := queriesView{
		Received: c.Simulator.Received(), Cancelled: c.Simulator.Cancelled(),
		Queries: []queryView{}, LocationQueries: []locationQueryView{}, Refusals: []refusalView{},
	}
	for _, query := range c.Simulator.Queries() {
		view.Queries = append(view.Queries, viewOf(query))
	}
	for _, query := range c.Simulator.LocationQueries() {
		view.LocationQueries = append(view.LocationQueries, viewOfLocation(query))
	}
	for _, refusal := range c.Simulator.Refusals() {
		view.Refusals = append(view.Refusals, refusalView{refusal.Time, refusal.Status, refusal.Reason, refusal.ClientSubject})
	}
	return view, nil
}

func viewOf(query mitztest.Query) queryView {
	view := queryView{
		Time: query.Time, RequestID: query.RequestID, Client: query.ClientSubject, Patient: query.PatientNumber(),
		DataHolder: organizationView{query.DataHolder.URA, query.DataHolder.FacilityType},
		Requester:  viewOfRequester(query.Requester),
		Categories: query.Categories, Purpose: query.Purpose, Behaviour: query.Behaviour.String(),
		Decisions: map[string]string{},
	}
	for category, decision := range query.Decisions {
		view.Decisions[string(category)] = decision.String()
	}
	return view
}

func viewOfRequester(requester consent.Requester) requesterView {
	view := requesterView{
		organizationView: organizationView{requester.URA, requester.FacilityType},
		Responsible: professionalView{
			requester.Responsible.ID.Root, requester.Responsible.ID.Extension, requester.Responsible.Role,
		},
	}
	if mandated := requester.Mandated; mandated != nil {
		view.Mandated = &professionalView{Register: mandated.Root, Number: mandated.Extension}
	}
	return view
}

func viewOfLocation(query mitztest.LocationQuery) locationQueryView {
	view := locationQueryView{
		Time: query.Time, RequestID: query.RequestID, Client: query.ClientSubject, Patient: query.PatientNumber(),
		Requester: viewOfRequester(query.Requester), Purpose: query.Purpose, Issuer: query.Issuer, Signed: query.Signed,
		Behaviour: query.Behaviour.String(), Located: []locatedView{},
	}
	for _, each := range query.Located {
		view.Located = append(view.Located, locatedView{each.DataHolder, each.Gateway, each.Source, each.Categories})
	}
	return view
}

func (c Control) emptyQueries([]byte) (any, error) {
	c.Simulator.ResetLog()
	return done, nil
}
