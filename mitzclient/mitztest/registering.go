// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

const (
	// registrationPath follows the base path.
	registrationPath = "/toestemmingen/fhir"
	// statusPath follows registrationPath.
	statusPath = "/Consent/$processingStatus"
)

// RegistrationURL returns the base URL at which consents are registered, which an operator writes
// in mitz.registration.endpoint.
func (s *Simulator) RegistrationURL() string { return s.Endpoint() + registrationPath }

// registering is where consents are registered.
func (s *Simulator) registering(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), basePath+registrationPath)
	switch {
	case r.TLS.PeerCertificates[0].PublicKeyAlgorithm != x509.RSA:
		s.refuseFHIR(w, r, http.StatusUnauthorized, deviation("client certificate: the key must be RSA"))
	case r.Method == http.MethodPost && path == "/" && r.URL.RawQuery == "" && !r.URL.ForceQuery:
		s.registerConsents(w, r)
	case r.Method == http.MethodGet && path == statusPath:
		s.processingStatus(w, r)
	default:
		s.refuseFHIR(w, r, http.StatusNotFound, deviation("there is nothing here, or not with this method: POST / and GET Consent/$processingStatus?providerid=<URA> are served"))
	}
}

// registerConsents takes one transaction.
func (s *Simulator) registerConsents(w http.ResponseWriter, r *http.Request) {
	sent, entries, err := s.receiveRegistration(r)
	if err != nil {
		s.refuseFHIR(w, r, statusOfFHIR(err), err)
		return
	}
	told := s.conduct.nextRegistering()
	if s.misbehaveFirst(w, r, told) {
		return
	}
	sent.Time = s.clock()
	isNew, err := s.registrations.add(sent)
	if err != nil {
		s.refuseFHIR(w, r, statusOfFHIR(err), err)
		return
	}
	s.logger.Info(map[bool]string{true: "registered", false: "registered before"}[isNew], "id", sent.ID, "data_holder", sent.DataHolder)
	s.journal.change(func(*journal) {}) // for who waits for it
	s.misbehaveLast(w, r, told)
	status := map[bool]string{true: "201 Created", false: "200 OK"}[isNew]
	answer := map[string]any{"resourceType": "Bundle", "type": "transaction-response"}
	var done []any
	for range entries {
		done = append(done, map[string]any{"response": map[string]any{"status": status}})
	}
	answer["entry"] = done
	sendFHIR(w, answer)
}

// processingStatus tells how many consents of a data holder are not in force yet.
func (s *Simulator) processingStatus(w http.ResponseWriter, r *http.Request) {
	if err := s.checkRegisteringHeaders(r); err != nil {
		s.refuseFHIR(w, r, statusOfFHIR(err), err)
		return
	}
	id, found := strings.CutPrefix(r.URL.RawQuery, "providerid=")
	dataHolder, err := consent.ParseURA(id)
	if !found || err != nil {
		s.refuseFHIR(w, r, http.StatusBadRequest, deviation("query: must be providerid=<URA>"))
		return
	}
	told := s.conduct.nextRegistering()
	if s.misbehaveFirst(w, r, told) {
		return
	}
	unprocessed := s.registrations.unprocessed(dataHolder)
	s.misbehaveLast(w, r, told)
	sendFHIR(w, map[string]any{"resourceType": "Parameters", "parameter": []any{
		map[string]any{"name": "unprocessed", "valueInteger": unprocessed},
	}})
}

// receiveRegistration reads a transaction's HTTP headers and Bundle, and how many entries it has.
func (s *Simulator) receiveRegistration(r *http.Request) (sent Registration, entries int, err error) {
	mediaType, err := fhirMediaType(r.Header.Values("Content-Type"))
	if err == nil && mediaType != mediaJSON {
		err = deviation("Content-Type: must be %s: there is no other form of a registration", mediaJSON)
	}
	if err == nil && len(r.Header.Values("Content-Encoding")) > 0 {
		err = deviation("Content-Encoding: must be absent")
	}
	if err == nil {
		err = s.checkRegisteringHeaders(r)
	}
	if err != nil {
		return sent, 0, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxMessage+1))
	if err != nil {
		return sent, 0, deviation("body: could not be read")
	}
	if len(body) > maxMessage {
		return sent, 0, deviation("body: more than 1 MiB")
	}
	return readRegistration(body)
}

// checkRegisteringHeaders wants an X-Request-Id.
func (s *Simulator) checkRegisteringHeaders(r *http.Request) error {
	if len(r.Header.Values("X-Request-Id")) == 0 {
		return deviation("X-Request-Id: must be there")
	}
	return checkFHIRHeaders(r, s.clock())
}

// sendFHIR answers with a resource in JSON.
func sendFHIR(w http.ResponseWriter, resource map[string]any) {
	body, err := json.Marshal(resource)
	if err != nil {
		panic(err) // a value of strings and numbers
	}
	w.Header().Set("Content-Type", mediaJSON+"; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// Registering is to treat so who registers consents, or asks how far they are, in the documented
// form: as [Subscribing] does for subscriptions. [Hanging] and [Dropping] come after the
// registration was taken: the client cannot know.
type Registering struct{ Behaviour }

var _ Behaviour = Registering{}

// String returns for example "registering: status 503".
func (b Registering) String() string { return registeringName + b.Behaviour.String() }
