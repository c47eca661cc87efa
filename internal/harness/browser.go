// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

const (
	// callbackURL is where the requester's application waits for its user; the browser stops
	// before it, nothing listens there.
	callbackURL  = "http://127.0.0.1/callback"
	maxRedirects = 10
)

// UserTokenRequest asks a requester's node for a token by way of its user's browser.
type UserTokenRequest struct {
	AuthorizationServer string
	Scope               string
	User                Employee
}

// UserTokenResult is how the authorization-code grant ended.
type UserTokenResult struct {
	// TokenAnswer is what the data holder's token endpoint answered; its status is 0 when the
	// flow ended before the token request.
	TokenAnswer Answer
	// RedirectError is the error with which the browser came back to the application.
	RedirectError OAuthError
	// Token is the access token that the requester's application got, if any.
	Token string
}

// RequestUserToken plays the application and the browser of the authorization-code grant
// between two nodes. Both need auth.authorizationendpoint.enabled, and the wallet of the
// requester must hold every credential: nothing is self-attested in this grant.
//
// No other token request may be made at the data holder meanwhile.
func (n *Node) RequestUserToken(ctx context.Context, dataHolder *Node, subject string, request UserTokenRequest) (UserTokenResult, error) {
	started, err := n.startUserFlow(ctx, subject, request)
	if err != nil {
		return UserTokenResult{}, err
	}
	dataHolder.TokenAnswers() // forget earlier ones
	callback, err := n.browse(ctx, started.RedirectURI)
	if err != nil {
		return UserTokenResult{}, err
	}
	result := UserTokenResult{RedirectError: OAuthError{
		Code: callback.Get("error"), Description: callback.Get("error_description"),
	}}
	if answers := dataHolder.TokenAnswers(); len(answers) > 0 {
		result.TokenAnswer = answers[len(answers)-1]
	}
	if result.RedirectError.Code != "" {
		return result, nil
	}
	answer, err := n.Get(ctx, "/internal/auth/v2/accesstoken/"+url.PathEscape(started.SessionID))
	result.Token = answer.Token()
	return result, err
}

type userFlow struct {
	RedirectURI string `json:"redirect_uri"`
	SessionID   string `json:"session_id"`
}

func (n *Node) startUserFlow(ctx context.Context, subject string, request UserTokenRequest) (userFlow, error) {
	answer, err := n.postJSON(ctx, "/internal/auth/v2/"+url.PathEscape(subject)+"/request-user-access-token", map[string]any{
		"authorization_server": request.AuthorizationServer,
		"scope":                request.Scope,
		"redirect_uri":         callbackURL,
		"token_type":           "Bearer",
		"preauthorized_user": map[string]string{
			"id": request.User.Identifier, "name": request.User.Name, "role": request.User.Role,
		},
	})
	if err != nil {
		return userFlow{}, err
	}
	var started userFlow
	return started, answer.decode(http.StatusOK, &started)
}

// browse follows the redirects as a browser would, up to the application's callback,
// and returns the query that the callback got.
func (n *Node) browse(ctx context.Context, location string) (url.Values, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	browser := &http.Client{Transport: n.client.Transport, Jar: jar, CheckRedirect: n.client.CheckRedirect}
	for range maxRedirects {
		if strings.HasPrefix(location, callbackURL) {
			callback, err := url.Parse(location)
			if err != nil {
				return nil, err
			}
			return callback.Query(), nil
		}
		answer, err := do(ctx, browser, http.MethodGet, location, nil, nil)
		if err != nil {
			return nil, err
		}
		if location = answer.Header.Get("Location"); location == "" {
			return nil, fmt.Errorf("the browser got stuck with HTTP status %d: %s", answer.Status, pageText(answer.Body))
		}
	}
	return nil, errors.New("the browser was redirected in circles")
}

// pageText shortens a page for an error message.
func pageText(page []byte) string {
	const most = 300
	text := strings.Join(strings.Fields(string(page)), " ")
	if len(text) > most {
		text = text[:most] + "..."
	}
	return text
}
