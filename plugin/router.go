// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"regexp"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/storage"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
	"github.com/nuts-mitz/nuts-mitz/policy"
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
	engine.node.vcr = newBoundedVCR(engine.node)
	endpoint := &tokenEndpoint{engine: engine}
	outside := guardedStorage{Engine: engine.node.storage, keys: &engine.keys, issue: engine.issueOutsideRequest}
	engine.node.newIAM(outside, engine.backend()).Routes(&interceptor{
		EchoRouter: server,
		door:       engine.newDoor(),
		panicked:   engine.panicked,
		onToken: func(echo.HandlerFunc) echo.HandlerFunc {
			engine.guarding.Store(true)
			return endpoint.serve
		},
	})
}

// interceptor is a router that puts a door before the public routes, and lets the token
// endpoint's handler be replaced.
type interceptor struct {
	core.EchoRouter
	door     *door.Door // nil: there is none
	panicked func(message string)
	onToken  func(echo.HandlerFunc) echo.HandlerFunc
}

func (i *interceptor) POST(path string, handler echo.HandlerFunc, middleware ...echo.MiddlewareFunc) *echo.Route {
	if path == tokenPath {
		handler = i.onToken(handler)
	}
	return i.EchoRouter.POST(path, i.guard(path, handler), middleware...)
}

func (i *interceptor) GET(path string, handler echo.HandlerFunc, middleware ...echo.MiddlewareFunc) *echo.Route {
	return i.EchoRouter.GET(path, i.guard(path, handler), middleware...)
}

// guard puts the door before the handler of a public route. What the node repeats of a
// request is kept out of its errors.
func (i *interceptor) guard(path string, handle echo.HandlerFunc) echo.HandlerFunc {
	if i.door == nil || strings.HasPrefix(path, internalPrefix) {
		return handle
	}
	return withoutPanic(i.panicked, i.door.Before(func(c echo.Context) error { return withoutBSN(handle(c)) }))
}

// newDoor makes the door before the public routes.
func (e *Engine) newDoor() *door.Door {
	rules := door.Rules{
		Scope: func(scope string) error {
			if len(policy.SplitScope(scope)) > 0 {
				return nil
			}
			return oauthError(&policy.Refusal{Reason: policy.ReasonScope})
		},
		// Not in a UUID, of which one in some hundreds holds such a number by chance.
		HoldsNumber: func(text string) bool {
			text = uuidRun.ReplaceAllLiteralString(text, "")
			return redactBSN(text) != text
		},
	}
	return door.New(rules, func(reason door.Reason) { e.metrics.doorRefused.WithLabelValues(string(reason)).Inc() })
}

// uuidRun finds UUIDs (RFC 9562 section 4), as DIDs and client ids hold them.
var uuidRun = regexp.MustCompile(`\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b`)

// withoutPanic ends a panic of the node, whose cause the HTTP server would print: it may
// hold anything that a requester sent.
func withoutPanic(panicked func(message string), handle echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if recover() != nil {
				panicked("Panic while handling a request")
				err = oauthError(errPanic)
			}
		}()
		return handle(c)
	}
}

// tokenEndpoint gives every token request a token handler of its own: the node
// stores a token without saying for which request, and the guard needs the
// request's context, to end the consult when the request ends.
type tokenEndpoint struct {
	engine *Engine
	idle   sync.Pool // of *tokenHandler
}

// serve does not use a handler again that panicked: what that left behind is unknown.
func (e *tokenEndpoint) serve(c echo.Context) error {
	handler, _ := e.idle.Get().(*tokenHandler)
	if handler == nil {
		handler = newTokenHandler(e.engine)
	}
	err := handler.serve(c)
	e.idle.Put(handler)
	return err
}

// tokenHandler is one instance of the node's OAuth router, of which only the token
// endpoint is used, by one request at a time.
type tokenHandler struct {
	engine  *Engine
	handle  echo.HandlerFunc
	request echo.Context // the request being served; nil when idle
	refusal error        // why the guard refused its token
}

func newTokenHandler(engine *Engine) *tokenHandler {
	handler := &tokenHandler{engine: engine}
	sessions := guardedStorage{Engine: engine.node.storage, keys: &engine.keys, issue: handler.issue, subject: handler.subject}
	engine.node.newIAM(sessions, engine.backend()).Routes(&interceptor{
		EchoRouter: echo.New(),
		onToken: func(handle echo.HandlerFunc) echo.HandlerFunc {
			handler.handle = handle
			return handle
		},
	})
	return handler
}

// serve handles one token request. A refusal by the guard is answered as such,
// also where the node would have rewritten it (the authorization code grant).
func (h *tokenHandler) serve(c echo.Context) error {
	h.request, h.refusal = c, nil
	defer func() { h.request = nil }()
	err := h.handle(c)
	if h.refusal != nil {
		return h.refusal
	}
	return err
}

// subject is at whose endpoint the request came in.
func (h *tokenHandler) subject() string {
	if h.request == nil {
		return ""
	}
	return h.request.Param("subjectID")
}

// issue keeps a refusal of the guard, which is an [oauth.OAuth2Error]; what else goes wrong
// with a token is the node's to answer.
func (h *tokenHandler) issue(key string, token iam.AccessToken, store storage.SessionStore, options ...storage.SessionOption) error {
	if h.request == nil {
		return h.engine.issueOutsideRequest(key, token, store, options...)
	}
	err := h.engine.issue(h.request.Request().Context(), key, token, store, options...)
	if errors.As(err, new(oauth.OAuth2Error)) {
		h.refusal = err
	}
	return err
}
