// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// timed is something else that is done in turns with the tokens.
type timed struct {
	name string
	do   func(ctx context.Context) error
}

// timeTokens asks for so many tokens of each kind, in turns, with what else is given.
func (s *scene) timeTokens(ctx context.Context, count int, kinds []asking, others ...timed) ([]timedRow, error) {
	rows := make([]timedRow, len(kinds)+len(others))
	for i, each := range others {
		rows[len(kinds)+i].name = each.name
	}
	targets := make([]*target, len(kinds))
	for i, each := range kinds {
		rows[i].name = each.name
		var err error
		if targets[i], err = s.targetFor(ctx, each.node, each.scope, each.credentials); err != nil {
			return nil, fmt.Errorf("%s: %w", each.name, err)
		}
	}
	for range count {
		for i, each := range kinds {
			began := time.Now()
			answer, err := s.wallet.RequestToken(ctx, harness.TokenRequest{
				Issuer: targets[i].issuer, Scope: each.scope, Credentials: each.credentials, Submission: targets[i].submission,
			})
			if err != nil || answer.Token() == "" {
				return nil, errors.Join(err, fmt.Errorf("%s: status %d", each.name, answer.Status))
			}
			rows[i].took = append(rows[i].took, time.Since(began))
		}
		for i, each := range others {
			began := time.Now()
			if err := each.do(ctx); err != nil {
				return nil, fmt.Errorf("%s: %w", each.name, err)
			}
			rows[len(kinds)+i].took = append(rows[len(kinds)+i].took, time.Since(began))
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
	attested, recorded, err := s.broughtCredentials()
	if err != nil {
		return nil, err
	}
	query, err := bareQuery(bareConfig{Endpoint: s.mitz.Endpoint(), Files: s.mitz.Files})
	if err != nil {
		return nil, err
	}
	return s.timeTokens(ctx, p.tokensIssued, []asking{
		{"Mitz is asked", node, scopeBuiltIn, s.permitted},
		{"Mitz attested it", node, scopeAttested, append(slices.Clone(s.permitted), attested)},
		{"the requester recorded it", node, scopeRecorded, append(slices.Clone(s.permitted), recorded...)},
	}, timed{"the query alone", func(ctx context.Context) error {
		if query(ctx, 0) != gotPermit {
			return errors.New("Mitz did not permit")
		}
		return nil
	}})
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
// for which Mitz is asked takes without the query, by a bare client's time for it.
func printBrought(out io.Writer, rows []timedRow) {
	_, _ = fmt.Fprint(out, `9. A token on what the requester brings along, the built-in definition of each ground, in turns, with a bare client's
query. At most what a token takes for which Mitz is asked, less the query

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
