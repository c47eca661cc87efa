// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import "github.com/nuts-foundation/nuts-node/core"

var _ core.ViewableDiagnostics = (*Engine)(nil)

// Diagnostics is what the node shows at /status/diagnostics, on its public port too: to
// everybody. So nothing is told of what the node does, how busy it is, whether Mitz can be
// reached, and until when its certificate is valid. Health and metrics tell that, on the
// internal port.
func (e *Engine) Diagnostics() []core.DiagnosticResult { return nil }
