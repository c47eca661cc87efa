// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// The scopes of which consent is brought along.
const (
	scopeAttested = "bench-attested"
	scopeRecorded = "bench-recorded"
)

// asking is one of several kinds of token that are asked for in turns.
type asking struct {
	name        string
	node        *harness.Node
	scope       string
	credentials []harness.Credential
}

// timed is something that is done in turns with others.
type timed struct {
	name string
	do   func(ctx context.Context) error
}

// ask asks for a token of one kind. What it must know of the node it learns now.
func (s *scene) ask(ctx context.Context, of asking) (timed, error) {
	target, err := s.targetFor(ctx, of.node, of.scope, of.credentials)
	if err != nil {
		return timed{}, fmt.Errorf("%s: %w", of.name, err)
	}
	return timed{of.name, func(ctx context.Context) error {
		answer, err := s.wallet.RequestToken(ctx, harness.TokenRequest{
			Issuer: target.issuer, Scope: of.scope, Credentials: of.credentials, Submission: target.submission,
		})
		if err != nil || answer.Token() == "" {
			return errors.Join(err, fmt.Errorf("%s: status %d", of.name, answer.Status))
		}
		return nil
	}}, nil
}

// timeTokens asks for so many tokens of each kind, in turns, with what else is given.
func (s *scene) timeTokens(ctx context.Context, count int, kinds []asking, others ...timed) ([]timedRow, error) {
	var all []timed
	for _, each := range kinds {
		one, err := s.ask(ctx, each)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return timeInTurns(ctx, count, append(all, others...))
}

// timeInTurns does each so many times, in an order that differs from round to round: what
// somebody did before leaves its traces in the caches of the machine.
func timeInTurns(ctx context.Context, count int, all []timed) ([]timedRow, error) {
	rows := make([]timedRow, len(all))
	for i, each := range all {
		rows[i].name = each.name
	}
	for range count {
		for _, i := range rand.Perm(len(all)) {
			began := time.Now()
			if err := all[i].do(ctx); err != nil {
				return nil, err
			}
			rows[i].took = append(rows[i].took, time.Since(began))
		}
	}
	for i := range rows {
		slices.Sort(rows[i].took)
	}
	return rows, nil
}

// measureBrought compares a token on what the requester brings along with one for which Mitz is
// asked, all with the built-in definition. Mitz answers at once.
func (s *scene) measureBrought(ctx context.Context, p plan) (rows []timedRow, err error) {
	keys, err := s.PatientKeys()
	if err != nil {
		return nil, err
	}
	section, err := s.mitzSectionWith(func(c *harness.MitzConfig) {
		c.KeyFile = keys // for the evidence of what was recorded
		c.Trust.Attestation, c.Trust.Membership = []string{s.authority.DID}, []string{s.authority.DID}
		for scope, ground := range map[string]string{scopeAttested: "mitz-attestation", scopeRecorded: "consent-registration"} {
			c.Profiles = append(c.Profiles, harness.MitzProfile{
				Scope: scope, Categories: []string{"GGC002"}, Purpose: "TREAT", Grounds: []string{ground},
			})
		}
	})
	if err != nil {
		return nil, err
	}
	node, err := s.startDataHolder(ctx, s.ourNode("brought", section))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, node.Stop()) }()
	stock, err := s.startStockWith(ctx, node, scopeBuiltIn, scopeAttested)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stock.Stop()) }()
	attested, recorded, err := s.broughtCredentials()
	if err != nil {
		return nil, err
	}
	query, err := bareQuery(bareConfig{Endpoint: s.mitz.Endpoint(), Files: s.mitz.Files})
	if err != nil {
		return nil, err
	}
	withAttestation := append(slices.Clone(s.permitted), attested)
	return s.timeTokens(ctx, p.tokensIssued, []asking{
		{"Mitz is asked", node, scopeBuiltIn, s.permitted},
		{"Mitz attested it", node, scopeAttested, withAttestation},
		{"the requester recorded it", node, scopeRecorded, append(slices.Clone(s.permitted), recorded...)},
		{"a stock node, same as the first", stock, scopeBuiltIn, s.permitted},
		{"a stock node, same as the second", stock, scopeAttested, withAttestation},
	}, timed{"the query alone", func(ctx context.Context) error {
		if query(ctx, 0) != gotPermit {
			return errors.New("the query was not answered with a permit")
		}
		return nil
	}})
}

