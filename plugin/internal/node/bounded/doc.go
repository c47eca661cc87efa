// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package bounded has the node's engines within the bounds of a visit, in all that they do
// for a request that nobody has verified yet: what they verify, fetch and keep.
//
// The node has no place for such bounds. Its verifier, status lists, resolver and clients are
// made anew of its own parts, with ours among them, so that this package depends on the
// node's version more than any other: docs/upgrading.md says what to look at in a new one.
// It must never accept what the node would refuse.
package bounded
