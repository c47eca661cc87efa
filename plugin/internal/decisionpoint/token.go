// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package decisionpoint

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/authzen"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/live"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/record"
	"github.com/nuts-mitz/nuts-mitz/recordguard"
)

// contextToken is where a request has the access token that it is about.
const contextToken = "token"

// byToken decides on a live token of this node: on the consent that it was issued on, for its
// patient, and for no more than it permits. Mitz is asked only where the token is to be looked at
// again.
func (r *request) byToken(ctx context.Context, asked authzen.Evaluation) error {
	ctx, done, running := r.Requests.Begin(ctx)
	defer done()
	cause := error(record.NotRunning)
	if running {
		cause = r.judgeToken(ctx, asked)
	}
	begun := record.Request{Basis: policy.BasisToken}
	if _, listed := r.Policy.Lists().DataHolder(r.place); listed {
		begun.Subject = r.place
	}
	decision := r.Recorder.Begin(begun)
	if cause != nil {
		decision.Refused(ctx, cause)
		return cause
	}
	decision.Allowed()
	return nil
}

func (r *request) judgeToken(ctx context.Context, asked authzen.Evaluation) error {
	dataHolder, listed := r.Policy.Lists().DataHolder(r.place)
	text, isText := asked.Context[contextToken].(string)
	switch {
	case !listed:
		_, err := r.Policy.Described(r.place, policy.Described{}) // which says so
		return err
	case r.Tokens == nil:
		return recordguard.NodeUnavailable
	case !isText || text == "":
		return recordguard.TokenMissing
	}
	found, err := r.find(ctx, text)
	if err != nil {
		return err
	}
	if err := r.agrees(found, asked); err != nil {
		return err
	}
	claims, err := claimsOf(found)
	if err != nil {
		return err
	}
	resource, err := readResource(asked)
	if err != nil {
		return err
	}
	wanted := recordguard.Request{Resources: []string{resource}}
	for _, number := range textsAt(asked.Context, patientPlaces()...) {
		patient, err := policy.ReadBSN(number)
		if err != nil {
			return recordguard.OtherPatient // whoever it is
		}
		wanted.Patients = append(wanted.Patients, patient)
	}
	return r.rules(dataHolder).Judge(claims, wanted, r.Now())
}

// lookedUp is what was found out about a token; err: why nothing rests on it.
type lookedUp struct {
	text  string
	found live.Token
	err   error
}

// find looks a token up, once for an HTTP request: to look may be to ask Mitz again, which the
// patient sees. So a second token is not looked up, nor one beside a question.
func (r *request) find(ctx context.Context, text string) (live.Token, error) {
	switch {
	case r.first != nil || r.token != nil && r.token.text != text:
		return live.Token{}, policy.RefuseSecondQuestion()
	case r.token != nil:
		return r.token.found, r.token.err
	}
	r.token = &lookedUp{text: text, err: record.Panicked} // until it ended
	found, isLive, err := r.Tokens.Find(ctx, r.place, text)
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", recordguard.NodeUnavailable, err)
	case !isLive:
		err = recordguard.TokenNotActive
	case found.Thumbprint != "":
		err = recordguard.ProofMissing // whether who asks has the key, nobody can tell here
	}
	r.token.found, r.token.err = found, err
	return found, err
}

// rules say that a token with one guarded scope opens what its categories cover.
func (r *request) rules(dataHolder consent.DataHolder) recordguard.Rules {
	rules := recordguard.Rules{DataHolder: dataHolder.URA, Scopes: map[string][]string{}, Categories: r.Categories}
	for _, scope := range r.Policy.Scopes() {
		rules.Scopes[scope] = nil
	}
	return rules
}

// agrees checks that what a request says besides its token is so of the token too. What it does
// not say, the token says.
func (r *request) agrees(found live.Token, asked authzen.Evaluation) error {
	said := described(asked)
	if said.Scopes == nil {
		said.Scopes = policy.SplitScope(found.Scope)
	}
	profile, err := r.Policy.Described(r.place, said)
	if err != nil {
		return err
	}
	if err := profile.CheckToken(found.Claims, tokensSubject(asked), said.Categories); err != nil {
		return err
	}
	token := policy.Described{Scopes: policy.SplitScope(found.Scope), Purposes: policy.TextsOf(found.Claims[policy.ClaimConsentPurpose])}
	if issued, err := r.Policy.Described(r.place, token); err != nil || issued != profile {
		return recordguard.ScopeNotAccepted
	}
	return nil
}

// tokensSubject reads what a request says of who asks, of all that a token can say. Its type and
// id are the gateway's own words, and say nothing here.
func tokensSubject(asked authzen.Evaluation) map[string][]string {
	said := map[string][]string{}
	for claim, places := range subjectPlaces() {
		said[claim] = textsAt(asked.Subject.Properties, places...)
	}
	said[definition.ClaimOrganizationURA] = withoutWord(said[definition.ClaimOrganizationURA])
	said[definition.ClaimOrganizationName] = textsAt(asked.Subject.Properties, "organization_name", "organization.name")
	said[definition.ClaimEnrollmentRegisteredBy] = textsAt(asked.Subject.Properties, definition.ClaimEnrollmentRegisteredBy)
	return said
}

// claimsOf reads the claims of a token as a record server reads them when it introspects it.
func claimsOf(found live.Token) (recordguard.Claims, error) {
	answer := maps.Clone(found.Claims)
	if answer == nil {
		answer = map[string]any{}
	}
	answer["active"], answer["scope"], answer["exp"] = true, found.Scope, found.Expires.Unix()
	content, err := json.Marshal(answer)
	if err != nil {
		return recordguard.Claims{}, recordguard.ClaimsMalformed
	}
	return recordguard.ReadClaims(content)
}
