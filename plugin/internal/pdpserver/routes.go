// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pdpserver

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/authzen"
)

// Prefix is what the address of a data holder's decision point begins with; its subject follows.
// It is the same as on a node.
const Prefix = "/internal/mitz/authzen/"

// routes are what is served, and nothing else.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	place := Prefix + "{subject}"
	mux.HandleFunc("POST "+place+authzen.EvaluationPath, s.known(s.authzen.Evaluation))
	mux.HandleFunc("POST "+place+authzen.EvaluationsPath, s.known(s.authzen.Evaluations))
	// The standard has the metadata between host and path, where a node cannot serve them: so
	// they are after the path too, as on a node.
	mux.HandleFunc("GET "+authzen.MetadataPath+place, s.metadata)
	mux.HandleFunc("GET "+place+authzen.MetadataPath, s.metadata)
	mux.HandleFunc("GET /status", status)
	mux.Handle("GET /health", s.parts.Health)
	mux.Handle("GET /metrics", s.parts.Metrics)
	return mux
}

// known serves the clients that may ask, each about the data holder of its path.
func (s *Server) known(serve func(http.ResponseWriter, *http.Request, string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if why := s.parts.Access.admit(r); why != "" {
			s.parts.Hooks.Stranger(host(r.RemoteAddr), why)
			if challenge := why.challenge(); challenge != "" {
				w.Header().Set("WWW-Authenticate", challenge)
			}
			http.Error(w, why.message(), why.status())
			return
		}
		if !s.parts.Listed(r.PathValue("subject")) {
			unlisted(w)
			return
		}
		serve(w, r, r.PathValue("subject"))
	}
}

// turn is one of those in which requests are decided.
func (s *Server) turn() (end func(), ok bool) {
	select {
	case s.turns <- struct{}{}:
		return func() { <-s.turns }, true
	default:
		s.parts.Hooks.Busy()
		return nil, false
	}
}

// metadata tells what there is at the address of a data holder (AuthZEN 1.0, section 9.2).
func (s *Server) metadata(w http.ResponseWriter, r *http.Request) {
	subject := r.PathValue("subject")
	if !s.parts.Listed(subject) {
		unlisted(w)
		return
	}
	if s.base == "" {
		http.NotFound(w, r)
		return
	}
	body, err := json.Marshal(authzen.MetadataOf(s.Address(subject)))
	if err != nil {
		http.Error(w, "the metadata could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // who asked has gone when this fails
}

func unlisted(w http.ResponseWriter) {
	http.Error(w, "the subject is not in mitz.dataholders", http.StatusNotFound)
}

// Address is where clients reach the decision point of a subject, once the server listens.
func (s *Server) Address(subject string) string { return s.base + Prefix + url.PathEscape(subject) }

// status says that the process lives, as the node's does.
func status(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("OK")) // who asked has gone when this fails
}
