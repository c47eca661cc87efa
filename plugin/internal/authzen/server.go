// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package authzen

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/propagation"
)

// maxBody is how large a request may be, in bytes.
const maxBody = 128 << 10

// headerRequestID is returned as it was sent (AuthZEN 1.0, section 10.1.3).
const headerRequestID = "X-Request-ID"

// Server serves the APIs. It knows no paths: who registers its methods says where they are.
type Server struct {
	point Point
	turn  Turn
}

// Turn begins a turn to decide for one request, which ends with end. It is taken when the whole
// request has been read, and ends before the answer is written: a client that sends or reads
// slowly holds none. ok is false when there is none now; nobody waits for one.
type Turn func() (end func(), ok bool)

// NewServer returns a server that has a point decide. Without a turn, nil, it decides for as many
// requests at once as there are.
func NewServer(point Point, turn Turn) *Server {
	if turn == nil {
		turn = func() (func(), bool) { return func() {}, true }
	}
	return &Server{point: point, turn: turn}
}

// Evaluation answers one evaluation about a place (AuthZEN 1.0, section 6).
func (s *Server) Evaluation(w http.ResponseWriter, r *http.Request, place string) {
	s.serve(w, r, func(ctx context.Context, asked message) (any, error) {
		return s.one(ctx, asked.members, place)
	})
}

// Evaluations answers several evaluations about a place, or one when there is no list of them
// (AuthZEN 1.0, section 7).
func (s *Server) Evaluations(w http.ResponseWriter, r *http.Request, place string) {
	s.serve(w, r, func(ctx context.Context, asked message) (any, error) {
		if len(asked.Evaluations) == 0 {
			return s.one(ctx, asked.members, place)
		}
		semantic := ExecuteAll
		if given := asked.Options.Semantic; given != nil {
			semantic = *given
		}
		if !semantic.isKnown() {
			return nil, malformed("options.evaluations_semantic is none of execute_all, deny_on_first_deny and permit_on_first_permit")
		}
		return asked.all(ctx, s.point.Begin(place), semantic), nil
	})
}

func (s *Server) one(ctx context.Context, asked members, place string) (any, error) {
	evaluation, err := asked.values().evaluation()
	if err != nil {
		return nil, err
	}
	return one(joined(ctx, evaluation.Context), s.point.Begin(place), evaluation), nil
}

// serve reads a request, and writes what it is answered with. That something is not permitted
// is an answer, with status 200. A status of 400 says that nothing was asked (AuthZEN 1.0,
// section 10.1.2), with a message as text.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, handle func(context.Context, message) (any, error)) {
	if id := r.Header.Get(headerRequestID); id != "" {
		w.Header().Set(headerRequestID, id)
	}
	asked, err := readRequest(w, r)
	var answered any
	if err == nil {
		answered, err = s.inTurn(func() (any, error) { return handle(r.Context(), asked) })
	}
	switch {
	case errors.Is(err, errBusy):
		w.Header().Set("Retry-After", "1")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	body, err := json.Marshal(answered)
	if err != nil {
		http.Error(w, "the answer could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // who asked has gone when this fails
}

var errBusy = errors.New("too many requests at once")

// inTurn decides while it has a turn.
func (s *Server) inTurn(decide func() (any, error)) (any, error) {
	end, ok := s.turn()
	if !ok {
		return nil, errBusy
	}
	defer end()
	return decide()
}

func readRequest(w http.ResponseWriter, r *http.Request) (message, error) {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		return message{}, malformed("the body must be application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if errors.As(err, new(*http.MaxBytesError)) {
		return message{}, malformed("the body is too large")
	}
	if err != nil {
		return message{}, malformed("the body could not be read")
	}
	return readMessage(body)
}

// joined returns a context of the trace that an evaluation names in its own context, in the
// members traceparent and tracestate (W3C Trace Context, as the Dutch government's profile of
// AuthZEN has it). Without one it is the request's.
func joined(ctx context.Context, told map[string]any) context.Context {
	carrier := propagation.MapCarrier{}
	for _, name := range (propagation.TraceContext{}).Fields() {
		if text, isText := told[name].(string); isText {
			carrier[name] = text
		}
	}
	return propagation.TraceContext{}.Extract(ctx, carrier)
}
