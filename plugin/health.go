// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"fmt"
	"time"

	"github.com/nuts-foundation/nuts-node/core"

	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
)

// CheckHealth reports whether guarded token requests are answered, and what keeps them
// from it.
func (e *Engine) CheckHealth() map[string]core.Health {
	health := map[string]core.Health{"guarded": e.guardedHealth()}
	if !e.enabled() {
		return health
	}
	health["guard"] = core.Health{Status: core.HealthStatusUp}
	if !e.isRunning() {
		health["guard"] = core.Health{Status: core.HealthStatusDown, Details: "not started: guarded scopes get no token"}
	}
	e.linkHealth(health)
	e.listHealth(health)
	e.auditHealth(health)
	e.claimsHealth(health)
	e.subscriptionsHealth(health)
	e.notifyTrustHealth(health)
	e.evidenceHealth(health)
	return health
}

// auditHealth reports whether the audit file can be written, and signed. It heals by itself.
func (e *Engine) auditHealth(health map[string]core.Health) {
	if e.auditLog == nil {
		return
	}
	entry := core.Health{Status: core.HealthStatusUp}
	if e.auditLog.Failure() != nil {
		entry = core.Health{Status: core.HealthStatusDown, Details: "the last entry could not be written: guarded scopes get no token"}
		if stuck := e.auditLog.Stuck(); stuck > time.Second {
			entry.Details = fmt.Sprintf("the disk has not answered for %s: guarded scopes get no token", stuck.Round(time.Second))
		}
	}
	health["audit"] = entry
	health["auditkey"] = e.signingHealth()
}

// guardedHealth says how much is guarded: a node that guards nothing is in order, but not
// what somebody may think that it is.
func (e *Engine) guardedHealth() core.Health {
	if !e.enabled() {
		return core.Health{Status: core.HealthStatusUp, Details: "0 scopes: " + e.off}
	}
	dataHolders, _ := e.policy.Lists().Len()
	return core.Health{Status: core.HealthStatusUp, Details: fmt.Sprintf("%d scopes, for %d data holders", len(e.config.Profiles), dataHolders)}
}

// linkHealth reports on the link to Mitz. A circuit that is open is no fault of this node,
// which serves every other scope: its health stays as it is.
func (e *Engine) linkHealth(health map[string]core.Health) {
	if e.client == nil {
		return
	}
	circuit := core.Health{Status: core.HealthStatusUp, Details: e.client.Circuit().String()}
	if e.client.Circuit() != mitzclient.StateClosed {
		circuit.Status = core.HealthStatusUnknown
	}
	health["circuit"] = circuit
	health["consults"] = consultsHealth(e.client.Load())
	if notAfter := e.client.Certificate(); !notAfter.IsZero() {
		health["certificate"] = certificateHealth(notAfter.Sub(e.now()), e.client.FilesRejected())
	}
}

// consultsHealth tells how many, never who: health is for everybody on the internal network.
func consultsHealth(load mitzclient.Load) core.Health {
	switch {
	case load.Overdue > 0:
		return core.Health{Status: core.HealthStatusUnknown, Details: fmt.Sprintf("consults that did not end when their time was over: %d", load.Overdue)}
	case load.HeldBack > 0:
		return core.Health{Status: core.HealthStatusUp, Details: fmt.Sprintf("requesters that are held back: %d", load.HeldBack)}
	default:
		return core.Health{Status: core.HealthStatusUp}
	}
}

func certificateHealth(left time.Duration, filesRejected bool) core.Health {
	days := int(left.Hours() / 24)
	switch {
	case left <= 0:
		return core.Health{Status: core.HealthStatusDown, Details: "the client certificate for Mitz has expired"}
	case left < config.CertificateNotice:
		return core.Health{Status: core.HealthStatusUnknown, Details: fmt.Sprintf("the client certificate for Mitz expires in %d days", days)}
	case filesRejected:
		return core.Health{Status: core.HealthStatusUnknown, Details: "the changed TLS files for Mitz are not good: those before stay in use, and the next start would fail"}
	default:
		return core.Health{Status: core.HealthStatusUp}
	}
}

// listHealth reports on the lists in files of their own, if there are any.
func (e *Engine) listHealth(health map[string]core.Health) {
	if e.lists == nil || !e.config.HasListFiles() {
		return
	}
	health["lists"] = core.Health{Status: core.HealthStatusUp}
	if e.lists.Refused() {
		health["lists"] = core.Health{Status: core.HealthStatusUnknown,
			Details: "the changed lists of data holders or facility types are not good: those before stay in use, and the next start would fail"}
	}
}
