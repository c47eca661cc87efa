// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"time"

	"github.com/nuts-foundation/nuts-node/core"
)

var _ core.ViewableDiagnostics = (*Engine)(nil)

// Diagnostics gives what a support desk asks first, for the node's /status/diagnostics,
// which anyone on the internal network can read: numbers, states and dates alone, no
// address, no file, nothing of a requester or a patient. Without a mitz section it is
// empty.
func (e *Engine) Diagnostics() []core.DiagnosticResult {
	if !e.enabled() {
		return nil
	}
	dataHolders, _ := e.policy.Lists().Len()
	results := []core.DiagnosticResult{
		diagnostic("running", e.isRunning()),
		diagnostic("guarded_scopes", len(e.config.Profiles)),
		diagnostic("data_holders", dataHolders),
		diagnostic("audit_file", e.auditLog != nil),
	}
	if e.client == nil {
		return results
	}
	consults := e.client.Load()
	results = append(results,
		diagnostic("circuit", e.client.Circuit().String()),
		diagnostic("consults_running", consults.Running),
		diagnostic("consults_waiting", consults.Waiting),
		diagnostic("consults_overdue", consults.Overdue),
		diagnostic("requesters_held_back", consults.HeldBack),
	)
	if notAfter := e.client.Certificate(); !notAfter.IsZero() {
		results = append(results, diagnostic("client_certificate_expires", notAfter.UTC().Format(time.RFC3339)))
	}
	return results
}

func diagnostic(name string, value any) core.DiagnosticResult {
	return core.GenericDiagnosticResult{Title: name, Outcome: value}
}
