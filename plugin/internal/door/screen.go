// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/nuts-foundation/nuts-node/auth/oauth"
)

// What a request may be, in bytes, before anything in it is looked at. A presentation with
// certificate chains takes some tens of kilobytes.
const (
	maxBody    = 1 << 20
	maxAddress = 24 << 10 // path and query
	maxHeaders = 32 << 10
	maxDPoP    = 8 << 10 // a proof (RFC 9449 section 4.2): the key that verifies it is in it
	maxSegment = 512     // of the path: a subject, a session, a DID
)

// maxParameters is how many parameters a request may have, in address and body together.
// The token endpoint knows eight.
const maxParameters = 32

// patience is how long the body of a request may take to arrive. The node itself waits
// for ever.
const patience = 15 * time.Second

// maxScopes is how many scopes one request may name: the node matches the presentation
// anew for each.
const maxScopes = 8

// lengthOf returns how long a parameter may be, in bytes. The node keeps, logs or repeats
// most of them.
func lengthOf(parameter string) int {
	switch parameter {
	case "assertion", "vp_token":
		return maxPresentation
	case "presentation_submission":
		return maxSubmission
	case "request", "wallet_metadata", "client_assertion":
		return maxRequestObject
	case "code":
		return 4 << 10 // of another server, which may put what it knows in it
	case "grant_type", "response_type", "state", "nonce", "code_verifier", "token", "wallet_nonce":
		return 256
	case "scope", "error":
		return 1 << 10
	default:
		return 2 << 10 // addresses, identities, and what the node does not know
	}
}

// tracedParameters are those that the node writes into traces, or repeats.
var tracedParameters = []string{"grant_type", "scope", "client_id", "policy_id", "response_type", "error", "error_description", "error_uri"}

// Rules are what the door cannot know by itself.
type Rules struct {
	// Scope returns the answer to a scope that can give no token; nil for all others.
	Scope func(scope string) error
	// HoldsNumber reports whether a short text holds a patient's number.
	HoldsNumber func(text string) bool
}

// Screen bounds a request, and refuses what would keep the node busy, or would be kept by
// it. A nil error means that the node may work on it; any other is a [*Refusal].
func (r Rules) Screen(c echo.Context) error {
	if refusal := r.screen(c); refusal != nil {
		return refusal
	}
	return nil
}

func (r Rules) screen(c echo.Context) *Refusal {
	if refusal := screenEnvelope(c); refusal != nil {
		return refusal
	}
	if refusal := readForm(c); refusal != nil {
		return refusal
	}
	form := c.Request().Form
	if refusal := r.screenParameters(form); refusal != nil {
		return refusal
	}
	if object := form.Get("request"); object != "" {
		if refusal := CheckRequestObject(object); refusal != nil {
			return refusal
		}
	}
	presented := 0
	for _, name := range []string{"assertion", "vp_token"} {
		if sent := form.Get(name); sent != "" {
			presented += len(sent)
			if refusal := checkPresentations(sent); refusal != nil {
				return refusal
			}
		}
	}
	if submission := form.Get("presentation_submission"); submission != "" {
		return checkSubmission(submission, presented)
	}
	return nil
}

// screenEnvelope looks at what is around the parameters.
func screenEnvelope(c echo.Context) *Refusal {
	request := c.Request()
	if len(request.RequestURI) > maxAddress {
		request.RequestURI = strings.Clone(request.RequestURI[:maxSegment]) // is logged, and the rest is let go
		return refuse(ReasonSize, "the address is too long")
	}
	for _, value := range c.ParamValues() {
		if len(value) > maxSegment {
			return refuse(ReasonSize, "the address is too long")
		}
	}
	if len(request.Header.Get("DPoP")) > maxDPoP {
		return refuse(ReasonSize, "the DPoP proof is too large")
	}
	size := 0
	for name, values := range request.Header {
		for _, value := range values {
			size += len(name) + len(value)
		}
	}
	if size > maxHeaders {
		return refuse(ReasonSize, "the headers are too large")
	}
	return nil
}

