// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/internal/strictjson"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/localization"
)

// Localizer finds out which data holders may share a patient's data with a requester.
type Localizer interface {
	Locate(ctx context.Context, subject string, q consent.LocationQuery) (localization.Found, error)
}

// lookUp is the body of a request to find out where a patient's data are.
type lookUp struct {
	Patient      *string `json:"patient"`
	Professional *struct {
		ID   *string `json:"id"`
		Role *string `json:"role"`
	} `json:"professional"`
	Purpose *string `json:"purpose"`
}

func lookUpObject() *strictjson.Object {
	known := object("patient", "professional", "purpose")
	known.Members["professional"] = object("id", "role")
	return known
}

// read returns the query of an organisation. The error names what is wrong, and repeats nothing.
func (l lookUp) read(requester consent.DataHolder) (q consent.LocationQuery, err error) {
	q.Requester.URA, q.Requester.FacilityType = requester.URA, requester.FacilityType
	var problems []string
	wrong := func(err error, text string) {
		if err != nil {
			problems = append(problems, text)
		}
	}
	q.Patient, err = consent.ParseBSN(orEmpty(l.Patient))
	wrong(err, "patient is not a BSN")
	var id, role string
	if l.Professional != nil {
		id, role = orEmpty(l.Professional.ID), orEmpty(l.Professional.Role)
	}
	q.Requester.Responsible.ID, err = policy.ReadProfessional(id)
	wrong(err, "professional.id is not a professional's number: one of the UZI register, or system|value")
	q.Requester.Responsible.Role, err = policy.ReadRole(role)
	wrong(err, "professional.role is not a role code, such as 01.015")
	q.Purpose, err = consent.ParsePurposeOfUse(orEmpty(l.Purpose))
	wrong(err, "purpose is not TREAT or COC")
	if problems != nil {
		return consent.LocationQuery{}, problem(http.StatusBadRequest, strings.Join(problems, "; "))
	}
	return q, nil
}

// locate asks Mitz which data holders may share a patient's data with a subject of this node.
func (a API) locate(c echo.Context, subject string, requester consent.DataHolder) error {
	if a.Localizer == nil {
		return problem(http.StatusNotImplemented, "Mitz is asked where data are where mitz.localization.issuer is configured")
	}
	var asked lookUp
	if err := readBody(c, &asked, maxBody, lookUpObject()); err != nil {
		return err
	}
	query, err := asked.read(requester)
	if err != nil {
		return err
	}
	found, err := a.Localizer.Locate(c.Request().Context(), subject, query)
	if err != nil {
		return unlocated(c, err)
	}
	return c.JSON(http.StatusOK, foundViewOf(found))
}

// unlocated says why nothing was found out.
func unlocated(c echo.Context, err error) error {
	failure, isMitz := errors.AsType[*mitzclient.Error](err)
	switch {
	case isMitz && failure.Code == mitzclient.TooManyQueries:
		c.Response().Header().Set(echo.HeaderRetryAfter, "60")
		return problem(http.StatusTooManyRequests, "this patient was asked about too often: each query is shown to the patient")
	case isMitz:
		return unavailable(c, "Mitz could not be asked, or gave no good answer: "+string(failure.Code))
	case errors.Is(err, localization.ErrNotRunning):
		return unavailable(c, "the node starts or stops")
	default:
		return unavailable(c, "it cannot be recorded who asks: see the audit file")
	}
}

// foundView is what is told of where data are.
type foundView struct {
	RequestID   string           `json:"requestId"`
	DataHolders []dataHolderView `json:"dataHolders"`
}

type dataHolderView struct {
	URA        *string      `json:"ura"`
	Categories []string     `json:"categories"`
	Systems    []systemView `json:"systems"`
	Nodes      []nodeView   `json:"nodes"` // null: nobody could look
}

type systemView struct {
	Gateway    string   `json:"gateway"`
	Source     *string  `json:"source"`
	Categories []string `json:"categories"`
}

type nodeView struct {
	DID                 string  `json:"did"`
	AuthorizationServer *string `json:"authorizationServer"`
}

func foundViewOf(found localization.Found) foundView {
	view := foundView{RequestID: found.RequestID, DataHolders: []dataHolderView{}}
	for _, each := range found.DataHolders {
		holder := dataHolderView{URA: unlessEmpty(string(each.URA)), Categories: codesOf(each.Categories), Systems: []systemView{}}
		for _, system := range each.Systems {
			holder.Systems = append(holder.Systems, systemView{system.Gateway, unlessEmpty(system.Source), codesOf(system.Categories)})
		}
		if each.Nodes != nil {
			holder.Nodes = []nodeView{}
		}
		for _, node := range each.Nodes {
			holder.Nodes = append(holder.Nodes, nodeView{node.DID, unlessEmpty(node.AuthorizationServer)})
		}
		view.DataHolders = append(view.DataHolders, holder)
	}
	return view
}

func codesOf(categories []consent.Category) []string {
	codes := []string{}
	for _, each := range categories {
		codes = append(codes, string(each))
	}
	return codes
}
