// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"strings"
)

// maxMessage is how many bytes a message may have.
const maxMessage = 1 << 20

// serve is where every request comes in.
func (s *Simulator) serve(w http.ResponseWriter, r *http.Request) {
	s.journal.receive()
	if r.URL.Path == basePath+fhirPath || strings.HasPrefix(r.URL.Path, basePath+fhirPath+"/") {
		s.fhir(w, r)
		return
	}
	s.processDue()
	if strings.HasPrefix(r.URL.Path, basePath+registrationPath+"/") {
		s.registering(w, r)
		return
	}
	if leaf := r.TLS.PeerCertificates[0]; leaf.PublicKeyAlgorithm != x509.RSA {
		s.refuse(w, r, http.StatusForbidden, deviation("client certificate: the key must be RSA"))
		return
	}
	switch r.URL.EscapedPath() {
	case basePath + closedQueryPath:
		s.closedQuery(w, r)
	case basePath + credentialRequestPath:
		s.credentialRequest(w, r)
	case basePath + openQueryPath:
		s.openQuery(w, r)
	case basePath + redirectedPath:
		s.redirected(w, r)
	default:
		s.refuse(w, r, http.StatusBadRequest, deviation("path: there is nothing here"))
	}
}

// closedQuery answers one closed query.
func (s *Simulator) closedQuery(w http.ResponseWriter, r *http.Request) {
	asked, err := s.receiveClosedQuery(r)
	if err != nil {
		s.refuse(w, r, http.StatusBadRequest, err)
		return
	}
	if !s.journal.claim(asked.requestID) {
		s.refuse(w, r, http.StatusBadRequest, deviation("X-Request-Id: was used before"))
		return
	}
	behaviour := s.conduct.next(asked.question.Requester.URA)
	decisions := behaviour.decide(s.register.decide(asked.question))
	query := Query{
		Question:      asked.question,
		Time:          s.clock(),
		RequestID:     asked.requestID,
		MessageID:     asked.messageID,
		ClientSubject: r.TLS.PeerCertificates[0].Subject.String(),
		Decisions:     decisions,
		Behaviour:     behaviour,
	}
	s.journal.record(query)
	s.logQuery(query)
	behaviour.respond(&exchange{sim: s, w: w, r: r, asked: asked, decisions: decisions})
}

// redirected permits everything: whoever comes here followed a redirect.
func (s *Simulator) redirected(w http.ResponseWriter, r *http.Request) {
	asked, err := s.receiveClosedQuery(r)
	if err != nil {
		s.refuse(w, r, http.StatusBadRequest, err)
		return
	}
	x := &exchange{sim: s, w: w, r: r, asked: asked}
	x.send(http.StatusOK, x.permit().String())
}

// receiveClosedQuery reads a closed query's HTTP headers and message.
func (s *Simulator) receiveClosedQuery(r *http.Request) (*closedQuery, error) {
	requestID, body, err := receiveSOAP(r, actionQuery)
	if err != nil {
		return nil, err
	}
	asked, err := readClosedQuery(body, s.ClosedQueryURL())
	if err != nil {
		return nil, err
	}
	if asked.messageID != "urn:uuid:"+requestID {
		return nil, deviation("MessageID: must be urn:uuid: and the value of X-Request-Id")
	}
	asked.requestID = requestID
	return asked, nil
}

// receiveSOAP checks what goes around a message, and returns its X-Request-Id and the message.
func receiveSOAP(r *http.Request, action string) (requestID string, body []byte, err error) {
	if requestID, err = checkHTTP(r, action); err != nil {
		return "", nil, err
	}
	body, err = io.ReadAll(io.LimitReader(r.Body, maxMessage+1))
	if err != nil {
		return "", nil, deviation("body: could not be read")
	}
	if len(body) > maxMessage {
		return "", nil, deviation("body: more than 1 MiB")
	}
	return requestID, body, nil
}

// refuse notes why and sends a fault: Sender, or MustUnderstand (SOAP 1.2 part 1, section
// 5.4.6), which goes with status 500 (part 2, section 7.5.2.2).
func (s *Simulator) refuse(w http.ResponseWriter, r *http.Request, status int, reason error) {
	code := "Sender"
	if errors.Is(reason, errNotUnderstood) {
		code, status = "MustUnderstand", http.StatusInternalServerError
	}
	s.noteRefusal(r, status, reason)
	sendMessage(w, status, faultText(code, reason.Error(), ""))
}

// noteRefusal notes why a request was refused.
func (s *Simulator) noteRefusal(r *http.Request, status int, reason error) {
	refusal := Refusal{
		Time:          s.clock(),
		Status:        status,
		Reason:        reason.Error(),
		ClientSubject: r.TLS.PeerCertificates[0].Subject.String(),
	}
	s.journal.refuse(refusal)
	s.logRefusal(refusal)
}

// sendMessage writes a SOAP message.
func sendMessage(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/soap+xml; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}
