// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// Answer is what a server answered, as it was received.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// OAuthError is an error response of an OAuth token endpoint (RFC 6749, section 5.2).
type OAuthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// Token returns the access token, or "" when there is none in the answer.
func (a Answer) Token() string {
	var body struct {
		AccessToken string `json:"access_token"`
	}
	if a.Status != http.StatusOK || json.Unmarshal(a.Body, &body) != nil {
		return ""
	}
	return body.AccessToken
}

// OAuthError returns the error in the answer; it is empty when there is none.
func (a Answer) OAuthError() OAuthError {
	var result OAuthError
	_ = json.Unmarshal(a.Body, &result)
	return result
}

// Contains reports whether the body holds a text.
func (a Answer) Contains(text string) bool { return bytes.Contains(a.Body, []byte(text)) }

// decode reads the body of an answer that must have the wanted status. The error
// leaves out the body, which may hold a BSN.
func (a Answer) decode(wantStatus int, target any) error {
	if a.Status != wantStatus {
		return fmt.Errorf("HTTP status %d instead of %d%s", a.Status, wantStatus, a.problem())
	}
	if target == nil {
		return nil
	}
	return json.Unmarshal(a.Body, target)
}

// problem returns the title of an RFC 9457 problem, as the node's internal API reports it.
func (a Answer) problem() string {
	var body struct {
		Title string `json:"title"`
	}
	if json.Unmarshal(a.Body, &body) != nil || body.Title == "" {
		return ""
	}
	return ": " + body.Title
}
