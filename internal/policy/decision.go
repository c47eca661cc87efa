// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package policy

import "github.com/nuts-mitz/nuts-mitz/consent"

// decide combines the decisions about each data category asked for into one; nil permits.
// One Deny denies; otherwise anything but a Permit about every category is no answer.
func decide(question consent.Question, decisions consent.Decisions) *Refusal {
	if len(question.Categories) == 0 || len(decisions) != len(question.Categories) {
		return refuse(ReasonUnanswered)
	}
	var worst *Refusal
	for _, category := range question.Categories {
		switch decisions[category] {
		case consent.Permit:
		case consent.Deny:
			return refuse(ReasonDenied)
		case consent.Indeterminate:
			worst = refuse(ReasonIndeterminate)
		case consent.NotApplicable:
			worst = refuse(ReasonNotApplicable)
		default:
			return refuse(ReasonUnanswered)
		}
	}
	return worst
}
