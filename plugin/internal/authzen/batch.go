// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package authzen

import (
	"context"
	"net/http"
)

// Semantic says how several evaluations are answered (AuthZEN 1.0, section 7.1.2.1).
type Semantic string

// The semantics.
const (
	ExecuteAll          Semantic = "execute_all"            // every one; the default
	DenyOnFirstDeny     Semantic = "deny_on_first_deny"     // no more after one that is not permitted
	PermitOnFirstPermit Semantic = "permit_on_first_permit" // no more after one that is permitted
)

// isKnown reports whether it is a semantic of the standard.
func (s Semantic) isKnown() bool {
	return s == ExecuteAll || s == DenyOnFirstDeny || s == PermitOnFirstPermit
}

// endsWith reports whether nothing follows after a decision.
func (s Semantic) endsWith(permit bool) bool {
	return s == DenyOnFirstDeny && !permit || s == PermitOnFirstPermit && permit
}

// answer is the answer to one evaluation (AuthZEN 1.0, section 6.2).
type answer struct {
	Decision bool    `json:"decision"`
	Context  *detail `json:"context,omitempty"`
}

// detail says why something is not permitted.
type detail struct {
	Reason string   `json:"reason,omitempty"`
	Error  *problem `json:"error,omitempty"`
}

// problem is what is wrong with one evaluation of several (AuthZEN 1.0, section 7.2.1).
type problem struct {
	Status  int    `json:"status"`
	Message string `json:"message"`
}

// answers are those to several evaluations, in their order (AuthZEN 1.0, section 7.2).
type answers struct {
	Evaluations []answer `json:"evaluations"`
}

// one answers an evaluation.
func one(ctx context.Context, evaluator Evaluator, asked Evaluation) answer {
	decision := evaluator.Evaluate(ctx, asked)
	if decision.Permit {
		return answer{Decision: true}
	}
	if decision.Reason == "" {
		return answer{}
	}
	return answer{Context: &detail{Reason: decision.Reason}}
}

// all answers several evaluations. One that is malformed is not permitted, and says what is
// wrong with it; the others are answered.
func (m message) all(ctx context.Context, evaluator Evaluator, semantic Semantic) answers {
	answered := answers{Evaluations: make([]answer, 0, len(m.Evaluations))}
	common := m.values()
	for _, raw := range m.Evaluations {
		var given answer
		switch asked, err := common.item(raw); {
		case err != nil:
			given = answer{Context: &detail{Error: &problem{http.StatusBadRequest, err.Error()}}}
		default:
			given = one(joined(ctx, asked.Context), evaluator, asked)
		}
		answered.Evaluations = append(answered.Evaluations, given)
		if semantic.endsWith(given.Decision) {
			break
		}
	}
	return answered
}

// item reads one evaluation of several.
func (v values) item(raw []byte) (Evaluation, error) {
	merged, err := v.over(raw)
	if err != nil {
		return Evaluation{}, err
	}
	return merged.evaluation()
}
