// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/url"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

// RecordServerConfig says whose records a server holds and which token opens them. All of
// it is needed.
type RecordServerConfig struct {
	Node     *Node            // the data holder's node, where tokens are introspected
	URA      consent.URA      // the data holder
	Scopes   []string         // of which a token must have one
	Category consent.Category // the data category that the records fall under
	// Patients are the records: BSN to what the FHIR bundle shows.
	Patients map[string]Patient
}

// RecordServer is a data holder's record system: it gives patients' summaries. It has no rule of
// its own, and shows everybody whom a request names in any way: its guard alone says which requests
// get there. It listens below URL + "/fhir".
type RecordServer struct {
	URL string // https://localhost:<port>

	config RecordServerConfig
	log    *log.Logger
	guard  *recordguard.Guard
	open   chan struct{} // closed when the guard is there
}

// StartRecordServer starts a record server until the workspace is closed.
func (w *Workspace) StartRecordServer(name string, config RecordServerConfig) (*RecordServer, error) {
	if config.Node == nil || config.Category == "" {
		return nil, errors.New("a record server needs a node and a data category")
	}
	name = w.unique(name)
	logger, err := w.openLog(name)
	if err != nil {
		return nil, err
	}
	server := &RecordServer{config: config, log: logger, open: make(chan struct{})}
	if server.URL, err = w.ServeTLS(name+"-tls", server); err != nil {
		return nil, err
	}
	server.guard, err = recordguard.New(server.guardConfig())
	close(server.open)
	return server, err
}

func (s *RecordServer) guardConfig() recordguard.Config {
	scopes := map[string][]string{}
	for _, scope := range s.config.Scopes {
		scopes[scope] = nil
	}
	return recordguard.Config{
		Rules: recordguard.Rules{
			DataHolder: s.config.URA, Scopes: scopes,
			Categories: recordguard.Categories{s.config.Category: {"Patient", "Condition", "Observation", "Encounter"}},
		},
		Node: s.config.Node.base, Client: s.config.Node.client,
		URL:       s.URL + fhirPath,
		PatientOf: s.patientOf,
		Refused:   func(_ *http.Request, refusal recordguard.Refusal) { s.log.Printf("%d %s", refusal.Status(), refusal) },
	}
}

const (
	fhirPath = "/fhir"
	// searchPath is where patients are searched for.
	searchPath = fhirPath + "/Patient/_search"
)

// patientOf tells whose records are, of which each patient has one.
func (s *RecordServer) patientOf(_ context.Context, reference recordguard.Reference) (consent.BSN, error) {
	for number, patient := range s.config.Patients {
		if patient.ID != "" && patient.ID == reference.ID {
			return consent.ParseBSN(number)
		}
	}
	return consent.BSN{}, errors.New("not found")
}

// ServeHTTP lets the guard say which requests are answered.
func (s *RecordServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	<-s.open
	if s.guard == nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	s.guard.Protect(http.HandlerFunc(s.show)).ServeHTTP(w, r)
}

// show gives the summaries of all patients whose number or id is anywhere in a request, and of
// all there are when there is none.
func (s *RecordServer) show(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	text, err := url.QueryUnescape(r.URL.RequestURI() + "&" + string(body))
	if err != nil {
		text = r.URL.RequestURI() + "&" + string(body)
	}
	bundle, err := json.Marshal(s.summaries(text))
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	s.log.Printf("%d summary given", http.StatusOK)
	w.Header().Set("Content-Type", "application/fhir+json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if _, err := bytes.NewReader(bundle).WriteTo(w); err != nil {
		s.log.Print("the answer could not be written")
	}
}
