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
	t.Run("the node's errors hold no patient's number", func(t *testing.T) {
		handler := &tokenHandler{handle: func(echo.Context) error { return errors.New("conflicting values " + testBSN) }}
		err := handler.serve(tokenRequest(nil))
		require.Error(t, err)
		assert.NotContains(t, err.Error(), testBSN)
	})
}

func TestScreen(t *testing.T) {
	submission := func(path string) string {
		return `{"id":"1","definition_id":"2","descriptor_map":[{"id":"a","format":"jwt_vp","path":"$","path_nested":{"id":"a","format":"ldp_vc","path":"` + path + `"}}]}`
	}
	for _, tc := range []struct {
		name    string
		form    url.Values
		refused string // part of the description; empty: accepted
	}{
		{"an honest request", url.Values{"scope": {guarded}, "client_id": {"https://node.example/oauth2/a"}, "presentation_submission": {submission("$.verifiableCredential[0]")}}, ""},
		{"paths of a presentation in a list", url.Values{"presentation_submission": {submission("$[1]")}}, ""},
		{"a patient's number as scope", url.Values{"scope": {testBSN}}, "scope holds a patient's number"},
		{"a patient's number in the client's id", url.Values{"client_id": {"a", "https://x.example/" + testBSN}}, "client_id holds a patient's number"},
		{"a number in a UUID, by chance", url.Values{"client_id": {"https://x.example/0af2f3b4-0000-4000-8000-a" + testBSN + "bc"}}, ""},
		{"a patient's number as grant", url.Values{"grant_type": {testBSN}}, "grant_type holds a patient's number"},
		{"a patient's number as error", url.Values{"error": {testBSN}}, "error holds a patient's number"},
		{"a patient's number in an error's description", url.Values{"error_description": {"patient " + testBSN}}, "error_description holds a patient's number"},
		{"a path that searches", url.Values{"presentation_submission": {submission("$..*..*..*")}}, "a path that searches"},
		{"a path with a filter", url.Values{"presentation_submission": {submission("$[?(@.a)]")}}, "a path that searches"},
		{"what is no submission is the node's to refuse", url.Values{"presentation_submission": {"{"}}, ""},
		{"as many presentations as are allowed", url.Values{"assertion": {`["a",{}]`}, "vp_token": {"a.b.c"}}, ""},
		{"a heap of presentations", url.Values{"assertion": {` ["a",{},"c"]`}}, "too many presentations"},
		{"a heap of presentations, after a single one", url.Values{"vp_token": {"a", `[1,2,3]`}}, "too many presentations"},
		{"a request as large as allowed", url.Values{"a": {strings.Repeat("x", maxTokenRequest-2)}}, ""},
		{"a larger request", url.Values{"a": {strings.Repeat("x", maxTokenRequest-1)}}, "too large"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := tokenRequest(strings.NewReader(tc.form.Encode()))
			c.Request().Header.Set(echo.HeaderContentType, echo.MIMEApplicationForm)
			handled := false
			handler := &tokenHandler{handle: func(echo.Context) error { handled = true; return nil }}
			err := handler.serve(c)
			assert.Equal(t, tc.refused == "", handled)
			if tc.refused == "" {
				require.NoError(t, err)
				return
			}
			var oauthErr oauth.OAuth2Error
			require.ErrorAs(t, err, &oauthErr)
			assert.Equal(t, oauth.InvalidRequest, oauthErr.Code)
			assert.Contains(t, oauthErr.Description, tc.refused)
			assert.NotContains(t, oauthErr.Description, testBSN)
		})
	}
}

func TestTokenEndpoint(t *testing.T) {
	t.Run("a panic of the node is answered, and its cause kept to itself", func(t *testing.T) {
		out := captureLog(t)
		endpoint := &tokenEndpoint{}
		endpoint.idle.Put(&tokenHandler{handle: func(echo.Context) error { panic("about " + testBSN) }})
		assertOAuthError(t, withoutPanic(endpoint.serve)(tokenRequest(nil)), oauth.ServerError, descriptionUndetermined)
		assert.Contains(t, out.String(), "Panic while handling a request")
		assert.NotContains(t, out.String(), testBSN)
		assert.Nil(t, endpoint.idle.Get(), "a handler that panicked is used again")
	})
}

func TestInterceptor(t *testing.T) {
	server := echo.New()
	var replaced []string
	router := &interceptor{EchoRouter: server, onToken: func(echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error { replaced = append(replaced, c.Path()); return nil }
	}}
	untouched := func(c echo.Context) error { return c.NoContent(http.StatusTeapot) }
	router.POST(tokenPath, untouched)
	router.POST(responsePath, untouched)
	router.POST("/oauth2/:subjectID/other", untouched)
	router.GET(authorizePath, untouched)
	router.GET("/oauth2/:subjectID/other", untouched)
	for path, status := range map[string]int{
		"/oauth2/a/token": http.StatusOK, "/oauth2/a/response": http.StatusTeapot, "/oauth2/a/other": http.StatusTeapot,
		"/oauth2/a/response?vp_token=[1,2,3]": http.StatusInternalServerError, // here nothing writes OAuth errors
		"/oauth2/a/other?vp_token=[1,2,3]":    http.StatusTeapot,
	} {
		recorder := httptest.NewRecorder()
		server.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, path, nil))
		assert.Equal(t, status, recorder.Code, path)
	}
	assert.Equal(t, []string{tokenPath}, replaced)
	for path, status := range map[string]int{
		"/oauth2/a/authorize": http.StatusTeapot, "/oauth2/a/authorize?scope=" + testBSN: http.StatusInternalServerError,
		"/oauth2/a/other?scope=" + testBSN: http.StatusTeapot,
	} {
		recorder := httptest.NewRecorder()
		server.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
		assert.Equal(t, status, recorder.Code, path)
	}
}
