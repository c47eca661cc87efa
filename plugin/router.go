// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"errors"

	"github.com/nuts-foundation/nuts-node/core"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/access"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/api"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/ground"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/guard"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/localization"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/node"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/recheck"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
)

// router is in the place of the node's OAuth router. Where nothing is guarded the node's own
// serves as it is.
type router struct {
	engine *Engine
	stock  core.Routable
}

// Routes registers the routes. The node calls it once, after the engines were
// configured and before they are started.
func (r *router) Routes(server core.EchoRouter) {
	if !r.engine.enabled() {
		r.stock.Routes(server)
		return
	}
	r.engine.router.Routes(server)
	r.engine.api.Routes(server)
	r.engine.decisions.routes(server)
	if r.engine.notified != nil {
		r.engine.notified.Routes(server)
	}
}

// newRouter builds the guarded router of a configuration, from the grounds up.
func (e *Engine) newRouter(read *config.Config) (*node.Router, error) {
	router := &node.Router{Engines: e.node, Authorities: e.authorities(read.Policy), PublicURL: e.node.Auth.PublicURL()}
	claims, err := e.openClaims()
	if err != nil {
		return nil, err
	}
	marks, err := e.newMarks(read)
	if err != nil {
		return nil, err
	}
	if e.subscriptions, err = e.newSubscriptions(read); err != nil {
		return nil, err
	}
	if e.evidence, err = e.newEvidence(read, marks); err != nil {
		return nil, err
	}
	if e.notified, err = e.newNotified(read, marks); err != nil {
		return nil, err
	}
	grounds, err := e.newGrounds(read, router, marks)
	if err != nil {
		return nil, err
	}
	definitions := node.Definitions{PDPBackend: e.node.Policy, Guarded: read.Policy}
	parts := guard.Parts{
		Policy: read.Policy, Grounds: grounds, Definitions: definitions.Of, Once: claims, Marks: marks,
		Recorder: e.recorder, Requests: e.requests, Now: e.now,
	}
	if e.subscriptions != nil {
		parts.Wishes = e.subscriptions
	}
	if e.evidence != nil {
		parts.Keeper = e.evidence
	}
	guard, err := guard.New(parts)
	if err != nil {
		return nil, err
	}
	rechecker, err := recheck.New(recheck.Parts{
		Policy: read.Policy, Grounds: grounds, Recorder: e.recorder, Requests: e.requests, Timeout: read.Timeout, Now: e.now,
	})
	if err != nil {
		return nil, err
	}
	router.Door, router.Guard, router.Marks, router.Rechecker, router.Definitions = e.newDoor(read.Policy), guard, marks, rechecker, definitions
	router.Refused, router.Panicked = func() { e.countRefused(door.ReasonPresentation) }, e.recorder.Panic
	router.Listed = func(subject string) bool {
		_, listed := read.Policy.Lists().DataHolder(subject)
		return listed
	}
	if e.decisions, err = e.newDecisionPoint(read, grounds, router); err != nil {
		return nil, err
	}
	e.api = api.API{Parts: api.Parts{Policy: read.Policy, Marks: marks, EndToken: router.EndToken, Recorder: e.recorder}}
	if e.subscriptions != nil {
		e.api.Subscriptions = e.subscriptions
	}
	if e.evidence != nil {
		e.api.Withdrawn = e.evidence.Withdrawn
	}
	e.api.AccessBases = read.Access.FHIRBases
	e.api.Accesses, err = access.New(access.Parts{
		Tokens: router, Proofs: router.Proofs(), Scopes: read.Scopes(), Categories: read.Resources, Bases: read.Access.FHIRBases, Now: e.now,
	})
	if err != nil {
		return nil, err
	}
	if read.Localization.Issuer != "" {
		e.api.Localizer, err = localization.New(localization.Parts{
			Mitz: read.Link, Directory: e.node.Directory(read.Policy, read.Strict), Recorder: e.recorder, Requests: e.requests,
		})
	}
	return router, err
}

// newGrounds makes the ways in which consent can be established: by asking only where Mitz can
// be reached.
func (e *Engine) newGrounds(read *config.Config, revocations ground.Revocations, withdrawals ground.Withdrawals) (*policy.Grounds, error) {
	var kept ground.Evidence
	if e.evidence != nil {
		kept = e.evidence
	}
	attestation, attestationErr := ground.NewAttestation(revocations, withdrawals)
	registration, registrationErr := ground.NewRegistration(revocations, withdrawals, kept)
	if err := errors.Join(attestationErr, registrationErr); err != nil {
		return nil, err
	}
	grounds := []policy.Ground{attestation, registration}
	if read.Link != nil {
		grounds = append(grounds, ground.NewClosedQuery(read.Link, e.now))
	}
	return policy.NewGrounds(read.Policy, grounds...)
}

// newDoor makes the door before the public routes.
func (e *Engine) newDoor(p *policy.Policy) *door.Door {
	rules := door.Rules{
		Scope:       func(scope string) error { return guard.CheckScope(p, scope) },
		HoldsNumber: redact.HoldsBesideUUIDs,
	}
	return door.New(rules, e.countRefused)
}

// countRefused counts a request that was refused before the node worked on it.
func (e *Engine) countRefused(reason door.Reason) {
	e.metrics.doorRefused.WithLabelValues(string(reason)).Inc()
}
