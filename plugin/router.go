// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"sync"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/storage"
)

// The routes of the node's grants: the token endpoint (RFC 6749 section 3.2), and where the
// authorization code grant begins (section 3.1) and takes presentations (OpenID4VP, direct_post).
const (
	tokenPath     = "/oauth2/:subjectID/token"
	responsePath  = "/oauth2/:subjectID/response"
	authorizePath = "/oauth2/:subjectID/authorize"
)

// router serves the node's OAuth routes: all as the node does, except that the
// token endpoint is guarded, and that no presentation takes time without end.
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
	outside := guardedStorage{Engine: engine.node.storage, issue: engine.issueOutsideRequest}
	engine.node.newIAM(outside, engine.backend()).Routes(&interceptor{
		EchoRouter: server,
		onToken: func(echo.HandlerFunc) echo.HandlerFunc {
			engine.guarding.Store(true)
			return endpoint.serve
		},
	})
}

// interceptor is a router that lets the token endpoint's handler be replaced.
type interceptor struct {
	core.EchoRouter
	onToken func(echo.HandlerFunc) echo.HandlerFunc
}

func (i *interceptor) POST(path string, handler echo.HandlerFunc, middleware ...echo.MiddlewareFunc) *echo.Route {
	switch path {
	case tokenPath:
		handler = withoutPanic(i.onToken(handler))
	case responsePath:
		handler = withoutPanic(screened(handler))
	}
	return i.EchoRouter.POST(path, handler, middleware...)
}

func (i *interceptor) GET(path string, handler echo.HandlerFunc, middleware ...echo.MiddlewareFunc) *echo.Route {
	if path == authorizePath {
		handler = withoutPanic(screened(handler))
	}
	return i.EchoRouter.GET(path, handler, middleware...)
}

// withoutPanic ends a panic of the node, whose cause the HTTP server would print: it may
// hold anything that a requester sent.
func withoutPanic(handle echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if recover() != nil {
				logPanic("Panic while handling a request")
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
	sessions := guardedStorage{Engine: engine.node.storage, issue: handler.issue}
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
	err := screened(h.handle)(c)
	if h.refusal != nil {
		return h.refusal
	}
	return err
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
