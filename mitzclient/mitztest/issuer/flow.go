// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// How long something can be used, and how many there may be of it at once.
const (
	requestLife = 5 * time.Minute
	codeLife    = time.Minute
	tokenLife   = time.Minute
	most        = 1000
)

// flow is what goes on: what was requested, by its reference, what was authorized, by its
// code, and what may be collected, by the access token. Each is used once.
type flow struct {
	requests *store[wanted]
	codes    *store[grant]
	tokens   *store[wanted]
	asked    *store[asked]    // what a presentation was asked for, by its state
	proofs   *store[struct{}] // those that were used, for as long as they could be used again
}

func newFlow() flow {
	return flow{newStore[wanted](requestLife), newStore[grant](codeLife), newStore[wanted](tokenLife), newStore[asked](requestLife), newStore[struct{}](2 * proofLife)}
}

// grant is what a code stands for.
type grant struct {
	wanted
	clientID, redirectURI, challenge string
}

const detailType = "openid_credential"

// authorizationDetail is what is authorized (RFC 9396 section 2, OpenID4VCI 1.0 section 5.1.1).
type authorizationDetail struct {
	Type          string `json:"type"`
	Configuration string `json:"credential_configuration_id"`
	Reference     string `json:"mitz_request"` // of a [Request]
}

// authorize sends the browser back with a code (RFC 6749 section 4.1, RFC 7636 section 4.3).
// Nobody is asked anything: who posted the request was known to Mitz by its certificate.
//
// What is wrong with the client or the address to return to is told in the browser, and
// everything else there (RFC 6749 section 4.1.2.1).
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	parameters, err := once(r.URL.RawQuery, "response_type", "state", "client_id", "client_id_scheme", "authorization_details", "redirect_uri", "code_challenge", "code_challenge_method")
	if err != nil {
		i.refuse(w, invalidRequest(err.Error()))
		return
	}
	callback, err := url.Parse(parameters["redirect_uri"])
	client := parameters["client_id"]
	// The pinned node's callback is below its client_id; no other address is the client's.
	if err != nil || callback.Scheme != "https" || callback.RawQuery != "" || callback.Fragment != "" || callback.String() != client+"/callback" {
		i.refuse(w, invalidRequest("client_id must be an https address, and redirect_uri that with /callback behind it"))
		return
	}
	granted, reason := i.authorized(parameters)
	if reason == nil && i.demand != nil {
		location, err := i.demandFrom(granted, parameters["state"])
		if err == nil {
			http.Redirect(w, r, location, http.StatusFound)
			return
		}
		reason = asRefusal(err)
	}
	http.Redirect(w, r, i.returned(granted, callback.String(), parameters["state"], reason), http.StatusFound)
}

// returned is where the browser goes back to: with a code, or with the reason why there is none.
func (i *Issuer) returned(granted grant, callback, state string, reason *refusal) string {
	answer := url.Values{"state": {state}}
	var code string
	if reason == nil {
		var ok bool
		if code, ok = put(i, i.flow.codes, granted); !ok {
			reason = tooMany()
		}
	}
	if reason != nil {
		i.logger.Warn("issuer refused", "error", reason.code, "reason", reason.description)
		answer.Set("error", reason.code)
		answer.Set("error_description", reason.description)
	} else {
		answer.Set("code", code)
		answer.Set("iss", i.url) // RFC 9207
	}
	return callback + "?" + answer.Encode()
}

