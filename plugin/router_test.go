// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

func tokenRequest(body io.Reader) echo.Context {
	request := httptest.NewRequest(http.MethodPost, "/oauth2/hospital-east/token", body)
	return echo.New().NewContext(request, httptest.NewRecorder())
}

// routed is a router that has one handler, for tokens.
func routed(engine *Engine, handle echo.HandlerFunc) *oauthRouter {
	return &oauthRouter{engine: engine, handlers: map[string]echo.HandlerFunc{"token": handle}}
}

func TestOAuthRouter(t *testing.T) {
	t.Run("a refusal is answered as it is, whatever the node makes of it", func(t *testing.T) {
		var router *oauthRouter
		router = routed(newTestEngine(t, deciding(consent.Deny)), func(echo.Context) error {
			token := testToken(guarded)
			if err := router.issue(token.Token, token, &keptTokens{}); err != nil {
				return oauth.OAuth2Error{Code: oauth.ServerError, Description: "rewritten: " + err.Error()}
			}
			return nil
		})
		assertOAuthError(t, router.serve("token", tokenRequest(nil), nil), oauth.AccessDenied, descriptionDenied)
	})
	t.Run("a refusal is not carried over to the next request", func(t *testing.T) {
		router := routed(newTestEngine(t, deciding(consent.Deny)), func(echo.Context) error { return nil })
		router.refusal = errors.New("an earlier one")
		assert.NoError(t, router.serve("token", tokenRequest(nil), nil))
	})
	t.Run("an idle router stores no guarded token", func(t *testing.T) {
		router := routed(newTestEngine(t, unasked(t)), func(echo.Context) error { return nil })
		require.NoError(t, router.serve("token", tokenRequest(nil), nil))
		token := testToken(guarded)
		assert.Error(t, router.issue(token.Token, token, &keptTokens{}))
	})
}

// nodeRoutes are some of what the node registers, of which each tells that it was reached.
func nodeRoutes(router core.EchoRouter, reached *[]string) {
	node := func(c echo.Context) error {
		*reached = append(*reached, c.Request().Method+" "+c.Path())
		return c.NoContent(http.StatusTeapot)
	}
	for _, path := range []string{tokenPath, "/oauth2/:subjectID/response", "/oauth2/:subjectID/request.jwt/:id", "/internal/a"} {
		router.POST(path, node)
	}
	for _, path := range []string{"/oauth2/:subjectID/authorize", "/statuslist/:did/:page", "/internal/a"} {
		router.GET(path, node)
	}
	router.GET("/oauth2/:subjectID/failing", func(echo.Context) error { return errors.New("conflicting values " + testBSN) })
	router.GET("/oauth2/:subjectID/panicking", func(echo.Context) error { panic("about " + testBSN) })
	router.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			*reached = append(*reached, "middleware")
			return next(c)
		}
	})
}

func TestRouter(t *testing.T) {
	engine := newTestEngine(t, unasked(t))
	var reached []string
	public := &publicEndpoints{engine: engine, door: engine.newDoor(), build: func() *oauthRouter {
		routes := &recorder{EchoRouter: echo.New(), handlers: map[string]echo.HandlerFunc{}}
		nodeRoutes(routes, &reached)
		return &oauthRouter{engine: engine, handlers: routes.complete()}
	}}
	server := echo.New()
	nodeRoutes(&interceptor{EchoRouter: server, public: public}, &reached)
	assert.True(t, engine.guarding.Load())
	const failed = http.StatusInternalServerError // here nothing writes OAuth errors
	for _, tc := range []struct {
		name, method, target string
		status               int
		reached              []string
	}{
		{"the token endpoint", http.MethodPost, "/oauth2/a/token", http.StatusTeapot, []string{"middleware", "POST " + tokenPath}},
		{"the door is before it", http.MethodPost, "/oauth2/a/token?scope=" + testBSN, failed, nil},
		{"another endpoint", http.MethodPost, "/oauth2/a/response", http.StatusTeapot, []string{"middleware", "POST /oauth2/:subjectID/response"}},
		{"with the door before it", http.MethodPost, "/oauth2/a/response?vp_token=[1,2,3]&vp_token=a", failed, nil},
		{"request objects", http.MethodPost, "/oauth2/a/request.jwt/b?error=" + testBSN, failed, nil},
		{"authorization", http.MethodGet, "/oauth2/a/authorize", http.StatusTeapot, []string{"middleware", "GET /oauth2/:subjectID/authorize"}},
		{"with the door before it too", http.MethodGet, "/oauth2/a/authorize?scope=" + testBSN, failed, nil},
		{"status lists", http.MethodGet, "/statuslist/a/1?error=" + testBSN, failed, nil},
		{"the operator's own systems meet no door", http.MethodGet, "/internal/a?scope=" + testBSN, http.StatusTeapot, []string{"middleware", "GET /internal/a"}},
		{"nor when they post", http.MethodPost, "/internal/a?scope=" + testBSN, http.StatusTeapot, []string{"middleware", "POST /internal/a"}},
		{"an error of the node", http.MethodGet, "/oauth2/a/failing", failed, []string{"middleware"}},
		{"a panic of the node", http.MethodGet, "/oauth2/a/panicking", failed, []string{"middleware"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out := captureLog(t)
			reached = nil
			recorder := httptest.NewRecorder()
			server.ServeHTTP(recorder, httptest.NewRequest(tc.method, tc.target, nil))
			assert.Equal(t, tc.status, recorder.Code)
			assert.Equal(t, tc.reached, reached)
			assert.NotContains(t, recorder.Body.String()+out.String(), testBSN)
		})
	}
	assert.InDelta(t, 1, testutil.ToFloat64(engine.metrics.panics), 0)
	assert.InDelta(t, 4, testutil.ToFloat64(engine.metrics.doorRefused.WithLabelValues("number")), 0)
	assert.InDelta(t, 1, testutil.ToFloat64(engine.metrics.doorRefused.WithLabelValues("form")), 0)
}

func TestARouterThatPanickedIsNotUsedAgain(t *testing.T) {
	engine := newTestEngine(t, unasked(t))
	built := 0
	public := &publicEndpoints{engine: engine, door: engine.newDoor(), build: func() *oauthRouter {
		built++
		return routed(engine, func(echo.Context) error { panic("about " + testBSN) })
	}}
	for range 3 {
		assert.Panics(t, func() { _ = public.serve("token", tokenRequest(nil), nil) })
	}
	assert.Equal(t, 3, built)
}

func TestDoorAndScopes(t *testing.T) {
	engine := newTestEngine(t, unasked(t))
	for scope, refused := range map[string]bool{guarded: false, "plain": false, guarded + " " + guarded: false, " " + guarded: false, "": true, "  ": true} {
		reached := false
		handle := engine.newDoor().Before(func(echo.Context, *door.Visit) error { reached = true; return nil })
		body := url.Values{"grant_type": {"vp_token-bearer"}, "scope": {scope}}.Encode()
		c := tokenRequest(strings.NewReader(body))
		c.Request().Header.Set(echo.HeaderContentType, echo.MIMEApplicationForm)
		err := handle(c)
		assert.Equal(t, !refused, reached, "scope %q", scope)
		if refused {
			assertOAuthError(t, err, oauth.InvalidScope, descriptionUnusableScope)
		}
	}
}
