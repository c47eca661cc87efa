// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/core"
	nutspolicy "github.com/nuts-foundation/nuts-node/policy"
	"github.com/nuts-foundation/nuts-node/vcr/verifier"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/guard"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/node/bounded"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/once"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/patience"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/wellformed"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/withdrawal"
)

// tokenPath is the route of the token endpoint (RFC 6749 section 3.2), where all grants end.
const tokenPath = "/oauth2/:subjectID/token"

// internalPrefix is what the routes begin with that only the operator's own systems reach.
const internalPrefix = "/internal/"

// Guard decides about the tokens that the node wants to store. See [guard.Guard].
type Guard interface {
	Issue(ctx context.Context, token guard.Token) error
	IssueOutsideRequest(token guard.Token) error
}

// Router serves the node's OAuth routes as the node does, except that a door is before all
// that are public, and that no token is stored unless its guard issues it.
type Router struct {
	Engines
	Authorities bounded.Authorities // that the operator names
	PublicURL   *url.URL            // of the node, from which the issuers of tokens are made
	Door        *door.Door
	Guard       Guard
	Marks       *withdrawal.Marks
	Rechecker   Rechecker
	Definitions nutspolicy.PDPBackend
	Listed      func(subject string) bool // whether the operator has it among the data holders
	Refused     func()                    // called for a presentation that the node is not asked about
	Panicked    func(message string)      // called for a panic of the node

	keys     once.Keys         // of what may be used once
	subjects patience.Patience // with the SQL database, for those
	ownDIDs  patience.Patience // likewise
	guarding atomic.Bool
}

// Guards reports whether the token endpoint is among the routes that were registered.
func (r *Router) Guards() bool { return r.guarding.Load() }

// Routes registers the routes. The node calls it once, after the engines were
// configured and before they are started.
func (r *Router) Routes(server core.EchoRouter) {
	sweeper := &bounded.Sweeper{}
	public := &publicEndpoints{router: r, build: func() *oauthRouter { return r.newOAuthRouter(sweeper) }}
	r.boundedIAM(r.outside(), r.Definitions, r.bounded(noVisit), noVisit).Routes(&interceptor{EchoRouter: server, public: public})
}

// outside is the storage of routes that only the operator's own systems reach: introspection is
// among them.
func (r *Router) outside() guardedStorage {
	return guardedStorage{Engine: r.Storage, keys: &r.keys, issue: r.issueOutsideRequest, marks: r.Marks, again: r.again()}
}

func (r *Router) issueOutsideRequest(token iam.AccessToken, place place) error {
	return r.Guard.IssueOutsideRequest(r.pending(token, place, r.VCR.Verifier()))
}

func (r *Router) pending(token iam.AccessToken, place place, verifier verifier.Verifier) *pendingToken {
	return &pendingToken{
		token: token, place: place, subject: subjectOf(r.PublicURL, token.Issuer),
		verifier: credentialVerifier{Verifier: verifier, jsonld: r.JSONLD},
	}
}

// bounded returns the engines that verify, with the bounds of a visit, and without panics.
func (r *Router) bounded(visit func() *door.Visit) bounded.Engines {
	stock := bounded.Stock{
		VCR: r.VCR, DIDs: r.VDR.Resolver(), JSONLD: r.JSONLD, PKI: r.PKI, Authorities: r.Authorities,
		SQL: r.Storage.GetSQLDatabase(), Patience: &r.ownDIDs, Server: r.Server,
	}
	engines := stock.Bound(visit)
	engines.VCR = sturdyVCR{VCR: engines.VCR, verifier: sturdyVerifier{Verifier: engines.VCR.Verifier(), refused: r.Refused, panicked: r.Panicked}}
	return engines
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
	if path == validatePath {
		handler = onlyCompact(handler)
	}
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

// withoutPanic ends a panic of the node, whose cause the HTTP server would print: it may
// hold anything that a requester sent. Where that could not even be parsed, the requester is
// told so.
func withoutPanic(panicked func(message string), handle echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if recover() != nil {
				panicked("Panic while handling a request")
				err = oauth.OAuth2Error{Code: oauth.ServerError, Description: guard.DescriptionUndetermined}
				if !canBeParsed(c) {
					err = oauth.OAuth2Error{Code: oauth.InvalidRequest, Description: "the presentation holds a credential that cannot be read"}
				}
			}
		}()
		return handle(c)
	}
}

// canBeParsed reports whether the presentations in a request can be.
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

// withoutNumber replaces an error of the node that repeats a patient's number, which
// it does with what a requester sent.
func withoutNumber(err error) error {
	if err == nil || redact.Text(err.Error()) == err.Error() {
		return err
	}
	withheld := oauth.OAuth2Error{Code: oauth.ServerError, Description: "details withheld: they may hold a patient's number"}
	var oauthErr oauth.OAuth2Error
	if errors.As(err, &oauthErr) {
		withheld.Code, withheld.RedirectURI = oauthErr.Code, oauthErr.RedirectURI
	}
	return withheld
}
