// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"net/http"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest/issuer"
)

// credentialRequestPath follows the base path.
const credentialRequestPath = "/credential-requests"

// CredentialRequestURL returns where requesters' systems post what they want attested, an
// [issuer.Request] in JSON.
func (s *Simulator) CredentialRequestURL() string { return s.Endpoint() + credentialRequestPath }

// Issuer returns Mitz as an issuer of credentials; nil when it is none.
func (s *Simulator) Issuer() *issuer.Issuer { return s.issuer }

// Decide returns what the closed query about it would be answered. It is no query: nobody
// notes it.
func (s *Simulator) Decide(question consent.Question) consent.Decisions {
	return s.register.decide(question)
}

// followConsents has the issuer attest what is decided here.
func (s *Simulator) followConsents() {
	if s.issuer != nil {
		s.issuer.DecideBy(s.Decide)
	}
}

// attested revokes what rests on a consent that is no more. A change is made when this ends.
func (s *Simulator) attested() {
	if s.issuer != nil {
		s.issuer.ConsentsChanged()
	}
}

// credentialRequest takes what a requester wants attested.
func (s *Simulator) credentialRequest(w http.ResponseWriter, r *http.Request) {
	if s.issuer == nil {
		s.refuse(w, r, http.StatusBadRequest, deviation("path: there is nothing here"))
		return
	}
	s.issuer.ServeRequests(w, r)
}
