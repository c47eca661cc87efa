// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package control

import (
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// registrationsView is what was registered, oldest first.
type registrationsView struct {
	Registrations []registrationView `json:"registrations"`
}

type registrationView struct {
	ID             string                 `json:"id"`
	Time           time.Time              `json:"time"`
	Patient        string                 `json:"patient"`
	DataHolder     organizationView       `json:"dataHolder"`
	Categories     []consent.Category     `json:"categories"`
	RequesterTypes []consent.FacilityType `json:"requesterTypes"`
	Requester      consent.URA            `json:"requester"`
	RecordedAt     time.Time              `json:"recordedAt"`
	Sent           int                    `json:"sent"`
	InForce        bool                   `json:"inForce"`
}

func (c Control) listRegistrations([]byte) (any, error) {
	view := registrationsView{Registrations: []registrationView{}}
	for _, each := range c.Simulator.Registrations() {
		view.Registrations = append(view.Registrations, registrationView{
			ID: each.ID, Time: each.Time, Patient: each.PatientNumber(), DataHolder: organizationView{each.DataHolder, each.DataHolderType},
			Categories: each.Categories, RequesterTypes: each.RequesterTypes, Requester: each.Requester,
			RecordedAt: each.RecordedAt, Sent: each.Sent, InForce: each.InForce,
		})
	}
	return view, nil
}

func (c Control) processRegistrations([]byte) (any, error) {
	return struct {
		Processed int `json:"processed"`
	}{c.Simulator.Process()}, nil
}
