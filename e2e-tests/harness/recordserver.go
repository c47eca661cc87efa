// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxRecordRequest bounds a search's body.
const maxRecordRequest = 16 << 10

// RecordServerConfig says whose records a server holds and which token opens them.
type RecordServerConfig struct {
	Node  *Node  // the data holder's node, where tokens are introspected
	URA   string // the data holder
	Scope string // the scope that a token must have
	// Patients are the records: BSN to what the FHIR bundle shows.
	Patients map[string]Patient
}

// RecordServer is a data holder's record system: it gives a patient's summary to whoever
// brings a token that names this very patient.
type RecordServer struct {
	URL string // https://localhost:<port>

	config RecordServerConfig
	log    *log.Logger
}

// StartRecordServer starts a record server until the workspace is closed.
func (w *Workspace) StartRecordServer(name string, config RecordServerConfig) (*RecordServer, error) {
	name = w.unique(name)
	logger, err := w.openLog(name)
	if err != nil {
		return nil, err
	}
	server := &RecordServer{config: config, log: logger}
	server.URL, err = w.ServeTLS(name+"-tls", server.routes())
	return server, err
}

func (s *RecordServer) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /fhir/Patient/_search", s.search)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		s.refuse(w, http.StatusNotFound, "not-supported", "only POST /fhir/Patient/_search: a BSN must not be in a URL")
	})
	return mux
}

// search is FHIR's search by POST (R4, section 3.1.1.4): the BSN is in the body.
func (s *RecordServer) search(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || token == "" {
		w.Header().Set("WWW-Authenticate", "Bearer")
		s.refuse(w, http.StatusUnauthorized, "login", "no Bearer token")
		return
	}
	bsn, err := searchedBSN(w, r)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, "invalid", err.Error())
		return
	}
	grant, err := s.introspect(r.Context(), token)
	switch {
	case err != nil:
		s.refuse(w, http.StatusBadGateway, "transient", "the token could not be introspected")
	case !grant.Active:
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		s.refuse(w, http.StatusUnauthorized, "expired", "the token is not active")
	case !grant.covers(s.config):
		s.refuse(w, http.StatusForbidden, "forbidden", "the token rests on no consent for these records")
	case grant.PatientBSN == "" || grant.PatientBSN != bsn:
		s.refuse(w, http.StatusForbidden, "forbidden", "the token is for another patient")
	default:
		s.answer(w, http.StatusOK, s.summary(bsn))
	}
}

// grant are the claims that a record server must look at.
type grant struct {
	Active       bool   `json:"active"`
	Scope        string `json:"scope"`
	MitzConsent  bool   `json:"mitz_consent"`
	PatientBSN   string `json:"patient_bsn"`
	DataHolderID string `json:"data_holder_organization_id"`
}

func (g grant) covers(config RecordServerConfig) bool {
	return g.MitzConsent && g.DataHolderID == config.URA && slices.Contains(strings.Fields(g.Scope), config.Scope)
}

func (s *RecordServer) introspect(ctx context.Context, token string) (grant, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	introspection, err := s.config.Node.Introspect(ctx, token)
	if err != nil {
		return grant{}, err
	}
	var result grant
	return result, json.Unmarshal(introspection.Body, &result)
}

// searchedBSN reads the one identifier that is searched for, as "system|value".
func searchedBSN(w http.ResponseWriter, r *http.Request) (string, error) {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.URL.RawQuery != "" || mediaType != "application/x-www-form-urlencoded" {
		return "", errors.New("search with a form in the body and without a query")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRecordRequest)
	if err := r.ParseForm(); err != nil {
		return "", errors.New("malformed form")
	}
	identifiers := r.PostForm["identifier"]
	if len(identifiers) != 1 {
		return "", errors.New("search for one identifier")
	}
	bsn, ok := strings.CutPrefix(identifiers[0], systemBSN+"|")
	if !ok {
		return "", errors.New("search for an identifier of the system " + systemBSN)
	}
	return bsn, nil
}

func (s *RecordServer) refuse(w http.ResponseWriter, status int, code, diagnostics string) {
	s.log.Printf("%d %s: %s", status, code, diagnostics)
	s.write(w, status, operationOutcome(code, diagnostics))
}

func (s *RecordServer) answer(w http.ResponseWriter, status int, bundle any) {
	s.log.Printf("%d summary given", status)
	s.write(w, status, bundle)
}

func (s *RecordServer) write(w http.ResponseWriter, status int, resource any) {
	w.Header().Set("Content-Type", "application/fhir+json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(resource); err != nil {
		s.log.Print("the answer could not be written")
	}
}
