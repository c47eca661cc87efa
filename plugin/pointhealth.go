// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/nuts-foundation/nuts-node/core"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
)

// health reports whether the decision point answers, and what keeps it from that.
func (p *pointAlone) health() map[string]core.Health {
	health := map[string]core.Health{"guarded": p.guardedHealth(), "guard": {Status: core.HealthStatusUp}}
	if !p.isRunning() {
		health["guard"] = core.Health{Status: core.HealthStatusDown, Details: "it stops: nothing is permitted"}
	}
	p.linkHealth(health)
	p.listHealth(health)
	p.auditHealth(health)
	delete(health, "auditkey") // there is none
	health["pdp"] = p.accessHealth()
	return health
}

// accessHealth reports on what the decision point proves itself with, and knows its clients by.
func (p *pointAlone) accessHealth() core.Health {
	expires := p.access.Expires()
	left := expires.Sub(p.now())
	switch {
	case !expires.IsZero() && left <= 0:
		return core.Health{Status: core.HealthStatusDown, Details: "the certificate of the decision point has expired"}
	case !expires.IsZero() && left < config.CertificateNotice:
		return core.Health{Status: core.HealthStatusUnknown, Details: "the certificate of the decision point expires at " + expires.UTC().Format(time.RFC3339)}
	case p.access.Refused():
		return core.Health{Status: core.HealthStatusUnknown,
			Details: "the changed files of the decision point are not good: those before stay in use, and the next start would fail"}
	default:
		return core.Health{Status: core.HealthStatusUp}
	}
}

// healthHandler tells the health in the form of the node's own, with status 503 when something
// is down.
func (p *pointAlone) healthHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		whole, details := core.HealthStatusUp, map[string]core.Health{}
		for name, each := range p.health() {
			details[moduleName+"."+name] = each
			if each.Status.Severity() > whole.Severity() {
				whole = each.Status
			}
		}
		body, err := json.Marshal(core.Health{Status: whole, Details: details})
		if err != nil {
			http.Error(w, "the health could not be told", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if whole == core.HealthStatusDown {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write(body) // who asked has gone when this fails
	})
}
