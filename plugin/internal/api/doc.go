// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package api is the interface for the data holder's own systems, on the node's internal
// address below /internal/mitz/v1. docs/openapi.yaml describes it.
//
// Who may call it is the node's to say (http.internal.auth). A patient's number is taken from
// a body alone, and is never in an answer, a log line or an address.
package api
