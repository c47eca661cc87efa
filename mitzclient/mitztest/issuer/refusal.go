// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package issuer

import (
	"net/http"
)

// refusal is why something was refused, as OAuth tells it (RFC 6749 section 5.2). The
// description never repeats what was received.
type refusal struct {
	status            int
	code, description string
}

func (r *refusal) Error() string { return r.code + ": " + r.description }

func invalidRequest(description string) *refusal {
	return &refusal{http.StatusBadRequest, "invalid_request", description}
}

func invalidGrant(description string) *refusal {
	return &refusal{http.StatusBadRequest, "invalid_grant", description}
}

func invalidProof(description string) *refusal {
	return &refusal{http.StatusBadRequest, "invalid_proof", description}
}

func denied(description string) *refusal {
	return &refusal{http.StatusForbidden, "access_denied", description}
}

func (i *Issuer) refuse(w http.ResponseWriter, reason *refusal) {
	i.logger.Warn("issuer refused", "error", reason.code, "reason", reason.description)
	writeJSON(w, reason.status, map[string]string{"error": reason.code, "error_description": reason.description})
}
