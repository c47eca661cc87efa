// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/auth/api/iam"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/storage"
	"github.com/nuts-foundation/nuts-node/vcr"
	"github.com/nuts-foundation/nuts-node/vcr/verifier"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/guard"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
)

func tokenRequest(body io.Reader) echo.Context {
	request := httptest.NewRequest(http.MethodPost, "/oauth2/hospital-east/token", body)
	return echo.New().NewContext(request, httptest.NewRecorder())
}

// guardWith answers every token alike.
type guardWith struct{ issue, outside error }

func (g guardWith) Issue(_ context.Context, token guard.Token) error {
	if g.issue == nil {
		return token.Store()
	}
	return g.issue
}

func (g guardWith) IssueOutsideRequest(guard.Token) error { return g.outside }

var errDenied = oauth.OAuth2Error{Code: oauth.AccessDenied, Description: guard.DescriptionDenied}

// counts are what a router of a test counts.
type counts struct {
	panics  int
	refused map[door.Reason]int
}

func newTestRouter(guard Guard) (*Router, *counts) {
	counted := &counts{refused: map[door.Reason]int{}}
	rules := door.Rules{
		Scope:       func(string) error { return nil },
		HoldsNumber: func(text string) bool { return redact.Text(text) != text },
	}
	return &Router{
		PublicURL: &url.URL{Scheme: "https", Host: "node.example"}, Guard: guard,
		Engines:  Engines{VCR: vcrWithout{}},
		Door:     door.New(rules, func(reason door.Reason) { counted.refused[reason]++ }),
		Panicked: func(string) { counted.panics++ },
	}, counted
}

// vcrWithout is a credential engine without a verifier.
type vcrWithout struct{ vcr.VCR }

func (vcrWithout) Verifier() verifier.Verifier { return nil }

// routed is a router that has one handler, for tokens.
func routed(guard Guard, handle echo.HandlerFunc) *oauthRouter {
	router, _ := newTestRouter(guard)
	return &oauthRouter{router: router, handlers: map[string]echo.HandlerFunc{"token": handle}}
}

func somewhere(t *testing.T) place {
	return place{key: "key", store: storage.NewTestInMemorySessionDatabase(t).GetStore(time.Minute, tokenStoreKey)}
}

func TestOAuthRouter(t *testing.T) {
	token := iam.AccessToken{Scope: "birth-care"}
	t.Run("a refusal is answered as it is, whatever the node makes of it", func(t *testing.T) {
		var router *oauthRouter
		router = routed(guardWith{issue: errDenied}, func(echo.Context) error {
			if err := router.issue(token, somewhere(t)); err != nil {
				return oauth.OAuth2Error{Code: oauth.ServerError, Description: "rewritten: " + err.Error()}
			}
			return nil
		})
		assert.Equal(t, errDenied, router.serve("token", tokenRequest(nil), nil))
	})
	t.Run("a refusal is not carried over to the next request", func(t *testing.T) {
		router := routed(guardWith{issue: errDenied}, func(echo.Context) error { return nil })
		router.refusal = errors.New("an earlier one")
		assert.NoError(t, router.serve("token", tokenRequest(nil), nil))
	})
	t.Run("what goes wrong with an unguarded token is the node's to answer", func(t *testing.T) {
		failure := errors.New("i/o timeout")
		var router *oauthRouter
		router = routed(guardWith{issue: failure}, func(echo.Context) error {
			assert.ErrorIs(t, router.issue(token, somewhere(t)), failure)
			return errDenied
		})
		assert.Equal(t, errDenied, router.serve("token", tokenRequest(nil), nil))
	})
	t.Run("an idle router has its tokens issued as outside a request", func(t *testing.T) {
		router := routed(guardWith{outside: errDenied}, func(echo.Context) error { return nil })
		require.NoError(t, router.serve("token", tokenRequest(nil), nil))
		assert.Equal(t, errDenied, router.issue(token, somewhere(t)))
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
	router, counted := newTestRouter(guardWith{})
	var reached []string
	public := &publicEndpoints{router: router, build: func() *oauthRouter {
		routes := &recorder{EchoRouter: echo.New(), handlers: map[string]echo.HandlerFunc{}}
		nodeRoutes(routes, &reached)
		return &oauthRouter{router: router, handlers: routes.complete()}
	}}
	server := echo.New()
	nodeRoutes(&interceptor{EchoRouter: server, public: public}, &reached)
	assert.True(t, router.Guards())
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
			var out bytes.Buffer
			logrus.SetOutput(&out)
			t.Cleanup(func() { logrus.SetOutput(os.Stderr) })
			reached = nil
			recorder := httptest.NewRecorder()
			server.ServeHTTP(recorder, httptest.NewRequest(tc.method, tc.target, nil))
			assert.Equal(t, tc.status, recorder.Code)
			assert.Equal(t, tc.reached, reached)
			assert.NotContains(t, recorder.Body.String()+out.String(), testBSN)
		})
	}
	assert.Equal(t, 1, counted.panics)
	assert.Equal(t, map[door.Reason]int{"number": 4, "form": 1}, counted.refused)
}

func TestARouterThatPanickedIsNotUsedAgain(t *testing.T) {
	router, _ := newTestRouter(guardWith{})
	built := 0
	public := &publicEndpoints{router: router, build: func() *oauthRouter {
		built++
		return routed(guardWith{}, func(echo.Context) error { panic("about " + testBSN) })
	}}
	for range 3 {
		assert.Panics(t, func() { _ = public.serve("token", tokenRequest(nil), nil) })
	}
	assert.Equal(t, 3, built)
}

func TestWithoutNumber(t *testing.T) {
	t.Run("an error without a patient's number stays the same", func(t *testing.T) {
		err := oauth.OAuth2Error{Code: oauth.InvalidScope, Description: "unsupported scope (x)"}
		assert.Equal(t, err, withoutNumber(err))
		assert.NoError(t, withoutNumber(nil))
	})
	t.Run("an OAuth error keeps its code", func(t *testing.T) {
		err := withoutNumber(fmt.Errorf("wrapped: %w", oauth.OAuth2Error{
			Code: oauth.InvalidScope, Description: "unsupported", InternalError: errors.New("conflict " + testBSN),
		}))
		var oauthErr oauth.OAuth2Error
		require.ErrorAs(t, err, &oauthErr)
		assert.Equal(t, oauth.InvalidScope, oauthErr.Code)
		assert.NotContains(t, err.Error(), testBSN)
	})
	t.Run("any other error becomes a server error", func(t *testing.T) {
		var oauthErr oauth.OAuth2Error
		require.ErrorAs(t, withoutNumber(errors.New(testBSN)), &oauthErr)
		assert.Equal(t, oauth.ServerError, oauthErr.Code)
		assert.NotContains(t, oauthErr.Error(), testBSN)
	})
}
