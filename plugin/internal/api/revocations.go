// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// revocation is the body of a request to end live tokens: all about a patient, or one.
type revocation struct {
	Patient *string `json:"patient"`
	Token   *string `json:"token"`
}

// revoke ends live tokens. What it answers with 204 has ended, on every node that shares
// this one's sessions.
func (a API) revoke(c echo.Context, subject string, dataHolder consent.DataHolder) error {
	var asked revocation
	if err := readBody(c, &asked, maxBody, object("patient", "token")); err != nil {
		return err
	}
	switch {
	case asked.Patient != nil && asked.Token == nil:
		return a.revokePatient(c, subject, dataHolder, *asked.Patient)
	case asked.Token != nil && asked.Patient == nil:
		return a.revokeToken(c, subject, dataHolder, *asked.Token)
	default:
		return problem(http.StatusBadRequest, "the body has a patient or a token")
	}
}

func (a API) revokePatient(c echo.Context, subject string, dataHolder consent.DataHolder, number string) error {
	if a.Marks.IsOff() {
		return problem(http.StatusNotImplemented, "tokens about a patient can be ended where mitz.withdrawal.keyfile is configured")
	}
	patient, err := consent.ParseBSN(number)
	if err != nil {
		return problem(http.StatusBadRequest, "patient is not a BSN")
	}
	failure := a.Marks.Withdraw(withdrawal.About{Patient: patient, DataHolder: dataHolder.URA})
	if a.Withdrawn != nil {
		failure = errors.Join(failure, a.Withdrawn(context.WithoutCancel(c.Request().Context()), patient, dataHolder.URA))
	}
	a.revoked(c.Request().Context(), withdrawal.Revocation{
		Cause: withdrawal.CauseRecordSystem, Subject: subject, DataHolder: dataHolder, Patient: patient, Failure: failure,
	})
	if failure != nil {
		return problem(http.StatusServiceUnavailable, "the session or SQL database could not be written: tokens may still live, or come of what was recorded before")
	}
	return c.NoContent(http.StatusNoContent)
}

func (a API) revokeToken(c echo.Context, subject string, dataHolder consent.DataHolder, token string) error {
	existed, failure := a.EndToken(subject, token)
	if failure == nil && !existed {
		return problem(http.StatusNotFound, "the subject has no such token")
	}
	a.revoked(c.Request().Context(), withdrawal.Revocation{
		Cause: withdrawal.CauseRecordSystem, Subject: subject, DataHolder: dataHolder, Failure: failure,
	})
	if failure != nil {
		return problem(http.StatusServiceUnavailable, "the session database could not be reached: the token may still live")
	}
	return c.NoContent(http.StatusNoContent)
}
