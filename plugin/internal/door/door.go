// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import (
	"errors"
	"net/http"
	"net/url"
	"runtime"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/core"

	"github.com/nuts-mitz/nuts-mitz/internal/turns"
)

const (
	// turnsPerCore is how many requests are worked on at once, for each core, and
	// turnsOfSource how many of one source: enough to keep the cores busy. A turn is left
	// for who comes from elsewhere.
	turnsPerCore, turnsOfSource = 2, 1
	// coresApart is for how many cores there is one turn apart, for sources that waste the
	// node's time. As long as such a turn lasted, nobody gets the next.
	coresApart = 4
	// longestWait is how long a request waits for its turn. A presentation is valid for
	// five seconds: who waited for most of them would be verified in vain, and the node
	// would be busy with nothing else.
	longestWait = 3 * time.Second
	// maxWaiting bounds how many wait, and maxWaitingShare how many of one source: a proxy
	// that does not tell who is behind it is one source too.
	maxWaiting, maxWaitingShare = 4096, 3072
	// maxFetching and maxFetchingShare bound the requests for which something is got from
	// elsewhere at the same time.
	maxFetching, maxFetchingShare = 256, 64
	// wholeRoom and shareRoom bound the memory that requests take until they are verified,
	// in bytes: for each, baseRoom and roomFactor times its size.
	wholeRoom, shareRoom = 256 << 20, 192 << 20
	baseRoom, roomFactor = 16 << 10, 8
)

// Door stands before the handlers of the node's OAuth endpoints.
type Door struct {
	rules    Rules
	refused  func(Reason)
	room     *room
	working  *turns.Turns[source] // of those that come in
	resuming *turns.Turns[source] // of those that something was got for: they do not wait behind who came later
	fetching *turns.Turns[source]
	apart    *turns.Turns[source] // of sources that waste the node's time
	waste    waste
}

// New makes a door with these rules. It calls refused for each request that it refuses.
func New(rules Rules, refused func(Reason)) *Door {
	cores := runtime.GOMAXPROCS(0)
	waiting := turns.Limits{Turns: turnsPerCore * cores, Share: turnsOfSource * cores, Queue: maxWaiting, QueueShare: maxWaitingShare}
	apart := turns.Limits{Turns: (cores + coresApart - 1) / coresApart, Queue: maxWaiting, QueueShare: maxWaitingShare}
	fetching := turns.Limits{Turns: maxFetching, Share: maxFetchingShare, Queue: maxWaiting, QueueShare: maxWaitingShare}
	return &Door{
		rules: rules, refused: refused, room: newRoom(wholeRoom, shareRoom),
		working: turns.New[source](waiting), resuming: turns.New[source](waiting), fetching: turns.New[source](fetching),
		apart: turns.New[source](apart), waste: waste{by: map[source]wasted{}},
	}
}

// Handler handles a request that the door let through.
type Handler func(c echo.Context, visit *Visit) error

// Before returns a handler that is called only for what the door lets through, when it is
// that request's turn. A refusal is an [oauth.OAuth2Error], or is answered here.
func (d *Door) Before(handle Handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		// As the node sets it for its own errors, for those that come before.
		c.Set(core.ErrorWriterContextKey, &oauth.Oauth2ErrorWriter{})
		err := d.rules.Screen(c)
		if refusal := (*Refusal)(nil); errors.As(err, &refusal) {
			d.refused(refusal.Reason)
			return refusal.Answer
		}
		visit, err := d.enter(c)
		if err != nil {
			if c.Request().Context().Err() != nil {
				return err // the requester is gone
			}
			d.refused(ReasonBusy)
			return busy(c)
		}
		visit.failed = true // unless it comes to its end
		defer visit.end()
		if err := handle(c, visit); err != nil {
			return err
		}
		visit.failed = c.Response().Status >= http.StatusBadRequest
		return visit.settle()
	}
}

// enter waits for the request's turn.
func (d *Door) enter(c echo.Context) (*Visit, error) {
	request := c.Request()
	visit := &Visit{
		door: d, from: sourceOf(c.RealIP()), ctx: request.Context(),
		bytes: baseRoom + roomFactor*(len(request.RequestURI)+sizeOf(request.PostForm)),
	}
	if !d.room.take(visit.from, visit.bytes) {
		return nil, turns.QueueFull
	}
	visit.apart = d.waste.isTooMuch(visit.from)
	if err := visit.takeTurn(d.working); err != nil {
		d.room.giveBack(visit.from, visit.bytes)
		return nil, err
	}
	return visit, nil
}

func sizeOf(form url.Values) (size int) {
	for name, values := range form {
		size += len(name)
		for _, value := range values {
			size += len(value)
		}
	}
	return size
}

// busy answers that the requester should try again. RFC 6749 has an error for that only
// where a browser is sent back.
func busy(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderRetryAfter, "1")
	return c.JSON(http.StatusServiceUnavailable, oauth.OAuth2Error{Code: oauth.ServerError, Description: "too many requests are waiting"})
}
