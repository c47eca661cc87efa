// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// LocationQuery is an open query as Mitz notes it and shows it to the patient. However it is
// printed, the patient's number is not.
type LocationQuery struct {
	consent.LocationQuery

	Time          time.Time
	RequestID     string // header X-Request-Id
	MessageID     string // wsa:MessageID
	ClientSubject string // distinguished name in the client's certificate (RFC 2253)
	Issuer        string // of the assertion
	Signed        bool   // whether the assertion was
	// Located are those of the answer, in its order; nil when the simulator misbehaved.
	Located   []Located
	Behaviour Behaviour
}

// Located is a data holder in the answer to an open query.
type Located struct {
	DataHolder      consent.URA
	Gateway, Source string // urn:oid:...
	Categories      []consent.Category
}

// String tells who asked, without the patient's number.
func (q LocationQuery) String() string {
	return fmt.Sprintf("%s: %s (%s) asked who has data of [BSN] for %s, request %s: %d",
		q.Time.UTC().Format(time.RFC3339), q.Requester.URA, q.Requester.FacilityType, q.Purpose, q.RequestID, len(q.Located))
}

// LocationQueries returns the open queries so far, oldest first, as [Simulator.Queries] does
// those that are closed.
func (s *Simulator) LocationQueries() []LocationQuery {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return slices.Clone(s.journal.located)
}

// openRules say which open queries are taken.
type openRules struct {
	authorities *x509.CertPool // of certificates that sign

	mu     sync.Mutex
	signed bool          // an assertion must be
	known  []consent.URA // who may ask; nil: everybody
}

// RequireSignedAssertions has open queries refused whose assertion is not signed, or ends that.
// A signature that is there is always checked, and must be by a certificate of one of the
// ClientCAs.
func (s *Simulator) RequireSignedAssertions(required bool) {
	s.openRules.mu.Lock()
	defer s.openRules.mu.Unlock()
	s.openRules.signed = required
}

// KnowOrganizations has open queries refused of organisations other than these. None: every
// organisation may ask.
func (s *Simulator) KnowOrganizations(known ...consent.URA) {
	s.openRules.mu.Lock()
	defer s.openRules.mu.Unlock()
	s.openRules.known = slices.Clone(known)
}

// check refuses what the rules do not have.
func (r *openRules) check(asked *openQuery) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.signed && !asked.signed:
		return deviation("Assertion: must be signed")
	case len(r.known) > 0 && !slices.Contains(r.known, asked.query.Requester.URA):
		return deviation("Assertion: the organisation is not known")
	default:
		return nil
	}
}

// openQuery answers one open query.
func (s *Simulator) openQuery(w http.ResponseWriter, r *http.Request) {
	asked, err := s.receiveOpenQuery(r)
	if err != nil {
		s.refuse(w, r, http.StatusBadRequest, err)
		return
	}
	behaviour := s.conduct.nextLocating()
	query := LocationQuery{
		LocationQuery: asked.query, Time: s.clock(), RequestID: asked.requestID, MessageID: asked.messageID,
		ClientSubject: r.TLS.PeerCertificates[0].Subject.String(), Issuer: asked.issuer, Signed: asked.signed,
		Behaviour: behaviour,
	}
	located := s.locate(asked.query)
	if behaviour == (Behaving{}) {
		query.Located = located
	}
	s.journal.change(func(j *journal) { j.located = append(j.located, query) })
	s.logger.Info("open query", "request_id", query.RequestID, "requester", query.Requester.URA,
		"requester_type", query.Requester.FacilityType, "purpose", query.Purpose, "signed", query.Signed,
		"located", len(located), "behaviour", behaviour.String())
	s.sendLocations(&exchange{sim: s, w: w, r: r}, asked, located, behaviour)
}

// receiveOpenQuery reads an open query's HTTP headers and message.
func (s *Simulator) receiveOpenQuery(r *http.Request) (*openQuery, error) {
	requestID, body, err := receiveSOAP(r, actionOpenQuery)
	if err != nil {
		return nil, err
	}
	asked, err := readOpenQuery(body, s.OpenQueryURL(), s.clock())
	if err != nil {
		return nil, err
	}
	if asked.messageID != "urn:uuid:"+requestID {
		return nil, deviation("MessageID: must be urn:uuid: and the value of X-Request-Id")
	}
	asked.requestID = requestID
	if asked.signed {
		if err := checkSignature(body, s.openRules.authorities); err != nil {
			return nil, err
		}
	}
	if err := s.openRules.check(asked); err != nil {
		return nil, err
	}
	if !s.journal.claim(requestID) || !s.journal.claim(asked.assertionID) {
		return nil, deviation("X-Request-Id, or the assertion's ID: was used before")
	}
	return asked, nil
}

// locate returns the data holders that may share with the requester: those that subscribed to
// this patient's consents, and those about which a consent is on record. The subscription tells
// their systems.
func (s *Simulator) locate(q consent.LocationQuery) (all []Located) {
	systems := map[consent.URA]Subscription{}
	for _, each := range s.subscribers.list() {
		if each.Patient.Equal(q.Patient) {
			systems[each.DataHolder] = each
		}
	}
	may := s.register.permitted(q.Patient, q.Requester.FacilityType)
	for dataHolder := range systems {
		if is(q.Patient, PatientAlwaysPermit) {
			may[dataHolder] = []consent.Category{treatmentData}
		}
	}
	for dataHolder, categories := range may {
		l := Located{DataHolder: dataHolder, Gateway: defaultGateway, Source: defaultSource, Categories: categories}
		if known, subscribed := systems[dataHolder]; subscribed {
			l.Gateway, l.Source = known.Gateway, known.Source
		}
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b Located) int { return strings.Compare(string(a.DataHolder), string(b.DataHolder)) })
	return all
}

const (
	treatmentData = consent.Category("GGC002")
	// The systems of a data holder that did not subscribe.
	defaultGateway = "urn:oid:2.999.1"
	defaultSource  = "urn:oid:2.999.1.2"
)

// permitted returns what a patient permits organisations of a type to see, by data holder.
func (r *register) permitted(patient consent.BSN, requesterType consent.FacilityType) map[consent.URA][]consent.Category {
	r.mu.Lock()
	defer r.mu.Unlock()
	may := map[consent.URA][]consent.Category{}
	if is(patient, PatientAlwaysDeny) {
		return may
	}
	for _, c := range r.patients[r.key.of(patient, "")] {
		if !c.withdrawn && c.decision == consent.Permit && c.scope.requesterType == requesterType {
			may[c.scope.dataHolder] = append(may[c.scope.dataHolder], c.scope.category)
		}
	}
	return may
}
