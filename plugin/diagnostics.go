// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"github.com/nuts-foundation/nuts-node/core"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/version"
)

var _ core.ViewableDiagnostics = (*Engine)(nil)

// Diagnostics is what the node shows at /status/diagnostics, on its public port too: to
// everybody. It tells the versions, as the node does there of itself, and nothing of what
// the node does, how busy it is, whether Mitz can be reached, and until when its
// certificate is valid. Health and metrics tell that, on the internal port.
func (e *Engine) Diagnostics() []core.DiagnosticResult {
	info := version.Read()
	return []core.DiagnosticResult{
		core.GenericDiagnosticResult{Title: "version", Outcome: info.Plugin},
		core.GenericDiagnosticResult{Title: "node_version", Outcome: info.Node},
	}
}
