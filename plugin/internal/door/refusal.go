// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import "github.com/nuts-foundation/nuts-node/auth/oauth"

// Reason is why the door refused a request: a stable code, which metrics carry.
type Reason string

// The reasons.
const (
	ReasonSize         Reason = "size"         // of the request, an address, a header or a parameter
	ReasonForm         Reason = "form"         // it is no form, or an ambiguous one
	ReasonNumber       Reason = "number"       // a patient's number where the node writes it into traces
	ReasonScope        Reason = "scope"        // a scope that can give no token
	ReasonSubmission   Reason = "submission"   // a presentation submission
	ReasonPresentation Reason = "presentation" // a presentation, or a request object
	ReasonBusy         Reason = "busy"         // too many requests are worked on
)

// Reasons returns all reasons.
func Reasons() []Reason {
	return []Reason{ReasonSize, ReasonForm, ReasonNumber, ReasonScope, ReasonSubmission, ReasonPresentation, ReasonBusy}
}

// Refusal is a refused request. It unwraps to the OAuth error (RFC 6749 section 5.2)
// that answers it.
type Refusal struct {
	Reason Reason
	Answer oauth.OAuth2Error
}

// Error returns the answer's text, which never repeats what was sent.
func (r *Refusal) Error() string { return r.Answer.Error() }

// Unwrap returns the answer.
func (r *Refusal) Unwrap() error { return r.Answer }

func refuse(reason Reason, description string) *Refusal {
	return &Refusal{Reason: reason, Answer: oauth.OAuth2Error{Code: oauth.InvalidRequest, Description: description}}
}
