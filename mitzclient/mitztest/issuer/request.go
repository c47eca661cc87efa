// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// Request is the body by which a requester's system tells Mitz what it wants attested, and
// for which wallet: one of the two.
type Request struct {
	Wallet     string             `json:"wallet"` // a did:web
	Consent    *RequestConsent    `json:"consent,omitempty"`
	Membership *RequestMembership `json:"membership,omitempty"`
}

// RequestConsent is an [Attestation] as JSON has it.
type RequestConsent struct {
	Patient       string               `json:"patient"`
	DataHolder    consent.URA          `json:"dataHolder"`
	Requester     consent.URA          `json:"requester"`
	RequesterType consent.FacilityType `json:"requesterType"`
	Categories    []consent.Category   `json:"categories"`
	Purpose       consent.PurposeOfUse `json:"purpose"`
}

// RequestMembership is a [Member] as JSON has it.
type RequestMembership struct {
	Organization consent.URA `json:"organization"`
	Role         string      `json:"role"`
}

// ParseRequest reads a request. The error says what is wrong, and repeats nothing of it.
func ParseRequest(body []byte) (Request, error) {
	var request Request
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return request, errors.New("the body must be a JSON object with wallet, and with consent or membership")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return request, errors.New("there must be nothing after the JSON object")
	}
	_, err := request.wanted()
	return request, err
}

func (r Request) wanted() (wanted, error) {
	switch {
	case (r.Consent == nil) == (r.Membership == nil):
		return wanted{}, errors.New("one of consent and membership must be there")
	case r.Consent != nil:
		return Attestation(*r.Consent).wanted(r.Wallet)
	default:
		return Member(*r.Membership).wanted(r.Wallet)
	}
}

// Issue issues what is requested without OpenID4VCI, as a JWT.
func (i *Issuer) Issue(request Request) (string, error) {
	what, err := request.wanted()
	if err != nil {
		return "", err
	}
	return i.issue(what)
}

// ServeRequests is where requesters' systems post a [Request], over the mutual TLS that they
// have with Mitz. The answer has the reference to name in authorization_details.
func (i *Issuer) ServeRequests(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.RawQuery != "" {
		i.refuse(w, invalidRequest("it must be a POST, without a query in the URL"))
		return
	}
	if r.Header.Get("Content-Type") != "application/json" {
		i.refuse(w, invalidRequest("the Content-Type must be application/json"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		i.refuse(w, invalidRequest("the body could not be read, or is more than 16 KiB"))
		return
	}
	request, err := ParseRequest(body)
	if err != nil {
		i.refuse(w, invalidRequest(err.Error()))
		return
	}
	what, err := request.wanted()
	if err != nil {
		i.refuse(w, invalidRequest(err.Error()))
		return
	}
	reference, ok := put(i, i.flow.requests, what)
	if !ok {
		i.refuse(w, tooMany())
		return
	}
	i.logger.Info("credential requested", "credential", what.kind)
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusCreated, map[string]any{
		"reference": reference, "expires_in": int(requestLife.Seconds()), "credential_issuer": i.url,
		"authorization_details": []any{authorizationDetail{Type: detailType, Configuration: what.kind, Reference: reference}},
	})
}