func (i *Issuer) authorized(parameters map[string]string) (grant, *refusal) {
	if parameters["response_type"] != "code" || parameters["client_id_scheme"] != "" && parameters["client_id_scheme"] != "entity_id" {
		return grant{}, invalidRequest("response_type must be code, and client_id_scheme entity_id")
	}
	if challenge, err := base64.RawURLEncoding.DecodeString(parameters["code_challenge"]); err != nil || len(challenge) != sha256.Size || parameters["code_challenge_method"] != "S256" {
		return grant{}, invalidRequest("PKCE with S256 is needed")
	}
	var details []authorizationDetail
	decoder := json.NewDecoder(strings.NewReader(parameters["authorization_details"]))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&details); err != nil || len(details) != 1 || details[0].Type != detailType {
		return grant{}, &refusal{code: "invalid_authorization_details", description: "one openid_credential is needed, with credential_configuration_id and mitz_request"}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return grant{}, &refusal{code: "invalid_authorization_details", description: "there is something after it"}
	}
	what, ok := take(i, i.flow.requests, details[0].Reference)
	if !ok || what.kind != details[0].Configuration {
		return grant{}, &refusal{code: "invalid_authorization_details", description: "no such request waits: post it anew"}
	}
	i.mu.Lock()
	err := i.permits(what)
	i.mu.Unlock()
	if err != nil {
		return grant{}, asRefusal(err)
	}
	return grant{what, parameters["client_id"], parameters["redirect_uri"], parameters["code_challenge"]}, nil
}

func asRefusal(err error) *refusal {
	if reason, ok := errors.AsType[*refusal](err); ok {
		return reason
	}
	return &refusal{http.StatusInternalServerError, "server_error", err.Error()}
}

func tooMany() *refusal {
	return &refusal{http.StatusServiceUnavailable, "temporarily_unavailable", "too much is going on"}
}

// token gives an access token for a code (RFC 6749 section 4.1.3, RFC 7636 section 4.6). A
// code that was tried is used up, whatever came of it.
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	if media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); media != "application/x-www-form-urlencoded" || r.URL.RawQuery != "" {
		i.refuse(w, invalidRequest("it must be a form, without a query in the URL"))
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		i.refuse(w, invalidRequest("the form could not be read, or is more than 16 KiB"))
		return
	}
	form, err := once(string(body), "client_id", "grant_type", "code", "redirect_uri", "code_verifier")
	if err != nil {
		i.refuse(w, invalidRequest(err.Error()))
		return
	}
	if form["grant_type"] != "authorization_code" {
		i.refuse(w, &refusal{http.StatusBadRequest, "unsupported_grant_type", "it must be authorization_code"})
		return
	}
	granted, ok := take(i, i.flow.codes, form["code"])
	if !ok {
		i.refuse(w, invalidGrant("the code is unknown, used or expired"))
		return
	}
	if form["client_id"] != granted.clientID || form["redirect_uri"] != granted.redirectURI {
		i.refuse(w, invalidGrant("the code is another client's, or for another address"))
		return
	}
	if !verifies(form["code_verifier"], granted.challenge) {
		i.refuse(w, invalidGrant("the code verifier is another"))
		return
	}
	token, ok := put(i, i.flow.tokens, granted.wanted)
	if !ok {
		i.refuse(w, tooMany())
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(tokenLife.Seconds())})
}

// verifies reports whether a code verifier is that of a challenge (RFC 7636 section 4.6).
func verifies(verifier, challenge string) bool {
	hash := sha256.Sum256([]byte(verifier))
	computed := base64.RawURLEncoding.EncodeToString(hash[:])
	return len(verifier) >= 43 && len(verifier) <= 128 && subtle.ConstantTimeCompare([]byte(computed), []byte(challenge)) == 1
}

// once reads parameters, of which none may be there twice (RFC 6749 section 3.1) or be
// another than these.
func once(encoded string, known ...string) (map[string]string, error) {
	values, err := url.ParseQuery(encoded)
	if err != nil {
		return nil, errors.New("the parameters cannot be read")
	}
	read := map[string]string{}
	for _, name := range known {
		switch len(values[name]) {
		case 0:
		case 1:
			read[name] = values[name][0]
		default:
			return nil, errors.New("a parameter is there twice: " + name)
		}
		delete(values, name)
	}
	if len(values) > 0 {
		return nil, errors.New("there is a parameter too much")
	}
	return read, nil
}

// secret is 256 random bits.
func secret() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // crypto/rand does not fail
	return base64.RawURLEncoding.EncodeToString(random[:])
}