// readForm reads the parameters of address and body once, for all who ask later. They are
// counted before they are taken apart.
func readForm(c echo.Context) *Refusal {
	request := c.Request()
	content, refusal := readBody(c)
	if refusal != nil {
		return refusal
	}
	if strings.Count(request.URL.RawQuery, "&")+bytes.Count(content, []byte("&")) >= maxParameters {
		return refuse(ReasonForm, "there are too many parameters")
	}
	query, err := url.ParseQuery(request.URL.RawQuery)
	if err != nil {
		return refuse(ReasonForm, "the parameters are malformed")
	}
	form, err := url.ParseQuery(string(content))
	if err != nil {
		return refuse(ReasonForm, "the parameters are malformed")
	}
	request.PostForm, request.Form = form, url.Values{}
	for _, values := range []url.Values{form, query} {
		for name, each := range values {
			request.Form[name] = append(request.Form[name], each...)
		}
	}
	return nil
}

// readBody reads the body of a form. A form in parts is none that OAuth knows (RFC 6749
// appendix B), and would be written to disk.
func readBody(c echo.Context) ([]byte, *Refusal) {
	request := c.Request()
	if request.Method != http.MethodPost || request.ContentLength == 0 {
		request.Body = http.NoBody // means nothing in another request, and is not waited for
		return nil, nil
	}
	if request.ContentLength > maxBody {
		return nil, refuse(ReasonSize, "the request is too large")
	}
	kind, _, err := mime.ParseMediaType(request.Header.Get(echo.HeaderContentType))
	if err != nil || kind != echo.MIMEApplicationForm {
		return nil, refuse(ReasonForm, "the request is no form: Content-Type must be "+echo.MIMEApplicationForm)
	}
	// A writer that knows no deadlines is not that of the node's HTTP server.
	control := http.NewResponseController(c.Response())
	_ = control.SetReadDeadline(time.Now().Add(patience))
	body := http.MaxBytesReader(c.Response(), request.Body, maxBody)
	buffer := bytes.NewBuffer(make([]byte, 0, max(request.ContentLength, 0)+bytes.MinRead))
	if _, err := io.Copy(buffer, body); err != nil {
		return nil, refuse(ReasonSize, "the request is too large, or was not sent completely")
	}
	_ = control.SetReadDeadline(time.Time{})
	request.Body = http.NoBody
	return buffer.Bytes(), nil
}

// screenParameters looks at each parameter by itself.
func (r Rules) screenParameters(form url.Values) *Refusal {
	for name, values := range form {
		if len(name) > maxIdentifier {
			return refuse(ReasonSize, "a parameter's name is too long")
		}
		if len(values) > 1 { // RFC 6749 section 3.2: not more than once
			return refuse(ReasonForm, "a parameter is there more than once")
		}
		if len(values[0]) > lengthOf(name) {
			return refuse(ReasonSize, "a parameter is too long")
		}
	}
	for _, name := range tracedParameters {
		if value := form.Get(name); value != "" && r.HoldsNumber(value) {
			return refuse(ReasonNumber, "the parameter "+name+" holds a patient's number")
		}
	}
	return r.screenScope(form)
}

// screenScope looks at the scope of a request that has one.
func (r Rules) screenScope(form url.Values) *Refusal {
	scope, named := form["scope"]
	if !named {
		return nil
	}
	if strings.Count(strings.TrimSpace(scope[0]), " ") >= maxScopes {
		return &Refusal{Reason: ReasonScope, Answer: oauth.OAuth2Error{Code: oauth.InvalidScope, Description: "there are too many scopes"}}
	}
	if grant := form.Get("grant_type"); grant != "" && grant != oauth.AuthorizationCodeGrantType {
		if answer, ok := errors.AsType[oauth.OAuth2Error](r.Scope(scope[0])); ok {
			return &Refusal{Reason: ReasonScope, Answer: answer}
		}
	}
	return nil
}
