// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"encoding/json"
	"net/http"
	"regexp"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
	"github.com/nuts-foundation/nuts-node/core"
)

// maxTokenRequest is the largest token request that is read, in bytes. A
// presentation with a certificate chain takes some tens of kilobytes.
const maxTokenRequest = 1 << 20

// maxPresentations is how many presentations one request may hold. A wallet makes one, or
// one for each form of its credentials.
const maxPresentations = 2

// maxDPoP is the longest DPoP proof (RFC 9449 section 4.2), in bytes: the key with which
// it is verified is in it.
const maxDPoP = 8 << 10

// screenedParameters are those that the node writes into traces, or repeats.
var screenedParameters = []string{"grant_type", "scope", "client_id", "policy_id", "error", "error_description", "error_uri"}

// screened lets a handler of the node serve only what passes the screen, and keeps what
// the node repeats of it out of its errors.
func screened(handle echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		// As the node sets it for its own errors, for those that come before.
		c.Set(core.ErrorWriterContextKey, &oauth.Oauth2ErrorWriter{})
		if err := screen(c); err != nil {
			return err
		}
		return withoutBSN(handle(c))
	}
}

// screen bounds a request with presentations and refuses, before the node sees it, what
// the node would write into a trace (RFC 6749 parameters that hold a patient's number) or
// could be kept busy with (a JSONPath that searches, a heap of presentations). No honest
// requester sends any of it.
func screen(c echo.Context) error {
	request := c.Request()
	request.Body = http.MaxBytesReader(c.Response(), request.Body, maxTokenRequest)
	if len(request.Header.Get("DPoP")) > maxDPoP {
		return oauth.OAuth2Error{Code: oauth.InvalidRequest, Description: "the DPoP proof is too large"}
	}
	form, err := c.FormParams()
	if err != nil {
		return oauth.OAuth2Error{Code: oauth.InvalidRequest, Description: "the request is too large or malformed"}
	}
	for _, name := range screenedParameters {
		for _, value := range form[name] {
			// Not in a UUID, of which one in some hundreds holds such a number by chance.
			if value = uuidRun.ReplaceAllLiteralString(value, ""); redactBSN(value) != value {
				return oauth.OAuth2Error{Code: oauth.InvalidRequest, Description: "the parameter " + name + " holds a patient's number"}
			}
		}
	}
	for _, submission := range form["presentation_submission"] {
		if !hasPlainPaths(submission) {
			return oauth.OAuth2Error{Code: oauth.InvalidRequest, Description: "presentation_submission has a path that searches"}
		}
	}
	for _, name := range []string{"assertion", "vp_token"} {
		for _, value := range form[name] {
			var presentations []json.RawMessage
			if json.Unmarshal([]byte(value), &presentations) == nil && len(presentations) > maxPresentations {
				return oauth.OAuth2Error{Code: oauth.InvalidRequest, Description: "there are too many presentations"}
			}
		}
	}
	return nil
}

// uuidRun finds UUIDs (RFC 9562 section 4), as DIDs and client ids hold them.
var uuidRun = regexp.MustCompile(`\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b`)

// submissionEntry is an entry of a descriptor map (Presentation Exchange 2.0 section 6).
type submissionEntry struct {
	Path       string           `json:"path"`
	PathNested *submissionEntry `json:"path_nested"`
}

// plainPath is a JSONPath that names one place, as wallets write it:
// $.verifiableCredential[0], $[1], $.vp.verifiableCredential[0].
var plainPath = regexp.MustCompile(`^\$(\[[0-9]{1,4}\])?(\.[A-Za-z_]+(\[[0-9]{1,4}\])?){0,8}$`)

// hasPlainPaths tells whether all paths in a presentation submission name one place. What
// is no submission at all is left to the node to refuse.
func hasPlainPaths(submission string) bool {
	var parsed struct {
		DescriptorMap []submissionEntry `json:"descriptor_map"`
	}
	if json.Unmarshal([]byte(submission), &parsed) != nil {
		return true
	}
	for i := range parsed.DescriptorMap {
		for entry := &parsed.DescriptorMap[i]; entry != nil; entry = entry.PathNested {
			if !plainPath.MatchString(entry.Path) {
				return false
			}
		}
	}
	return true
}
