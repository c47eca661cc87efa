// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"net/url"
	"strings"
)

// subjectOf gives the Nuts subject of the data holder that issues a token; empty when it is
// none of ours: whatever the issuer says is not repeated.
func (e *Engine) subjectOf(issuer string) string {
	if e.publicURL == nil || e.policy == nil {
		return ""
	}
	rest, ours := strings.CutPrefix(issuer, e.publicURL.JoinPath("oauth2").String()+"/")
	subject, err := url.PathUnescape(rest)
	if !ours || err != nil || e.publicURL.JoinPath("oauth2", subject).String() != issuer {
		return ""
	}
	if _, listed := e.policy.Lists().DataHolder(subject); !listed {
		return ""
	}
	return subject
}
