// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package decisionpoint

import (
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/authzen"
)

// The words of a Nuts node that asks before it issues a token (nuts-node, policy/authzen, May 2026).
const (
	subjectOrganization  = "organization"
	actionRequestScope   = "request_scope"
	resourceScope        = "scope"
	contextPolicy        = "policy"       // the scope whose presentation definition was answered
	propertyOrganization = "organization" // the claims, by the ids of that definition's fields
)

// isNodes reports whether a Nuts node asks.
func isNodes(asked authzen.Evaluation) bool {
	return asked.Subject.Type == subjectOrganization && asked.Action.Name == actionRequestScope
}

// readNodes reads what a Nuts node asks: whether a token may have a scope. What it does not say
// stays out of the question, and what is missing then refuses it.
func (r *request) readNodes(asked authzen.Evaluation) (question, error) {
	var put question
	if trust.IsDID(asked.Subject.ID) {
		put.presenter = asked.Subject.ID
	}
	tokenScope, _ := asked.Context[contextPolicy].(string)
	scope := asked.Resource.ID
	if asked.Resource.Type != resourceScope {
		scope = "" // which is none
	}
	profile, err := r.Policy.ScreenDecision(tokenScope, scope)
	if err != nil {
		return put, err
	}
	put.profile = profile
	put.claims, _ = asked.Subject.Properties[propertyOrganization].(map[string]any)
	return put, nil
}
