// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// unverifiedLimit is what one unverified request may cost.
const unverifiedLimit = 50 * time.Millisecond

// stranger is the address from which they come: the node believes who is before it.
const stranger = "192.0.2.66"

// unverifiedRow is what one kind of request cost our node, each.
type unverifiedRow struct {
	name  string
	cpu   time.Duration
	wrong int // that gave a token, or no answer
}

// unverifiedResult is all of them, and what an honest requester got beside each flood.
type unverifiedResult struct {
	rows   []unverifiedRow
	floods []floodRow
}

func (r unverifiedResult) wrong() (wrong int) {
	for _, row := range r.rows {
		wrong += row.wrong
	}
	for _, row := range r.floods {
		wrong += len(row.honest) - count(row.honest, gotToken)
	}
	return wrong
}

func (r unverifiedResult) honest() (shots []shot) {
	for _, row := range r.floods {
		shots = append(shots, row.honest...)
	}
	return shots
}

// unproven is a credential with a JSON-LD proof that is none, which the node finds out last.
func (s *scene) unproven(subject map[string]any) (harness.Credential, error) {
	subject["id"] = s.wallet.DID
	now := time.Now().UTC().Add(-time.Second).Format(time.RFC3339)
	return json.Marshal(map[string]any{
		"@context": []string{"https://www.w3.org/2018/credentials/v1"}, "id": "urn:uuid:1", "type": []string{"VerifiableCredential"},
		"issuer": s.wallet.DID, "issuanceDate": now, "credentialSubject": subject,
		"proof": map[string]any{"type": "JsonWebSignature2020", "proofPurpose": "assertionMethod", "verificationMethod": s.wallet.DID + "#0", "created": now, "jws": "e30..AAAA"},
	})
}

// unverifiedKinds are requests that cost the node most, each made anew.
func (s *scene) unverifiedKinds(t *target) []struct {
	name string
	body func(ctx context.Context) (string, error)
} {
	presented := func(subjects ...map[string]any) func(ctx context.Context) (string, error) {
		return func(ctx context.Context) (string, error) {
			credentials := append([]harness.Credential{}, s.permitted...)
			for _, subject := range subjects {
				more, err := s.unproven(subject)
				if err != nil {
					return "", err
				}
				credentials = append(credentials, more)
			}
			form, err := s.wallet.TokenForm(ctx, harness.TokenRequest{Issuer: t.issuer, Scope: t.scope, Credentials: credentials, Submission: t.submission})
			return form.Encode(), err
		}
	}
	text := func() map[string]any { return map[string]any{"urn:p": strings.Repeat("x", 15<<10)} }
	graph := make([]int, 250)
	for i := range graph {
		graph[i] = i
	}
	return []struct {
		name string
		body func(ctx context.Context) (string, error)
	}{
		{"a parameter of 1 MB", func(context.Context) (string, error) { return "assertion=" + strings.Repeat("x", 1<<20-100), nil }},
		{"a presentation with as much text as is let through", presented(text(), text(), text())},
		{"a JSON-LD graph as large as is let through", presented(map[string]any{"urn:p": graph})},
	}
}

// measureUnverified sends each kind, and then floods the node with the last.
func (s *scene) measureUnverified(ctx context.Context, p plan) (result unverifiedResult, err error) {
	guarded, err := s.target(ctx, s.ours, scopeGuarded)
	if err != nil {
		return result, err
	}
	strange := *guarded
	strange.from = stranger
	for _, kind := range s.unverifiedKinds(guarded) {
		bodies := make([]string, p.unverified)
		for i := range bodies {
			if bodies[i], err = kind.body(ctx); err != nil {
				return result, err
			}
		}
		row := unverifiedRow{name: kind.name}
		before, err := processTime(s.ours.PID())
		if err != nil {
			return result, err
		}
		for _, body := range bodies {
			if outcome := strange.send(ctx, body); outcome == gotToken || outcome == noAnswer {
				row.wrong++
			}
		}
		after, err := processTime(s.ours.PID())
		if err != nil {
			return result, err
		}
		row.cpu = (after - before) / time.Duration(len(bodies))
		result.rows = append(result.rows, row)
	}
	result.floods, err = s.measureFloods(ctx, p, guarded, &strange)
	return result, err
}

// as says from which address a request comes.
func (t *target) as(request *http.Request) {
	if t.from != "" {
		request.Header.Set("X-Forwarded-For", t.from)
	}
}
