// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package trust knows who may attest what about a requester: the attributes, and the issuers
// that an operator configured for each. It compares names and proves no signature: the node
// has done that. It must never take a name for another that begins as it does.
package trust
