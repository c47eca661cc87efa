// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"

	"github.com/nuts-foundation/nuts-node/audit"
	"github.com/sirupsen/logrus"
)

// The events in the node's audit log.
const (
	auditConsult      = "MitzConsult"      // Mitz was asked
	auditTokenIssued  = "MitzTokenIssued"  // a token for a guarded scope was issued
	auditTokenRefused = "MitzTokenRefused" // a token for a guarded scope was refused
)

// auditEntry writes to the node's audit log who asked for what and how it ended. The
// patient is not in it: the request id leads to the query, which Mitz keeps. It is
// written also when the requester has gone meanwhile.
func auditEntry(ctx context.Context, event, message string, fields logrus.Fields) {
	if audit.InfoFromContext(ctx) == nil {
		// Outside a request: audit.Log would panic.
		ctx = audit.Context(ctx, "system", moduleName, "Guard")
	}
	audit.Log(ctx, log().WithFields(fields), event).Info(message)
}
