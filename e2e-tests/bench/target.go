// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
)

// volley sends what was prepared, and waits for the answers.
type volley func(ctx context.Context) ([]shot, time.Duration, error)

// target is a scope at a node's token endpoint.
type target struct {
	scene      *scene
	url        string // without the TLS in front of the node
	host       string // as a requester addresses it
	issuer     string
	scope      string
	submission json.RawMessage
	from       string // another address from which requests seem to come; empty: none
}

func (s *scene) target(ctx context.Context, node *harness.Node, scope string) (*target, error) {
	return s.targetFor(ctx, node, scope, s.permitted)
}

// targetFor is the same for what presents these credentials.
func (s *scene) targetFor(ctx context.Context, node *harness.Node, scope string, credentials []harness.Credential) (*target, error) {
	issuer := node.Issuer(dataHolder.Subject)
	definition, err := harness.FetchDefinition(ctx, s.Client(), issuer, scope)
	if err != nil {
		return nil, fmt.Errorf("scope %s: %w", scope, err)
	}
	submission, err := definition.Submit(credentials)
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(issuer)
	if err != nil {
		return nil, err
	}
	return &target{
		scene: s, url: node.PublicURL() + address.Path + "/token", host: address.Host,
		issuer: issuer, scope: scope, submission: submission,
	}, nil
}

// permitted asks for a patient for whom Mitz permits everything.
func (t *target) permitted(ctx context.Context, p pace) (volley, error) {
	return t.load(ctx, p, func(int) []harness.Credential { return t.scene.permitted })
}

// load signs the presentations. They are valid for five seconds, and a volley takes less.
func (t *target) load(ctx context.Context, p pace, about func(i int) []harness.Credential) (volley, error) {
	bodies := make([]string, p.count)
	for i := range bodies {
		form, err := t.scene.wallet.TokenForm(ctx, harness.TokenRequest{
			Issuer: t.issuer, Scope: t.scope, Credentials: about(i), Submission: t.submission,
		})
		if err != nil {
			return nil, err
		}
		bodies[i] = form.Encode()
	}
	return func(ctx context.Context) ([]shot, time.Duration, error) {
		shots, took := fire(ctx, p, sleepPrecisely, func(ctx context.Context, i int) outcome { return t.send(ctx, bodies[i]) })
		return shots, took, ctx.Err()
	}, nil
}

func (t *target) send(ctx context.Context, body string) outcome {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, strings.NewReader(body))
	if err != nil {
		return noAnswer
	}
	request.Host = t.host
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	t.as(request)
	response, err := t.scene.client.Do(request)
	if err != nil {
		return noAnswer
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return noAnswer
	}
	return outcomeOf(harness.Answer{Status: response.StatusCode, Body: content})
}

func outcomeOf(answer harness.Answer) outcome {
	switch code := answer.OAuthError().Code; {
	case answer.Token() != "":
		return gotToken
	case code == "invalid_request" && answer.Contains(`\"exp\" not satisfied`):
		return expired
	case code != "":
		return outcome(code)
	default:
		return outcome(fmt.Sprintf("status %d", answer.Status))
	}
}
