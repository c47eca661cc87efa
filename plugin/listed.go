// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"net/url"
	"strings"

	"github.com/nuts-foundation/nuts-node/core"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/lists"
)

// listSource says where data holders and types of requesters are listed.
func (c Config) listSource() lists.Source {
	return lists.Source{DataHolders: c.DataHoldersFile, FacilityTypes: c.FacilityTypesFile, Config: c.Config}
}

// listHooks take changed lists into use at once: of a data holder that is not in them, no
// token is issued from then on.
func (e *Engine) listHooks() lists.Hooks {
	return lists.Hooks{
		Changed: func(changed *policy.Lists) {
			e.policy.Use(changed)
			dataHolders, facilityTypes := changed.Len()
			log().WithField("data_holders", dataHolders).WithField("facility_types", facilityTypes).
				Info("The changed lists of data holders and facility types are in use")
			logWarnings(listWarnings(changed))
			e.warnOfSubjects()
		},
		Refused: func(err error) {
			log().WithError(configError([]error{err})).Error("The changed lists of data holders or facility types are not good: those before stay in use")
		},
	}
}

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

// listHealth reports on the lists in files of their own, if there are any.
func (e *Engine) listHealth(health map[string]core.Health) {
	if e.lists == nil || !e.config.listSource().HasFiles() {
		return
	}
	health["lists"] = core.Health{Status: core.HealthStatusUp}
	if e.lists.Refused() {
		health["lists"] = core.Health{Status: core.HealthStatusUnknown,
			Details: "the changed lists of data holders or facility types are not good: those before stay in use, and the next start would fail"}
	}
}
