// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/subscriptions"
)

// databaseTime is how long the SQL database may take for one request.
const databaseTime = 30 * time.Second

// retryAfter is when to try again where it failed, in seconds.
const retryAfter = "10"

// subscribing finds the data holder of a request about subscriptions.
func (a API) subscribing(handle handler) echo.HandlerFunc {
	return a.at(func(c echo.Context, subject string, dataHolder consent.DataHolder) error {
		if a.Subscriptions == nil {
			return notSubscribing()
		}
		return handle(c, subject, dataHolder)
	})
}

func notSubscribing() error {
	return problem(http.StatusNotImplemented, "patients can be subscribed where mitz.withdrawal.notifyurl is configured")
}

// subscribed finds the subject of a request about subscriptions that there are. One that is on
// the list no more can still have some, which are to be listed and ended.
func (a API) subscribed(handle func(c echo.Context, subject string, listed bool) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		subject := c.Param("subject")
		_, listed := a.Policy.Lists().DataHolder(subject)
		switch {
		case !listed && !canBeSubject.MatchString(subject):
			return unlisted()
		case a.Subscriptions == nil && !listed:
			return unlisted()
		case a.Subscriptions == nil:
			return notSubscribing()
		default:
			return handle(c, subject, listed)
		}
	}
}

// canBeSubject matches what the node takes for a subject.
var canBeSubject = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,200}$`)

// database returns the context in which the SQL database is asked for a request.
func database(c echo.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.Request().Context(), databaseTime)
}

// subscribe wishes for subscriptions: all that are asked for, or none. Mitz is told in the
// background.
func (a API) subscribe(c echo.Context, subject string, dataHolder consent.DataHolder) error {
	var asked wishes
	if err := readBody(c, &asked, maxPatientsBody, wishesObject()); err != nil {
		return err
	}
	wished, err := asked.read(subject, dataHolder)
	if err != nil {
		return err
	}
	ctx, cancel := database(c)
	defer cancel()
	kept, failure := a.Subscriptions.Add(ctx, wished...)
	a.changed(c, subscriptions.Change{Subject: subject, Count: len(wished), Failure: failure})
	if failure != nil {
		return unavailable(c, "the SQL database could not be written: send it again")
	}
	views := viewsOf(kept)
	if asked.Patients != nil {
		return c.JSON(http.StatusAccepted, listView{views})
	}
	c.Response().Header().Set(echo.HeaderLocation, location(subject, kept[0].ID))
	return c.JSON(http.StatusAccepted, views[0])
}

// listSubscriptions lists those of a subject, a page at a time.
func (a API) listSubscriptions(c echo.Context, subject string, listed bool) error {
	after, limit, err := pageAsked(c.Request().URL.RawQuery)
	if err != nil {
		return err
	}
	ctx, cancel := database(c)
	defer cancel()
	page, failure := a.Subscriptions.List(ctx, subject, after, limit)
	if failure != nil {
		return a.unread(c, failure)
	}
	told := pageViewOf(page)
	if !listed && told.isEmpty() {
		return unlisted()
	}
	return c.JSON(http.StatusOK, told)
}

func (a API) getSubscription(c echo.Context, subject string, _ bool) error {
	id, isID := readID(c.Param("id"))
	if !isID {
		return unknown()
	}
	ctx, cancel := database(c)
	defer cancel()
	found, failure := a.Subscriptions.Get(ctx, subject, id)
	switch {
	case errors.Is(failure, subscriptions.ErrUnknown):
		return unknown()
	case failure != nil:
		return a.unread(c, failure)
	default:
		return c.JSON(http.StatusOK, viewOf(found))
	}
}

// endSubscription ends one. Again is harmless: until Mitz was told the answer is the same, and
// after that there is no such subscription.
func (a API) endSubscription(c echo.Context, subject string, listed bool) error {
	id, isID := readID(c.Param("id"))
	if !isID {
		return unknown()
	}
	ctx, cancel := database(c)
	defer cancel()
	failure := a.Subscriptions.End(ctx, subject, id)
	switch {
	case errors.Is(failure, subscriptions.ErrUnknown):
		return unknown()
	case failure != nil && !listed: // nobody knows whether there is such a subject, to log it
		return a.unread(c, failure)
	}
	a.changed(c, subscriptions.Change{Subject: subject, Ended: true, Count: 1, Failure: failure})
	if failure != nil {
		return unavailable(c, "the SQL database could not be written: send it again")
	}
	return c.NoContent(http.StatusNoContent)
}

// changed tells of a change, whether or not the caller still waits.
func (a API) changed(c echo.Context, change subscriptions.Change) {
	a.Recorder.SubscriptionsChanged(context.WithoutCancel(c.Request().Context()), change)
}

// unread answers that the database could not be read.
func (a API) unread(c echo.Context, failure error) error {
	a.Recorder.SubscriptionsUnread(failure)
	return unavailable(c, "the SQL database could not be read: try again")
}

func unavailable(c echo.Context, detail string) error {
	c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter)
	return problem(http.StatusServiceUnavailable, detail)
}

func unknown() error { return problem(http.StatusNotFound, "the subject has no such subscription") }

// location is where a subscription is found.
func location(subject, id string) string {
	return strings.Replace(prefix, ":subject", url.PathEscape(subject), 1) + "/subscriptions/" + id
}

// uuid is the form of a subscription's id (RFC 9562 section 4).
var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// readID reads an id as it is kept: some databases of others write it in capitals. It reports
// whether it is one.
func readID(s string) (string, bool) {
	id := strings.ToLower(s)
	return id, uuid.MatchString(id)
}
