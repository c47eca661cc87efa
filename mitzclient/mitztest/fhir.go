// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"crypto/x509"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// fhirPath follows the base path.
	fhirPath = "/abonnementen/fhir"
	// subscriptionPath follows fhirPath; an id may follow it.
	subscriptionPath = "/Subscription"
)

// SubscriptionURL returns the URL that subscriptions are POSTed to.
func (s *Simulator) SubscriptionURL() string { return s.Endpoint() + fhirPath + subscriptionPath }

// fhir is where what is about subscriptions comes in.
func (s *Simulator) fhir(w http.ResponseWriter, r *http.Request) {
	id, below := strings.CutPrefix(r.URL.EscapedPath(), basePath+fhirPath+subscriptionPath+"/")
	switch {
	case r.TLS.PeerCertificates[0].PublicKeyAlgorithm != x509.RSA:
		s.refuseFHIR(w, r, http.StatusUnauthorized, deviation("client certificate: the key must be RSA"))
	case r.URL.RawQuery != "" || r.URL.ForceQuery:
		s.refuseFHIR(w, r, http.StatusBadRequest, deviation("path: must have no query part"))
	case r.Method == http.MethodPost && r.URL.EscapedPath() == basePath+fhirPath+subscriptionPath:
		s.subscribe(w, r)
	case r.Method == http.MethodDelete && below:
		s.unsubscribe(w, r, id)
	default:
		s.refuseFHIR(w, r, http.StatusNotFound, deviation("there is nothing here, or not with this method: POST Subscription and DELETE Subscription/<id> are served"))
	}
}

// subscribe takes one subscription.
func (s *Simulator) subscribe(w http.ResponseWriter, r *http.Request) {
	wanted, err := receiveSubscription(r, s.clock())
	if err != nil {
		s.refuseFHIR(w, r, statusOfFHIR(err), err)
		return
	}
	told := s.conduct.nextSubscribing()
	if s.misbehaveFirst(w, r, told) {
		return
	}
	wanted.Time = s.clock()
	id, added := s.subscribers.add(wanted)
	wanted.ID = id
	s.logSubscription(map[bool]string{true: "subscribed", false: "subscribed before"}[added], wanted)
	s.journal.change(func(*journal) {}) // for who waits for it
	s.misbehaveLast(w, r, told)
	w.Header().Set("Location", "Subscription/"+id)
	w.WriteHeader(http.StatusAccepted)
}

func (s *Simulator) unsubscribe(w http.ResponseWriter, r *http.Request, id string) {
	if err := checkFHIRHeaders(r, s.clock()); err != nil {
		s.refuseFHIR(w, r, statusOfFHIR(err), err)
		return
	}
	told := s.conduct.nextSubscribing()
	if s.misbehaveFirst(w, r, told) {
		return
	}
	if !s.subscribers.end(id) {
		s.refuseFHIR(w, r, http.StatusNotFound, deviation("there is no subscription with this id"))
		return
	}
	s.logger.Info("unsubscribed", "id", id)
	s.journal.change(func(*journal) {})
	s.misbehaveLast(w, r, told)
	w.WriteHeader(http.StatusNoContent)
}

// receiveSubscription reads a subscription's HTTP headers and resource.
func receiveSubscription(r *http.Request, now time.Time) (Subscription, error) {
	mediaType, err := fhirMediaType(r.Header.Values("Content-Type"))
	if err != nil {
		return Subscription{}, err
	}
	if len(r.Header.Values("Content-Encoding")) > 0 {
		return Subscription{}, deviation("Content-Encoding: must be absent")
	}
	if err := checkFHIRHeaders(r, now); err != nil {
		return Subscription{}, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxMessage+1))
	if err != nil {
		return Subscription{}, deviation("body: could not be read")
	}
	if len(body) > maxMessage {
		return Subscription{}, deviation("body: more than 1 MiB")
	}
	return readSubscription(body, mediaType)
}

// fhirMediaType reads the media type of FHIR R4, section 3.1.0.2: with charset and
// fhirVersion, or without.
func fhirMediaType(headers []string) (string, error) {
	if len(headers) != 1 {
		return "", deviation("Content-Type: must be there once")
	}
	mediaType, parameters, err := mime.ParseMediaType(headers[0])
	if err != nil || mediaType != mediaXML && mediaType != mediaJSON {
		return "", deviation("Content-Type: must be %s or %s", mediaXML, mediaJSON)
	}
	for name, value := range parameters {
		if !(name == "charset" && strings.EqualFold(value, "UTF-8")) && !(name == "fhirversion" && value == "4.0") {
			return "", deviation("Content-Type: may have no parameters but charset=UTF-8 and fhirVersion=4.0")
		}
	}
	return mediaType, nil
}

// checkFHIRHeaders checks what may be there and need not.
func checkFHIRHeaders(r *http.Request, now time.Time) error {
	if ids := r.Header.Values("X-Request-Id"); len(ids) > 1 || len(ids) == 1 && !uuidShape.MatchString(ids[0]) {
		return deviation("X-Request-Id: must be a uuid, once, when it is there")
	}
	if values := r.Header.Values("Authorization"); len(values) > 0 {
		return checkAuthorization(values, now)
	}
	return nil
}

func statusOfFHIR(err error) int {
	if _, unfit := errors.AsType[unprocessable](err); unfit {
		return http.StatusUnprocessableEntity
	}
	if _, unknown := errors.AsType[unauthorized](err); unknown {
		return http.StatusUnauthorized
	}
	return http.StatusBadRequest
}

// refuseFHIR notes why and answers with an OperationOutcome.
func (s *Simulator) refuseFHIR(w http.ResponseWriter, r *http.Request, status int, reason error) {
	s.noteRefusal(r, status, reason)
	sendOutcome(w, r, status, reason.Error())
}

// issueTypes are codes of FHIR R4, value set issue-type.
var issueTypes = map[int]string{
	http.StatusBadRequest: "invalid", http.StatusUnauthorized: "security", http.StatusForbidden: "forbidden",
	http.StatusNotFound: "not-found", http.StatusUnprocessableEntity: "business-rule", http.StatusTooManyRequests: "throttled",
}

// outcome is an OperationOutcome (FHIR R4, section 2.39) in either form.
type outcome struct {
	XMLName      xml.Name `xml:"http://hl7.org/fhir OperationOutcome" json:"-"`
	ResourceType string   `xml:"-" json:"resourceType"`
	Issue        issue    `xml:"issue" json:"-"`
	Issues       [1]issue `xml:"-" json:"issue"`
}

type issue struct {
	Severity    fhirValue `xml:"severity" json:"severity"`
	Code        fhirValue `xml:"code" json:"code"`
	Diagnostics fhirValue `xml:"diagnostics" json:"diagnostics"`
}

// sendOutcome answers in the form that was accepted or sent, or else in JSON.
func sendOutcome(w http.ResponseWriter, r *http.Request, status int, text string) {
	code, found := issueTypes[status]
	if !found {
		code = "transient"
	}
	said := issue{"error", fhirValue(code), fhirValue(text)}
	answer := outcome{ResourceType: "OperationOutcome", Issue: said, Issues: [1]issue{said}}
	form := r.Header.Get("Accept")
	if form == "" || form == "*/*" {
		form = r.Header.Get("Content-Type")
	}
	media, marshal := mediaJSON, json.Marshal
	if strings.HasPrefix(form, mediaXML) {
		media, marshal = mediaXML, xml.Marshal
	}
	body, err := marshal(answer)
	if err != nil {
		panic(err) // a value of strings
	}
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
