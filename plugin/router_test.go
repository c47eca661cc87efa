// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
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
			if err := handler.authorize(&token); err != nil {
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
		assert.Error(t, handler.authorize(&token))
	})
	t.Run("the node's errors hold no patient's number", func(t *testing.T) {
		handler := &tokenHandler{handle: func(echo.Context) error { return errors.New("conflicting values " + testBSN) }}
		err := handler.serve(tokenRequest(nil))
		require.Error(t, err)
		assert.NotContains(t, err.Error(), testBSN)
	})
	t.Run("a request is read up to a limit", func(t *testing.T) {
		handler := &tokenHandler{handle: func(c echo.Context) error {
			_, err := io.Copy(io.Discard, c.Request().Body)
			return err
		}}
		require.NoError(t, handler.serve(tokenRequest(strings.NewReader(strings.Repeat("x", maxTokenRequest)))))
		var tooLarge *http.MaxBytesError
		require.ErrorAs(t, handler.serve(tokenRequest(strings.NewReader(strings.Repeat("x", maxTokenRequest+1)))), &tooLarge)
	})
}

func TestTokenEndpoint(t *testing.T) {
	t.Run("a panic of the node is answered, and its cause kept to itself", func(t *testing.T) {
		out := captureLog(t)
		endpoint := &tokenEndpoint{}
		endpoint.idle.Put(&tokenHandler{handle: func(echo.Context) error { panic("about " + testBSN) }})
		assertOAuthError(t, endpoint.serve(tokenRequest(nil)), oauth.ServerError, descriptionUndetermined)
		assert.Contains(t, out.String(), "Panic while handling a token request")
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
	router.POST("/oauth2/:subjectID/other", untouched)
	for path, status := range map[string]int{"/oauth2/a/token": http.StatusOK, "/oauth2/a/other": http.StatusTeapot} {
		recorder := httptest.NewRecorder()
		server.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, path, nil))
		assert.Equal(t, status, recorder.Code, path)
	}
	assert.Equal(t, []string{tokenPath}, replaced)
}
