// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"encoding/json"
	"errors"
	"log"
	"mime"
	"net/http"
	"strings"
)

// maxRecordRequest bounds a search's body.
const maxRecordRequest = 16 << 10

// RecordServerConfig says whose records a server holds and which token opens them. All of
// it is needed.
type RecordServerConfig struct {
	Node     *Node  // the data holder's node, where tokens are introspected
	URA      string // the data holder
	Scope    string // the scope that a token must have
	Category string // the data category that the records fall under
	// Patients are the records: BSN to what the FHIR bundle shows.
	Patients map[string]Patient
}

// RecordServer is a data holder's record system: it gives a patient's summary to whoever
// brings a token that names this very patient. It keeps to all that README asks of one.
type RecordServer struct {
	URL string // https://localhost:<port>

	config RecordServerConfig
	log    *log.Logger
	open   chan struct{} // closed when URL is known
}

// StartRecordServer starts a record server until the workspace is closed.
func (w *Workspace) StartRecordServer(name string, config RecordServerConfig) (*RecordServer, error) {
	if config.Node == nil || config.URA == "" || config.Scope == "" || config.Category == "" {
		return nil, errors.New("a record server needs a node, a URA, a scope and a data category")
	}
	name = w.unique(name)
	logger, err := w.openLog(name)
	if err != nil {
		return nil, err
	}
	server := &RecordServer{config: config, log: logger, open: make(chan struct{})}
	server.URL, err = w.ServeTLS(name+"-tls", server.routes())
	close(server.open)
	return server, err
}

// searchPath is where patients are searched for.
const searchPath = "/fhir/Patient/_search"

func (s *RecordServer) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+searchPath, s.search)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		s.refuse(w, http.StatusNotFound, "not-supported", "only POST "+searchPath+": a BSN must not be in a URL")
	})
	return mux
}

// search is FHIR's search by POST (R4, section 3.1.1.4): the BSN is in the body.
func (s *RecordServer) search(w http.ResponseWriter, r *http.Request) {
	shown, err := readPresented(r.Header)
	if err != nil {
		w.Header().Add("WWW-Authenticate", "Bearer")
		w.Header().Add("WWW-Authenticate", "DPoP")
		s.refuse(w, http.StatusUnauthorized, "login", err.Error())
		return
	}
	bsn, err := searchedBSN(w, r)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, "invalid", err.Error())
		return
	}
	grant, err := s.introspect(r.Context(), shown.token)
	if err != nil {
		s.refuse(w, http.StatusBadGateway, "transient", "the token could not be introspected")
		return
	}
	if denied := s.judge(r.Context(), shown, grant, bsn); denied != nil {
		if denied.challenge != "" {
			w.Header().Set("WWW-Authenticate", shown.scheme+` error="`+denied.challenge+`"`)
		}
		s.refuse(w, denied.status, denied.code, denied.reason)
		return
	}
	s.answer(w, http.StatusOK, s.summary(bsn))
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
