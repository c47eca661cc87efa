// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package recordguard

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxBody bounds the body of a request: what is let through only reads.
const maxBody = 64 << 10

// Protect returns a handler that hands requests over to next that a token allows, and refuses
// all others: with 401 and a challenge when another token or proof could help, 503 when the
// node cannot tell, and 403 else, with an empty body. Each request is judged by itself: nothing
// is remembered, so that a token that was ended opens nothing from then on. [DecisionOf]
// tells next what the request rests on.
func (g *Guard) Protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown, err := readPresented(r.Header)
		var decision Decision
		var body []byte
		if err == nil {
			decision, body, err = g.decide(w, r, shown)
		}
		if err != nil {
			g.refuse(w, r, err, shown.scheme)
			return
		}
		allowed := r.WithContext(context.WithValue(r.Context(), decisionKey{}, decision))
		allowed.Body, allowed.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		next.ServeHTTP(w, allowed)
	})
}

func (g *Guard) refuse(w http.ResponseWriter, r *http.Request, err error, scheme string) {
	refusal := RequestRefused // by a reader with an error of its own
	_ = errors.As(err, &refusal)
	if g.config.Refused != nil {
		g.config.Refused(r, refusal)
	}
	challenge(w.Header(), refusal, scheme)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(refusal.Status())
}

// decide judges a request. What costs nothing comes first; then the node is asked about the
// token; whose the resources are is looked up only for who has a token that opens such resources of
// somebody here; and the proof comes last, because it can be used once.
func (g *Guard) decide(w http.ResponseWriter, r *http.Request, shown presented) (Decision, []byte, error) {
	body, err := readBody(w, r)
	if err != nil {
		return Decision{}, nil, err
	}
	asked, err := g.config.Read(r, body)
	if err != nil {
		return Decision{}, nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), g.config.Timeout)
	defer cancel()
	claims, err := g.node.introspect(ctx, shown.token)
	if err != nil {
		return Decision{}, nil, err
	}
	if !claims.Active {
		return Decision{}, nil, TokenNotActive
	}
	if err := judgeBinding(shown, claims); err != nil {
		return Decision{}, nil, err
	}
	if err := g.config.Rules.JudgeToken(claims, asked.Resources, time.Now()); err != nil {
		return Decision{}, nil, err
	}
	if asked, err = g.resolve(ctx, asked); err != nil {
		return Decision{}, nil, err
	}
	if err := g.config.Rules.Judge(claims, asked, time.Now()); err != nil {
		return Decision{}, nil, err
	}
	if err := g.prove(ctx, r, shown, claims); err != nil {
		return Decision{}, nil, err
	}
	return Decision{Claims: claims, Asked: asked}, body, nil
}

// prove wants a valid proof with a token that is bound to a key.
func (g *Guard) prove(ctx context.Context, r *http.Request, shown presented, claims Claims) error {
	if !claims.Bound {
		return nil
	}
	address := g.origin + r.URL.EscapedPath()
	if err := CheckProof(shown.proof, address, time.Now()); err != nil {
		return err
	}
	return g.node.validate(ctx, shown, claims.Thumbprint, r.Method, address)
}

// resolve has the server tell whose the resources are that a request names by id.
func (g *Guard) resolve(ctx context.Context, asked Request) (Request, error) {
	resolved := Request{Patients: append(asked.Patients[:0:0], asked.Patients...), Resources: asked.Resources}
	for _, reference := range asked.References {
		if g.config.PatientOf == nil {
			return Request{}, PatientUnknown
		}
		patient, err := g.config.PatientOf(ctx, reference)
		if err != nil || patient.IsZero() {
			return Request{}, PatientUnknown
		}
		resolved.Patients = append(resolved.Patients, patient)
	}
	return resolved, nil
}

// readBody reads the whole body, within bounds, and refuses headers by which a server behind
// would take the request for another one.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := CheckHeaders(r.Header); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, BodyRefused
	}
	if len(r.Trailer) > 0 { // headers that come after the body: some servers take them for such
		return nil, HeaderRefused
	}
	return body, nil
}

// readFHIR is the reader for a FHIR server below the guard's address.
func (g *Guard) readFHIR(r *http.Request, body []byte) (Request, error) {
	path, below := strings.CutPrefix(r.URL.EscapedPath(), g.path)
	if !below {
		return Request{}, PathRefused
	}
	return ReadFHIR(FHIRRequest{Method: r.Method, Path: path, Query: r.URL.RawQuery, ContentType: r.Header.Get("Content-Type"), Body: body})
}
