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
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

func tokenRequest(body io.Reader) echo.Context {
	request := httptest.NewRequest(http.MethodPost, "/oauth2/hospital-east/token", body)
	return echo.New().NewContext(request, httptest.NewRecorder())
}

func TestTokenHandler(t *testing.T) {
	t.Run("a refusal is answered as it is, whatever the node makes of it", func(t *testing.T) {
		handler := &tokenHandler{engine: newTestEngine(t, deciding(consent.Deny))}
		handler.handle = func(echo.Context) error {
			token := testToken(guarded)
			if err := handler.issue(token.Token, token, &keptTokens{}); err != nil {
				return oauth.OAuth2Error{Code: oauth.ServerError, Description: "rewritten: " + err.Error()}
			}
			return nil
		}
		assertOAuthError(t, handler.serve(tokenRequest(nil)), oauth.AccessDenied, descriptionDenied)
	})
	t.Run("a refusal is not carried over to the next request", func(t *testing.T) {
		handler := &tokenHandler{engine: newTestEngine(t, deciding(consent.Deny)), refusal: errors.New("an earlier one")}
		handler.handle = func(echo.Context) error { return nil }
		assert.NoError(t, handler.serve(tokenRequest(nil)))
	})
	t.Run("an idle handler stores no guarded token", func(t *testing.T) {
		handler := &tokenHandler{engine: newTestEngine(t, unasked(t))}
		handler.handle = func(echo.Context) error { return nil }
		require.NoError(t, handler.serve(tokenRequest(nil)))
		token := testToken(guarded)
		assert.Error(t, handler.issue(token.Token, token, &keptTokens{}))
	})
}

func TestTokenEndpoint(t *testing.T) {
	t.Run("a panic of the node is answered, and its cause kept to itself", func(t *testing.T) {
		out := captureLog(t)
		engine := newTestEngine(t, unasked(t))
		endpoint := &tokenEndpoint{engine: engine}
		endpoint.idle.Put(&tokenHandler{handle: func(echo.Context) error { panic("about " + testBSN) }})
		assertOAuthError(t, withoutPanic(engine.panicked, endpoint.serve)(tokenRequest(nil)), oauth.ServerError, descriptionUndetermined)
		assert.Contains(t, out.String(), "Panic while handling a request")
		assert.InDelta(t, 1, testutil.ToFloat64(engine.metrics.panics), 0)
		assert.NotContains(t, out.String(), testBSN)
		assert.Nil(t, endpoint.idle.Get(), "a handler that panicked is used again")
	})
}

func TestInterceptor(t *testing.T) {
	engine := newTestEngine(t, unasked(t))
	server := echo.New()
	var replaced []string
	router := &interceptor{EchoRouter: server, door: engine.newDoor(), panicked: engine.panicked, onToken: func(echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error { replaced = append(replaced, c.Path()); return nil }
	}}
	node := func(c echo.Context) error { return c.NoContent(http.StatusTeapot) }
	router.POST(tokenPath, node)
	for _, path := range []string{"/oauth2/:subjectID/response", "/oauth2/:subjectID/request.jwt/:id", "/internal/a"} {
		router.POST(path, node)
	}
	for _, path := range []string{"/oauth2/:subjectID/authorize", "/statuslist/:did/:page", "/internal/a"} {
		router.GET(path, node)
	}
	router.GET("/oauth2/:subjectID/failing", func(echo.Context) error { return errors.New("conflicting values " + testBSN) })
	router.GET("/oauth2/:subjectID/panicking", func(echo.Context) error { panic("about " + testBSN) })
	send := func(method, target string) *httptest.ResponseRecorder {
		recorder := httptest.NewRecorder()
		server.ServeHTTP(recorder, httptest.NewRequest(method, target, nil))
		return recorder
	}
	for _, tc := range []struct {
		name, method, target string
		status               int
	}{
		{"the token endpoint is replaced", http.MethodPost, "/oauth2/a/token", http.StatusOK},
		{"the door is before it", http.MethodPost, "/oauth2/a/token?scope=" + testBSN, http.StatusInternalServerError}, // here nothing writes OAuth errors
		{"another endpoint is the node's", http.MethodPost, "/oauth2/a/response", http.StatusTeapot},
		{"with the door before it", http.MethodPost, "/oauth2/a/response?vp_token=[1,2,3]&vp_token=a", http.StatusInternalServerError},
		{"request objects", http.MethodPost, "/oauth2/a/request.jwt/b?error=" + testBSN, http.StatusInternalServerError},
		{"authorization", http.MethodGet, "/oauth2/a/authorize", http.StatusTeapot},
		{"with the door before it too", http.MethodGet, "/oauth2/a/authorize?scope=" + testBSN, http.StatusInternalServerError},
		{"status lists", http.MethodGet, "/statuslist/a/1?error=" + testBSN, http.StatusInternalServerError},
		{"the operator's own systems meet no door", http.MethodGet, "/internal/a?scope=" + testBSN, http.StatusTeapot},
		{"nor when they post", http.MethodPost, "/internal/a?scope=" + testBSN, http.StatusTeapot},
		{"an error of the node", http.MethodGet, "/oauth2/a/failing", http.StatusInternalServerError},
		{"a panic of the node", http.MethodGet, "/oauth2/a/panicking", http.StatusInternalServerError},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out := captureLog(t)
			recorder := send(tc.method, tc.target)
			assert.Equal(t, tc.status, recorder.Code)
			assert.NotContains(t, recorder.Body.String()+out.String(), testBSN)
		})
	}
	assert.Equal(t, []string{tokenPath}, replaced)
	assert.InDelta(t, 4, testutil.ToFloat64(engine.metrics.doorRefused.WithLabelValues("number")), 0)
	assert.InDelta(t, 1, testutil.ToFloat64(engine.metrics.doorRefused.WithLabelValues("form")), 0)
}

func TestDoorAndScopes(t *testing.T) {
	engine := newTestEngine(t, unasked(t))
	for scope, refused := range map[string]bool{guarded: false, "plain": false, " " + guarded: false, "": true, "  ": true} {
		reached := false
		handle := engine.newDoor().Before(func(echo.Context) error { reached = true; return nil })
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
