// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/access"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/subscriptions"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// prefix is what the routes begin with. The node serves them on its internal address.
const prefix = "/internal/mitz/v1/:subject"

// Parts are what the interface works with. All are needed but Subscriptions,
// Withdrawn and Localizer.
type Parts struct {
	Policy *policy.Policy // which knows the data holders
	Marks  *withdrawal.Marks
	// EndToken takes a live token of a subject away, and reports whether there was one.
	EndToken func(subject, token string) (bool, error)
	// Subscriptions is nil where there are none to be had: mitz.withdrawal.notifyurl is empty.
	Subscriptions subscriptions.Subscriptions
	// Withdrawn is told that a patient withdrew consent, after that was kept, so that nothing is
	// registered at Mitz any more that was recorded before; nil: nothing is.
	Withdrawn func(ctx context.Context, patient consent.BSN, dataHolder consent.URA) error
	// Localizer is nil where Mitz is not asked where data are: mitz.localization.issuer is empty.
	Localizer Localizer
	// Accesses decides about requests to record servers, and AccessBases are the base URLs of those
	// that are FHIR servers.
	Accesses    Accesses
	AccessBases []string
	Recorder    Recorder
}

// Recorder is told of everything that is done.
type Recorder interface {
	withdrawal.Recorder
	subscriptions.Recorder
	// Access is told of a decision about a request to a record server. On an error nobody can tell.
	Access(subject string, verdict access.Verdict, err error)
}

// API serves the interface.
type API struct{ Parts }

// Router is where routes are registered.
type Router interface {
	DELETE(path string, handler echo.HandlerFunc, middleware ...echo.MiddlewareFunc) *echo.Route
	GET(path string, handler echo.HandlerFunc, middleware ...echo.MiddlewareFunc) *echo.Route
	HEAD(path string, handler echo.HandlerFunc, middleware ...echo.MiddlewareFunc) *echo.Route
	POST(path string, handler echo.HandlerFunc, middleware ...echo.MiddlewareFunc) *echo.Route
}

// Routes registers the routes.
func (a API) Routes(server Router) {
	server.POST(prefix+"/revocations", a.at(a.revoke))
	server.POST(prefix+"/localizations", a.at(a.locate))
	server.POST(prefix+"/access", a.at(a.judgeAccess))
	server.GET(prefix+"/access/*", a.at(a.judgeOriginal))
	server.HEAD(prefix+"/access/*", a.at(a.judgeOriginal))
	server.POST(prefix+"/access/*", a.at(a.judgeOriginal))
	server.POST(prefix+"/subscriptions", a.subscribing(a.subscribe))
	server.GET(prefix+"/subscriptions", a.subscribed(a.listSubscriptions))
	server.GET(prefix+"/subscriptions/:id", a.subscribed(a.getSubscription))
	server.DELETE(prefix+"/subscriptions/:id", a.subscribed(a.endSubscription))
}

// handler handles a request at a data holder.
type handler func(c echo.Context, subject string, dataHolder consent.DataHolder) error

// at finds the data holder of a request.
func (a API) at(handle handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		subject := c.Param("subject")
		dataHolder, listed := a.Policy.Lists().DataHolder(subject)
		if !listed {
			return unlisted()
		}
		return handle(c, subject, dataHolder)
	}
}

func unlisted() error { return problem(http.StatusNotFound, "the subject is not in mitz.dataholders") }

// problem returns an error that the node answers with as problem+json (RFC 9457).
func problem(status int, detail string) error { return echo.NewHTTPError(status, detail) }

// revoked tells of a revocation, whether or not the caller still waits.
func (a API) revoked(ctx context.Context, revocation withdrawal.Revocation) {
	a.Recorder.Revoked(context.WithoutCancel(ctx), revocation)
}
