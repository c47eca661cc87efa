// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"errors"
	"net/http"
	"sync"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/vcr/verifier"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/node/bounded"
)

// publicEndpoints gives every public OAuth request a router of its own: the node stores a
// token, and gets a document, without saying for which request. The guard needs the
// request's context, to end the consult when the request ends, and the door needs to know
// whose turn it is.
type publicEndpoints struct {
	router *Router
	build  func() *oauthRouter
	routes sync.Map  // of the routes that are served
	idle   sync.Pool // of *oauthRouter
}

func (p *publicEndpoints) serves(method, path string) bool {
	_, served := p.routes.Load(method + path)
	return served
}

// handler returns the handler of a public route. What the node repeats of a request is kept
// out of its errors.
func (p *publicEndpoints) handler(method, path string) echo.HandlerFunc {
	route := method + path
	p.routes.Store(route, true)
	if route == http.MethodPost+tokenPath {
		p.router.guarding.Store(true)
	}
	return withoutPanic(p.router.Panicked, p.router.Door.Before(func(c echo.Context, visit *door.Visit) error {
		return withoutNumber(p.serve(route, c, visit))
	}))
}

// serve does not use a router again that panicked: what that left behind is unknown.
func (p *publicEndpoints) serve(route string, c echo.Context, visit *door.Visit) error {
	router, _ := p.idle.Get().(*oauthRouter)
	if router == nil {
		router = p.build()
	}
	err := router.serve(route, c, visit)
	p.idle.Put(router)
	return err
}

// oauthRouter is one instance of the node's OAuth router, used by one request at a time.
type oauthRouter struct {
	router   *Router
	handlers map[string]echo.HandlerFunc // by method and path
	request  echo.Context                // the request being served; nil when idle
	visit    *door.Visit                 // likewise
	verifier verifier.Verifier           // bounded by the visit
	refusal  error                       // why the guard refused its token
}

func (r *Router) newOAuthRouter(sweeper *bounded.Sweeper) *oauthRouter {
	one := &oauthRouter{router: r}
	visit := func() *door.Visit { return one.visit }
	sessions := bounded.Sessions{Engine: r.Storage, Sweeper: sweeper, Visit: visit}
	routes := &recorder{EchoRouter: echo.New(), handlers: map[string]echo.HandlerFunc{}}
	guarded := guardedStorage{Engine: sessions, keys: &r.keys, issue: one.issue, marks: r.Marks, again: r.again(), subject: one.subject}
	engines := r.bounded(visit)
	one.verifier = engines.VCR.Verifier()
	r.boundedIAM(guarded, r.Definitions, engines, visit).Routes(routes)
	one.handlers = routes.complete()
	return one
}

// serve handles one request. A refusal by the guard is answered as such, also where the
// node would have rewritten it (the authorization code grant).
func (r *oauthRouter) serve(route string, c echo.Context, visit *door.Visit) error {
	r.request, r.visit, r.refusal = c, visit, nil
	defer func() { r.request, r.visit = nil, nil }()
	err := r.handlers[route](c)
	if r.refusal != nil {
		return r.refusal
	}
	return err
}

// subject is at whose endpoint the request came in.
func (r *oauthRouter) subject() string {
	if r.request == nil {
		return ""
	}
	return r.request.Param("subjectID")
}

// issue keeps a refusal of the guard, which is an [oauth.OAuth2Error]; what else goes wrong
// with a token is the node's to answer.
func (r *oauthRouter) issue(token iam.AccessToken, place place) error {
	if r.request == nil {
		return r.router.issueOutsideRequest(token, place)
	}
	r.visit.Verified()
	err := r.router.Guard.Issue(r.request.Request().Context(), r.router.pending(token, place, r.verifier))
	if errors.As(err, new(oauth.OAuth2Error)) {
		r.refusal = err
	}
	return err
}

// recorder is a router that keeps handlers.
type recorder struct {
	core.EchoRouter
	handlers map[string]echo.HandlerFunc
	common   []echo.MiddlewareFunc
}

func (r *recorder) POST(path string, handler echo.HandlerFunc, middleware ...echo.MiddlewareFunc) *echo.Route {
	return r.record(http.MethodPost, path, handler, middleware)
}

func (r *recorder) GET(path string, handler echo.HandlerFunc, middleware ...echo.MiddlewareFunc) *echo.Route {
	return r.record(http.MethodGet, path, handler, middleware)
}

func (r *recorder) record(method, path string, handler echo.HandlerFunc, middleware []echo.MiddlewareFunc) *echo.Route {
	r.handlers[method+path] = around(handler, middleware)
	return &echo.Route{Method: method, Path: path}
}

// Use keeps middleware for all handlers.
func (r *recorder) Use(middleware ...echo.MiddlewareFunc) { r.common = append(r.common, middleware...) }

// complete returns the handlers with the middleware around each.
func (r *recorder) complete() map[string]echo.HandlerFunc {
	for route, handler := range r.handlers {
		r.handlers[route] = around(handler, r.common)
	}
	return r.handlers
}

// around puts middleware around a handler as echo does: the first is the outermost.
func around(handler echo.HandlerFunc, middleware []echo.MiddlewareFunc) echo.HandlerFunc {
	for i := len(middleware) - 1; i >= 0; i-- {
		handler = middleware[i](handler)
	}
	return handler
}
