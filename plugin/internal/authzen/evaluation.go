// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package authzen

import "context"

// Evaluation asks whether a subject may do something with a resource (AuthZEN 1.0, section 6.1).
// Evaluations of one request share what it says for all of them: nobody changes any of it.
type Evaluation struct {
	Subject  Entity
	Action   Action
	Resource Entity
	// Context is about the request itself; nil: nothing is told. Numbers are [json.Number].
	Context map[string]any
}

// Entity is a subject or a resource (AuthZEN 1.0, sections 5.1 and 5.2).
type Entity struct {
	Type       string
	ID         string
	Properties map[string]any // nil: there are none
}

// Action is what the subject wants to do (AuthZEN 1.0, section 5.3).
type Action struct {
	Name       string
	Properties map[string]any // nil: there are none
}

// Decision answers an [Evaluation]. The zero value does not permit it.
type Decision struct {
	Permit bool
	// Reason is why it is not permitted, a stable code in snake case that tells nothing of a
	// person; empty: it is not told.
	Reason string
}

// Point decides.
type Point interface {
	// Begin begins to decide for one HTTP request. The place is what the address of the
	// request names, such as a data holder; empty: it names none.
	Begin(place string) Evaluator
}

// Evaluator decides the evaluations of one HTTP request, one after the other. What it learned
// for one may serve the next: all are asked at the same time.
type Evaluator interface {
	// Evaluate decides. Whatever keeps it from a decision is no permission.
	Evaluate(ctx context.Context, asked Evaluation) Decision
}
