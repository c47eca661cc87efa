// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// accessLimit is how long the node may take to answer a gateway, in ms at p50.
const accessLimit = 1

// gatewayAddress is what the gateway asks about: an interface of which it tells patient and types.
const gatewayAddress = "https://records.example/summaries/1"

// measureAccess asks a node about requests to a record server, while tokens of others are in its
// memory: with a Bearer token, with one that is bound to a key and its proof, and with one that is
// not there. An introspection beside them tells what HTTP and the session database take.
func (s *scene) measureAccess(ctx context.Context, p plan) (rows []timedRow, err error) {
	section, err := s.mitzSectionWith(func(*harness.MitzConfig) {})
	if err != nil {
		return nil, err
	}
	node, err := s.startDataHolder(ctx, s.ourNode("access", section))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, node.Stop()) }()
	target, err := s.target(ctx, node, scopeGuarded)
	if err != nil {
		return nil, err
	}
	if err := target.fillTokens(ctx, p.tokensIssued); err != nil {
		return nil, err
	}
	bearer, err := s.tokenFor(ctx, target, nil)
	if err != nil {
		return nil, err
	}
	proof, err := s.wallet.Prove(harness.DPoPProof{Method: http.MethodPost, URL: target.issuer + "/token"})
	if err != nil {
		return nil, err
	}
	bound, err := s.tokenFor(ctx, target, http.Header{"Dpop": {proof}})
	if err != nil {
		return nil, err
	}
	kinds := []struct {
		name, scheme, token string
		status              int
	}{
		{"access, a Bearer token", "Bearer", bearer, http.StatusOK},
		{"access, a token bound to a key, with its proof", "DPoP", bound, http.StatusOK},
		{"access, a token that is not there", "Bearer", bearer + "x", http.StatusForbidden},
	}
	rows = make([]timedRow, len(kinds)+1)
	for i, each := range kinds {
		rows[i].name = each.name
	}
	rows[len(kinds)].name = "introspection, a Bearer token"
	for range p.introspections {
		for i, each := range kinds {
			question, err := s.accessQuestion(each.scheme, each.token)
			if err != nil {
				return nil, err
			}
			began := time.Now()
			if err := askAccess(ctx, node, question, each.status); err != nil {
				return nil, fmt.Errorf("%s: %w", each.name, err)
			}
			rows[i].took = append(rows[i].took, time.Since(began))
		}
		began := time.Now()
		alive, err := aliveAnywhere(ctx, []*harness.Node{node}, bearer)
		if err != nil || !alive {
			return nil, errors.Join(err, errors.New("the token is not active"))
		}
		rows[len(kinds)].took = append(rows[len(kinds)].took, time.Since(began))
	}
	for _, each := range rows {
		slices.Sort(each.took)
	}
	return rows, nil
}

func (s *scene) tokenFor(ctx context.Context, target *target, header http.Header) (string, error) {
	answer, err := s.wallet.RequestToken(ctx, harness.TokenRequest{
		Issuer: target.issuer, Scope: target.scope, Credentials: s.permitted, Submission: target.submission, Header: header,
	})
	if err != nil || answer.Token() == "" {
		return "", errors.Join(err, fmt.Errorf("no token: status %d", answer.Status))
	}
	return answer.Token(), nil
}

// accessQuestion is the body of a question, with a new proof where the token needs one.
func (s *scene) accessQuestion(scheme, token string) ([]byte, error) {
	told := map[string]any{
		"authorization": scheme + " " + token, "method": http.MethodGet, "url": gatewayAddress,
		"patient": mitztest.PatientAlwaysPermit, "resourceTypes": []string{"Condition"},
	}
	if scheme == "DPoP" {
		proof, err := s.wallet.Prove(harness.DPoPProof{Method: http.MethodGet, URL: gatewayAddress, Token: token})
		if err != nil {
			return nil, err
		}
		told["dpop"] = proof
	}
	return json.Marshal(told)
}

func askAccess(ctx context.Context, node *harness.Node, question []byte, want int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, node.InternalURL()+"/internal/mitz/v1/"+dataHolder.Subject+"/access", bytes.NewReader(question))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	if answer.StatusCode != want {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	return nil
}

func printAccess(out io.Writer, p plan, rows []timedRow) {
	_, _ = fmt.Fprintf(out, `10. What the node takes to answer the gateway of a record server, over HTTP on loopback, one question at a time, in turns,
with %d tokens of others in memory

`, p.tokensIssued)
	lines := newTable("", "p50 ms", "p99 ms", "at most", "")
	for i, each := range rows {
		p50 := milliseconds(percentile(each.took, 50))
		limit, reached := "", ""
		if i < len(rows)-1 {
			limit, reached = number(accessLimit), verdict(p50, accessLimit)
		}
		lines.row(each.name, number(p50), number(milliseconds(percentile(each.took, 99))), limit, reached)
	}
	lines.print(out)
}