// startStockWith starts a stock node that demands for scopes what another node does.
func (s *scene) startStockWith(ctx context.Context, of *harness.Node, scopes ...string) (*harness.Node, error) {
	policy := map[string]any{}
	for _, scope := range scopes {
		definition, err := harness.FetchDefinition(ctx, s.Client(), of.Issuer(dataHolder.Subject), scope)
		if err != nil {
			return nil, err
		}
		policy[scope] = map[string]json.RawMessage{"organization": definition.Raw}
	}
	encoded, err := json.Marshal(policy)
	if err != nil {
		return nil, err
	}
	config := s.stockNode("brought-stock")
	config.Policies = map[string]string{"operator": string(encoded)}
	return s.startDataHolder(ctx, config)
}

// broughtCredentials are what a requester brings along in scenario 2, and in scenario 3.
func (s *scene) broughtCredentials() (attested harness.Credential, recorded []harness.Credential, err error) {
	type object = map[string]any
	about := func(identifier string) object { return object{"identifier": harness.Identifier(identifier)} }
	patient, holder := about(harness.BSNIdentifier(mitztest.PatientAlwaysPermit)), about(harness.URAIdentifier(dataHolder.URA))
	organization := about(harness.URAIdentifier(requester.URA))
	earlier := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	attested, err = s.authority.Issue(s.wallet.DID, "MitzConsentRegistrationAttestation", object{"attestedConsent": object{
		"patient": patient, "dataHolder": holder, "dataCategory": []string{"GGC002"}, "purposeOfUse": "TREAT", "decidedAt": earlier,
		"requester": object{"identifier": organization["identifier"], "facilityType": requesterType},
	}})
	if err != nil {
		return attested, nil, err
	}
	member, err := s.authority.Issue(s.wallet.DID, "MitzMembershipCredential", object{"membership": object{
		"organization": organization, "role": "registrar", "since": earlier,
	}})
	if err != nil {
		return attested, nil, err
	}
	registration, err := s.wallet.IssueWith(harness.IssueOptions{}, s.wallet.DID, "MitzConsentRegistration", object{"registeredConsent": object{
		"patient": patient, "dataHolder": holder, "dataCategory": []string{"GGC002"}, "requesterFacilityType": []string{requesterType},
		"choice": "permit", "recordedAt": earlier, "identification": "wid", "agreement": "3.8",
		"recordedBy": object{"identifier": harness.Identifier(employee.Identifier), "roleCode": employee.Role},
	}})
	return attested, []harness.Credential{member, registration}, err
}

// printBrought prints how long each takes. A token on an attestation may take no longer than one
// for which Mitz is asked takes without the query, by a bare client's time for it. What the
// attestation costs the stock node, which checks nothing but its proof, tells what is left to us.
func printBrought(out io.Writer, rows []timedRow) {
	_, _ = fmt.Fprint(out, `9. A token on what the requester brings along, the built-in definition of each ground, in turns, with a bare client's
query. At most what a token takes for which Mitz is asked, less the query. A stock node with the same definitions, which asks
nobody, tells what one more credential costs by itself

`)
	lines := newTable("", "p50 ms", "p99 ms", "at most", "")
	p50 := func(i int) float64 { return milliseconds(percentile(rows[i].took, 50)) }
	most := p50(0) - p50(len(rows)-1)
	for i, each := range rows {
		limit, reached := "", ""
		if i == 1 {
			limit, reached = number(most), verdict(p50(i), most)
		}
		lines.row(each.name, number(p50(i)), number(milliseconds(percentile(each.took, 99))), limit, reached)
	}
	lines.print(out)
}
