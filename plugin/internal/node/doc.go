// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package node is the room of all that depends on the version of the node: which engines it
// has, how its OAuth router is built and what that stores, what it verifies and leaves open,
// and how its credentials read. The rest of this software knows the node by what this package
// makes of it. docs/upgrading.md says what to look at for a new version of the node.
//
// It decides nothing: a token that the node wants to store goes to a [Guard].
package node
