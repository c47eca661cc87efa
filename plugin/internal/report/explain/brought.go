// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package explain

import (
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/definition"
)

// asksMitzAlone reports whether a profile has no ground but the query to Mitz.
func asksMitzAlone(explanation policy.Explanation) bool {
	return !slices.ContainsFunc(explanation.Grounds, func(ground policy.GroundName) bool { return !ground.AsksMitz() })
}

func permitsWords(explanation policy.Explanation) string {
	if asksMitzAlone(explanation) {
		return "Mitz permits it"
	}
	return "a ground permits it"
}

func permittedTitle(explanation policy.Explanation) string {
	if asksMitzAlone(explanation) {
		return "What Mitz must permit"
	}
	return "What a ground must permit"
}

// broughtWords say what a credential on which a ground rests must say.
var broughtWords = map[string]string{
	definition.TypeAttestation: "Mitz attests what it decided: about this patient, data holder, organisation and its type, purpose and every data category. " +
		"One that neither expires nor can be revoked counts for 24 hours.",
	definition.TypeRegistration: "the requester's organisation says what the patient chose: about this patient and data holder, for its type of organisation and every data category, " +
		"recorded by the professional who makes the request or on whose behalf it is made.",
	definition.TypeMembership: "Mitz attests that the organisation may register consents: its role is registrar.",
}

// brought writes on which credentials the grounds rest that do not ask Mitz.
func (p *page) brought(explanation policy.Explanation) {
	if len(explanation.Brought) == 0 {
		return
	}
	p.Section("What the grounds rest on that do not ask Mitz")
	if len(explanation.Grounds) > 1 {
		p.Paragraph(2, "A requester presents what it has of these; a ground for which it presents nothing is passed over. "+
			"One that is wrong permits nothing, and Mitz is not asked after it.")
	}
	for _, each := range explanation.Brought {
		p.Item(2, "- ", string(each.Ground)+": "+each.Type+": "+broughtWords[each.Type])
		if len(each.Trusted) == 0 {
			p.Item(4, "issued by: ", "the organisation that presents it, with a proof of its own")
		}
		for _, entry := range each.Trusted {
			p.Item(4, "issued by: ", trustWords(entry))
		}
		if each.Type == definition.TypeRegistration {
			rules := explanation.Registration
			p.Rows(4, [][2]string{
				{"identification", "one of " + strings.Join(rules.Identifications, ", ")},
				{"agreement", "one of " + strings.Join(rules.Agreements, ", ")},
				{"at most", ageWords(rules.MaxAge) + " old"},
			})
		}
	}
	p.Paragraph(2, "A registration in which the patient objects refuses every token, before any ground is tried.")
}
