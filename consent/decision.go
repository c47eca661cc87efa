// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package consent

// Decision is one answer to one data category of a question (XACML 3.0 section
// 5.53). Permit and Deny are decisions; the others say that there is none. The
// zero value is no decision either, so that a forgotten one permits nothing.
type Decision int

// The decisions of XACML 3.0.
const (
	NoDecision Decision = iota
	Permit
	Deny
	Indeterminate
	NotApplicable
)

// ParseDecision reads XACML's words, to the letter; every other text is no decision.
func ParseDecision(s string) (Decision, bool) {
	switch s {
	case "Permit":
		return Permit, true
	case "Deny":
		return Deny, true
	case "Indeterminate":
		return Indeterminate, true
	case "NotApplicable":
		return NotApplicable, true
	default:
		return NoDecision, false
	}
}

// String returns XACML's word.
func (d Decision) String() string {
	switch d {
	case Permit:
		return "Permit"
	case Deny:
		return "Deny"
	case Indeterminate:
		return "Indeterminate"
	case NotApplicable:
		return "NotApplicable"
	default:
		return "NoDecision"
	}
}

// Decisions is what was decided about each data category of a question.
type Decisions map[Category]Decision
