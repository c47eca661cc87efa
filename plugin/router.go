// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/core"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/wellformed"
)

// tokenPath is the route of the token endpoint (RFC 6749 section 3.2), where all grants end.
const tokenPath = "/oauth2/:subjectID/token"

// internalPrefix is what the routes begin with that only the operator's own systems reach.
const internalPrefix = "/internal/"

// router serves the node's OAuth routes: all as the node does, except that the token
// endpoint is guarded, and that a door is before all that are public.
type router struct {
	engine *Engine
}

// Routes registers the routes. The node calls it once, after the engines were
// configured and before they are started.
func (r *router) Routes(server core.EchoRouter) {
	engine := r.engine
	if !engine.enabled() {
		engine.node.newIAM(engine.node.storage, engine.node.policy).Routes(server)
		return
	}
	engine.node.authorities = engine.authorities()
	bounded := engine.node.bounded(noVisit)
	engine.node.vcr = bounded.VCR
	sweeper := &door.Sweeper{}
	public := &publicEndpoints{engine: engine, door: engine.newDoor(), build: func() *oauthRouter { return newOAuthRouter(engine, sweeper) }}
	outside := guardedStorage{Engine: engine.node.storage, keys: &engine.keys, issue: engine.issueOutsideRequest}
	engine.node.newBoundedIAM(outside, engine.backend(), bounded, noVisit).Routes(&interceptor{EchoRouter: server, public: public})
}

// noVisit is where there is no request, or one that is the operator's own.
func noVisit() *door.Visit { return nil }

// interceptor is a router that has public routes served elsewhere.
type interceptor struct {
	core.EchoRouter
	public *publicEndpoints
}

func isPublic(path string) bool { return !strings.HasPrefix(path, internalPrefix) }

func (i *interceptor) POST(path string, handler echo.HandlerFunc, middleware ...echo.MiddlewareFunc) *echo.Route {
	if !isPublic(path) {
		return i.EchoRouter.POST(path, handler, middleware...)
	}
	return i.EchoRouter.POST(path, i.public.handler(http.MethodPost, path))
}

func (i *interceptor) GET(path string, handler echo.HandlerFunc, middleware ...echo.MiddlewareFunc) *echo.Route {
	if !isPublic(path) {
		return i.EchoRouter.GET(path, handler, middleware...)
	}
	return i.EchoRouter.GET(path, i.public.handler(http.MethodGet, path))
}

// Use leaves the public routes out: who serves them has the same middleware, behind the door.
func (i *interceptor) Use(middleware ...echo.MiddlewareFunc) {
	for _, each := range middleware {
		i.EchoRouter.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
			with := each(next)
			return func(c echo.Context) error {
				if i.public.serves(c.Request().Method, c.Path()) {
					return next(c)
				}
				return with(c)
			}
		})
	}
}

// newDoor makes the door before the public routes.
func (e *Engine) newDoor() *door.Door {
	rules := door.Rules{
		Scope: func(scope string) error {
			switch e.policy.KindOfScope(scope) {
			case policy.ScopeBlank, policy.ScopeMixed:
				return oauthError(&policy.Refusal{Reason: policy.ReasonScope})
			default:
				return nil
			}
		},
		// Not in a UUID, of which one in some hundreds holds such a number by chance.
		HoldsNumber: func(text string) bool {
			text = uuidRun.ReplaceAllLiteralString(text, "")
			return redactBSN(text) != text
		},
	}
	return door.New(rules, e.countRefused)
}

// countRefused counts a request that was refused before the node worked on it.
func (e *Engine) countRefused(reason door.Reason) {
	e.metrics.doorRefused.WithLabelValues(string(reason)).Inc()
}

// uuidRun finds UUIDs (RFC 9562 section 4), as DIDs and client ids hold them.
var uuidRun = regexp.MustCompile(`\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b`)

// withoutPanic ends a panic of the node, whose cause the HTTP server would print: it may
// hold anything that a requester sent. Where that could not even be parsed, the requester is
// told so.
func withoutPanic(panicked func(message string), handle echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if recover() != nil {
				panicked("Panic while handling a request")
				err = oauthError(errPanic)
				if !canBeParsed(c) {
					err = oauth.OAuth2Error{Code: oauth.InvalidRequest, Description: "the presentation holds a credential that cannot be read"}
				}
			}
		}()
		return handle(c)
	}
}

// canBeParsed tells whether the presentations in a request can be.
func canBeParsed(c echo.Context) bool {
	form, err := c.FormParams() // as the door read it
	if err != nil {
		return true
	}
	for _, name := range []string{"assertion", "vp_token"} {
		if slices.ContainsFunc(form[name], func(sent string) bool { return !wellformed.CanBeParsed(sent) }) {
			return false
		}
	}
	return true
}
