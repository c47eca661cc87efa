// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package history keeps when consent was withdrawn: in a table of the node's SQL database, which
// all nodes of a cluster share, or in the memory of a node that has no key for patients. What a
// requester recorded, or had attested, before that gives no token any more.
//
// It must never say that nothing was withdrawn when it could not look. Nothing in the table tells
// who the patient is without the key.
package history
